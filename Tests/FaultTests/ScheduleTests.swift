import ForgePQ
import ForgeTestSupport
import Foundation
import Testing

/// Schedules under fire: embeddings of the points, by the real program.
@Suite(.serialized) struct ScheduleTests {
    let world: QueueWorld

    init() throws {
        world = try QueueWorld()
        try world.admin().execute("grant create on schema public to \(world.requester)")
    }

    private var requester: Connection { get throws { try world.database.connect(user: world.requester) } }

    /// A registered decomposition of the points into two components, embedded where the config says.
    private func train(_ config: String = "{}", params: String = #"{"n_components": 2}"#) async throws -> Int {
        let request = try requester.query(
            """
            insert into forge.training_requests (model, algorithm, source, id_column, exclude, params, promote, config)
            values ('flat', 'pca', 'public.points', 'id', '{y}', $1::jsonb, 'always', $2::jsonb) returning id
            """, [.text(params), .text(config)]
        ).first!.requiredInt("id")
        try await world.becomes("succeeded", request)
        return request
    }

    private func schedule(_ table: String, source: String, every: String = "null") throws {
        try requester.query(
            """
            select forge.schedule('embed', pg_catalog.jsonb_build_object(
                'model', 'flat', 'table', $1::text, 'id_column', 'id', 'source', $2::text), \(every))
            """, [.text(table), .text(source)])
    }

    private func count(_ query: String) throws -> Int {
        try world.admin().query("select pg_catalog.count(*) as rows from \(query)").first!.requiredInt("rows")
    }

    /// Rows of the source whose vector in the table is not what the model makes of them, and rows too many.
    private func strays(_ table: String = "public.flat_points", source: String = "public.points") throws -> Int {
        try count(
            """
            \(source) p full join \(table) t using (id)
            where t.embedding::real[] is distinct from forge.transform('flat', p)
            """)
    }

    private func current(_ table: String = "public.flat_points", source: String = "public.points") async throws {
        _ = try await eventually("\(table) to be current") {
            let exists = try count("pg_catalog.pg_class where oid = pg_catalog.to_regclass('\(table)')") == 1
            return try exists && strays(table, source: source) == 0 ? true : nil
        }
    }

    /// `forgectl train --wait` with a request whose rows are embedded.
    private func forgectlTrains(source: String) throws {
        let file = "/tmp/forge-test-request-\(UUID().uuidString).yaml"
        defer { unlink(file) }
        try """
            model: flat
            algorithm: pca
            source: \(source)
            id_column: id
            exclude: [y]
            params: {n_components: 2}
            config: {embed_into: {table: public.flat_points}}
            """.write(toFile: file, atomically: true, encoding: .utf8)
        try Shell.run(
            URL(filePath: ForgedProcess.path).deletingLastPathComponent().appending(path: "forgectl").path, ["train", "-f", file, "--wait"],
            environment: ["FORGE_DATABASE_URL": world.database.url(user: world.requester)])
    }

    @Test func forgectlWaitsForTheEmbeddingToo() throws {
        let forged = try ForgedProcess(world)
        defer { forged.kill() }
        try forgectlTrains(source: "public.points")
        #expect(try strays() == 0)
    }

