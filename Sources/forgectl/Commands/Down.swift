import ArgumentParser
import ForgeCluster
import ForgeModel

struct Down: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop the embedded cluster; its data stays.",
        discussion: "The sidecar gives running requests back to the queue; the next `forgectl up` goes on with them.")

    @OptionGroup var clusterOptions: ClusterOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let cluster = try clusterOptions.cluster()
        let stopped = cluster.exists ? try cluster.exclusively { try cluster.stop() } : []
        if output.json {
            printJSON(["stopped": .array(stopped.map { .text($0) })])
        } else {
            print(stopped.isEmpty ? "nothing was running in \(cluster.folder.root)" : "stopped \(stopped.joined(separator: " and "))")
        }
    }
}

struct URLCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "url", abstract: "Print the embedded cluster's superuser URL.",
        discussion: """
            Any libpq program takes it as it stands; the password is in the passfile that it names.

            Example:
              psql "$(forgectl url)"
            """)

    @OptionGroup var clusterOptions: ClusterOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let cluster = try clusterOptions.running()
        output.json ? printJSON(["url": .text(cluster.url)]) : print(cluster.url)
    }
}
