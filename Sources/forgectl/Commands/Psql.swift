import ArgumentParser
import ForgeCluster
import Foundation

struct Psql: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Open psql on the database.",
        discussion: """
            Everything after the options goes to psql. The connection travels in the environment, so that no password is among \
            the arguments.

            Examples:
              forgectl psql
              forgectl psql -- -c "select name from forge.models"
            """)

    @OptionGroup var connection: ConnectionOptions
    @Argument(parsing: .postTerminator, help: "Arguments for psql, after --.")
    var arguments: [String] = []

    func run() throws {
        let settings = try connection.settings()
        for (name, value) in try settings.environment { setenv(name, value, 1) }
        setenv("PGAPPNAME", "forgectl psql", 0)
        let candidates = ((try? ServerInstallation.all()) ?? []).map { "\($0.binaries)/psql" }.filter(FileManager.default.isExecutableFile(atPath:))
        let program = candidates.first ?? "psql"
        withCStrings([program] + arguments) { _ = execvp(program, $0) }
        throw ClusterError("psql is not installed", hint: "Install postgresql-client, or set PATH.")
    }
}