    @Test func forgectlTellsWhyRowsCannotBeEmbedded() throws {
        let forged = try ForgedProcess(world)
        defer { forged.kill() }
        let failure = #expect(throws: Shell.Failure.self) {
            try forgectlTrains(source: "select * from public.points union all select * from public.points")
        }
        #expect(failure?.output.contains("FG005") == true, "\(String(describing: failure))")
    }

    @Test func aRequestsRowsAreEmbeddedAndFollowSourceAndChampion() async throws {
        let forged = try ForgedProcess(world)
        defer { forged.kill() }
        let request = try await train(#"{"embed_into": {"table": "public.flat_points", "every": 1, "index": "hnsw"}}"#)
        // Whoever waits for the request waits for its embedding.
        try requester.execute("call forge.wait(\(request), '30 seconds')")
        #expect(try strays() == 0 && count("public.flat_points") == 200)
        try world.admin().execute(
            """
            insert into public.points values (1000, 1, 2, 3), (1001, null, 2, 3);
            update public.points set x1 = 5 where id = 7;
            delete from public.points where id > 100 and id <= 150
            """)
        try await current()
        #expect(try count("public.flat_points") == 152)
        // A champion of other dimensions.
        _ = try await train(params: #"{"n_components": 1}"#)
        try await current()
        #expect(try count("public.flat_points where vector_dims(embedding) = 1") == 152)
        #expect(try count("pg_catalog.pg_index where indrelid = 'public.flat_points'::regclass") == 2)
        let status = try world.admin().query("select status, rows, error_code from forge.schedule_status").first!
        #expect(try status.text("error_code") == nil && status.int("rows") == 152)
    }

    @Test func aDaemonKilledInTheMiddleLeavesNothingAndAnotherDoesIt() async throws {
        let first = try ForgedProcess(world)
        _ = try await train()
        try requester.execute("create view public.slow as select p.* from public.points p, pg_catalog.pg_sleep(600)")
        try schedule("public.flat_points", source: "public.slow")
        let backend = try await eventually("the run to be in the middle") { try world.sleepers().first }
        first.kill()
        #expect(try count("pg_catalog.pg_class where relname = 'flat_points'") == 0)
        try requester.execute("create or replace view public.slow as select p.* from public.points p")
        let second = try ForgedProcess(world)
        defer { second.kill() }
        try await current()
        #expect(try !world.sleepers().contains(backend))
        let status = try await eventually("the run to be written down") {
            try world.admin().query("select failures, error_code from forge.schedule_status where status = 'idle'").first
        }
        #expect(try status.requiredInt("failures") == 0 && status.text("error_code") == nil)
    }

    @Test func aDaemonStoppedInTheMiddleGivesItsRunBack() async throws {
        let forged = try ForgedProcess(world)
        _ = try await train()
        try requester.execute("create view public.slow as select p.* from public.points p, pg_catalog.pg_sleep(600)")
        try schedule("public.flat_points", source: "public.slow")
        _ = try await eventually("the run to be in the middle") { try world.sleepers().first }
        #expect(forged.stop() == 0)
        let status = try world.admin().query("select status, failures from forge.schedule_status").first!
        #expect(try status.requiredText("status") == "due" && status.requiredInt("failures") == 0)
        #expect(try count("pg_catalog.pg_class where relname = 'flat_points'") == 0)
    }

    @Test func twoDaemonsRunEachScheduleOnce() async throws {
        let both = [try ForgedProcess(world), try ForgedProcess(world)]
        defer { both.forEach { $0.kill() } }
        _ = try await train()
        try requester.execute(
            """
            create table public.runs (place text);
            create function public.noted(place text) returns void language sql volatile as
                'insert into public.runs values (place); select pg_catalog.pg_sleep(0.05)'
            """)
        for place in 1...20 {
            try schedule("public.flat_\(place)", source: "select p.* from public.points p, public.noted('\(place)')")
        }
        _ = try await eventually("every schedule to have run") {
            try count("forge.schedule_status where status = 'idle' and error_code is null") == 20 ? true : nil
        }
        #expect(try count("public.runs") == 20 && count("(select distinct place from public.runs) r") == 20)
        for place in 1...20 { #expect(try strays("public.flat_\(place)") == 0) }
        #expect(try count("(select distinct worker_id from forge.schedules) w") == 2, "both took part")
    }

    @Test func aRunThatFailsSaysWhyAndRunsAgainOnceItCan() async throws {
        let forged = try ForgedProcess(world)
        defer { forged.kill() }
        _ = try await train()
        try world.admin().execute(
            """
            create table public.lent (like public.points including all);
            insert into public.lent select * from public.points;
            grant select on public.lent to \(world.requester)
            """)
        try schedule("public.flat_points", source: "public.lent", every: "'1 second'")
        try await current(source: "public.lent")
        try world.admin().execute(
            "revoke select on public.lent from \(world.requester); insert into public.lent values (2000, 1, 1, 1)")
        let failed = try await eventually("the run to fail") {
            try world.admin().query(
                """
                select error_code, error_hint, next_run_at is not null as again from forge.schedule_status
                where error_code is not null
                """
            ).first
        }
        #expect(try failed.requiredText("error_code") == "FG022" && failed.bool("again") == true)
        #expect(try failed.requiredText("error_hint").uppercased().contains("GRANT SELECT"))
        #expect(try count("public.flat_points") == 200)
        try world.admin().execute("grant select on public.lent to \(world.requester)")
        try await current(source: "public.lent")
    }

    @Test func whoeverWaitsForARequestHearsThatItsRowsCannotBeEmbedded() async throws {
        let forged = try ForgedProcess(world)
        defer { forged.kill() }
        try world.admin().execute("create view public.twice as table public.points union all table public.points")
        try world.admin().execute("grant select on public.twice to \(world.requester)")
        let connection = try requester
        let request = try connection.query(
            """
            insert into forge.training_requests (model, algorithm, source, id_column, exclude, config)
            values ('flat', 'pca', 'public.twice', 'id', '{y}', '{"embed_into": {"table": "public.flat_points"}}') returning id
            """
        ).first!.requiredInt("id")
        let error = #expect(throws: PostgresError.self) { try connection.execute("call forge.wait(\(request), '30 seconds')") }
        #expect(error?.sqlState == "FG005" && error?.message.contains("it is '1' in 2 rows") == true, "\(error as Any)")
        #expect(try world.state(request).version == 1, "the model is there all the same")
        #expect(try count("pg_catalog.pg_class where relname = 'flat_points'") == 0)
    }
}
