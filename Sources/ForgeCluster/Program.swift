import Foundation

/// A command to run. Nothing is interpreted by a shell.
struct Program {
    var path: String
    var arguments: [String]
    /// Text for its standard input, at most a pipe's 64 kB.
    var input = ""
    /// The whole environment of the new process.
    var environment: [String: String] = Program.inherited

    init(_ path: String, _ arguments: [String] = []) {
        self.path = path
        self.arguments = arguments
    }

    struct Outcome {
        /// The exit status, or 128 + the signal that ended it.
        var status: Int32
        /// Standard output and standard error together.
        var text: String
        var succeeded: Bool { status == 0 }
    }

    /// This process's environment without what would steer libpq or a server elsewhere.
    static var inherited: [String: String] {
        ProcessInfo.processInfo.environment.filter { name, _ in
            !name.hasPrefix("PG") && name != "POSTGRES_URL" && name != "FORGE_DATABASE_URL"
        }
    }

    /// Runs it in `/` with its output collected, and waits for its end.
    func run() throws -> Outcome {
        let feed = try makePipe(), output = try makePipe()
        defer { close(output.read) }
        let process: pid_t
        do {
            let bytes = Array(input.utf8)
            write(feed.write, bytes, bytes.count)
            close(feed.write)
            defer { close(feed.read); close(output.write) }
            process = try spawn(input: feed.read, output: .descriptor(output.write), newSession: false)
        }
        let text = readAll(output.read)
        return Outcome(status: try waitForExit(process), text: text)
    }

    /// Runs it and throws what it said unless it succeeded.
    @discardableResult
    func require(_ action: String, hint: String? = nil) throws -> String {
        let outcome = try run()
        guard outcome.succeeded else {
            let said = outcome.text.trimmingCharacters(in: .whitespacesAndNewlines)
            throw ClusterError(
                "cannot \(action)", detail: said.isEmpty ? "\(path) ended with status \(outcome.status)" : said, hint: hint)
        }
        return outcome.text
    }

    /// Starts it in a session of its own, its output appended to a file; it outlives this process.
    func startDetached(log: String) throws -> pid_t {
        try spawn(input: nil, output: .file(log), newSession: true)
    }

    // MARK: Effects

    private enum Output {
        case descriptor(Int32)
        case file(String)
    }

    private func spawn(input: Int32?, output: Output, newSession: Bool) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        switch output {
        case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, 1)
        case .file(let file): posix_spawn_file_actions_addopen(&actions, 1, file, O_WRONLY | O_CREAT | O_APPEND, 0o640)
        }
        posix_spawn_file_actions_adddup2(&actions, 1, 2)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        // In `/`, since the caller's folder may be closed to the user that the program runs as. Both helpers become the
        // program by exec: the process number is its own.
        let command = (newSession ? ["/usr/bin/setsid"] : []) + ["/usr/bin/env", "-C", "/", path] + arguments
        var process: pid_t = 0
        let code = withCStrings(command) { argv in
            withCStrings(environment.map { "\($0.key)=\($0.value)" }) { envp in
                posix_spawn(&process, command[0], &actions, &attributes, argv, envp)
            }
        }
        guard code == 0 else { throw ClusterError.system("run \(path)", code) }
        return process
    }
}

/// Both ends are closed in programs started later.
private func makePipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw ClusterError.system("make a pipe", errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
}

/// Waits for a child; its exit status, or 128 + the signal that ended it.
func waitForExit(_ process: pid_t) throws -> Int32 {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 {
        guard errno == EINTR else { throw ClusterError.system("wait for process \(process)", errno) }
    }
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
}

private func readAll(_ descriptor: Int32) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count > 0 {
            bytes += buffer[..<count]
        } else if count == 0 || errno != EINTR {
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}

/// A NULL-terminated array of C strings, as `exec` and `posix_spawn` take it.
public func withCStrings<R>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) throws -> R
) rethrows -> R {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
    defer { pointers.forEach { free($0) } }
    return try pointers.withUnsafeMutableBufferPointer { try body($0.baseAddress!) }
}
