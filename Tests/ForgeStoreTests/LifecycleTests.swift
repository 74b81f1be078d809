import ForgeModel
import ForgePQ
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeStore

private let passing = JobFailure(code: "40001", message: "could not serialize", isPermanent: false)
private let crash = JobFailure(code: "FG018", message: "ended by signal 11", isPermanent: false, isCrash: true)

@Suite struct LifecycleTests {
    let world: QueueWorld
    let store: WorkerStore

    init() throws {
        world = try QueueWorld()
        store = world.makeStore()
    }

    private func claim(_ config: String = "{}") async throws -> ClaimedJob {
        try world.request(config: config)
        return try #require(try await store.claimNext())
    }

    /// The error of the last lease's holder who has lost it.
    private func expectLost(_ body: () async throws -> Void) async {
        await #expect(throws: PostgresError.self) {
            do { try await body() } catch let error as PostgresError {
                #expect(error.sqlState == "FG017")
                throw error
            }
        }
    }

    // MARK: - Failing

    @Test func aPassingFailureIsRetriedAfterAPauseThatDoubles() async throws {
        let job = try await claim(#"{"scheduling":{"max_retries":3}}"#)
        var lease = job.lease
        for (attempt, longest) in [(1, 1.0), (2, 2.0), (3, 4.0)] {
            #expect(try await store.fail(lease, passing) == "queued")
            let pause = try world.admin().query(
                """
                select extract(epoch from r.run_at - a.ended_at) as pause
                from forge.training_requests r join forge.training_attempts a on a.request = r.id order by a.attempt desc limit 1
                """
            ).first!.double("pause")!
            #expect(pause > longest / 2 - 0.1 && pause <= longest, "attempt \(attempt) waits \(pause) s")
            try world.tamper(lease.request, "run_at = now()")
            lease = try #require(try await store.claimNext()).lease
        }
        #expect(try await store.fail(lease, passing) == "failed")
        let state = try world.state(lease.request)
        #expect(state.status == "failed" && state.attempt == 4 && state.errorCode == "40001")
        #expect(try world.outcomes(lease.request) == ["retried", "retried", "retried", "failed"])
    }

    @Test func aPermanentFailureIsFinal() async throws {
        let job = try await claim()
        #expect(try await store.fail(job.lease, JobFailure(code: "FG010", message: "not enough rows", detail: "d", hint: "h", isPermanent: true)) == "failed")
        let state = try world.state(job.lease.request)
        #expect(state.status == "failed" && state.errorCode == "FG010" && state.errorMessage == "not enough rows")
        #expect(try await store.claimNext() == nil)
    }

    @Test func crashesAreCountedAndEndTheRequest() async throws {
        let job = try await claim(#"{"scheduling":{"max_retries":1}}"#)
        #expect(try await store.fail(job.lease, crash) == "queued")
        try world.tamper(job.lease.request, "run_at = now()")
        let again = try #require(try await store.claimNext())
        #expect(try await store.fail(again.lease, crash) == "failed")
        let state = try world.state(job.lease.request)
        #expect(state.crashes == 2 && state.errorCode == "FG018" && state.errorMessage == "ended by signal 11")
        #expect(try world.outcomes(job.lease.request) == ["crashed", "crashed"])
    }

    @Test func aReleaseGivesTheAttemptBackAndKeepsItsPlace() async throws {
        let job = try await claim()
        try await store.release(job.lease)
        #expect(try world.state(job.lease.request).attempt == 0)
        let again = try #require(try await store.claimNext())
        #expect(again.lease.request == job.lease.request && again.attempt == 1 && again.lease.token != job.lease.token)
        #expect(try world.outcomes(job.lease.request) == ["released", "open"])
    }

    // MARK: - The fence

    @Test func aLeaseThatWasLostWritesNothing() async throws {
        let job = try await claim()
        try await store.release(job.lease)
        let stale = job.lease
        #expect(try await store.heartbeat(stale, leaseSeconds: 60, progress: 0.9) == .lost)
        try await store.report(stale, progress: 0.9, phase: "zombie")
        await expectLost { try await store.fail(stale, passing) }
        await expectLost { try await store.release(stale) }
        await expectLost { try await store.confirmCancel(stale) }
        await expectLost { _ = try world.makeJobStore(stale).job() }
        await expectLost { _ = try world.makeJobStore(stale).complete(manifest: [:], artifact: [1]) }
        let state = try world.state(stale.request)
        #expect(state.status == "queued" && state.errorCode == nil)
        let left = try world.admin().query(
            "select (select count(*) from forge.staged_chunks) + (select count(*) from forge.model_versions) + (select count(*) from forge.training_requests where phase = 'zombie')")
        #expect(left.first?[0] == "0")
    }

    @Test func aForeignTokenIsNoLease() async throws {
        let job = try await claim()
        let forged = Lease(request: job.lease.request, token: UUID().uuidString)
        #expect(try await store.heartbeat(forged, leaseSeconds: 60, progress: nil) == .lost)
        await expectLost { try await store.fail(forged, passing) }
        #expect(try world.state(job.lease.request).status == "running")
    }

    @Test func workersHaveFunctionsAndNoTables() throws {
        let connection = try world.database.connect(user: world.worker)
        for table in ["training_requests", "training_attempts", "staged_chunks", "workers", "model_versions", "training_log"] {
            let error = #expect(throws: PostgresError.self) { try connection.query("select from forge.\(table)") }
            #expect(error?.sqlState == "42501")
        }
    }

    @Test func heartbeatsExtendTheLeaseAndStayHeapOnly() async throws {
        let job = try await claim()
        func expiry() throws -> String? {
            try world.admin().query("select lease_expires_at from forge.training_requests").first?[0]
        }
        let before = try expiry()
        #expect(try await store.heartbeat(job.lease, leaseSeconds: 3600, progress: 0.5) == .extended(cancelRequested: false))
        #expect(try expiry()! > before!)
        for step in 1...20 { _ = try await store.heartbeat(job.lease, leaseSeconds: 3600, progress: 0.5 + Double(step) / 100) }
        // Counted by the worker's own session, which flushes its statistics when it is idle or asked to by its end.
        try await store.bye()
        let counts = try await eventually("statistics of the heartbeats") { () -> (Int, Int)? in
            let row = try world.admin().query(
                "select n_tup_upd as updates, n_tup_hot_upd as hot from pg_stat_user_tables where relid = 'forge.training_requests'::regclass").first!
            let (updates, hot) = (try row.requiredInt("updates"), try row.requiredInt("hot"))
            return updates >= 22 ? (updates, hot) : nil
        }
        #expect(counts.1 >= 20)
    }

    // MARK: - Completing

    private func artifact(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) } }

    private func manifest(_ artifact: [UInt8]) throws -> JSONValue {
        let sum = try world.admin().query("select encode(sha256($1), 'hex')", [.bytes(artifact)]).first?[0] ?? ""
        return try JSONValue(parsing: Array(QueueWorld.manifest(artifact, sha256: sum).utf8))
    }

    @Test func completingRegistersTheVersionAndTheArtifactByteForByte() async throws {
        let job = try await claim()
        let bytes = artifact(JobStore.chunkBytes + 12_345)
        let version = try world.makeJobStore(job.lease).complete(manifest: manifest(bytes), artifact: bytes)
        #expect(version == 1)
        let state = try world.state(job.lease.request)
        #expect(state.status == "succeeded" && state.version == 1 && state.errorCode == nil)
        let stored = try world.admin().query(
            "select count(*) as chunks, sum(octet_length(bytes)) as bytes, (select count(*) from forge.staged_chunks) as staged from forge.model_artifacts"
        ).first!
        #expect(try stored.int("chunks") == 2 && stored.int("bytes") == bytes.count && stored.int("staged") == 0)
        #expect(try world.outcomes(job.lease.request) == ["succeeded"])
    }

    @Test func heldOutScoresComeWithTheVersionOrNotAtAll() async throws {
        let job = try await claim()
        let bytes = artifact(100)
        let rows = 70_001
        let heldOut = JobStore.HeldOutScores(
            truth: (0..<rows).map { Double($0 % 3 - 1) }, scores: (0..<2 * rows).map { 1 / Double($0 + 3) })
        var broken = try manifest(bytes)
        broken["artifact_sha256"] = .text(String(repeating: "0", count: 64))
        #expect(throws: PostgresError.self) {
            try world.makeJobStore(job.lease).complete(manifest: broken, artifact: bytes, heldOut: heldOut)
        }
        #expect(try world.admin().query("select count(*) from forge.held_out_scores").first?[0] == "0")
        _ = try world.makeJobStore(job.lease).complete(manifest: manifest(bytes), artifact: bytes, heldOut: heldOut)
        let stored = try world.admin().query(
            """
            select count(*) as chunks, sum(cardinality(truth)) as rows, bool_and(cardinality(scores) = 2 * cardinality(truth)) as whole,
              (select array_agg(t order by chunk, place) from forge.held_out_scores, unnest(truth) with ordinality u(t, place))
                = (select array_agg(i % 3 - 1 order by i) from generate_series(0, \(rows - 1)) i)::float8[] as same_truth,
              (select array_agg(s order by chunk, place) from forge.held_out_scores, unnest(scores) with ordinality u(s, place))
                = (select array_agg(1::float8 / (i + 3) order by i) from generate_series(0, \(2 * rows - 1)) i) as same_scores,
              (select count(*) from forge.staged_scores) as staged
            from forge.held_out_scores
            """
        ).first!
        #expect(try stored.int("chunks") == 2 && stored.int("rows") == rows && stored.int("staged") == 0)
        #expect(stored[2] == "t" && stored[3] == "t" && stored[4] == "t")
    }

    @Test func completingAgainAfterALostCommitReturnsTheSameVersion() async throws {
        let job = try await claim()
        let bytes = artifact(100)
        let first = try world.makeJobStore(job.lease).complete(manifest: manifest(bytes), artifact: bytes)
        let again = try world.makeJobStore(job.lease).complete(manifest: manifest(bytes), artifact: bytes)
        #expect(first == again)
        #expect(try world.admin().query("select count(*) from forge.model_versions").first?[0] == "1")
    }

    @Test func twoHoldersOfOneRequestRegisterOneVersion() async throws {
        let job = try await claim()
        try world.tamper(job.lease.request, "lease_expires_at = now() - interval '1 second'")
        #expect(try await store.rescue().map(\.status) == ["queued"])
        try world.tamper(job.lease.request, "run_at = now()")
        let heir = try #require(try await store.claimNext())
        let bytes = artifact(100)
        let manifest = try manifest(bytes)
        // Both at the same moment, many times over would be another request each: the race is decided by forge.complete's lock.
        let results = await withTaskGroup(of: Result<Int?, any Error>.self) { group in
            for lease in [job.lease, heir.lease, job.lease, heir.lease] {
                group.addTask { Result { try world.makeJobStore(lease).complete(manifest: manifest, artifact: bytes) } }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.compactMap { try? $0.get() } == [1, 1])
        #expect(try world.admin().query("select count(*) from forge.model_versions").first?[0] == "1")
        #expect(try world.outcomes(job.lease.request) == ["lost", "succeeded"])
    }

    @Test func aDamagedArtifactIsNotRegistered() async throws {
        let job = try await claim()
        var bytes = artifact(100)
        let manifest = try manifest(bytes)
        bytes[50] ^= 1
        let error = #expect(throws: PostgresError.self) { try world.makeJobStore(job.lease).complete(manifest: manifest, artifact: bytes) }
        #expect(error?.sqlState == "FG015")
        #expect(try world.state(job.lease.request).status == "running")
        #expect(try world.admin().query("select count(*) from forge.model_versions").first?[0] == "0")
    }

    @Test func aCancelThatCameFirstDropsTheResult() async throws {
        let job = try await claim()
        _ = try world.database.connect(user: world.requester).query("select forge.cancel(\(job.lease.request))")
        let bytes = artifact(100)
        #expect(try world.makeJobStore(job.lease).complete(manifest: manifest(bytes), artifact: bytes) == nil)
        #expect(try world.state(job.lease.request).status == "cancelled")
        #expect(try world.admin().query("select count(*) from forge.model_versions").first?[0] == "0")
    }

    @Test func aLeaseIsExtendedWhileItsVersionIsRegistered() async throws {
        let job = try await claim()
        let bytes = artifact(100)
        let manifest = try manifest(bytes)
        let holder = try world.holdRegistrations()
        let version = Task { try await SerialThread("registers").run { try world.makeJobStore(job.lease).complete(manifest: manifest, artifact: bytes) } }
        _ = try await eventually("the registration to wait") { try world.isRegistering() ? true : nil }
        #expect(try await store.heartbeat(job.lease, leaseSeconds: 60, progress: nil) == .extended(cancelRequested: false))
        try holder.query("select pg_advisory_unlock(1)")
        #expect(try await version.value == 1)
        #expect(try world.state(job.lease.request).status == "succeeded")
    }

    @Test func aCancelWhileTheVersionIsRegisteredIsHeardAndUndoesIt() async throws {
        let job = try await claim()
        let bytes = artifact(100)
        let manifest = try manifest(bytes)
        let holder = try world.holdRegistrations()
        let version = Task { try await SerialThread("registers").run { try world.makeJobStore(job.lease).complete(manifest: manifest, artifact: bytes) } }
        _ = try await eventually("the registration to wait") { try world.isRegistering() ? true : nil }
        _ = try world.database.connect(user: world.requester).query("select forge.cancel(\(job.lease.request))")
        #expect(try await store.heartbeat(job.lease, leaseSeconds: 60, progress: nil) == .extended(cancelRequested: true))
        try holder.query("select pg_advisory_unlock(1)")
        let error = await #expect(throws: PostgresError.self) { _ = try await version.value }
        #expect(error?.sqlState == "FG021")
        #expect(try world.admin().query("select count(*) from forge.model_versions").first?[0] == "0")
        try await store.confirmCancel(job.lease)
        #expect(try world.state(job.lease.request).status == "cancelled")
    }

    @Test func logAndCurvesBelongToTheAttemptThatWroteThem() async throws {
        let job = try await claim()
        var report = JobStore.Report()
        report.log = [("info", "it's \"fine\" \\ {}")]
        // Of one key the last.
        report.metrics = [(1, "loss", 7), (1, "loss", 0.5), (2, "loss", 0.25), (2, "val \"x\"", -1e-300)]
        try world.makeJobStore(job.lease).record(report)
        try world.makeJobStore(job.lease).record(report)
        let connection = try world.database.connect(user: world.requester)
        #expect(try connection.query("select message from forge.training_log").first?[0] == "it's \"fine\" \\ {}")
        let curve = try connection.query("select name, step, value from forge.training_metrics order by step, name").rows
        #expect(try curve.map { try $0.double("value") } == [0.5, 0.25, -1e-300])
    }
}

