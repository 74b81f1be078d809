import ForgeModel
import ForgePQ
import ForgeStore
import Logging
import ServiceLifecycle

/// Runs schedules that are due, one at a time; several daemons share them. The work is done in the server: here it is
/// claimed, kept alive, and its end written down.
final class Scheduler: Service {
    /// Seconds after which a run is ended.
    static let longest = 3600.0

    private let settings: WorkerSettings
    private let store: WorkerStore
    private let wake: WakeSignal
    private let logger: Logger

    init(settings: WorkerSettings, store: WorkerStore, wake: WakeSignal, logger: Logger) {
        self.settings = settings
        self.store = store
        self.wake = wake
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskCancellationHandler {
                await self.runUntilCancelled()
            } onCancel: {
                self.wake.signal()
            }
        }
    }

    private func runUntilCancelled() async {
        var pauses = ClaimSchedule(busy: .seconds(settings.pollBusySeconds), idle: .seconds(settings.pollIdleSeconds))
        while !Task.isCancelled {
            let pause = pauses.next(after: await runNext())
            if pause > .zero, !Task.isCancelled, await wake.wait(for: ClaimSchedule.jittered(pause)) {
                _ = pauses.next(after: .hinted)
            }
        }
    }

    private func runNext() async -> ClaimSchedule.Event {
        do {
            guard let lease = try await store.claimSchedule(leaseSeconds: settings.leaseSeconds) else {
                return .nothing
            }
            await run(lease)
            return .claimed
        } catch {
            logger.debug("no schedule can be claimed: \(error)")
            return .failed
        }
    }

    private func run(_ lease: ScheduleLease) async {
        var logger = logger
        logger[metadataKey: "schedule"] = "\(lease.name)"
        let run = ScheduleRun(settings.connection, lease, seconds: Self.longest)
        do {
            let result = try await withTaskCancellationHandler {
                try await kept(lease, by: run)
            } onCancel: {
                run.cancel()
            }
            logger.info("ran", metadata: ["result": "\(result)"])
        } catch {
            await settle(lease, after: error, logger)
        }
    }

    /// The run beside its heartbeat: whoever's lease is lost is stopped.
    private func kept(_ lease: ScheduleLease, by run: ScheduleRun) async throws -> String {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let lifetime = self.settings.leaseSeconds
                while true {
                    try await Task.sleep(for: .seconds(lifetime / 3))
                    // A beat that fails is no matter: the database lets nobody end a run whose lease has passed on.
                    if (try? await self.store.beat(lease, leaseSeconds: lifetime)) == false { run.cancel() }
                }
            }
            defer { group.cancelAll() }
            return try await run.run()
        }
    }

    /// A lease that is lost is refused by the database, and nothing is left to write.
    private func settle(_ lease: ScheduleLease, after error: any Error, _ logger: Logger) async {
        do {
            if Task.isCancelled { return try await store.release(lease) }
            let failure = FailurePolicy.failure(ofSchedule: error)
            logger.warning("failed: \(failure.code) \(failure.message)")
            try await store.fail(lease, failure)
        } catch {
            logger.warning("the end of a run could not be written: \(error)")
        }
    }
}
