import ForgeTestSupport
import Foundation

/// The real program, as an operator starts it.
final class ForgedProcess: @unchecked Sendable {
    /// Beside the test program, built with it.
    static let path =
        ProcessInfo.processInfo.environment["FORGED"]
        ?? URL(filePath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0])
        .deletingLastPathComponent().appending(path: "forged").path

    let pid: pid_t
    let log: String

    init(_ world: QueueWorld, lease: Double = 2, jobs: Int = 2) throws {
        log = "/tmp/forge-test-forged-\(UUID().uuidString).log"
        pid = try Shell.start(
            Self.path,
            [
                "run", "--lease", "\(lease)", "--poll-busy", "0.2", "--poll-idle", "0.2", "--rescue", "0.3", "--grace", "0",
                "--cpu", "\(jobs)", "--jobs", "\(jobs)",
            ],
            environment: ["FORGE_DATABASE_URL": world.database.url(user: world.worker)], log: log)
    }

    var output: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    /// Processes of running jobs.
    var jobs: [pid_t] { ProcessTable.children(of: pid).filter { ProcessTable.commandLine($0).contains("run-job") } }

    func kill() {
        Foundation.kill(pid, SIGKILL)
        Shell.reap(pid)
        unlink(log)
    }

    /// SIGTERM, as a service manager stops it; the exit status.
    @discardableResult
    func stop() -> Int32 {
        Foundation.kill(pid, SIGTERM)
        defer { unlink(log) }
        return Shell.reap(pid)
    }
}
