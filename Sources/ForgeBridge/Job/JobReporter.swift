import ForgeLearn
import ForgePQ
import ForgeStore
import Foundation
import Synchronization

/// Hears from the training and passes it on: progress to the daemon at once, log and loss curves to the database every
/// second, over the job's own connection, which is idle while it computes.
final class JobReporter: TrainingObserver, Sendable {
    /// More than a training run that is not out of hand would say while the database is away.
    static let longestBacklog = 100_000

    private let channel: JobChannel
    private let store: Mutex<StoreBox>
    private let pending = Mutex(JobStore.Report())
    private let phases = Mutex(PhaseClock())
    private let isStopping = Mutex(false)
    private let wake = WakeUp()
    private let thread = Mutex<Thread?>(nil)
    private let stopped = DispatchSemaphore(value: 0)

    /// The store is used under this lock alone while the reporter runs.
    private struct StoreBox: @unchecked Sendable {
        let store: JobStore
    }

    init(channel: JobChannel, store: JobStore) {
        self.channel = channel
        self.store = Mutex(StoreBox(store: store))
    }

    // MARK: - What the training says

    func progress(_ fraction: Double, phase: String) {
        phases.withLock { $0.enter(phase, at: .now) }
        // Reading and registering take a share of the whole that the training does not know of.
        channel.progress(0.1 + 0.85 * min(max(fraction, 0), 1), phase: phase, waits: false)
    }

    /// How long each phase took, until now.
    func phaseSummary(seconds: (Double) -> String) -> String {
        phases.withLock { clock in
            clock.leave(at: .now)
            return clock.summary(seconds: seconds)
        }
    }

    func metric(step: Int, name: String, value: Double) {
        guard value.isFinite else { return }
        pending.withLock { if $0.metrics.count < Self.longestBacklog { $0.metrics.append((step, name, value)) } }
    }

    func log(_ level: LogLevel, _ message: String) {
        pending.withLock { if $0.log.count < Self.longestBacklog { $0.log.append((level.rawValue, message)) } }
    }

    /// A cancel ends the process itself.
    var isCancelled: Bool { false }

    /// The job's own connection, while nothing is being written down.
    func withStore<T: Sendable>(_ body: (JobStore) throws -> T) rethrows -> T {
        try store.withLock { try body($0.store) }
    }

    // MARK: - Writing it down

    /// Writes what has gathered every second from now on.
    func start() {
        Thread.detachNewThread { [self] in
            while !isStopping.withLock({ $0 }) {
                wake.wait(until: .now + .seconds(1))
                try? flush()
            }
            stopped.signal()
        }
    }

    /// Writes the rest; afterwards the store is the caller's again.
    func stop() throws {
        isStopping.withLock { $0 = true }
        wake.signal()
        stopped.wait()
        try flush()
    }

    private func flush() throws {
        let report = pending.withLock { pending in
            defer { pending = JobStore.Report() }
            return pending
        }
        if report.isEmpty { return }
        do {
            try store.withLock { try $0.store.record(report) }
        } catch {
            // Kept for the next time, before what has come since.
            pending.withLock {
                $0.log = report.log + $0.log
                $0.metrics = report.metrics + $0.metrics
            }
            throw error
        }
    }
}
