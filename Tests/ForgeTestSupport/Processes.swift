import Foundation

/// The checkout that the tests were built from.
public enum Repository {
    public static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    public static func path(_ relative: String) -> String { "\(root)/\(relative)" }
}

public enum Shell {
    public struct Failure: Error, CustomStringConvertible {
        public let command: String
        public let status: Int32
        public let output: String
        public var description: String { "\(command) exited with \(status): \(output)" }
    }

    /// Runs a program to its end; returns what it printed on both streams, throws when it did not exit with 0.
    /// Not by Foundation's Process: that waits until every descendant has ended, and some start a server.
    @discardableResult
    public static func run(_ program: String, _ arguments: [String] = [], environment: [String: String] = [:]) throws -> String {
        let command = ([program] + arguments).joined(separator: " ")
        // A file, not a pipe: a server that the program starts keeps the descriptor open.
        let file = FileManager.default.temporaryDirectory.appending(path: "forge-shell-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let process = try start(program, arguments, environment: environment, log: file.path)
        let status = reap(process)
        let output = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        guard status == 0 else { throw Failure(command: command, status: status, output: output) }
        return output
    }

    /// Starts a program that goes on by itself; both its streams go to the end of a file. The caller waits for it with
    /// `reap`.
    public static func start(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], log: String
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        var process: pid_t = 0
        let failed = withStrings([program] + arguments) { argv in
            withStrings(variables) { environ in posix_spawn(&process, program, &actions, nil, argv, environ) }
        }
        guard failed == 0 else {
            throw Failure(command: ([program] + arguments).joined(separator: " "), status: 127, output: String(cString: strerror(failed)))
        }
        return process
    }

    /// Waits for the end of a started program; its exit status, or 128 + the signal that ended it.
    @discardableResult
    public static func reap(_ process: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }

    private static func withStrings<R>(_ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
        let pointers = texts.map { strdup($0) } + [nil]
        defer { pointers.forEach { free($0) } }
        return body(pointers)
    }
}

/// What /proc knows.
public enum ProcessTable {
    /// Zombies count as gone.
    public static func isAlive(_ process: pid_t) -> Bool {
        guard let state = fields(process)?.first else { return false }
        return state != "Z" && state != "X"
    }

    public static func children(of parent: pid_t) -> [pid_t] {
        all().filter { fields($0).map { $0.count > 1 && $0[1] == String(parent) } ?? false }
    }

    public static func all() -> [pid_t] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
    }

    public static func commandLine(_ process: pid_t) -> [String] {
        guard let data = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") else { return [] }
        return data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// From the state on; the command before it may hold spaces.
    private static func fields(_ process: pid_t) -> [Substring]? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return nil }
        return text[text.index(after: end)...].split(separator: " ")
    }
}
