import ForgeModel
import ForgeStore
import Testing

@testable import ForgeBridge

/// Drives a machine along a clock of its own: `at` is seconds after the claim.
private struct Drive {
    static let start = ContinuousClock.now
    var machine: JobMachine
    var limits: JobMachine.Limits

    init(lease: Int = 60, stall: Int = 600, timeout: Int? = nil, memory: Int = 1000) {
        limits = JobMachine.Limits(
            lease: .seconds(lease), stall: .seconds(stall), timeout: timeout.map { .seconds($0) }, memoryBytes: memory)
        machine = JobMachine(limits: limits, claimedAt: Self.start)
    }

    func instant(_ seconds: Double) -> ContinuousClock.Instant { Self.start + .seconds(seconds) }

    mutating func send(_ event: JobMachine.Event, at seconds: Double) -> [JobMachine.Action] {
        machine.handle(event, now: instant(seconds))
    }

    mutating func tick(at seconds: Double, resident: Int? = nil, peak: Int? = nil) -> [JobMachine.Action] {
        send(.tick(residentBytes: resident, peakBytes: peak), at: seconds)
    }

    mutating func answer(_ beat: Beat, sent: Double, at seconds: Double) -> [JobMachine.Action] {
        send(.beatAnswered(beat, sentAt: instant(sent)), at: seconds)
    }

    mutating func exit(_ end: ProcessEnd = .signal(15), words: String? = nil, at seconds: Double) -> [JobMachine.Action] {
        send(.exited(end, lastWords: words), at: seconds)
    }
}

private let alive = Beat.extended(cancelRequested: false)
private let cancelled = Beat.extended(cancelRequested: true)

@Suite struct JobMachineLeaseTests {
    @Test func beatsEveryThirdOfTheLease() {
        var drive = Drive(lease: 60)
        #expect(drive.tick(at: 19.9) == [])
        #expect(drive.tick(at: 20) == [.beat])
        #expect(drive.tick(at: 25) == [], "one beat at a time")
        #expect(drive.answer(alive, sent: 20, at: 26) == [])
        #expect(drive.tick(at: 39) == [])
        #expect(drive.tick(at: 40) == [.beat])
    }

    @Test func aBeatThatFailedIsTriedAgain() {
        var drive = Drive(lease: 60)
        #expect(drive.tick(at: 20) == [.beat])
        #expect(drive.send(.beatFailed, at: 30) == [])
        #expect(drive.tick(at: 40) == [.beat])
    }

    @Test func killsItsProcessWhenNoBeatWasConfirmedForALease() {
        var drive = Drive(lease: 60)
        _ = drive.tick(at: 20)
        _ = drive.send(.beatFailed, at: 21)
        #expect(drive.tick(at: 60) == [.kill])
        #expect(drive.exit(.signal(9), at: 61) == [.end(.drop)])
    }

    @Test func theLeaseRunsFromWhenTheBeatWasSentNotFromWhenItWasAnswered() {
        var drive = Drive(lease: 60)
        _ = drive.tick(at: 20)
        _ = drive.answer(alive, sent: 20, at: 39)
        _ = drive.tick(at: 40)
        #expect(drive.tick(at: 79.9) == [])
        #expect(drive.tick(at: 80) == [.kill])
    }

    @Test func anOlderAnswerNeverShortensTheLease() {
        var drive = Drive(lease: 60)
        _ = drive.answer(alive, sent: 50, at: 51)
        _ = drive.answer(alive, sent: 10, at: 52)
        #expect(!drive.tick(at: 109).contains(.kill))
    }

    @Test func aLostLeaseKillsAtOnceAndNothingIsWritten() {
        var drive = Drive()
        #expect(drive.answer(.lost, sent: 1, at: 1) == [.kill])
        #expect(drive.tick(at: 30) == [.kill], "again, and no beat for a lease that is gone")
        #expect(drive.exit(.signal(9), at: 31) == [.end(.drop)])
    }

