import ForgeModel
import ForgePQ
import ForgeTestSupport
import Testing

@testable import ForgeStore

@Suite struct MigratorTests {
    let database: TestDatabase

    init() throws {
        database = try TestServer.shared.makeDatabase(empty: true)
        try database.prepare()
    }

    private func migrator(_ files: SchemaFiles = .embedded) throws -> Migrator {
        Migrator(try database.connect(), files: files)
    }

    private func objects() throws -> [String] {
        try database.connect().query(
            """
            select format('%s %s', c.relkind, c.relname) from pg_class c where c.relnamespace = 'forge'::regnamespace
            union all select p.oid::regprocedure::text from pg_proc p where p.pronamespace = 'forge'::regnamespace
            union all select t.typname from pg_type t where t.typnamespace = 'forge'::regnamespace and t.typtype = 'd'
            order by 1
            """
        ).rows.compactMap { $0[0] }
    }

    @Test func upDownUpLeavesTheSameObjects() throws {
        let before = try objects()
        try migrator().up()
        let first = try objects()
        #expect(first.contains("r training_requests"))
        #expect(try migrator().status().isCurrent)
        try migrator().down(to: 0)
        #expect(try objects().filter { !$0.contains("migrations") } == before)
        try migrator().up()
        #expect(try objects() == first)
    }

    @Test func upTwiceDoesNothingTheSecondTime() throws {
        #expect(try migrator().up().isEmpty == false)
        #expect(try migrator().up() == [])
    }

    @Test func tenMigratorsAtOnceApplyEachMigrationOnce() async throws {
        let steps = try await withThrowingTaskGroup(of: [Migrator.Step].self) { group in
            for _ in 0..<10 { group.addTask { try Migrator(try database.connect()).up() } }
            return try await group.reduce(into: [Migrator.Step]()) { $0 += $1 }
        }
        let expected = SchemaFiles.embedded.migrations.map { Migrator.Step.applied(version: $0.version, name: $0.name) }
        #expect(steps.filter { $0 != .appliedCode } == expected)
        #expect(steps.filter { $0 == .appliedCode }.count == 1)
    }

    @Test func everythingBelongsToForgeAdmin() throws {
        try migrator().up()
        let strangers = try database.connect().query(
            """
            select c.relname from pg_class c where c.relnamespace = 'forge'::regnamespace and c.relowner <> 'forge_admin'::regrole
            union all
            select p.proname from pg_proc p where p.pronamespace = 'forge'::regnamespace and p.proowner <> 'forge_admin'::regrole
              and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
            """)
        #expect(strangers.rows.compactMap { $0[0] } == [])
    }

    @Test func refusesASchemaNewerThanItKnows() throws {
        try migrator().up()
        try database.connect().execute("insert into forge.migrations (version, name, sha256) values (9000, 'future', '')")
        for attempt in [{ try migrator().up() }, { try migrator().down() }] {
            let error = #expect(throws: ForgeError.self) { try attempt() }
            #expect(error?.code == .versionMismatch)
        }
        #expect(try migrator().status().schemaVersion == 9000)
    }