@Suite struct CancelAndRetryTests {
    let world: QueueWorld
    let store: WorkerStore

    init() throws {
        world = try QueueWorld()
        store = world.makeStore()
    }

    private func asRequester(_ sql: String) throws -> String? {
        try world.database.connect(user: world.requester).query(sql).first?[0]
    }

    @Test func aQueuedRequestIsCancelledAtOnce() async throws {
        let request = try world.request()[0]
        #expect(try asRequester("select forge.cancel(\(request))") == "cancelled")
        #expect(try asRequester("select forge.cancel(\(request))") == "cancelled", "again is no error")
        #expect(try await store.claimNext() == nil)
    }

    @Test func aRunningRequestIsCancelledByItsWorkerWhoHearsOfItAtOnce() async throws {
        let request = try world.request()[0]
        let job = try #require(try await store.claimNext())
        let listener = try world.admin()
        try listener.execute("listen forge_cancel")
        #expect(try asRequester("select forge.cancel(\(request))") == "running")
        #expect(try listener.waitForNotification(until: .now + .seconds(5)) == .notified(["forge_cancel"]))
        #expect(try await store.heartbeat(job.lease, leaseSeconds: 60, progress: nil) == .extended(cancelRequested: true))
        try await store.confirmCancel(job.lease)
        let state = try world.state(request)
        #expect(state.status == "cancelled" && state.errorCode == "FG021")
    }

