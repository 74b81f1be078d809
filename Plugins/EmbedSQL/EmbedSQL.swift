import Foundation
import PackagePlugin

/// Runs `embed-sql` over `migrations/` and `sql/`: the programs carry the SQL they apply.
@main
struct EmbedSQL: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
        let root = context.package.directoryURL
        let folders = ["migrations", "sql", "sql/code", "sql/extension"]
        let files = try folders.flatMap { folder in
            try FileManager.default.contentsOfDirectory(
                at: root.appending(path: folder), includingPropertiesForKeys: nil)
        }.filter { $0.pathExtension == "sql" }.sorted { $0.path < $1.path }
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedSQL.swift")
        return [
            .buildCommand(
                displayName: "Embed \(files.count) SQL files",
                executable: try context.tool(named: "embed-sql").url,
                arguments: [root.path, output.path] + files.map(\.path),
                inputFiles: files, outputFiles: [output])
        ]
    }
}
