import ForgePQ
import ForgeTestSupport
import Testing

@testable import ForgeStore

extension WorkerStore {
    func claimNext(
        cpu: Double = 4, memory: Int = 8_000_000_000, lease: Double = 60, algorithms: [String]? = ["linear_regression"]
    ) async throws -> ClaimedJob? {
        try await claim(leaseSeconds: lease, freeCPU: cpu, freeMemoryBytes: memory, algorithms: algorithms)
    }
}

@Suite struct ClaimTests {
    let world: QueueWorld
    let store: WorkerStore

    init() throws {
        world = try QueueWorld()
        store = world.makeStore()
    }

    @Test func claimsByPriorityThenTimeThenId() async throws {
        let late = try world.request(priority: 5)[0]
        let second = try world.request(runAt: "now() - interval '1 minute'")[0]
        let third = try world.request(2, runAt: "now() - interval '30 seconds'")
        let first = try world.request(priority: -3)[0]
        var order: [Int] = []
        while let job = try await store.claimNext() { order.append(job.lease.request) }
        #expect(order == [first, second] + third + [late])
    }

    @Test func leavesWhatIsNotDueYet() async throws {
        try world.request(runAt: "now() + interval '1 hour'")
        #expect(try await store.claimNext() == nil)
    }

    @Test func takesWhatFitsAndLeavesWhatDoesNot() async throws {
        let big = try world.request(config: #"{"resources":{"requests":{"cpu":"3","memory":"4G"}}}"#)[0]
        let small = try world.request(config: #"{"resources":{"requests":{"cpu":"500m"}}}"#)[0]
        #expect(try await store.claimNext(cpu: 2)?.lease.request == small)
        #expect(try await store.claimNext(cpu: 4, memory: 3_999_999_999) == nil)
        let job = try await store.claimNext(cpu: 4, memory: 4_000_000_000)
        #expect(job?.lease.request == big)
        #expect(job?.cpuRequest == 3 && job?.memoryRequest == 4_000_000_000)
    }

    @Test func leavesAlgorithmsThatItDoesNotKnow() async throws {
        try world.request()
        #expect(try await store.claimNext(algorithms: ["gradient_boosting"]) == nil)
        #expect(try await store.claimNext(algorithms: ["gradient_boosting", "linear_regression"]) != nil)
    }

    @Test func twoWorkersNeverTakeTheSameRequest() async throws {
        let requests = try world.request(60)
        let claimed = try await withThrowingTaskGroup(of: [Int].self) { group in
            for _ in 0..<6 {
                group.addTask {
                    let store = world.makeStore()
                    var mine: [Int] = []
                    while let job = try await store.claimNext() { mine.append(job.lease.request) }
                    return mine
                }
            }
            return try await group.reduce(into: [Int]()) { $0 += $1 }
        }
        #expect(claimed.sorted() == requests)
    }

    @Test func aLockedRowIsSkippedNotWaitedFor() async throws {
        let requests = try world.request(2)
        let other = try world.admin()
        try other.execute("begin; select from forge.training_requests where id = \(requests[0]) for update")
        #expect(try await store.claimNext()?.lease.request == requests[1])
        try other.execute("rollback")
    }

    @Test func carriesTheLimitsOfItsConfig() async throws {
        try world.request(
            config: #"{"resources":{"limits":{"cpu":"1.5","memory":"2Gi"}},"scheduling":{"max_retries":0,"timeout":90.5}}"#)
        let job = try #require(try await store.claimNext())
        #expect(job.cpuLimit == 1.5 && job.memoryLimit == 2_147_483_648 && job.timeoutSeconds == 90.5 && job.cpuRequest == 1)
    }

    @Test func aDrainingWorkerTakesNothing() async throws {
        try world.request()
        try await store.draining()
        #expect(try await store.claimNext() == nil)
    }

    @Test func aRequestThatFitsNobodySaysSo() async throws {
        let request = try world.request(config: #"{"resources":{"requests":{"cpu":"64"}}}"#)[0]
        func waitingFor() throws -> String? {
            try world.database.connect(user: world.requester).query(
                "select waiting_for from forge.training_status where id = $1", [.int(request)]
            ).first?[0]
        }
        #expect(try waitingFor() == "no worker is connected: start forged")
        try await store.connect()
        #expect(try waitingFor() == "asks for 64 cpus, the largest worker has 4")
    }
}

@Suite struct RequestTests {
    let world: QueueWorld

    init() throws { world = try QueueWorld() }

    @Test func theSameIdempotencyKeyAsksOncePerRequester() throws {
        let other = try world.database.makeRole("other", member: "forge_trainer")
        try world.admin().execute("grant select on public.points to \(other)")
        func ask(_ role: String, model: String) throws -> Int {
            try world.database.connect(user: role).query(
                """
                insert into forge.training_requests (model, task, algorithm, source, target, idempotency_key)
                values ($1, 'regression', 'linear_regression', 'public.points', 'y', 'k') on conflict do nothing
                """, [.text(model)]
            ).affectedRows
        }
        #expect(try ask(world.requester, model: "a") == 1)
        #expect(try ask(world.requester, model: "a") == 0)
        #expect(try ask(other, model: "b") == 1)
    }

    @Test func requestersSeeTheirOwnRequestsOnly() throws {
        let other = try world.database.makeRole("other", member: "forge_trainer")
        let request = try world.request()[0]
        for table in ["training_requests", "training_status", "training_attempts", "training_log", "training_metrics"] {
            let column = table.hasPrefix("training_requests") || table.hasPrefix("training_status") ? "id" : "request"
            let sql = "select count(*) from forge.\(table) where \(column) = \(request)"
            #expect(try world.database.connect(user: other).query(sql).first?[0] == "0", "\(table)")
        }
        let own = try world.database.connect(user: world.requester).query("select count(*) from forge.training_requests")
        #expect(own.first?[0] == "1")
    }

    @Test func aMemberOfTheRequestersRoleSeesAndCancels() throws {
        let member = try world.database.makeRole("member", member: world.requester)
        let request = try world.request()[0]
        #expect(try world.database.connect(user: member).query("select forge.cancel(\(request))").first?[0] == "cancelled")
    }

    @Test(arguments: ["status", "requested_by", "attempt", "lease_token", "error_code", "model_version", "search_path", "id"])
    func clientsCannotSetWhatIsForges(_ column: String) throws {
        let error = #expect(throws: PostgresError.self) {
            try world.database.connect(user: world.requester).query(
                "insert into forge.training_requests (model, source, target, \(column)) values ('m', 'public.points', 'y', default)")
        }
        #expect(error?.sqlState == "42501" || error?.sqlState == "428C9")
    }

    @Test func everyProblemOfAConfigIsToldAtOnce() throws {
        let error = #expect(throws: PostgresError.self) {
            try world.request(config: #"{"resources":{"limits":{"cpu":"0","memory":"2Q"},"x":1},"scheduling":{"max_retries":-1,"timeout":0}}"#)
        }
        #expect(error?.sqlState == "FG027")
        let text = "\(error!)"
        for part in ["\"x\"", "cpu is \"0\"", "memory is \"2Q\"", "max_retries is \"-1\"", "timeout is \"0\""] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
    }

    @Test func aCommittedRequestNotifiesOnce() throws {
        let listener = try world.admin()
        try listener.execute("listen forge_requests")
        try world.request(5)
        #expect(try listener.waitForNotification(until: .now + .seconds(5)) == .notified(["forge_requests"]))
        // Another is due already, and its notification is on its way: no second one.
        try world.request()
        #expect(try listener.waitForNotification(until: .now + .milliseconds(100)) == .timedOut)
    }

    @Test func arequestForLaterDoesNotNotify() throws {
        let listener = try world.admin()
        try listener.execute("listen forge_requests")
        try world.request(runAt: "now() + interval '1 hour'")
        #expect(try listener.waitForNotification(until: .now + .milliseconds(100)) == .timedOut)
    }
}