    @Test func nobodyConfirmsACancelThatWasNotAskedFor() async throws {
        try world.request()
        let job = try #require(try await store.claimNext())
        await #expect(throws: PostgresError.self) { try await store.confirmCancel(job.lease) }
        #expect(try world.state(job.lease.request).status == "running")
    }

    @Test func aFinishedRequestCannotBeCancelled() async throws {
        let request = try world.request()[0]
        let job = try #require(try await store.claimNext())
        try await store.fail(job.lease, JobFailure(code: "FG010", message: "x", isPermanent: true))
        let error = #expect(throws: PostgresError.self) { try asRequester("select forge.cancel(\(request))") }
        #expect(error?.sqlState == "FG026" && error?.message == "request \(request) has already failed")
    }

    @Test func aFailedRequestIsRetriedAfreshAndItsAttemptsCountOn() async throws {
        let request = try world.request()[0]
        let job = try #require(try await store.claimNext())
        try await store.fail(job.lease, JobFailure(code: "FG010", message: "x", isPermanent: true))
        _ = try asRequester("select forge.retry(\(request))")
        let state = try world.state(request)
        #expect(state.status == "queued" && state.attempt == 0 && state.errorCode == nil && state.errorMessage == nil)
        let again = try #require(try await store.claimNext())
        #expect(again.attempt == 1)
        #expect(try world.admin().query("select max(attempt) from forge.training_attempts").first?[0] == "2")
    }