    @Test func refusesAMigrationThatWasChangedAfterItWasApplied() throws {
        try migrator().up()
        var changed = SchemaFiles.embedded.migrations
        changed[0] = .init(version: changed[0].version, name: changed[0].name, up: changed[0].up + " ", down: changed[0].down)
        let error = #expect(throws: ForgeError.self) {
            try migrator(SchemaFiles(migrations: changed, code: SchemaFiles.embedded.code)).up()
        }
        #expect(error?.code == .versionMismatch)
    }

    @Test func aFailingMigrationLeavesNothingBehind() throws {
        try migrator().up()
        let broken = SchemaFiles.Migration(
            version: 9001, name: "broken", up: "create table forge.half (a int);\nselect 1 / 0", down: nil)
        let files = SchemaFiles(migrations: SchemaFiles.embedded.migrations + [broken], code: SchemaFiles.embedded.code)
        let error = #expect(throws: PostgresError.self) { try migrator(files).up() }
        #expect(error?.sqlState == "22012")
        #expect(error?.detail?.contains("9001") == true)
        #expect(try database.connect().query("select to_regclass('forge.half') is null").first?[0] == "t")
        #expect(try migrator().status().isCurrent)
    }

    @Test func changedCodeIsAppliedAgainWithoutTouchingTables() throws {
        try migrator().up()
        let code = SchemaFiles.embedded.code + [
            .init(path: "sql/code/zz.sql", text: "create or replace function forge.zz() returns int language sql as 'select 7'")
        ]
        let files = SchemaFiles(migrations: SchemaFiles.embedded.migrations, code: code)
        #expect(try migrator(files).status().codeIsCurrent == false)
        #expect(try migrator(files).up() == [.appliedCode])
        #expect(try database.connect().query("select forge.zz()").first?[0] == "7")
    }

    @Test func downRefusesToDropRowsUnlessForced() throws {
        try migrator().up()
        try database.connect().execute(
            """
            set role forge_admin;
            insert into forge.workers (worker_id, host, boot_id, pid, pid_started_at, pid_ns, version, capacity)
            values (gen_random_uuid(), 'h', 'b', 1, '1', 'n', '1', '{}')
            """)
        let error = #expect(throws: ForgeError.self) { try migrator().down(to: 0) }
        #expect(error?.detail?.contains("forge.workers has 1 row") == true)
        #expect(try migrator().down(to: 0, force: true).count == SchemaFiles.embedded.migrations.count)
    }

    @Test func downTakesAlongTheTablesOfTrainingRows() throws {
        try migrator().up()
        let bare = try objects()
        let manifest = QueueWorld.manifest([], sha256: String(repeating: "0", count: 64))
        try database.connect().execute(
            """
            set role forge_admin;
            select forge.ensure_model('line', 'forge_admin', '\(manifest)');
            select forge.insert_version('line', 'forge_admin', null, '\(manifest)');
            create table forge.neighbors_1 (features real[]);
            select forge.protect_neighbors('line', 'forge.neighbors_1');
            insert into forge.neighbor_indexes (model, version, relation, metric) values ('line', 1, 'forge.neighbors_1', 'l2');
            """)
        let error = #expect(throws: ForgeError.self) { try migrator().down(to: 15) }
        #expect(error?.detail?.contains("forge.neighbor_indexes has 1 rows") == true)
        try migrator().down(to: 15, force: true)
        #expect(try !objects().contains { $0.contains("neighbors_1") })
        try migrator().up()
        #expect(try objects() == bare)
        #expect(try database.connect().query("select count(*) from forge.model_versions where model = 'line'").first?[0] == "1")
    }

    @Test func downNeverDropsWhatIsNotForges() throws {
        try migrator().up()
        try database.connect().execute("create view public.mine as select id, status from forge.training_status")
        let error = #expect(throws: ForgeError.self) { try migrator().down(to: 0, force: true) }
        #expect(error?.code == .dependents)
        #expect(error?.detail?.contains("mine") == true)
        #expect(try database.connect().query("select count(*) from public.mine").first?[0] == "0")
    }

    @Test func aRoleOutsideForgeAdminIsToldWhatToGrant() throws {
        let role = try database.makeRole("stranger")
        let error = #expect(throws: ForgeError.self) { try Migrator(try database.connect(user: role)).up() }
        #expect(error?.code == .notPermitted)
        #expect(error?.hint == "GRANT forge_admin TO \"\(role)\"")
    }

    @Test func aMemberOfForgeAdminMigratesWithoutBeingSuperuser() throws {
        let role = try database.makeRole("administrator", member: "forge_admin")
        try Migrator(try database.connect(user: role)).up()
        #expect(try migrator().status().isCurrent)
    }
}
