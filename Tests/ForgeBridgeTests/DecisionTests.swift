import ForgeModel
import ForgePQ
import ForgeStore
import Testing

@testable import ForgeBridge

@Suite struct ClaimScheduleTests {
    @Test func claimsAgainAtOnceAfterAClaimThenSoonThenRarely() {
        var schedule = ClaimSchedule(busy: .seconds(1), idle: .seconds(5))
        #expect(schedule.next(after: .claimed) == .zero)
        #expect(schedule.next(after: .nothing) == ClaimSchedule.followUp)
        for _ in 0..<58 { #expect(schedule.next(after: .nothing) == .seconds(1)) }
        #expect(schedule.next(after: .nothing) == .seconds(5))
        #expect(schedule.next(after: .hinted) == .zero)
        #expect(schedule.next(after: .nothing) == ClaimSchedule.followUp)
        #expect(schedule.next(after: .nothing) == .seconds(1))
    }

    @Test func aFailedPollIsNotRepeatedAtOnce() {
        var schedule = ClaimSchedule(busy: .seconds(1), idle: .seconds(5))
        #expect(schedule.next(after: .failed) == .seconds(1))
    }

    @Test func jitterStaysWithinAFifth() {
        for _ in 0..<1000 {
            let pause = ClaimSchedule.jittered(.seconds(10))
            #expect(pause >= .seconds(8) && pause <= .seconds(12))
        }
    }
}

@Suite struct ResourceLedgerTests {
    private func job(_ id: Int, cpu: Double = 1, memory: Int = 0, limit: Double? = nil) -> ClaimedJob {
        ClaimedJob(
            lease: Lease(request: id, token: "t\(id)"), attempt: 1, model: "m", algorithm: "a", cpuRequest: cpu,
            memoryRequest: memory,
            cpuLimit: limit)
    }

    @Test func whatIsReservedIsNotFreeUntilReleased() {
        var ledger = ResourceLedger(capacity: WorkerCapacity(cpu: 4, memoryBytes: 100, jobs: 3))
        ledger.reserve(job(1, cpu: 2.5, memory: 60))
        #expect(ledger.freeCPU == 1.5 && ledger.freeMemoryBytes == 40 && ledger.hasRoom)
        ledger.reserve(job(2, cpu: 1.5, memory: 40))
        #expect(ledger.freeCPU == 0 && !ledger.hasRoom)
        ledger.release(Lease(request: 1, token: "t1"))
        #expect(ledger.freeCPU == 2.5 && ledger.hasRoom)
    }

    @Test func takesNoMoreJobsThanItHasSlots() {
        var ledger = ResourceLedger(capacity: WorkerCapacity(cpu: 100, memoryBytes: 100, jobs: 2))
        for id in 1...2 {
            #expect(ledger.hasRoom)
            ledger.reserve(job(id, cpu: 0.1))
        }
        #expect(!ledger.hasRoom)
    }

    @Test func threadsAreTheCeilingOfTheLimitWithinTheWorker() {
        let ledger = ResourceLedger(capacity: WorkerCapacity(cpu: 4, memoryBytes: 100, jobs: 2))
        #expect(ledger.threads(for: job(1, limit: 0.5)) == 1)
        #expect(ledger.threads(for: job(1, limit: 2.5)) == 3)
        #expect(ledger.threads(for: job(1, limit: 64)) == 4)
        #expect(ledger.threads(for: job(1)) == 4)
    }

    @Test func theDefaultMemoryLimitIsFourFifthsOfTheWorkers() {
        let ledger = ResourceLedger(capacity: WorkerCapacity(cpu: 4, memoryBytes: 1000, jobs: 2))
        #expect(ledger.memoryLimit(for: job(1)) == 800)
    }
}

@Suite struct FailurePolicyTests {
    private func failure(_ error: any Error, at stage: FailurePolicy.Stage = .computing) -> JobFailure? {
        if case .failed(let failure) = FailurePolicy.outcome(of: error, at: stage) { failure } else { nil }
    }

    @Test(arguments: [
        "08006", "08001", "40001", "40P01", "53200", "53300", "55P03", "57P01", "57P02", "57P03", "57014", "FG015",
    ])
    func troubleThatPassesIsTriedAgain(_ state: String) {
        #expect(failure(PostgresError(sqlState: state, message: "x"), at: .registering)?.isPermanent == false)
        #expect(failure(PostgresError(sqlState: state, message: "x"), at: .reading)?.isPermanent == false)
    }

