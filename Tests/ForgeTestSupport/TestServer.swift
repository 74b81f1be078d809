import Foundation
import ForgePQ
import ForgeStore

/// A private PostgreSQL cluster for tests: version by `FORGE_TEST_PG` (15 or 18), on a socket below /tmp, gone with the
/// process.
public final class TestServer: Sendable {
    /// One for all tests of a process that do not stop it.
    public static let shared = TestServer()

    public static var version: String { ProcessInfo.processInfo.environment["FORGE_TEST_PG"] ?? "15" }

    public let directory: String
    private let template = Once<Result<String, any Error>>()
    private let counter = Counter()

    public init() {
        Self.removeLeftovers()
        directory = "/tmp/forge-test-\(getpid())-\(Self.number.next())"
        do {
            try Shell.run(Repository.path("scripts/pg.sh"), ["start", Self.version, directory], environment: ["PGOPTS": "-c max_connections=200"])
        } catch {
            fatalError("cannot start the test server: \(error)")
        }
        Self.running.append(self)
    }

    public func url(database: String, user: String = "postgres") -> String {
        "postgresql://\(user)@/\(database)?host=\(directory)"
    }

    /// A database of its own for a test, migrated unless `empty`.
    public func makeDatabase(empty: Bool = false) throws -> TestDatabase {
        let name = "t\(counter.next())"
        let source = empty ? "template0" : try template.value { Result { try makeTemplate() } }.get()
        let connection = try Connection(ConnectionSettings(url(database: "postgres"), applicationName: "forge-test"))
        try connection.execute("create database \(name) template \(source)")
        return TestDatabase(server: self, name: name)
    }

    private func makeTemplate() throws -> String {
        let name = "forge_template"
        let connection = try Connection(ConnectionSettings(url(database: "postgres"), applicationName: "forge-test"))
        try connection.execute("create database \(name) template template0")
        let database = TestDatabase(server: self, name: name)
        try database.prepare()
        try database.migrate()
        return name
    }

    // MARK: - Stopping, starting, killing

    public var postmaster: pid_t? {
        let file = try? String(contentsOfFile: "\(directory)/data/postmaster.pid", encoding: .utf8)
        return file?.split(separator: "\n").first.flatMap { pid_t($0) }
    }

    /// Every process of the server at once, as if the machine's power had gone (the page cache stays).
    public func kill() {
        guard let postmaster else { return }
        Foundation.kill(postmaster, SIGSTOP)
        let children = ProcessTable.children(of: postmaster)
        for process in [postmaster] + children { Foundation.kill(process, SIGKILL) }
        while ([postmaster] + children).contains(where: ProcessTable.isAlive) { usleep(2_000) }
        // Until somebody reaps it, a dead postmaster still has a number, and would pass for a running one.
        unlink("\(directory)/data/postmaster.pid")
        unlink("\(directory)/.s.PGSQL.5432.lock")
    }

    public func start() throws {
        let bin = try String(contentsOfFile: "\(directory)/bin", encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        do {
            try asServer(
                "\(bin)/pg_ctl",
                ["-D", "\(directory)/data", "-w", "-s", "-l", "\(directory)/log", "-o",
                 "-k \(directory) -c listen_addresses='' -c fsync=off -c max_connections=200", "start"])
        } catch let failure as Shell.Failure {
            let log = (try? String(contentsOfFile: "\(directory)/log", encoding: .utf8)) ?? ""
            throw Shell.Failure(command: failure.command, status: failure.status, output: failure.output + log.suffix(2000))
        }
    }

    private func asServer(_ program: String, _ arguments: [String]) throws {
        if getuid() == 0 {
            try Shell.run(
                "/usr/bin/env", ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", "env", "-C", "/", program] + arguments)
        } else {
            try Shell.run(program, arguments)
        }
    }

    public func remove() {
        _ = try? Shell.run(Repository.path("scripts/pg.sh"), ["stop", directory])
    }

    // MARK: - Cleaning up

    private static let number = Counter()
    private static let running = Registry()

    private final class Registry: @unchecked Sendable {
        private let lock = NSLock()
        private var servers: [TestServer] = []

        func append(_ server: TestServer) {
            lock.withLock {
                if servers.isEmpty { atexit { TestServer.running.removeAll() } }
                servers.append(server)
            }
        }

        func removeAll() { lock.withLock { servers }.forEach { $0.remove() } }
    }

    /// Clusters of test runs that were killed.
    private static func removeLeftovers() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/tmp")) ?? [] where name.hasPrefix("forge-test-") {
            let parts = name.split(separator: "-")
            guard parts.count == 4, let process = pid_t(parts[2]), !ProcessTable.isAlive(process) else { continue }
            _ = try? Shell.run(Repository.path("scripts/pg.sh"), ["stop", "/tmp/\(name)"])
        }
    }
}

/// A database of one test.
public struct TestDatabase: Sendable {
    public let server: TestServer
    public let name: String

    public var url: String { server.url(database: name) }
    public func url(user: String) -> String { server.url(database: name, user: user) }

    public func connect(user: String = "postgres") throws -> Connection {
        try Connection(ConnectionSettings(url(user: user), applicationName: "forge-test"))
    }

    /// What a DBA does once.
    public func prepare() throws {
        try connect().execute(SchemaFiles.superuserSQL)
    }

    public func migrate(_ files: SchemaFiles = .embedded) throws {
        try Migrator(try connect(), files: files).up()
    }

    /// Login roles are the cluster's, databases the test's: a role is named for both. Returns its name.
    public func makeRole(_ label: String, member group: String? = nil) throws -> String {
        let role = "\(label)_\(name)"
        let connection = try connect()
        try connection.execute("create role \(role) login")
        if let group { try connection.execute("grant \(group) to \(role)") }
        return role
    }
}