    @Test func keepsTheLeaseWhileItsProcessIsEnding() {
        var drive = Drive(lease: 60)
        _ = drive.answer(cancelled, sent: 1, at: 1)
        #expect(drive.tick(at: 20).contains(.beat))
    }
}

@Suite struct JobMachineStopTests {
    @Test func aCancelAsksThenKills() {
        var drive = Drive()
        #expect(drive.answer(cancelled, sent: 5, at: 5) == [.terminate])
        #expect(drive.tick(at: 6) == [])
        #expect(drive.tick(at: 7) == [.kill])
        #expect(drive.exit(.signal(9), at: 8) == [.end(.confirmCancel)])
    }

    @Test func aHintBeatsAtOnceToFindOut() {
        var drive = Drive()
        #expect(drive.send(.cancelHint, at: 1) == [.beat])
    }

    @Test func aHintDuringABeatIsFollowedUp() {
        var drive = Drive()
        _ = drive.send(.cancelHint, at: 1)
        #expect(drive.send(.cancelHint, at: 1.1) == [])
        #expect(drive.answer(alive, sent: 1, at: 1.2) == [.beat])
        #expect(drive.answer(cancelled, sent: 1.2, at: 1.3) == [.terminate])
    }

    @Test func aTimeoutIsFinal() {
        var drive = Drive(timeout: 30)
        #expect(!drive.tick(at: 29.9).contains(.terminate))
        #expect(drive.tick(at: 30).contains(.terminate))
        guard case .end(.fail(let failure)) = drive.exit(at: 31).first else { Issue.record("no failure"); return }
        #expect(failure.code == "FG019" && failure.isPermanent && !failure.isCrash)
        #expect(failure.message.contains("30 s"))
    }

    @Test func aJobThatComputesWithoutProgressIsFailed() {
        var drive = Drive(lease: 10_000, stall: 100)
        _ = drive.send(.child(.progress(0.2, phase: "fit", waits: false)), at: 10)
        #expect(!drive.tick(at: 109).contains(.terminate))
        #expect(drive.tick(at: 110).contains(.terminate))
        guard case .end(.fail(let failure)) = drive.exit(at: 111).first else { Issue.record("no failure"); return }
        #expect(failure.code == "FG019" && failure.isPermanent)
    }

    @Test func waitingForTheServerIsNoStall() {
        var drive = Drive(lease: 10_000, stall: 100)
        _ = drive.send(.child(.progress(0.01, phase: "reading", waits: true)), at: 1)
        #expect(!drive.tick(at: 5000).contains(.terminate))
    }

    @Test func progressThatMovesIsNoStall() {
        var drive = Drive(lease: 10_000, stall: 100)
        for step in 0..<50 {
            _ = drive.send(.child(.progress(0.2, phase: "fit", waits: false)), at: Double(step) * 90)
            #expect(!drive.tick(at: Double(step) * 90 + 89).contains(.terminate))
        }
    }

    @Test func tooMuchMemoryKillsAndNamesPeakAndLimit() {
        var drive = Drive(memory: 2_000_000_000)
        #expect(drive.tick(at: 1, resident: 2_000_000_000) == [])
        #expect(drive.tick(at: 2, resident: 2_000_000_001, peak: 2_345_000_000) == [.kill])
        guard case .end(.fail(let failure)) = drive.exit(.signal(9), at: 3).first else { Issue.record("no failure"); return }
        #expect(failure.code == "FG020" && failure.isPermanent && !failure.isCrash)
        #expect(failure.message == "the job used 2.35G of memory, its limit is 2G")
    }

    @Test func shutdownGivesItsGraceThenReleases() {
        var drive = Drive()
        #expect(drive.send(.shutdown(deadline: drive.instant(15)), at: 5) == [])
        #expect(!drive.tick(at: 14).contains(.terminate))
        #expect(drive.tick(at: 15).contains(.terminate))
        #expect(drive.exit(.exit(143), at: 16) == [.end(.release)])
    }