    @Test(arguments: ["42601", "42P01", "42501", "22012", "23505", "FG010", "FG006", "25006"])
    func whatWouldFailAgainIsNot(_ state: String) {
        #expect(failure(PostgresError(sqlState: state, message: "x"))?.isPermanent == true)
    }

    @Test func aLostLeaseIsNoFailure() {
        #expect(
            FailurePolicy.outcome(of: PostgresError(sqlState: "FG017", message: "x"), at: .registering) == .leaseLost)
        #expect(FailurePolicy.outcome(of: ForgeError(.leaseLost, "x"), at: .registering) == .leaseLost)
    }

    @Test func errorsOfTheSourceCarryForgesCodesAndKeepPostgresOwn() {
        let forbidden = failure(
            PostgresError(sqlState: "42501", message: "permission denied for table t"), at: .reading)
        #expect(forbidden?.code == "FG022")
        #expect(forbidden?.message == "the source cannot be read: permission denied for table t")
        #expect(forbidden?.detail == "SQLSTATE 42501" && forbidden?.hint != nil)
        #expect(failure(PostgresError(sqlState: "22012", message: "division by zero"), at: .reading)?.code == "FG005")
        #expect(failure(PostgresError(sqlState: "FG012", message: "x"), at: .reading)?.code == "FG012")
    }
}

@Suite struct ChildMessageTests {
    @Test(arguments: [
        ChildMessage.progress(0.25, phase: "fit \"é\"\n", waits: true), .outcome(.completed(version: 3)),
        .outcome(.completed(version: nil)),
        .outcome(.leaseLost),
        .outcome(.failed(JobFailure(code: "FG010", message: "a\nb", detail: nil, hint: "h", isPermanent: true))),
    ])
    func everyMessageComesBackFromItsLine(_ message: ChildMessage) {
        let line = message.line
        #expect(line.utf8.count { $0 == UInt8(ascii: "\n") } == 1)
        #expect(ChildMessage(line: line.utf8.dropLast()) == message)
    }

    @Test(arguments: ["", "{}", "[1]", "{\"progress\":\"x\"}", "{\"failed\":{}}", "\u{0}", "{\"progress\":"])
    func aLineOfAnotherKindIsIgnored(_ line: String) {
        #expect(ChildMessage(line: line.utf8) == nil)
    }

    @Test func progressIsAShare() {
        #expect(ChildMessage(line: "{\"progress\":7}".utf8) == .progress(1, phase: "", waits: false))
    }
}

@Suite struct MemoryQuantityTests {
    @Test(arguments: [
        ("8G", 8_000_000_000), ("8Gi", 8_589_934_592), ("1.5k", 1500), ("123", 123), ("512Mi", 536_870_912),
    ])
    func readsAmounts(_ text: String, _ bytes: Int) { #expect(MemoryQuantity.bytes(text) == bytes) }

    @Test(arguments: ["", "G", "-1G", "0", "1e3", "8Q", "8 G", "99999999999T"])
    func refusesWhatIsNone(_ text: String) { #expect(MemoryQuantity.bytes(text) == nil) }
}

@Suite struct JobEnvironmentTests {
    @Test func theChildReadsWhatTheDaemonWrote() {
        let environment = JobEnvironment(
            target: "host=/tmp dbname=x", lease: Lease(request: 5, token: "abc"), threads: 3)
        let variables = environment.variables(over: ["PATH": "/bin"])
        #expect(JobEnvironment(variables) == environment)
        #expect(
            variables["OPENBLAS_NUM_THREADS"] == "1" && variables["OMP_NUM_THREADS"] == "3"
                && variables["PATH"] == "/bin")
        #expect(JobEnvironment(["FORGE_DATABASE_URL": "x"]) == nil)
        #expect(variables["GOMP_SPINCOUNT"] == "1000")
        #expect(environment.variables(over: ["OMP_WAIT_POLICY": "active"])["GOMP_SPINCOUNT"] == nil)
    }
}

@Suite struct PhaseClockTests {
    @Test func aPhaseEnteredAgainAddsUpInItsFirstPlace() {
        let start = ContinuousClock.now
        var clock = PhaseClock()
        clock.enter("fit", at: start)
        clock.enter("fit", at: start + .seconds(1))
        clock.enter("evaluate", at: start + .seconds(2))
        clock.enter("fit", at: start + .seconds(5))
        clock.enter("done", at: start + .seconds(6))
        clock.leave(at: start + .seconds(6))
        #expect(clock.summary { "\(Int($0))" } == "fit 3 s, evaluate 3 s")
    }
}
