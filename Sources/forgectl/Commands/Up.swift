import ArgumentParser
import ForgeCluster
import ForgeModel
import ForgePQ
import ForgeStore
import Foundation

struct Up: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start the embedded default: a private PostgreSQL cluster, migrated, with the sidecar running.",
        discussion: """
            Starts whichever of server and sidecar is not running, replaces those started from another build, and migrates. \
            Without --detach it then shows both logs until Ctrl-C, and stops what it started. As root the server runs as the \
            user postgres (or FORGE_SERVER_USER).

            Examples:
              forgectl up --detach
              forgectl up --data-dir /srv/forge --port 5433
            """)

    @OptionGroup var clusterOptions: ClusterOptions
    @Option(help: "The server's port on localhost (default: the one it had, or a free one).")
    var port: Int?
    @Flag(help: "Return once everything runs.")
    var detach = false
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let port, !(1...65_535).contains(port) { throw ValidationError("--port is \(port), not between 1 and 65535") }
    }

    func run() throws {
        let cluster = try clusterOptions.cluster()
        let changes = try cluster.exclusively { try start(cluster) }
        report(cluster, changes)
        if !detach { try follow(cluster, stopAtEnd: changes.server != .alreadyRunning || changes.sidecar != .alreadyRunning) }
    }

    private struct Changes {
        var server: EmbeddedCluster.Change
        var schema: [Migrator.Step]
        var sidecar: EmbeddedCluster.Change
    }

    private func start(_ cluster: EmbeddedCluster) throws -> Changes {
        let stoppedOld = try cluster.stopOutdated()
        let server = try cluster.startServer(port: port)
        let connection = try Connection(ConnectionSettings(cluster.url, applicationName: "forgectl"))
        defer { connection.close() }
        let admin = Admin(connection)
        try admin.setUpAsSuperuser()
        let schema = try Migrator(connection).up()
        try admin.admitWorker(EmbeddedCluster.workerRole)
        var sidecar = try cluster.startSidecar()
        if stoppedOld { sidecar = .replaced }
        try waitForSidecar(cluster, admin)
        return Changes(server: server, schema: schema, sidecar: sidecar)
    }

    /// The sidecar has connected when it has said hello in `forge.workers`.
    private func waitForSidecar(_ cluster: EmbeddedCluster, _ admin: Admin) throws {
        let end = Date().addingTimeInterval(20)
        while let sidecar = cluster.sidecar, Date() < end {
            if try admin.hasWorker(pid: Int(sidecar.pid)) { return }
            usleep(50_000)
        }
        throw ClusterError(
            cluster.sidecar == nil ? "the sidecar ended at once" : "the sidecar has not connected within 20 s",
            detail: tail(of: cluster.folder.sidecarLog, lines: 5), hint: "Its log is \(cluster.folder.sidecarLog).")
    }

    private func report(_ cluster: EmbeddedCluster, _ changes: Changes) {
        if output.json {
            printJSON([
                "server": .text(changes.server.rawValue), "sidecar": .text(changes.sidecar.rawValue),
                "migrated": .bool(!changes.schema.isEmpty), "port": JSONValue(cluster.port), "url": .text(cluster.url),
                "data_dir": .text(cluster.folder.root),
            ])
            return
        }
        let schema = changes.schema.isEmpty ? "current" : "migrated to version \(SchemaFiles.embedded.version)"
        print(
            fields([
                ("server", "\(changes.server.rawValue), port \(cluster.port ?? 0) on localhost, data in \(cluster.folder.root)"),
                ("schema", schema),
                ("sidecar", "\(changes.sidecar.rawValue), process \(cluster.sidecar?.pid ?? 0)"),
                ("connect", "\(calledAs) psql" + (clusterOptions.dataDirectory.map { " --data-dir \($0)" } ?? "")),
            ]))
    }

    private func follow(_ cluster: EmbeddedCluster, stopAtEnd: Bool) throws {
        Terminal.catchInterrupts()
        complain("Showing the logs; Ctrl-C \(stopAtEnd ? "stops server and sidecar" : "leaves server and sidecar running").")
        var logs = [
            LogFollower(name: "postgres", file: cluster.folder.serverLog), LogFollower(name: "forged", file: cluster.folder.sidecarLog),
        ]
        var lost: String?
        while lost == nil, Terminal.pause(milliseconds: 200) {
            for index in logs.indices { logs[index].printNews() }
            if cluster.server == nil { lost = "server" } else if cluster.sidecar == nil { lost = "sidecar" }
        }
        for index in logs.indices { logs[index].printNews() }
        if stopAtEnd || lost != nil { try cluster.exclusively { _ = try cluster.stop() } }
        if let lost { throw ClusterError("the \(lost) ended", hint: "\(calledAs) up starts it again.") }
    }
}

/// Prints what is appended to a log from now on, each line under the log's name.
struct LogFollower {
    private let name: String
    private let file: String
    private var offset: UInt64
    private var rest = Data()

    init(name: String, file: String) {
        self.name = name
        self.file = file
        offset = (try? FileHandle(forReadingAtPath: file)?.seekToEnd()) ?? 0
    }

    mutating func printNews() {
        guard let handle = FileHandle(forReadingAtPath: file) else { return }
        defer { try? handle.close() }
        if let end = try? handle.seekToEnd(), end < offset { offset = 0 }
        guard (try? handle.seek(toOffset: offset)) != nil, let news = try? handle.readToEnd() else { return }
        offset += UInt64(news.count)
        rest += news
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = String(decoding: rest[rest.startIndex..<newline], as: UTF8.self)
            print("\(name.padding(toLength: 8, withPad: " ", startingAt: 0)) | \(line)")
            rest = Data(rest[rest.index(after: newline)...])
        }
        fflush(nil)
    }
}
