import Foundation

extension EmbeddedCluster {
    static let startSeconds = 60
    static let stopSeconds = 60
    /// Below the range that Linux takes outgoing ports from, so that the port is still free at the next start.
    static let ports = 20_000..<32_000

    /// Makes the cluster on first use and starts the server.
    /// - Parameter port: nil keeps the port of the last start, or takes a free one.
    public func startServer(port wanted: Int? = nil) throws -> Change {
        let installation = try chooseInstallation()
        var change = Change.started
        if server != nil {
            let sameSoftware = try !serverDiffers(from: installation)
            if sameSoftware, wanted == nil || wanted == port {
                _ = try installExtension(for: installation)
                return .alreadyRunning
            }
            try stop()
            change = .replaced
        }
        try prepareFolders()
        try installServer(installation)
        _ = try installExtension(for: installation)
        if !exists { try initialise() }
        try start(port: choosePort(wanted))
        return change
    }

    /// True if it ran. Sessions are ended and transactions rolled back (`fast`).
    func stopServer() throws -> Bool {
        guard server != nil else { return false }
        try serverProgram("pg_ctl", ["stop", "-D", folder.data, "-m", "fast", "-w", "-t", "\(Self.stopSeconds)"])
            .require("stop the server", hint: "Its log is \(folder.serverLog).")
        unlink(folder.serverMark)
        return true
    }

    // MARK: The server's software

    private var serverSoftware: String { "\(folder.software)/server" }
    private static let serverPrograms = ["postgres", "initdb", "pg_ctl"]
    private static let librariesFolder = "private-libraries"

    /// A program of the installed server, run as its user.
    private func serverProgram(_ name: String, _ arguments: [String]) -> Program {
        var program = user.runs(Program(installedBinary(name), arguments))
        let libraries = "\(serverSoftware)/\(Self.librariesFolder)"
        if FileManager.default.fileExists(atPath: libraries) { program.environment["LD_LIBRARY_PATH"] = libraries }
        return program
    }

    private func installedBinary(_ name: String) -> String {
        let place = (try? String(contentsOfFile: "\(serverSoftware)/BINDIR", encoding: .utf8)) ?? ""
        return "\(serverSoftware)/\(place)/\(name)"
    }

    /// The newest server that this build has an extension for; for an existing cluster, of the version that made it.
    private func chooseInstallation() throws -> ServerInstallation {
        let servers = try ServerInstallation.all()
        let made = (try? String(contentsOfFile: "\(folder.data)/PG_VERSION", encoding: .utf8))
            .flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        let fitting = servers.filter { made == nil || $0.major == made }
        guard let newest = fitting.first else {
            let wanted = made.map { "PostgreSQL \($0), which made \(folder.data)," } ?? "a PostgreSQL server"
            throw ClusterError(
                "\(wanted) is not installed", detail: "looked at \(ServerInstallation.places)",
                hint: "Install postgresql-\(made ?? ServerInstallation.oldestMajor), or name its folder with "
                    + "\(ServerInstallation.variable).")
        }
        guard let usable = fitting.first(where: { !build.extensionFiles(for: $0).isEmpty }) else {
            throw ClusterError(
                "the extension is not built for the server in \(newest.binaries)",
                hint: "Run make build PG_CONFIG=\(newest.binaries)/pg_config in the project.")
        }
        return usable
    }

    /// PostgreSQL finds its files relative to its programs, so a copy is a server of its own: the extension is
    /// installed there and the machine's PostgreSQL stays as it is.
    private func layout(of server: ServerInstallation) -> (root: String, folders: [String]) {
        let folders = [server.modules, server.shared]
        var root = server.binaries
        while !folders.allSatisfy({ $0.hasPrefix(root + "/") }) { root = (root as NSString).deletingLastPathComponent }
        return (root, folders)
    }

    private func serverDiffers(from server: ServerInstallation) throws -> Bool {
        !FileManager.default.contentsEqual(atPath: "\(server.binaries)/postgres", andPath: installedBinary("postgres"))
    }