    @Test func onlyWhatHasFailedOrWasCancelledIsRetried() async throws {
        let request = try world.request()[0]
        let error = #expect(throws: PostgresError.self) { try asRequester("select forge.retry(\(request))") }
        #expect(error?.sqlState == "FG026")
        _ = try asRequester("select forge.cancel(\(request))")
        _ = try asRequester("select forge.retry(\(request))")
        #expect(try world.state(request).status == "queued")
    }

    @Test func aStrangersRequestDoesNotExist() throws {
        let stranger = try world.database.makeRole("stranger", member: "forge_trainer")
        let request = try world.request()[0]
        for call in ["select forge.cancel(\(request))", "select forge.retry(\(request))", "call forge.wait(\(request), '1 s')"] {
            let error = #expect(throws: PostgresError.self) { try world.database.connect(user: stranger).query(call) }
            #expect(error?.message == "there is no request \(request)")
        }
    }

    @Test(arguments: [
        "status = 'succeeded', finished_at = now(), model_version = 1", "status = 'failed', finished_at = now(), error_code = 'X'",
        "status = 'nonsense'", "attempt = -1", "lease_token = gen_random_uuid()", "progress = 2", "finished_at = now()",
    ])
    func transitionsThatTheQueueDoesNotKnowAreRefused(_ assignment: String) throws {
        let request = try world.request()[0]
        #expect(throws: PostgresError.self) { try world.tamper(request, assignment) }
        #expect(try world.state(request).status == "queued")
    }

