import ArgumentParser
import ForgeCluster
import ForgeModel
import ForgePQ
import ForgeStore

struct Uninstall: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take Forge away: from a database, or the embedded cluster as a whole.",
        discussion: """
            From a database (--database-url or FORGE_DATABASE_URL, as a superuser): drops Forge's functions, views and extension. Its tables stay, and \
            forgectl migrate brings the rest back; with --purge they go too, with every model and request, and the roles.
            Without a database named: stops the embedded cluster and removes the copies of its programs; with --purge its data \
            too, everything in it.

            Examples:
              forgectl uninstall --purge                     the embedded cluster, with its data
              forgectl uninstall --database-url "host=db dbname=shop"
            """)

    @Flag(help: "Remove data too.")
    var purge = false
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        if let settings = connection.namedSettings() {
            try uninstall(from: settings)
        } else {
            try removeCluster()
        }
    }

    private func uninstall(from settings: ConnectionSettings) throws {
        try confirm("Drop Forge from \(settings.summary)\(purge ? " with every model and request" : "")?")
        let admin = Admin(try connection.connect())
        let rolesLeft = purge ? try admin.purge() : []
        if !purge { try admin.uninstall() }
        done(purge ? "Forge and its data are gone from \(settings.summary)" : "Forge is gone from \(settings.summary); its tables stay")
        if !rolesLeft.isEmpty { complain("note: in use elsewhere, and left: \(rolesLeft.joined(separator: ", "))") }
    }

    private func removeCluster() throws {
        let cluster = try connection.clusterOptions.cluster()
        guard cluster.exists else { return done("there is no embedded cluster in \(cluster.folder.root)") }
        try confirm("Stop the cluster in \(cluster.folder.root)\(purge ? " and delete it with all its data" : "")?")
        try cluster.exclusively { try cluster.remove(data: purge) }
        done("removed \(purge ? "" : "the programs in ")\(cluster.folder.root)")
    }

    private func confirm(_ question: String) throws {
        if yes || !Terminal.isInteractive { return }
        guard Terminal.confirms(question) else { throw ExitCode(Failure.failed) }
    }

    private func done(_ text: String) {
        output.json ? printJSON(["done": .text(text)]) : print(text)
    }
}
