import Foundation

/// A private PostgreSQL cluster and its sidecar, in one folder.
///
/// The database decides nothing here: this type makes folders, passwords and processes, and knows no Forge table. Order
/// of a start: `stopOutdated`, `startServer`, (the caller migrates), `startSidecar`. Everything that changes the folder
/// runs inside `exclusively`. A process is known by number and start time, so a stale pid file harms nobody; software
/// is replaced only while the process that runs it is stopped, so what runs is what the folder holds.
public struct EmbeddedCluster: Sendable {
    public static let superuser = "postgres"
    public static let database = "forge"
    /// The sidecar's LOGIN role; the caller makes it a member of the role that may do the work.
    public static let workerRole = "forged"

    public let folder: ClusterFolder
    public let user: ServerUser
    public let build: ForgeBuild

    /// What a start did to a process.
    public enum Change: String, Sendable {
        case started, replaced
        case alreadyRunning = "already running"
    }

    /// - Parameter path: the cluster's folder; nil for the standard one.
    public init(at path: String?) throws {
        build = ForgeBuild.current()
        user = try ServerUser.current()
        folder = path.map { ClusterFolder(root: $0) } ?? ClusterFolder.standard(build: build, asRoot: geteuid() == 0)
    }

    // MARK: State

    public var exists: Bool { FileManager.default.fileExists(atPath: "\(folder.data)/PG_VERSION") }
    public var server: ProcessMark? { alive(folder.serverMark) }
    public var sidecar: ProcessMark? { alive(folder.sidecarMark) }

    /// The superuser's connection string, as psql and every other libpq program takes it.
    public var url: String { connectionString(role: Self.superuser, passfile: folder.superuserPassfile) }
    public var workerURL: String { connectionString(role: Self.workerRole, passfile: folder.workerPassfile) }

    /// The port of the server's socket and of its TCP address on localhost.
    public var port: Int? {
        guard let text = try? String(contentsOfFile: folder.configuration, encoding: .utf8) else { return nil }
        return text.split(separator: "\n").first { $0.hasPrefix("port = ") }.flatMap { Int($0.dropFirst(7)) }
    }

    private func alive(_ file: String) -> ProcessMark? {
        ProcessMark(file: file).flatMap { $0.isAlive ? $0 : nil }
    }

    private func connectionString(role: String, passfile: String) -> String {
        func escaped(_ text: String) -> String {
            text.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed.subtracting(["&", "+", "="])) ?? text
        }
        return "postgresql://\(role)@/\(Self.database)?host=\(escaped(folder.sockets(of: user)))"
            + "&port=\(port ?? 5432)&passfile=\(escaped(passfile))"
    }

    // MARK: Changes

    /// Runs `body` while no other program changes this cluster.
    public func exclusively<R>(_ body: () throws -> R) throws -> R {
        try makeFolder(folder.root, mode: user.isOther ? 0o755 : 0o700)
        guard try user.reaches(folder.root) else {
            throw ClusterError(
                "the user \(user.name), who runs the server, cannot enter \(folder.root)",
                hint: "Choose a folder outside closed homes with --data-dir, such as /var/lib/forge/main.")
        }
        let descriptor = open(folder.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ClusterError.system("open \(folder.lock)", errno) }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw ClusterError.system("lock \(folder.lock)", errno) }
        }
        return try body()
    }

    /// Stops the sidecar and then the server; returns the names of those that ran.
    @discardableResult
    public func stop() throws -> [String] {
        var stopped: [String] = []
        if try stopSidecar() { stopped.append("sidecar") }
        if try stopServer() { stopped.append("server") }
        return stopped
    }

    /// Stops the cluster and removes its software, and with `data` everything.
    public func remove(data: Bool) throws {
        try stop()
        let files = FileManager.default
        let socketFolder = folder.sockets(of: user)
        do {
            for path in data ? [folder.root, socketFolder] : [folder.software] where files.fileExists(atPath: path) {
                try files.removeItem(atPath: path)
            }
        } catch {
            throw ClusterError("cannot remove \(folder.root): \(error.localizedDescription)")
        }
    }
}