    private func installServer(_ server: ServerInstallation) throws {
        guard try serverDiffers(from: server) else { return }
        let (root, folders) = layout(of: server)
        let fresh = "\(serverSoftware).new"
        try? FileManager.default.removeItem(atPath: fresh)
        func below(_ path: String) -> String { String(path.dropFirst(root.count + 1)) }
        for folder in folders {
            let target = "\(fresh)/\(below(folder))"
            try makeFolder((target as NSString).deletingLastPathComponent, mode: 0o755)
            try Program("/bin/cp", ["-a", folder, target]).require("copy the server's files from \(folder)")
        }
        try makeFolder("\(fresh)/\(below(server.binaries))", mode: 0o755)
        let programs = Self.serverPrograms.map { "\(server.binaries)/\($0)" }
        try Program("/bin/cp", ["-a"] + programs + ["\(fresh)/\(below(server.binaries))"]).require("copy the server")
        let libraries = try server.privateLibraries(of: programs)
        if !libraries.isEmpty {
            try makeFolder("\(fresh)/\(Self.librariesFolder)", mode: 0o755)
            try Program("/bin/cp", ["-L"] + libraries + ["\(fresh)/\(Self.librariesFolder)"]).require("copy the server's libraries")
        }
        try Program("/bin/chmod", ["-R", "a+rX", fresh]).require("open the server's files to \(user.name)")
        try replaceFile("\(fresh)/BINDIR", with: below(server.binaries), mode: 0o644)
        try? FileManager.default.removeItem(atPath: serverSoftware)
        guard rename(fresh, serverSoftware) == 0 else { throw ClusterError.system("write \(serverSoftware)", errno) }
    }

    /// True if a file changed. Sessions that have the old module loaded keep it.
    func installExtension(for server: ServerInstallation) throws -> Bool {
        let root = layout(of: server).root
        var changed = false
        for file in build.extensionFiles(for: server) + build.vectorFiles(for: server) {
            let place = file.isModule ? server.modules : "\(server.shared)/extension"
            let name = (file.source as NSString).lastPathComponent
            let target = "\(serverSoftware)/\(place.dropFirst(root.count + 1))/\(name)"
            if try copyIfDifferent(file.source, to: target, mode: file.isModule ? 0o755 : 0o644) { changed = true }
        }
        return changed
    }

    // MARK: The cluster

    private func prepareFolders() throws {
        try makeFolder("\(folder.root)/log", mode: 0o755, owner: user)
        let sockets = folder.sockets(of: user)
        if sockets.hasPrefix("/tmp/") { try refuseForeignFolder(sockets) }
        try makeFolder(sockets, mode: 0o755, owner: user)
    }

    /// Anybody can make a folder in /tmp before us and would then own the name of our socket.
    private func refuseForeignFolder(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == user.uid else {
            throw ClusterError("\(path) belongs to somebody else", hint: "Remove it, or choose a shorter --data-dir.")
        }
    }

    /// initdb beside the final place and one rename at the end: an interrupted start leaves no half-made cluster.
    private func initialise() throws {
        let fresh = "\(folder.data).new"
        try? FileManager.default.removeItem(atPath: fresh)
        try makeFolder(fresh, mode: 0o700, owner: user)

        let superuserPassword = randomPassword(), workerPassword = randomPassword()
        let passwordFile = "\(folder.root)/initial.pass"
        try replaceFile(passwordFile, with: superuserPassword + "\n", mode: 0o600, owner: user)
        defer { unlink(passwordFile) }
        let options = [
            "-D", fresh, "-U", Self.superuser, "--auth=scram-sha-256", "--pwfile=\(passwordFile)", "-E", "UTF8",
            "--locale=C.UTF-8", "--data-checksums",
        ]
        try serverProgram("initdb", options).require("make a database cluster in \(folder.data)")
        try include(configurationOf: fresh)
        try runSingleUser(
            fresh,
            ["create database \(Self.database)", "create role \(Self.workerRole) login password '\(workerPassword)'"])

        try writePassfile(folder.superuserPassfile, role: Self.superuser, password: superuserPassword, owner: nil)
        try writePassfile(folder.workerPassfile, role: Self.workerRole, password: workerPassword, owner: user)
        guard rename(fresh, folder.data) == 0 else { throw ClusterError.system("write \(folder.data)", errno) }
    }

