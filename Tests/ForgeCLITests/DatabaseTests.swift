import ForgePQ
import ForgeTestSupport
import Testing

/// Commands on an existing PostgreSQL: a DBA's server, where forgectl is a client like any other.
@Suite struct DatabaseTests {
    let database: TestDatabase

    init() throws { database = try TestServer.shared.makeDatabase(empty: true) }

    private func run(_ arguments: String..., user: String = "postgres", on other: TestDatabase? = nil) throws -> Forgectl.Outcome {
        try Forgectl.run(arguments, environment: ["FORGE_DATABASE_URL": (other ?? database).url(user: user)])
    }

    @Test func databaseWithoutForgeSaysSoEverywhere() throws {
        for arguments in [["status"], ["models"], ["requests"], ["train", "m", "--source", "t"]] {
            let outcome = try Forgectl.run(arguments, environment: ["FORGE_DATABASE_URL": database.url])
            #expect(outcome.status == 1, "\(outcome)")
            #expect(outcome.errors.contains("FG028: database \"\(database.name)\" has no Forge schema\nhint: "), "\(outcome)")
        }
        let doctor = try run("doctor")
        #expect(doctor.status == 1)
        #expect(doctor.output.contains("PROBLEM  schema"), "\(doctor)")
    }

    @Test func migratesUpDownAndUpAgain() throws {
        try database.prepare()
        #expect(try run("migrate", "status").output.contains("pending"))
        let up = try run("migrate")
        #expect(up.status == 0, "\(up)")
        #expect(up.output.contains("applied 1 registry\napplied 2 queue"), "\(up)")
        #expect(try run("migrate").output == "nothing to do\n")
        #expect(try run("migrate", "status").output.contains("grants: current"))
        #expect(try run("migrate", "down").output.contains("reverted 1 registry"))
        #expect(try run("migrate", "up").status == 0)
    }

    @Test func downRefusesToDropDataUnlessForced() throws {
        try database.prepare()
        try database.migrate()
        try database.connect().execute(
            "insert into forge.workers (worker_id, host, boot_id, pid, pid_started_at, pid_ns, version, capacity) values (gen_random_uuid(), 'h', 'b', 1, '1', 'n', 'v', '{}')")
        let refused = try run("migrate", "down")
        #expect(refused.status == 1)
        #expect(refused.errors.contains("forge.workers has 1 rows"), "\(refused)")
        #expect(try run("migrate", "status").output.contains("grants: current"))
        #expect(try run("migrate", "down", "--force").status == 0)
    }

    @Test func strangerIsToldWhichRightIsMissing() throws {
        try database.prepare()
        try database.migrate()
        let stranger = try database.makeRole("stranger")
        let migrating = try run("migrate", user: stranger)
        #expect(migrating.status == 1)
        #expect(migrating.errors.contains("FG022") && migrating.errors.contains("GRANT forge_admin TO"), "\(migrating)")
        #expect(try run("requests", user: stranger).status == 1)
    }

    @Test func trainerSeesStatusWithoutTheOperatorsTables() throws {
        try database.prepare()
        try database.migrate()
        let trainer = try database.makeRole("trainer", member: "forge_trainer")
        for command in ["status", "requests", "models"] {
            let outcome = try run(command, user: trainer)
            #expect(outcome.status == 0, "\(outcome)")
        }
        let doctor = try run("doctor", user: trainer)
        #expect(doctor.output.contains("is no member of forge_admin"), "\(doctor)")
    }