    @Test(arguments: ["status = 'running'", "status = 'failed'", "status = 'succeeded'"])
    func requestersChangeNothingButCancelAndRetry(_ assignment: String) throws {
        let request = try world.request()[0]
        let error = #expect(throws: PostgresError.self) {
            try asRequester("update forge.training_requests set \(assignment) where id = \(request)")
        }
        #expect(error?.sqlState == "FG026")
    }

    @Test func waitRaisesTheErrorOfTheRequest() async throws {
        let request = try world.request()[0]
        let job = try #require(try await store.claimNext())
        try await store.fail(job.lease, JobFailure(code: "FG010", message: "3 rows, 10 needed", detail: "d", hint: "h", isPermanent: true))
        let error = #expect(throws: PostgresError.self) { try asRequester("call forge.wait(\(request))") }
        #expect(error == PostgresError(sqlState: "FG010", message: "3 rows, 10 needed", detail: "d", hint: "h"))
    }

    @Test func waitGivesUpInTime() async throws {
        let request = try world.request()[0]
        let error = #expect(throws: PostgresError.self) { try asRequester("call forge.wait(\(request), '50 ms')") }
        #expect(error?.sqlState == "FG019" && error?.message == "request \(request) is still queued after 00:00:00.05")
    }

    @Test func waitPollsInShortTransactions() async throws {
        let request = try world.request()[0]
        let waiting = Task.detached { [world] in
            try world.database.connect(user: world.requester).query("call forge.wait(\(request))")
        }
        func transaction(after: String) async throws -> String {
            try await eventually("a transaction of the wait after \(after)") {
                try world.admin().query(
                    "select xact_start from pg_stat_activity where query like 'call forge.wait%' and xact_start > $1::timestamptz",
                    [.text(after)]
                ).first?[0]
            }
        }
        _ = try await transaction(after: try await transaction(after: "-infinity"))
        _ = try asRequester("select forge.cancel(\(request))")
        guard case .failure(let error as PostgresError) = await waiting.result else { Issue.record("wait returned"); return }
        #expect(error.sqlState == "FG021")
    }
}

