import ForgeModel
import ForgePQ
import ForgeStore
import Foundation
import Logging

/// Runs one claimed job to its end: starts its process, feeds what happens to the machine, and does what it decides.
struct JobRunner: Sendable {
    static let tick = Duration.milliseconds(250)

    let job: ClaimedJob
    let claimedAt: ContinuousClock.Instant
    let limits: JobMachine.Limits
    let program: ChildProgram
    let environment: [String: String]
    let store: WorkerStore
    let logger: Logger
    let events: AsyncStream<JobMachine.Event>
    let input: AsyncStream<JobMachine.Event>.Continuation

    init(
        job: ClaimedJob, claimedAt: ContinuousClock.Instant, limits: JobMachine.Limits, program: ChildProgram,
        environment: [String: String], store: WorkerStore, logger: Logger
    ) {
        self.job = job
        self.claimedAt = claimedAt
        self.limits = limits
        self.program = program
        self.environment = environment
        self.store = store
        var logger = logger
        logger[metadataKey: "request"] = "\(job.lease.request)"
        self.logger = logger
        (events, input) = AsyncStream.makeStream()
    }

    /// Returns when the job's end is written down, or can no longer be.
    func run() async {
        logger.info("started", metadata: ["model": "\(job.model)", "algorithm": "\(job.algorithm)", "attempt": "\(job.attempt)"])
        let ending = await supervise()
        await settle(ending)
    }

    private func supervise() async -> JobMachine.Ending {
        let input = input
        let started = ChildProcess.start(program, environment: environment) { event in
            switch event {
            case .message(let message): input.yield(.child(message))
            case .said(let line): logger.debug("\(line)")
            case .ended(let end, let lastWords): input.yield(.exited(end, lastWords: lastWords))
            }
        }
        let child: ChildProcess
        switch started {
        case .success(let process): child = process
        case .failure(let failure): return .fail(JobMachine.crashed(.notStarted(failure.reason), lastWords: nil))
        }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { await keepTicking(child.pid) }
            defer { group.cancelAll() }
            var machine = JobMachine(limits: limits, claimedAt: claimedAt)
            for await event in events {
                for action in machine.handle(event, now: .now) {
                    switch action {
                    case .beat:
                        let progress = machine.progress
                        group.addTask { await beat(progress) }
                    case .report(let progress, let phase): group.addTask { await report(progress, phase) }
                    case .terminate: child.signal(SIGTERM)
                    case .kill: child.signal(SIGKILL)
                    case .end(let ending): return ending
                    }
                }
            }
            return .drop
        }
    }

    private func keepTicking(_ pid: pid_t) async {
        while !Task.isCancelled {
            input.yield(.tick(residentBytes: ProcessFacts.residentBytes(of: pid), peakBytes: ProcessFacts.peakBytes(of: pid)))
            try? await Task.sleep(for: Self.tick)
        }
    }

    private func beat(_ progress: Double) async {
        let sentAt = ContinuousClock.now
        do {
            let beat = try await store.heartbeat(job.lease, leaseSeconds: limits.lease.seconds, progress: progress)
            input.yield(.beatAnswered(beat, sentAt: sentAt))
        } catch {
            logger.warning("heartbeat failed: \(error)")
            input.yield(.beatFailed)
        }
    }

    private func report(_ progress: Double, _ phase: String) async {
        do {
            try await store.report(job.lease, progress: progress, phase: phase)
        } catch {
            logger.debug("progress was not written: \(error)")
        }
        input.yield(.reported)
    }

    // MARK: - The end

    /// Writes the ending down; tries for as long as the lease can live. After that the rescuer of some worker does it.
    private func settle(_ ending: JobMachine.Ending) async {
        tell(ending)
        let deadline = ContinuousClock.now + limits.lease
        while true {
            do {
                return try await write(ending)
            } catch let error as PostgresError where error.sqlState == ErrorCode.leaseLost.text {
                // The end may have been ours: a COMMIT whose answer was lost, or a job that completed as it was being
                // stopped.
                return logger.info("the lease had ended")
            } catch {
                guard ContinuousClock.now < deadline else { return logger.error("the end could not be written: \(error)") }
                logger.warning("the end could not be written yet: \(error)")
                try? await Task.sleep(for: .milliseconds(Int.random(in: 200...500)))
            }
        }
    }

    private func write(_ ending: JobMachine.Ending) async throws {
        switch ending {
        case .completed, .drop: return
        case .release: try await store.release(job.lease)
        case .confirmCancel: try await store.confirmCancel(job.lease)
        case .fail(let failure):
            if failure.isCrash, let words = failure.detail { try await store.log(job.lease, level: "error", words) }
            try await store.fail(job.lease, failure)
        }
    }

    private func tell(_ ending: JobMachine.Ending) {
        switch ending {
        case .completed(let version?): logger.info("registered", metadata: ["model": "\(job.model)", "version": "\(version)"])
        case .completed(nil), .confirmCancel: logger.info("cancelled")
        case .release: logger.info("released")
        case .drop: logger.warning("the lease was lost")
        case .fail(let failure): logger.warning("failed: \(failure.code) \(failure.message)")
        }
    }
}
