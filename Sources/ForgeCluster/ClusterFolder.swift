import Foundation

/// Where an embedded cluster keeps its things.
///
///     data/                 the database cluster
///     run/                  the server's socket, where the path is short enough
///     software/             copies of what runs: server/, bin/forged, lib/
///     log/                  postgres.log, forged.log
///     superuser.pass        passfiles, mode 0600
///     worker.pass
///     server.pid            who runs: process number and start time
///     forged.pid
public struct ClusterFolder: Sendable, Equatable {
    public var root: String

    /// Environment variable that names the folder where no `--data-dir` does.
    public static let variable = "FORGE_DATA_DIR"
    /// Room in a Unix socket's address, without the final NUL.
    static let longestSocketPath = 107

    public init(root: String) {
        self.root = URL(fileURLWithPath: root).standardizedFileURL.path
    }

    /// The folder used when none is named: `.forge` in the project, or, as root, one per project below
    /// `/var/lib/forge`, since the server's user cannot enter a project in root's home.
    public static func standard(build: ForgeBuild, asRoot: Bool) -> ClusterFolder {
        let environment = ProcessInfo.processInfo.environment
        if let named = environment[variable], !named.isEmpty { return ClusterFolder(root: named) }
        let project = build.project ?? FileManager.default.currentDirectoryPath
        guard asRoot else { return ClusterFolder(root: "\(project)/.forge") }
        guard build.project != nil else { return ClusterFolder(root: "/var/lib/forge/main") }
        let name = (project as NSString).lastPathComponent
        return ClusterFolder(root: "/var/lib/forge/\(name)-\(shortHash(project))")
    }

    public var data: String { "\(root)/data" }
    public var serverLog: String { "\(root)/log/postgres.log" }
    public var sidecarLog: String { "\(root)/log/forged.log" }
    public var superuserPassfile: String { "\(root)/superuser.pass" }
    var workerPassfile: String { "\(root)/worker.pass" }
    var software: String { "\(root)/software" }
    var sidecar: String { "\(software)/bin/forged" }
    var serverMark: String { "\(root)/server.pid" }
    var sidecarMark: String { "\(root)/forged.pid" }
    var lock: String { "\(root)/lock" }
    var configuration: String { "\(data)/forge.conf" }

    /// Whether the folder below `root` would make too long an address, the socket is in the temporary folder.
    func sockets(of user: ServerUser) -> String {
        let inside = "\(root)/run"
        let longest = "\(inside)/.s.PGSQL.65535"
        return longest.utf8.count <= Self.longestSocketPath ? inside : "/tmp/forge-\(user.uid)-\(shortHash(root))"
    }
}
