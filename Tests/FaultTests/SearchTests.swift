import ForgeModel
import ForgePQ
import ForgeStore
import ForgeTestSupport
import Foundation
import Testing

extension QueueWorld {
    func search(
        _ search: JSONValue, algorithm: String = "gradient_boosting", params: JSONValue = [:], config: JSONValue = [:]
    ) throws -> Int {
        try database.connect(user: requester).query(
            """
            insert into forge.training_requests (model, task, algorithm, source, target, id_column, params, search, config)
            values ('found', 'regression', $1, 'public.points', 'y', 'id', $2::jsonb, $3::jsonb, $4::jsonb) returning id
            """,
            [.text(algorithm), .text(params.serialized), .text(search.serialized), .text(config.serialized)]
        ).first!.requiredInt("id")
    }

    struct TrialRow: Equatable {
        var number: Int
        var status: String
        var params: String
        var score: String?
        var attempts: Int
        var worker: String?
    }

    func trials(_ request: Int) throws -> [TrialRow] {
        try admin().query(
            """
            select trial, status, params::text, coalesce(score::text, fold_scores::text) as score, attempts,
                worker_id::text as worker
            from forge.search_trials where request = $1 order by trial
            """, [.int(request)]
        ).rows.map { row in
            TrialRow(
                number: try row.requiredInt("trial"), status: try row.requiredText("status"),
                params: try row.requiredText("params"), score: try row.text("score"),
                attempts: try row.requiredInt("attempts"), worker: try row.text("worker"))
        }
    }

    /// What was tried and what came of it, whoever tried it.
    func findings(_ request: Int) throws -> [TrialRow] {
        try trials(request).map { trial in
            var trial = trial
            trial.attempts = 0
            trial.worker = nil
            return trial
        }
    }

    /// Whose model it is: the trial that won, and the artifact's checksum.
    func winner(_ request: Int) throws -> [String?] {
        let row = try admin().query(
            """
            select (manifest #>> '{search,best_trial}') as trial, encode(artifact_sha256, 'hex') as checksum
            from forge.model_versions where training_request = $1
            """, [.int(request)]
        ).first!
        return [try row.text("trial"), try row.text("checksum")]
    }
}

@Suite(.serialized) struct SearchTests {
    let world: QueueWorld

    init() throws { world = try QueueWorld() }

    /// Trials of a few tenths of a second each.
    private static let space: JSONValue = [
        "max_depth": ["min": 2, "max": 9], "learning_rate": ["min": 0.05, "max": 0.5, "log": true],
    ]
    private static func search(_ trials: Int64 = 12) -> JSONValue { ["trials": .integer(trials), "space": space] }
    private static let slow: JSONValue = ["n_estimators": 700, "subsample": 0.9]

    private func finished(_ request: Int, _ count: Int) async throws {
        try await eventually("\(count) trials of request \(request) to end") {
            let ended = try world.trials(request).count { ["succeeded", "pruned", "failed"].contains($0.status) }
            return ended >= count ? true : nil
        }
    }

    @Test func oneWorkerAndTwoFindTheSameWinner() async throws {
        let first = try ForgedProcess(world, jobs: 1)
        defer { first.kill() }
        let alone = try world.search(Self.search(), params: Self.slow)
        try await world.becomes("succeeded", alone)
        let second = try ForgedProcess(world, jobs: 1)
        defer { second.kill() }
        try await eventually("both workers to be there") {
            try world.admin().query("select from forge.workers").rows.count == 2 ? true : nil
        }
        let together = try world.search(Self.search(), params: Self.slow)
        try await world.becomes("succeeded", together)
        #expect(Set(try world.trials(alone).map(\.worker)).count == 1)
        #expect(Set(try world.trials(together).map(\.worker)).count == 2)
        #expect(try world.findings(alone).count == 12)
        #expect(try world.findings(alone) == world.findings(together))
        #expect(try world.winner(alone) == world.winner(together))
        #expect(try world.trials(together).allSatisfy { $0.attempts == 1 }, "no trial was taken twice")
    }

