import ForgeModel
import ForgeStore

/// Decides about one running job: when to beat, when to end its process, and what its end means. Event in, actions out,
/// no I/O.
///
/// The database decides what is true (a lease is live or lost); this machine only has to beat in time, to stop
/// computing what nobody will accept, and to tell why a process ended. All instants are the monotonic clock's.
struct JobMachine {
    typealias Instant = ContinuousClock.Instant

    struct Limits: Sendable, Equatable {
        var lease: Duration
        /// The job's process must show progress within this time while it computes.
        var stall: Duration
        /// From the claim on; nil: none.
        var timeout: Duration?
        /// Resident bytes of the job's process.
        var memoryBytes: Int
        /// Between asking a process to end and killing it.
        var killDelay = Duration.seconds(2)
    }

    enum Event: Sendable {
        case tick(residentBytes: Int?, peakBytes: Int?)
        case child(ChildMessage)
        /// `sentAt` is when the beat was sent: the lease runs at least from then.
        case beatAnswered(Beat, sentAt: Instant)
        case beatFailed
        /// A report was written, or could not be.
        case reported
        /// Somebody may have asked for a cancel: beat now to find out.
        case cancelHint
        /// The daemon is to end; jobs may go on until `deadline`.
        case shutdown(deadline: Instant)
        case exited(ProcessEnd, lastWords: String?)
    }

    enum Action: Sendable, Equatable {
        case beat
        case report(progress: Double, phase: String)
        /// Ask the process to end; `kill` follows if it does not.
        case terminate
        case kill
        /// The process has ended, and this is to be written down. The machine is done.
        case end(Ending)
    }

    enum Ending: Sendable, Equatable {
        /// Registered by the job itself; nil: a cancel came first.
        case completed(version: Int?)
        case fail(JobFailure)
        case release
        case confirmCancel
        /// The lease is somebody else's: write nothing.
        case drop
    }

    private enum Stop: Equatable {
        case cancelled, timedOut, stalled(Duration), outOfMemory(peak: Int), leaseLost, shutDown
    }

    /// What a job's process exits with on SIGTERM.
    static let terminatedStatus: Int32 = 143

    private let limits: Limits
    private let started: Instant
    private var leaseEnds: Instant
    private var lastBeat: Instant
    private var beatInFlight = false
    private var beatAgain = false  // a hint came while a beat was on its way, which may have been too early to see why
    private var reportInFlight = false
    private var unreported: (progress: Double, phase: String)?
    private var stop: Stop?
    private var killAt: Instant?
    private var shutdownAt: Instant?
    private var lastMovement: Instant
    private var isWaiting = true  // for the server: that is not a stall
    private(set) var progress = 0.0
    private var outcome: ChildMessage.Outcome?

    /// `claimedAt` is when the claim was sent.
    init(limits: Limits, claimedAt: Instant) {
        self.limits = limits
        started = claimedAt
        leaseEnds = claimedAt + limits.lease
        lastBeat = claimedAt
        lastMovement = claimedAt
    }

    mutating func handle(_ event: Event, now: Instant) -> [Action] {
        switch event {
        case .tick(let resident, let peak): return tick(resident: resident, peak: peak, now: now)
        case .child(let message): return hear(message, now: now)
        case .beatAnswered(let beat, let sentAt): return answered(beat, sentAt: sentAt, now: now)
        case .beatFailed:
            beatInFlight = false
            return []
        case .reported:
            reportInFlight = false
            return []
        case .cancelHint:
            beatAgain = beatInFlight
            return beat(now)
        case .shutdown(let deadline):
            shutdownAt = deadline
            return now >= deadline ? end(.shutDown, now: now) : []
        case .exited(let end, let lastWords): return [.end(ending(end, lastWords: lastWords))]
        }
    }

    // MARK: - Time passes

    private mutating func tick(resident: Int?, peak: Int?, now: Instant) -> [Action] {
        var actions: [Action] = []
        if let killAt, now >= killAt {
            self.killAt = now + limits.killDelay
            actions.append(.kill)
        }
        if stop == nil, let reason = reasonToStop(resident: resident, peak: peak, now: now) {
            actions += end(reason, now: now)
        }
        if stop != .leaseLost, now - lastBeat >= limits.lease / 3 { actions += beat(now) }
        if stop == nil, !reportInFlight, let report = unreported {
            unreported = nil
            reportInFlight = true
            actions.append(.report(progress: report.progress, phase: report.phase))
        }
        return actions
    }

    private func reasonToStop(resident: Int?, peak: Int?, now: Instant) -> Stop? {
        if now >= leaseEnds { return .leaseLost }
        if let resident, resident > limits.memoryBytes { return .outOfMemory(peak: max(resident, peak ?? 0)) }
        if let timeout = limits.timeout, now - started >= timeout { return .timedOut }
        if !isWaiting, now - lastMovement >= limits.stall { return .stalled(limits.stall) }
        if let shutdownAt, now >= shutdownAt { return .shutDown }
        return nil
    }

    private mutating func beat(_ now: Instant) -> [Action] {
        guard !beatInFlight else { return [] }
        beatInFlight = true
        lastBeat = now
        return [.beat]
    }

    private mutating func answered(_ beat: Beat, sentAt: Instant, now: Instant) -> [Action] {
        beatInFlight = false
        switch beat {
        case .lost: return end(.leaseLost, now: now)
        case .extended(let cancelRequested):
            leaseEnds = max(leaseEnds, sentAt + limits.lease)
            if cancelRequested { return end(.cancelled, now: now) }
            if beatAgain {
                beatAgain = false
                return self.beat(now)
            }
            return []
        }
    }

    /// The first reason counts. A process without a lease, or beyond its memory, gets no time to tidy up.
    private mutating func end(_ reason: Stop, now: Instant) -> [Action] {
        guard stop == nil else { return [] }
        stop = reason
        killAt = now + limits.killDelay
        switch reason {
        case .leaseLost, .outOfMemory: return [.kill]
        case .cancelled, .timedOut, .stalled, .shutDown: return [.terminate]
        }
    }

    // MARK: - The process speaks

    private mutating func hear(_ message: ChildMessage, now: Instant) -> [Action] {
        switch message {
        case .progress(let share, let phase, let waits):
            lastMovement = now
            isWaiting = waits
            progress = share
            unreported = (share, phase)
            return []
        case .outcome(let outcome):
            self.outcome = outcome
            return []
        }
    }

    // MARK: - The process has ended

    private func ending(_ end: ProcessEnd, lastWords: String?) -> Ending {
        // What the job itself last said stands above why it was to be stopped: it may have been done by then.
        switch outcome {
        case .completed(let version): return .completed(version: version)
        case .leaseLost: return .drop
        case .helped: return .release
        case .failed(let failure) where stop == nil || failure.isPermanent: return .fail(failure)
        default: break
        }
        switch stop {
        case .leaseLost: return .drop
        case .cancelled: return .confirmCancel
        case .shutDown: return .release
        case .timedOut: return .fail(Self.timedOut(limits.timeout ?? .zero))
        case .stalled(let limit): return .fail(Self.stalled(limit))
        case .outOfMemory(let peak): return .fail(Self.outOfMemory(peak: peak, limit: limits.memoryBytes))
        case nil:
            // Somebody else asked it to end, such as a service manager that stops the daemon and its children together.
            return end == .exit(Self.terminatedStatus) ? .release : .fail(Self.crashed(end, lastWords: lastWords))
        }
    }
}