    @Test func shutdownWithoutGraceReleasesAtOnce() {
        var drive = Drive()
        #expect(drive.send(.shutdown(deadline: drive.instant(5)), at: 5) == [.terminate])
    }

    @Test func theFirstReasonToStopCounts() {
        var drive = Drive(timeout: 30)
        _ = drive.answer(cancelled, sent: 29, at: 29)
        _ = drive.tick(at: 40)
        #expect(drive.exit(at: 41) == [.end(.confirmCancel)])
    }
}

@Suite struct JobMachineEndTests {
    private let failure = JobFailure(code: "FG010", message: "not enough rows", isPermanent: true)

    @Test func whatTheJobReportsIsItsEnd() {
        var drive = Drive()
        _ = drive.send(.child(.outcome(.completed(version: 7))), at: 1)
        #expect(drive.exit(.exit(0), at: 2) == [.end(.completed(version: 7))])
        var other = Drive()
        _ = other.send(.child(.outcome(.failed(failure))), at: 1)
        #expect(other.exit(.exit(1), at: 2) == [.end(.fail(failure))])
        var third = Drive()
        _ = third.send(.child(.outcome(.leaseLost)), at: 1)
        #expect(third.exit(.exit(1), at: 2) == [.end(.drop)])
    }

    @Test func aCompletedJobStaysCompletedThoughItWasBeingStopped() {
        var drive = Drive(timeout: 30)
        _ = drive.send(.child(.outcome(.completed(version: 7))), at: 29)
        _ = drive.tick(at: 30)
        #expect(drive.exit(.signal(9), at: 31) == [.end(.completed(version: 7))])
    }

    @Test func troubleOnTheWayOutIsReleasedNotFailed() {
        var drive = Drive()
        _ = drive.send(.shutdown(deadline: drive.instant(1)), at: 1)
        let lost = JobFailure(code: "57P01", message: "terminating connection", isPermanent: false)
        _ = drive.send(.child(.outcome(.failed(lost))), at: 2)
        #expect(drive.exit(.exit(1), at: 3) == [.end(.release)])
    }

    @Test func aSignalFromNowhereIsACrashWithItsLastWords() {
        var drive = Drive()
        guard case .end(.fail(let failure)) = drive.exit(.signal(11), words: "Fatal error: Index out of range", at: 2).first else {
            Issue.record("no failure")
            return
        }
        #expect(failure.code == "FG018" && failure.isCrash && !failure.isPermanent)
        #expect(failure.message == "the job's process was ended by signal 11 (SIGSEGV)")
        #expect(failure.detail == "Fatal error: Index out of range")
    }

    @Test func anExitWithoutAWordIsACrash() {
        var drive = Drive()
        guard case .end(.fail(let failure)) = drive.exit(.exit(3), at: 2).first else { Issue.record("no failure"); return }
        #expect(failure.isCrash && failure.message.contains("status 3"))
    }

    @Test func somebodyElsesSigtermReleases() {
        var drive = Drive()
        #expect(drive.exit(.exit(143), at: 2) == [.end(.release)])
    }

    @Test func reportsGoOneAtATimeAndTheLatestWins() {
        var drive = Drive()
        _ = drive.send(.child(.progress(0.1, phase: "a", waits: false)), at: 1)
        _ = drive.send(.child(.progress(0.2, phase: "b", waits: false)), at: 1.1)
        #expect(drive.tick(at: 1.2) == [.report(progress: 0.2, phase: "b")])
        _ = drive.send(.child(.progress(0.3, phase: "c", waits: false)), at: 1.3)
        #expect(drive.tick(at: 1.4) == [])
        _ = drive.send(.reported, at: 1.5)
        #expect(drive.tick(at: 1.6) == [.report(progress: 0.3, phase: "c")])
        _ = drive.send(.reported, at: 1.7)
        #expect(drive.tick(at: 1.8) == [])
    }
}
