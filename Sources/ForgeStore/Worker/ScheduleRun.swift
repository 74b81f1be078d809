import ForgePQ
import Synchronization

/// One run of a schedule: a transaction of its own session, in which the server does the work as the schedule's owner.
/// What it wrote and that it ran are committed together, or not at all.
public final class ScheduleRun: Sendable {
    private let settings: ConnectionSettings
    private let lease: ScheduleLease
    private let limits: TransactionLimits
    private let state = Mutex<State>(State())

    private struct State {
        var canceller: Canceller?
        var isCancelled = false
    }

    public init(_ settings: ConnectionSettings, _ lease: ScheduleLease, seconds: Double) {
        self.settings = settings
        self.lease = lease
        limits = TransactionLimits(lockSeconds: 60, statementSeconds: seconds)
    }

    /// Returns what the run said of itself, as JSON. Blocks a thread of its own.
    public func run() async throws -> String {
        try await SerialThread("forge.schedule").run { try self.perform() }
    }

    /// Ends the run, from any thread; nothing of it stays.
    public func cancel() {
        state.withLock {
            $0.isCancelled = true
            _ = $0.canceller?.cancel()
        }
    }

    private func perform() throws -> String {
        let connection = try Connection(settings)
        // A run whose daemon was killed must not go on; only some platforms can tell.
        _ = try? connection.execute("set client_connection_check_interval = 2000")
        try state.withLock {
            if $0.isCancelled { throw CancellationError() }
            $0.canceller = connection.canceller
        }
        return try connection.transaction(limits: limits) {
            let row = try connection.query("select forge.run_claimed($1, $2)", lease.parameters).first
            let result = row?[0] ?? "{}"
            try connection.query("select forge.finish_schedule($1, $2, $3::jsonb)", lease.parameters + [.text(result)])
            return result
        }
    }
}
