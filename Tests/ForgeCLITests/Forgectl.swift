import ForgeCluster
import ForgeTestSupport
import Foundation
import Testing

/// The program as it is shipped, run as a user runs it: text in, text and exit code out.
enum Forgectl {
    static let path = ProcessInfo.processInfo.environment["FORGECTL"] ?? Repository.path(".build/release/forgectl")

    struct Outcome: CustomStringConvertible {
        var status: Int32
        var output: String
        var errors: String
        var description: String { "exit code \(status)\n--- output\n\(output)--- errors\n\(errors)" }
    }

    /// - Parameter environment: set for the program; variables that name a database are taken away otherwise.
    static func run(_ arguments: String..., input: String? = nil, environment: [String: String] = [:]) throws -> Outcome {
        try run(arguments, input: input, environment: environment)
    }

    static func run(_ arguments: [String], input: String? = nil, environment: [String: String] = [:]) throws -> Outcome {
        try #require(FileManager.default.isExecutableFile(atPath: path), "there is no \(path): run make build")
        let folder = FileManager.default.temporaryDirectory.appending(path: "forge-cli-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = ["in", "out", "err"].map { folder.appending(path: $0).path }
        try (input ?? "").write(toFile: files[0], atomically: true, encoding: .utf8)
        var clean = environment
        clean["COLUMNS"] = "80"
        if let server = try testServer() { clean["FORGE_PG_BINDIR"] = server }
        let forgotten = ["FORGE_DATABASE_URL", "POSTGRES_URL", "FORGE_DATA_DIR"].filter { environment[$0] == nil }
        // A shell redirects, env forgets: both become the program, whose exit code comes back.
        let command =
            "exec env " + forgotten.map { "-u \($0)" }.joined(separator: " ") + " \"$0\" \"$@\" <\(files[0]) >\(files[1]) 2>\(files[2])"
        var status: Int32 = 0
        do {
            try Shell.run("/bin/sh", ["-c", command, path] + arguments, environment: clean)
        } catch let failure as Shell.Failure {
            status = failure.status
        }
        func text(_ file: String) -> String { (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }
        // What the user typed as the program's name is part of its hints.
        return Outcome(
            status: status, output: text(files[1]).replacingOccurrences(of: path, with: "forgectl"),
            errors: text(files[2]).replacingOccurrences(of: path, with: "forgectl"))
    }

    /// The embedded cluster runs on the version under test: by default on the machine's newest server with the
    /// extension that `make build` staged, else on the tests' own, which has it installed.
    private static func testServer() throws -> String? {
        guard TestServer.version != "15" else { return nil }
        let config = try Shell.run(Repository.path("scripts/pg.sh"), ["config", TestServer.version])
        return URL(filePath: config.trimmingCharacters(in: .newlines)).deletingLastPathComponent().path
    }

    /// Starts it without waiting. Not by Foundation's Process, which waits for every descendant: here a server that
    /// lives on.
    static func start(_ arguments: [String], output: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var variables = ProcessInfo.processInfo.environment
        variables["FORGE_PG_BINDIR"] = try testServer()
        var process: pid_t = 0
        let code = withCStrings([path] + arguments) { argv in
            withCStrings(variables.map { "\($0.key)=\($0.value)" }) { posix_spawn(&process, path, &actions, nil, argv, $0) }
        }
        try #require(code == 0, "cannot start \(path)")
        return process
    }

    static func json(_ outcome: Outcome) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(outcome.output.utf8), options: .fragmentsAllowed)
    }
}
