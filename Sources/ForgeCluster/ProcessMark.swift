import Foundation

/// A process, told apart from a later one with the same number by when it started.
public struct ProcessMark: Sendable, Equatable {
    public var pid: pid_t
    /// Clock ticks after boot, from `/proc/PID/stat`.
    public var startedAt: UInt64

    /// The running process with this number, nil if there is none.
    public init?(running pid: pid_t) {
        guard let startedAt = ProcessMark.startTime(of: pid) else { return nil }
        self.pid = pid
        self.startedAt = startedAt
    }

    /// From a pid file: `PID START-TIME`.
    init?(file: String) {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
        let fields = text.split(whereSeparator: \.isWhitespace)
        guard fields.count == 2, let pid = pid_t(fields[0]), let startedAt = UInt64(fields[1]) else { return nil }
        self.pid = pid
        self.startedAt = startedAt
    }

    func write(to file: String) throws {
        try replaceFile(file, with: "\(pid) \(startedAt)\n", mode: 0o644)
    }

    public var isAlive: Bool { ProcessMark.startTime(of: pid) == startedAt }

    /// The file that the process runs; ends in ` (deleted)` once that was replaced.
    var executable: String? { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe") }
    var folder: String? { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd") }

    /// Asks it to end, and kills it once `seconds` have passed; false if it had to be killed.
    func terminate(withinSeconds seconds: Double) -> Bool {
        guard isAlive else { return true }
        kill(pid, SIGTERM)
        if waitForEnd(seconds: seconds) { return true }
        if isAlive { kill(pid, SIGKILL) }
        _ = waitForEnd(seconds: 5)
        return false
    }

    private func waitForEnd(seconds: Double) -> Bool {
        // Not a child of ours, so there is nothing to wait on but the process table.
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            if !isAlive { return true }
            usleep(20_000)
        }
        return !isAlive
    }

    private static func startTime(of pid: pid_t) -> UInt64? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let name = text.lastIndex(of: ")")
        else { return nil }
        // After the name come the fields 3 (state), 4, …; the start time is field 22.
        let fields = text[text.index(after: name)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z" else { return nil }
        return UInt64(fields[19])
    }
}
