import ForgeModel
import ForgeStore
import Foundation
import Logging
import ServiceLifecycle

/// Takes requests as capacity allows and runs them. On shutdown it takes nothing more, gives its jobs their grace, and
/// releases what is left.
actor Claimer: Service {
    private let settings: WorkerSettings
    private let store: WorkerStore
    private let wake: WakeSignal
    private let logger: Logger
    private var ledger: ResourceLedger
    private var schedule: ClaimSchedule
    private var running: [Lease: AsyncStream<JobMachine.Event>.Continuation] = [:]
    private var complaint: String?

    init(settings: WorkerSettings, store: WorkerStore, wake: WakeSignal, logger: Logger) {
        self.settings = settings
        self.store = store
        self.wake = wake
        self.logger = logger
        ledger = ResourceLedger(capacity: settings.capacity)
        schedule = ClaimSchedule(busy: .seconds(settings.pollBusySeconds), idle: .seconds(settings.pollIdleSeconds))
    }

    nonisolated func run() async throws {
        let wake = wake
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                while !Task.isShuttingDownGracefully && !Task.isCancelled {
                    let (event, runner) = try await self.claim()
                    if let runner { group.addTask { await self.work(runner) } }
                    await self.pause(after: event)
                }
                await self.drain()
                try await group.waitForAll()
            }
            try? await store.bye()
        } onGracefulShutdown: {
            wake.signal()
        }
    }

    /// Somebody may have cancelled a running request.
    func cancelHint() {
        for input in running.values { input.yield(.cancelHint) }
    }

    // MARK: - Claiming

    private func claim() async throws -> (ClaimSchedule.Event, JobRunner?) {
        guard ledger.hasRoom else { return (.nothing, nil) }
        let claimedAt = ContinuousClock.now
        do {
            let (seconds, cpu, memory) = (settings.leaseSeconds, ledger.freeCPU, ledger.freeMemoryBytes)
            var job = try await store.claim(
                leaseSeconds: seconds, freeCPU: cpu, freeMemoryBytes: memory, algorithms: settings.algorithms)
            if job == nil {  // nothing waits: others' searches may be helped
                job = try await store.claimHelper(
                    leaseSeconds: seconds, freeCPU: cpu, freeMemoryBytes: memory, algorithms: settings.algorithms)
            }
            complaint = nil
            guard let job else { return (.nothing, nil) }
            return (.claimed, runner(for: job, claimedAt: claimedAt))
        } catch let error as ForgeError where error.code == .versionMismatch {
            throw error
        } catch {
            complain(error)
            return (.failed, nil)
        }
    }

    /// Once per kind of trouble, not once per poll.
    private func complain(_ error: any Error) {
        let text = "\(error)"
        if text != complaint { logger.warning("cannot claim: \(text)") }
        complaint = text
    }

    private func pause(after event: ClaimSchedule.Event) async {
        let pause = schedule.next(after: event)
        if pause > .zero, await wake.wait(for: ClaimSchedule.jittered(pause)) { _ = schedule.next(after: .hinted) }
    }

    private func runner(for job: ClaimedJob, claimedAt: ContinuousClock.Instant) -> JobRunner {
        ledger.reserve(job)
        var limits = settings.jobLimits
        limits.timeout = job.timeoutSeconds.map { .seconds($0) }
        limits.memoryBytes = ledger.memoryLimit(for: job)
        let runner = JobRunner(
            job: job, claimedAt: claimedAt, limits: limits, program: settings.program,
            environment: JobEnvironment(
                target: settings.connection.target, lease: job.lease, threads: ledger.threads(for: job)
            ).variables(over: ProcessInfo.processInfo.environment),
            store: store, logger: logger)
        running[job.lease] = runner.input
        return runner
    }

    private func work(_ runner: JobRunner) async {
        await runner.run()
        running[runner.job.lease] = nil
        ledger.release(runner.job.lease)
        wake.signal()
    }

    private func drain() async {
        if !running.isEmpty { logger.info("stopping", metadata: ["running": "\(running.count)", "grace": "\(settings.graceSeconds) s"]) }
        try? await store.draining()
        let deadline = ContinuousClock.now + .seconds(settings.graceSeconds)
        for input in running.values { input.yield(.shutdown(deadline: deadline)) }
    }
}