@Suite struct RescueTests {
    let world: QueueWorld
    let store: WorkerStore

    init() throws {
        world = try QueueWorld()
        store = world.makeStore()
    }

    private func expire(_ request: Int) throws {
        try world.tamper(request, "lease_expires_at = now() - interval '1 second'")
    }

    @Test func rescuesARequestWhoseHeartbeatStopped() async throws {
        try world.request()
        let job = try #require(try await store.claimNext())
        #expect(try await store.rescue().isEmpty, "a live lease is left alone")
        try expire(job.lease.request)
        let rescued = try await store.rescue()
        #expect(rescued.map(\.request) == [job.lease.request] && rescued.map(\.status) == ["queued"])
        #expect(try world.state(job.lease.request).errorCode == "FG018")
        #expect(try await store.heartbeat(job.lease, leaseSeconds: 60, progress: nil) == .lost)
    }

    @Test func rescuesPastAFullBatch() async throws {
        try world.request(150)
        for _ in 0..<150 { _ = try await store.claimNext() }
        try world.admin().execute("set role forge_admin; update forge.training_requests set lease_expires_at = now() - interval '1 second'")
        #expect(try await store.rescue().count == 100)
        #expect(try await store.rescue().count == 50)
        #expect(try await store.rescue().isEmpty)
    }

