import ForgeModel
import ForgePQ
import ForgeStore
import ForgeTestSupport
import Testing

@Suite struct TrialTests {
    let world: QueueWorld

    init() throws { world = try QueueWorld() }

    /// A running search with so many trials waiting.
    private func search(trials count: Int, workers: Int? = nil) async throws -> JobStore {
        var search: JSONValue = [:]
        search["workers"] = workers.map { .integer(Int64($0)) }
        try world.database.connect(user: world.requester).query(
            """
            insert into forge.training_requests (model, task, algorithm, source, target, id_column, search)
            values ('line', 'regression', 'ridge', 'public.points', 'y', 'id', $1::jsonb)
            """, [.text(search.serialized)])
        let job = try #require(try await world.makeStore().claimNext(algorithms: nil))
        let store = world.makeJobStore(job.lease)
        try store.propose(.array((1...count).map(Self.proposal)))
        return store
    }

    private func help(algorithms: [String]? = nil) async throws -> ClaimedJob? {
        try await world.makeStore().claimHelper(
            leaseSeconds: 60, freeCPU: 4, freeMemoryBytes: 8_000_000_000, algorithms: algorithms)
    }

    private static func proposal(_ number: Int) -> JSONValue {
        [
            "trial": .integer(Int64(number)), "generation": 1, "arm": 0, "algorithm": "ridge",
            "params": ["alpha": .integer(Int64(number))], "share": 1, "metric": "rmse",
        ]
    }

    private static let outcome: JSONValue = ["status": "succeeded", "score": 1, "cost": 1, "fold_scores": [1]]

    /// Takes and ends trials until none is left; their numbers.
    private static func work(_ store: JobStore) throws -> [Int] {
        var mine: [Int] = []
        while let trial = try store.claimTrial()["trial"]?.intValue {
            mine.append(trial)
            #expect(try store.finishTrial(trial, outcome))
        }
        return mine
    }

    @Test func severalWorkersNeverTakeTheSameTrial() async throws {
        let coordinator = try await search(trials: 60)
        var leases = [coordinator.lease]
        for _ in 0..<5 { leases.append(try #require(try await help()).lease) }
        let taken = try await withThrowingTaskGroup(of: [Int].self) { group in
            for lease in leases { group.addTask { try Self.work(world.makeJobStore(lease)) } }
            var all: [Int] = []
            for try await some in group { all += some }
            return all
        }
        #expect(taken.sorted() == Array(1...60))
        let rows = try world.admin().query("select from forge.search_trials where attempts <> 1 or status <> 'succeeded'")
        #expect(rows.rows.isEmpty)
    }

    @Test func noMoreWorkersJoinThanTheRequestAllows() async throws {
        _ = try await search(trials: 10, workers: 2)
        var joined = 0
        for _ in 0..<3 { joined += try await help() == nil ? 0 : 1 }
        #expect(joined == 1)
    }

    @Test func aHelperReadsTheRowsThatTheRequesterMayRead() async throws {
        _ = try await search(trials: 2)
        #expect(try await help(algorithms: ["lasso"]) == nil)
        let helper = try #require(try await help(algorithms: ["ridge"]))
        let store = world.makeJobStore(helper.lease)
        #expect(try store.job()["helps"] == true)
        var blocks = 0
        try store.readBlocks { _ in blocks += 1 }
        #expect(blocks == 2)
        try world.admin().execute("revoke select on public.points from \(world.requester)")
        let error = try #require(throws: PostgresError.self) { try store.readBlocks { _ in } }
        #expect(error.sqlState == "FG022")
        // Nor does its token open anything else.
        for attempt in [{ _ = try store.championArtifact() }, { try store.propose([]) }] {
            #expect(try #require(throws: PostgresError.self) { try attempt() }.sqlState == "FG017")
        }
        try world.admin().execute("update forge.search_helpers set lease_token = gen_random_uuid()")
        let lost = try #require(throws: PostgresError.self) { try store.readBlocks { _ in } }
        #expect(lost.sqlState == "FG017")
    }
}
