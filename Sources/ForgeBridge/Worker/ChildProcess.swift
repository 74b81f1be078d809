import Foundation
import Synchronization

/// What to run for a job. The tests put a program of their own here.
public struct ChildProgram: Sendable {
    public var executable: String
    public var arguments: [String]

    public init(executable: String, arguments: [String]) {
        self.executable = executable
        self.arguments = arguments
    }

    /// This very program, whatever has become of its file since.
    public static var itself: ChildProgram {
        ChildProgram(executable: "/proc/self/exe", arguments: ["forged", "run-job"])
    }
}

/// A job's process: in a process group of its own, tied to the daemon by a pipe whose end it takes as the order to
/// exit.
///
/// Descriptors in the child: 0 is empty, 1 and 2 a pipe for its last words, 3 a pipe for its messages, 4 the lifeline.
final class ChildProcess: Sendable {
    static let messageDescriptor: Int32 = 3
    static let lifelineDescriptor: Int32 = 4

    enum Event: Sendable {
        case message(ChildMessage)
        case said(String)
        /// The last event.
        case ended(ProcessEnd, lastWords: String?)
    }

    let pid: pid_t
    private let lifeline: Int32
    private let reaped = Mutex(false)

    private init(pid: pid_t, lifeline: Int32) {
        self.pid = pid
        self.lifeline = lifeline
    }

    deinit { close(lifeline) }

    /// Starts the program; `deliver` is called from a thread of the child's own, in order.
    static func start(
        _ program: ChildProgram, environment: [String: String], deliver: @escaping @Sendable (Event) -> Void
    ) -> Result<ChildProcess, SpawnFailure> {
        // One at a time: a child started between another's pipe() and its FD_CLOEXEC would inherit, and keep open, a
        // lifeline.
        starting.withLock { _ in startAlone(program, environment, deliver) }
    }

    private static let starting = Mutex(())

    private static func startAlone(
        _ program: ChildProgram, _ environment: [String: String], _ deliver: @escaping @Sendable (Event) -> Void
    ) -> Result<ChildProcess, SpawnFailure> {
        var pipes: [Pipe] = []
        for _ in 0..<3 {
            guard let pipe = Pipe() else { return .failure(SpawnFailure(errno)) }
            pipes.append(pipe)
        }
        let (output, messages, lifeline) = (pipes[0], pipes[1], pipes[2])
        var pid: pid_t = 0
        let failure = spawn(
            program, environment, [(output.writer, 1), (output.writer, 2), (messages.writer, messageDescriptor), (lifeline.reader, lifelineDescriptor)],
            &pid)
        guard failure == 0 else { return .failure(SpawnFailure(failure)) }
        let child = ChildProcess(pid: pid, lifeline: lifeline.takeWriter())
        let sources = (output.takeReader(), messages.takeReader())
        Thread.detachNewThread { child.listen(output: sources.0, messages: sources.1, deliver) }
        return .success(child)
    }

    /// Signals the whole process group; nothing once the process was waited for, when its number may be another's.
    func signal(_ number: Int32) {
        reaped.withLock { reaped in
            if !reaped { _ = kill(-pid, number) }
        }
    }

    // MARK: - Listening, on the child's thread

    private func listen(output: Int32, messages: Int32, _ deliver: (Event) -> Void) {
        var said = LineReader()
        var told = LineReader()
        var lastWords: [String] = []
        var open = [output, messages]
        while !open.isEmpty {
            var entries = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&entries, nfds_t(entries.count), -1) > 0 else { continue }
            for entry in entries where entry.revents != 0 {
                let isMessage = entry.fd == messages
                let lines = isMessage ? told.read(entry.fd) : said.read(entry.fd)
                for line in lines ?? [] {
                    if isMessage {
                        if let message = ChildMessage(line: line) { deliver(.message(message)) }
                    } else {
                        let text = String(decoding: line, as: UTF8.self)
                        lastWords = lastWords.suffix(9) + [text]
                        deliver(.said(text))
                    }
                }
                if lines == nil {
                    close(entry.fd)
                    open.removeAll { $0 == entry.fd }
                }
            }
        }
        deliver(.ended(wait(), lastWords: lastWords.isEmpty ? nil : lastWords.joined(separator: "\n")))
    }

    private func wait() -> ProcessEnd {
        // Look without taking first, so that no signal goes to a number that has become free.
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
        return reaped.withLock { reaped in
            reaped = true
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
            return status & 0x7f == 0 ? .exit(status >> 8 & 0xff) : .signal(status & 0x7f)
        }
    }
}

struct SpawnFailure: Error {
    let reason: String
    init(_ number: Int32) { reason = String(cString: strerror(number)) }
}

/// A pipe that no other child inherits; ends not taken are closed with it.
private final class Pipe {
    private(set) var reader: Int32
    private(set) var writer: Int32

    init?() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        // Out of the way of the descriptors that the child is to find.
        let moved = ends.map { fcntl($0, F_DUPFD_CLOEXEC, 10) }
        for end in ends { close(end) }
        guard moved.allSatisfy({ $0 >= 0 }) else { return nil }
        (reader, writer) = (moved[0], moved[1])
    }

    deinit {
        if reader >= 0 { close(reader) }
        if writer >= 0 { close(writer) }
    }

    func takeReader() -> Int32 {
        defer { reader = -1 }
        return reader
    }

    func takeWriter() -> Int32 {
        defer { writer = -1 }
        return writer
    }
}

/// Cuts what comes out of a descriptor into lines.
struct LineReader {
    private static let longest = 1 << 16
    private var partial: [UInt8] = []

    /// The lines that are complete; nil at the end of the stream, once what was left has been given.
    mutating func read(_ descriptor: Int32) -> [[UInt8]]? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Foundation.read(descriptor, &buffer, buffer.count)
        if count < 0 && errno == EINTR { return [] }
        guard count > 0 else {
            defer { partial = [] }
            return partial.isEmpty ? nil : [partial]
        }
        partial += buffer[..<count]
        var lines = partial.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
        partial = lines.removeLast()
        if partial.count > Self.longest { partial = [] }
        return lines.filter { !$0.isEmpty }
    }
}

/// posix_spawn, never a bare fork: the daemon has threads.
private func spawn(_ program: ChildProgram, _ environment: [String: String], _ descriptors: [(from: Int32, to: Int32)], _ pid: inout pid_t) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    for (from, to) in descriptors { posix_spawn_file_actions_adddup2(&actions, from, to) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for number in [SIGTERM, SIGINT, SIGPIPE, SIGHUP] { sigaddset(&signals, number) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let arguments = program.arguments.map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (arguments + variables).forEach { free($0) } }
    return posix_spawn(&pid, program.executable, &actions, &attributes, arguments, variables)
}