    @Test func theLastAttemptIsFailedWithTheWorkersHost() async throws {
        try world.request(config: #"{"scheduling":{"max_retries":0}}"#)
        let job = try #require(try await store.claimNext())
        try expire(job.lease.request)
        #expect(try await store.rescue().map(\.status) == ["failed"])
        let state = try world.state(job.lease.request)
        #expect(state.errorCode == "FG018" && state.errorMessage?.contains("on host did not renew its lease") == true)
    }

    @Test func aDeadlineThatPassedFailsForGood() async throws {
        try world.request(config: #"{"scheduling":{"timeout":30}}"#)
        let job = try #require(try await store.claimNext())
        try world.tamper(job.lease.request, "deadline_at = now() - interval '1 second'")
        #expect(try await store.rescue().map(\.status) == ["failed"])
        #expect(try world.state(job.lease.request).errorCode == "FG019")
    }

    @Test func aLostRunThatWasToBeCancelledIsCancelled() async throws {
        let request = try world.request()[0]
        _ = try #require(try await store.claimNext())
        _ = try world.database.connect(user: world.requester).query("select forge.cancel(\(request))")
        try expire(request)
        #expect(try await store.rescue().map(\.status) == ["cancelled"])
    }

    @Test func rescueSkipsARowThatIsBeingBeaten() async throws {
        try world.request()
        let job = try #require(try await store.claimNext())
        try expire(job.lease.request)
        // A beat that holds the row lock: rescue passes by, and finds the lease extended afterwards.
        let beating = try world.database.connect(user: world.worker)
        try beating.execute("begin")
        try beating.query("select forge.heartbeat($1, $2, '60 s', null)", [.int(job.lease.request), .text(job.lease.token)])
        #expect(try await store.rescue().isEmpty)
        try beating.execute("commit")
        #expect(try await store.rescue().isEmpty)
        #expect(try world.state(job.lease.request).status == "running")
    }

    @Test func sweepsChunksWhoseLeaseIsGone() async throws {
        try world.request(2)
        let (dead, live) = (try #require(try await store.claimNext()), try #require(try await store.claimNext()))
        for job in [dead, live] {
            try world.database.connect(user: world.worker).query(
                "select forge.stage_chunk($1, $2, 0, $3)", [.int(job.lease.request), .text(job.lease.token), .bytes([1, 2, 3])])
        }
        try world.admin().execute(
            "set role forge_admin; insert into forge.staged_chunks select request, gen_random_uuid(), 0, bytes from forge.staged_chunks")
        _ = try await store.rescue()
        #expect(try world.admin().query("select count(*) from forge.staged_chunks").first?[0] == "2")
        try expire(dead.lease.request)
        _ = try await store.rescue()
        let left = try world.admin().query("select request from forge.staged_chunks").rows.compactMap { $0[0] }
        #expect(left == ["\(live.lease.request)"])
    }

    @Test func aRestartedDaemonFreesTheLeasesOfItsDeadPredecessorAtOnce() async throws {
        try world.request(2)
        let dead = world.makeStore(pid: 100)
        let alive = world.makeStore(pid: 200)
        let elsewhere = world.makeStore(pid: 100, boot: "another boot")
        let lost = try #require(try await dead.claimNext())
        let kept = try #require(try await alive.claimNext())
        try world.request()
        let foreign = try #require(try await elsewhere.claimNext())
        let heir = world.makeStore(pid: 300, whichAreGone: { $0.filter { $0.pid == 100 } })
        try await heir.connect()
        #expect(try world.state(lost.lease.request).status == "queued")
        #expect(try world.state(kept.lease.request).status == "running")
        #expect(try world.state(foreign.lease.request).status == "running")
    }
}

@Suite struct SchemaVersionTests {
    @Test func aDaemonRefusesASchemaNewerThanItKnows() async throws {
        let world = try QueueWorld()
        try world.admin().execute("insert into forge.migrations (version, name, sha256) values (9000, 'future', '')")
        let error = await #expect(throws: ForgeError.self) { try await world.makeStore().connect() }
        #expect(error?.code == .versionMismatch)
    }

    @Test func aDaemonWaitsForASchemaThatIsStillToCome() async throws {
        let database = try TestServer.shared.makeDatabase(empty: true)
        let store = WorkerStore(
            ConnectionSettings(database.url, applicationName: "t"),
            identity: WorkerIdentity(
                id: UUID().uuidString, host: "h", bootID: "b", pid: 1, pidStartedAt: "1", pidNamespace: "n", version: "t",
                capacity: WorkerCapacity(cpu: 1, memoryBytes: 1, jobs: 1)),
            responseTimeout: .seconds(5), whichAreGone: { _ in [] })
        await #expect(throws: SchemaNotReady.self) { try await store.connect() }
        try database.prepare()
        try database.migrate()
        // The failed attempt is remembered for a moment, so that a missing schema is not asked for in a loop.
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            do { return try await store.connect() } catch { #expect(ContinuousClock.now < deadline) }
            await Task.yield()
        }
    }
}
