import ArgumentParser
import ForgeCluster
import ForgePQ
import ForgeStore
import Foundation

struct ClusterOptions: ParsableArguments {
    @Option(
        name: .customLong("data-dir"),
        help: ArgumentHelp(
            "Where the cluster lives (default: .forge in the project; as root /var/lib/forge/PROJECT).", valueName: "dir"))
    var dataDirectory: String?

    func cluster() throws -> EmbeddedCluster { try EmbeddedCluster(at: dataDirectory) }

    /// The cluster, whose server is up.
    func running() throws -> EmbeddedCluster {
        let cluster = try cluster()
        guard cluster.server != nil else {
            let option = dataDirectory.map { " --data-dir \($0)" } ?? ""
            throw NoDatabase(
                message: "no embedded cluster is up in \(cluster.folder.root)", hint: "Start it: \(calledAs) up --detach\(option)")
        }
        return cluster
    }
}

struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON.")
    var json = false
}

struct ConnectionOptions: ParsableArguments {
    @Option(
        name: .customLong("database-url"),
        help: ArgumentHelp(
            "The database (default: FORGE_DATABASE_URL, POSTGRES_URL, or the embedded cluster).", valueName: "url"))
    var databaseURL: String?
    @OptionGroup var clusterOptions: ClusterOptions

    static let variables = ["FORGE_DATABASE_URL", "POSTGRES_URL"]

    func validate() throws {
        if clusterOptions.dataDirectory != nil, databaseURL != nil {
            throw ValidationError("--data-dir and --database-url name two different databases; give one")
        }
    }

    /// Where to connect, without connecting.
    func settings() throws -> ConnectionSettings {
        if let named = namedSettings() { return named }
        let cluster = try clusterOptions.dataDirectory == nil ? standardCluster() : clusterOptions.running()
        return ConnectionSettings(cluster.url, applicationName: "forgectl")
    }

    private func standardCluster() throws -> EmbeddedCluster {
        guard let cluster = try? clusterOptions.cluster(), cluster.server != nil else {
            throw NoDatabase(
                message: "no database was named, and no embedded cluster is up",
                hint: "Name one with --database-url or FORGE_DATABASE_URL, or start one: \(calledAs) up --detach")
        }
        return cluster
    }

    /// The database that --database-url or the environment names; nil if neither does, or --data-dir names a cluster.
    func namedSettings() -> ConnectionSettings? {
        if clusterOptions.dataDirectory != nil { return nil }
        if let databaseURL {
            let settings = ConnectionSettings(databaseURL, applicationName: "forgectl")
            if settings.holdsPassword {
                complain(
                    "forgectl: warning: the password in --database-url is visible to every user of this machine; "
                        + "use FORGE_DATABASE_URL or passfile=…")
            }
            return settings
        }
        let environment = ProcessInfo.processInfo.environment
        return Self.variables.compactMap { environment[$0] }.first { !$0.isEmpty }
            .map { ConnectionSettings($0, applicationName: "forgectl") }
    }

    func connect() throws -> Connection {
        let settings = try settings()
        do {
            let connection = try Connection(settings)
            connection.noticeHandler = { notice in
                guard notice.severity != "DEBUG" else { return }
                complain("\(notice.severity.lowercased()): \(notice.message)")
                if let hint = notice.hint { complain("hint: \(hint)") }
            }
            return connection
        } catch {
            throw PostgresError(
                sqlState: error.sqlState, message: "cannot connect to \(settings.summary)", detail: error.detail ?? error.message,
                hint: error.hint ?? "Check that the server runs and accepts this user; the embedded cluster starts with forgectl up.")
        }
    }

    /// A database in which Forge is at home.
    func admin() throws -> Admin {
        let admin = Admin(try connect())
        try admin.requireSchema()
        return admin
    }
}

/// The program as the user called it, for commands to copy.
var calledAs: String { CommandLine.arguments.first ?? "forgectl" }

/// The text of a file that a command was given; - is standard input.
func text(ofFile file: String, command: String) throws -> String {
    if file == "-" { return String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self) }
    do {
        return try String(contentsOfFile: file, encoding: .utf8)
    } catch {
        throw Misuse(problems: ["cannot read \(file): \(error.localizedDescription)"], command: command)
    }
}