    private func include(configurationOf data: String) throws {
        let file = "\(data)/postgresql.conf"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try replaceFile(
            file, with: text + "\n# Written by forgectl up; set your own values below this line.\ninclude_if_exists = 'forge.conf'\n",
            mode: 0o600, owner: user)
    }

    /// Statements before the first start: passwords travel over no connection and appear in no log.
    private func runSingleUser(_ data: String, _ statements: [String]) throws {
        var program = serverProgram("postgres", ["--single", "-D", data, "postgres"])
        program.input = statements.map { $0 + "\n" }.joined()
        let said = try program.require("prepare the database cluster")
        if let failure = said.split(separator: "\n").first(where: { $0.contains("ERROR:") || $0.contains("FATAL:") }) {
            throw ClusterError("cannot prepare the database cluster", detail: String(failure))
        }
    }

    private func writePassfile(_ path: String, role: String, password: String, owner: ServerUser?) throws {
        try replaceFile(path, with: "*:*:*:\(role):\(password)\n", mode: 0o600, owner: owner)
    }

    private func start(port: Int) throws {
        let settings = """
            # Rewritten by each start of forgectl up.
            listen_addresses = 'localhost'
            port = \(port)
            unix_socket_directories = '\(folder.sockets(of: user))'
            password_encryption = 'scram-sha-256'
            max_connections = 100
            shared_buffers = '256MB'
            max_wal_size = '2GB'

            """
        try replaceFile(folder.configuration, with: settings, mode: 0o600, owner: user)
        removeOwnStaleLocks()
        let options = ["start", "-D", folder.data, "-l", folder.serverLog, "-w", "-t", "\(Self.startSeconds)"]
        let outcome = try serverProgram("pg_ctl", options).run()
        guard outcome.succeeded, let pid = postmasterPID, let mark = ProcessMark(running: pid) else {
            throw ClusterError(
                "the server did not start", detail: tail(of: folder.serverLog, lines: 5),
                hint: "Its log is \(folder.serverLog).")
        }
        try mark.write(to: folder.serverMark)
    }

    private var postmasterPID: pid_t? { firstNumber(in: "\(folder.data)/postmaster.pid") }

    /// After a power cut the number in a lock file may belong to another process, and PostgreSQL would then refuse to
    /// start.
    private func removeOwnStaleLocks() {
        guard let mark = ProcessMark(file: folder.serverMark), !mark.isAlive else { return }
        let sockets = folder.sockets(of: user)
        let locks = ((try? FileManager.default.contentsOfDirectory(atPath: sockets)) ?? []).filter { $0.hasSuffix(".lock") }
        for file in ["\(folder.data)/postmaster.pid"] + locks.map({ "\(sockets)/\($0)" }) where firstNumber(in: file) == mark.pid {
            unlink(file)
        }
    }

    private func firstNumber(in file: String) -> pid_t? {
        (try? String(contentsOfFile: file, encoding: .utf8)).flatMap { $0.split(separator: "\n").first }.flatMap { pid_t($0) }
    }

    private func choosePort(_ wanted: Int?) throws -> Int {
        if let wanted {
            guard isFree(wanted) else {
                throw ClusterError("port \(wanted) is in use", hint: "Name another with --port, or leave it out.")
            }
            return wanted
        }
        if let port, isFree(port) { return port }
        for _ in 0..<200 {
            let candidate = Int.random(in: Self.ports)
            if isFree(candidate) { return candidate }
        }
        throw ClusterError("found no free port in \(Self.ports)", hint: "Name one with --port.")
    }

    private func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = in_addr_t(UInt32(0x7f00_0001).bigEndian)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    /// 192 bits from the system's generator.
    private func randomPassword() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<3).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