    @Test func killingAHelperLosesTheTrialInHandAlone() async throws {
        let coordinator = try ForgedProcess(world, jobs: 1)
        defer { coordinator.kill() }
        let request = try world.search(Self.search(), params: Self.slow)
        try await world.becomes("running", request)
        let helper = try ForgedProcess(world, jobs: 1)
        try await eventually("the helper to have ended a trial and to run another") {
            let workers = try world.admin().query(
                """
                select from forge.search_trials t join forge.search_helpers h using (request, worker_id)
                where t.request = \(request) group by t.worker_id
                having count(*) filter (where t.status = 'running') = 1
                    and count(*) filter (where t.finished_at is not null) > 0
                """)
            return workers.rows.isEmpty ? nil : true
        }
        let before = try world.findings(request).filter { ["succeeded", "pruned"].contains($0.status) }
        let jobs = helper.jobs
        helper.kill()
        try await eventually("the helper's job to end") { jobs.contains(where: ProcessTable.isAlive) ? nil : true }
        try await world.becomes("succeeded", request)
        let after = try world.findings(request)
        for trial in before { #expect(after.contains(trial)) }
        #expect(after.allSatisfy { $0.status != "failed" } && after.count == 12)
        #expect(try world.trials(request).reduce(0) { $0 + $1.attempts } <= 13)
        #expect(try world.outcomes(request) == ["succeeded"])
    }

    /// Of `auto` neither what a trial said of the rows that it was not trained on, which the ensemble is weighed by.
    @Test(arguments: ["gradient_boosting", "auto"]) func killingTheCoordinatorLosesNoFinishedTrial(_ algorithm: String) async throws {
        func ask() throws -> Int {
            algorithm == "auto" ? try world.search(["trials": 9], algorithm: algorithm) : try world.search(Self.search(), params: Self.slow)
        }
        let reference = try ForgedProcess(world, jobs: 1)
        let undisturbed = try ask()
        try await world.becomes("succeeded", undisturbed)
        reference.kill()

        let first = try ForgedProcess(world, jobs: 1)
        let request = try ask()
        try await finished(request, 5)
        first.kill()
        let before = try world.trials(request).filter { ["succeeded", "pruned"].contains($0.status) }
        #expect(before.count >= 5)
        let second = try ForgedProcess(world, jobs: 1)
        defer { second.kill() }
        try await world.becomes("succeeded", request)
        let after = try world.trials(request)
        for trial in before { #expect(after.contains(trial), "trial \(trial.number) was done again") }
        #expect(try world.outcomes(request) == ["lost", "succeeded"])
        #expect(try world.findings(request) == world.findings(undisturbed))
        #expect(try world.winner(request) == world.winner(undisturbed))
    }

    /// Both workers beat every 20 s: they can only have heard of the end by its notification.
    private func bothStop(config: JSONValue = [:], _ end: (Int) async throws -> Void) async throws {
        let both = [try ForgedProcess(world, lease: 60, jobs: 1), try ForgedProcess(world, lease: 60, jobs: 1)]
        defer { both.forEach { $0.kill() } }
        let request = try world.search(
            ["trials": 1000, "space": Self.space], params: ["n_estimators": 10_000], config: config)
        try await eventually("both to work") {
            try world.trials(request).count { $0.status == "running" } == 2 ? true : nil
        }
        let jobs = both.flatMap(\.jobs)
        #expect(jobs.count == 2)
        try await end(request)
        try await eventually("both jobs to end", within: .seconds(10)) {
            jobs.contains(where: ProcessTable.isAlive) ? nil : true
        }
        #expect(try world.trials(request).allSatisfy { $0.status != "running" })
    }

    @Test func aCancelStopsHelpersToo() async throws {
        try await bothStop { _ = try await world.cancel($0) }
    }

    @Test func aTimeoutStopsHelpersToo() async throws {
        try await bothStop(config: ["scheduling": ["timeout": 15]]) { try await world.becomes("failed", $0) }
    }

    @Test func aTrialThatAlwaysFailsLeavesTheOthersAndIsToldOf() async throws {
        let forged = try ForgedProcess(world, jobs: 1)
        defer { forged.kill() }
        // Losses of gamma are not defined for the targets below 0.
        let request = try world.search(
            [
                "method": "grid",
                "space": ["objective": ["squared_error", "gamma", "absolute_error"], "max_depth": [2, 3]],
            ])
        try await world.becomes("succeeded", request)
        let trials = try world.trials(request)
        #expect(trials.map(\.status).sorted() == ["failed", "failed"] + Array(repeating: "succeeded", count: 4))
        let notes = try world.admin().query(
            "select data_report #>> '{notes}' as notes from forge.model_versions where training_request = \(request)"
        ).first!.requiredText("notes")
        #expect(notes.contains("2 of 6 trials failed: "), "\(notes)")
    }

    @Test func whenEveryTrialFailsTheRequestSaysHowManyAndWhy() async throws {
        let forged = try ForgedProcess(world, jobs: 1)
        defer { forged.kill() }
        let request = try world.search(
            ["method": "grid", "space": ["objective": ["gamma", "poisson"], "max_depth": [2, 3]]])
        try await world.becomes("failed", request)
        let row = try world.admin().query(
            "select error_message, error_detail, attempt from forge.training_requests where id = \(request)"
        ).first!
        #expect(try row.requiredText("error_message") == "all 4 trials failed")
        #expect(try row.requiredText("error_detail").split(separator: "\n").allSatisfy { $0.hasPrefix("2 × ") })
        #expect(try row.requiredInt("attempt") == 1)
    }

    @Test func aSpaceOfOnePointIsTriedOnce() async throws {
        let forged = try ForgedProcess(world, jobs: 1)
        defer { forged.kill() }
        let request = try world.search(["space": ["alpha": ["min": 0.5, "max": 0.5]]], algorithm: "ridge")
        try await world.becomes("succeeded", request)
        let row = try world.admin().query(
            """
            select trial, chosen, params ->> 'alpha' as alpha, status,
                (select params ->> 'alpha' from forge.model_versions v where v.training_request = \(request)) as used
            from forge.leaderboard('found')
            """)
        #expect(row.rows.count == 1)
        #expect(try row.first!.requiredText("alpha") == "0.5" && row.first!.requiredText("used") == "0.5")
        #expect(try row.first!.bool("chosen") == true && row.first!.requiredText("status") == "succeeded")
    }
}