    @Test func requestsOfATrainerAreCheckedListedAndCancelled() throws {
        try database.prepare()
        try database.migrate()
        let trainer = try database.makeRole("trainer", member: "forge_trainer")
        try database.connect().execute("create table points as select i as id, i * 2.0 as x, i * 3.0 as y from generate_series(1, 50) i; grant select on points to public")
        let wrong = try run("train", "line", "--source", "points", "--target", "z", "--algorithm", "magic", user: trainer)
        #expect(wrong.status == 1)
        #expect(wrong.errors.contains("\"magic\"") && wrong.errors.contains("\"z\""), "\(wrong)")
        let dry = try run("train", "line", "--source", "points", "--target", "z", "--dry-run", user: trainer)
        #expect(dry.status == 1)
        #expect(dry.output.contains("\nproblem   FG006  column \"z\""), "\(dry)")
        let good = try run("train", "line", "--source", "points", "--target", "y", "--dry-run", user: trainer)
        #expect(good.status == 0, "\(good)")

        let queued = try run("train", "line", "--source", "points", "--target", "y", "--idempotency-key", "k", "--json", user: trainer)
        let id = try #require((try Forgectl.json(queued) as? [String: Int])?["id"])
        let again = try run("train", "line", "--source", "points", "--target", "y", "--idempotency-key", "k", user: trainer)
        #expect(again.output == "request \(id) queued; forgectl requests show \(id) follows it\n")
        let differing = try run("train", "line", "--source", "points", "--target", "x", "--idempotency-key", "k", user: trainer)
        #expect(differing.errors.contains("FG023"), "\(differing)")
        #expect(try run("requests", "cancel", "\(id)", user: trainer).output == "request \(id): cancelled\n")
        #expect(try run("requests", "wait", "\(id)", user: trainer).errors.contains("FG021"))
        #expect(try run("requests", "retry", "\(id)", user: trainer).output == "request \(id): queued\n")
    }

    @Test func uninstallLeavesTheTablesAndPurgeLeavesNothing() throws {
        // A server of its own: purging drops the roles, which the other tests' databases share.
        let server = TestServer()
        defer { server.remove() }
        let alone = try server.makeDatabase(empty: true)
        try alone.prepare()
        try alone.migrate()
        let connection = try alone.connect()
        try connection.execute("create table points as select i as id, i * 2.0 as x, i * 3.0 as y from generate_series(1, 50) i")
        #expect(try run("train", "line", "--source", "points", "--target", "y", on: alone).status == 0)
        let uninstalled = try run("uninstall", "--yes", on: alone)
        #expect(uninstalled.status == 0, "\(uninstalled)")
        #expect(try connection.query("select count(*) from forge.training_requests").first?[0] == "1")
        #expect(try connection.query("select from pg_extension where extname = 'forge'").count == 0)
        #expect(try connection.query("select from pg_proc where pronamespace = 'forge'::regnamespace").count == 0)

        try alone.prepare()
        #expect(try run("migrate", on: alone).status == 0)
        #expect(try run("requests", on: alone).output.contains("line"))

        let purged = try run("uninstall", "--purge", "--yes", on: alone)
        #expect(purged.status == 0, "\(purged)")
        #expect(!purged.errors.contains("left"), "\(purged)")
        #expect(try connection.query("select from pg_namespace where nspname in ('forge', 'forge_models')").count == 0)
        #expect(try connection.query("select from pg_roles where rolname like 'forge\\_%'").count == 0)
        #expect(try connection.query("select count(*) from points").first?[0] == "50")
    }

    @Test func uninstallRefusesWhileViewsDependOnIt() throws {
        try database.prepare()
        try database.migrate()
        let connection = try database.connect()
        try connection.execute("create view public.mine as select forge.cpu_quantity('2') as cpu")
        let refused = try run("uninstall", "--yes")
        #expect(refused.status == 1)
        #expect(refused.errors.contains("FG024") && refused.errors.contains("mine"), "\(refused)")
        #expect(try connection.query("select cpu from public.mine").first?[0] == "2")
    }

    @Test func psqlGetsItsConnectionByEnvironment() throws {
        let outcome = try run("psql", "--", "-XAtc", "select current_database(), current_setting('application_name')")
        #expect(outcome.output == "\(database.name)|forgectl psql\n", "\(outcome)")
    }
}
