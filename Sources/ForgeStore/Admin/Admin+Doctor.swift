import ForgeModel
import ForgePQ

extension Admin {
    /// Everything that `Diagnosis` judges, gathered without changing anything. Works on a database without Forge, too.
    public func doctorFacts() throws -> DoctorFacts {
        var facts = DoctorFacts()
        let server = try connection.query(
            """
            select pg_catalog.current_setting('server_version_num')::int as version, pg_catalog.current_setting('server_version') as name,
                pg_catalog.pg_is_in_recovery() as standby, pg_catalog.current_setting('max_connections')::int as max_connections,
                (select count(*) from pg_catalog.pg_stat_activity a where a.backend_type = 'client backend') as connections,
                pg_catalog.current_setting('superuser_reserved_connections')::int as reserved,
                (select s.setting::bigint * 8192 from pg_catalog.pg_settings s where s.name = 'shared_buffers') as shared_buffers,
                (select s.setting from pg_catalog.pg_settings s where s.name = 'forge.inprocess_predict') as predict,
                pg_catalog.current_setting('max_parallel_maintenance_workers')::int as maintenance_workers,
                current_user as role, pg_catalog.current_database() as database,
                pg_catalog.current_setting('server_encoding') as encoding
            """)
        guard let row = server.first else { return facts }
        facts.serverVersion = try row.requiredInt("version")
        facts.serverName = try row.requiredText("name")
        facts.isStandby = try row.bool("standby") ?? false
        facts.maxConnections = try row.requiredInt("max_connections") - row.requiredInt("reserved")
        facts.connections = try row.requiredInt("connections")
        facts.sharedBuffers = try row.int("shared_buffers") ?? 0
        facts.maintenanceWorkers = try row.requiredInt("maintenance_workers")
        facts.role = try row.requiredText("role")
        facts.database = try row.requiredText("database")
        facts.encoding = try row.requiredText("encoding")
        try gatherExtensions(&facts)
        try gatherRoles(&facts)
        facts.hasSchema = try connection.query("select pg_catalog.to_regclass('forge.migrations') is not null as has").first?.bool("has") ?? false
        if try mayRead("forge.migrations") { facts.schema = try Migrator(connection).status() }
        if facts.hasSchema { try gatherQueue(&facts) }
        return facts
    }

    private func gatherExtensions(_ facts: inout DoctorFacts) throws {
        let rows = try connection.query(
            """
            select a.name, a.default_version, a.installed_version from pg_catalog.pg_available_extensions a
            where a.name in ('forge', 'vector')
            """).rows
        for row in rows {
            let version = DoctorFacts.ExtensionVersion(
                available: try row.requiredText("default_version"), installed: try row.text("installed_version"))
            if try row.requiredText("name") == "forge" { facts.forge = version } else { facts.vector = version }
        }
        // A setting of the library exists once the library is loaded; predicting loads it.
        guard facts.forge?.installed != nil else { return }
        facts.libraryFailure = try loadFailure()
        facts.predictsInProcess =
            try connection.query("select pg_catalog.current_setting('forge.inprocess_predict', true) as value").first?.text("value") != "off"
    }

    /// Whether the server can load the installed library, by asking it for one of its functions.
    private func loadFailure() throws -> String? {
        let function = try connection.query(
            """
            select p.oid::bigint as oid from pg_catalog.pg_proc p
            join pg_catalog.pg_depend d on d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e'
            join pg_catalog.pg_extension e on e.oid = d.refobjid and e.extname = 'forge'
            where p.prolang = (select l.oid from pg_catalog.pg_language l where l.lanname = 'c') order by p.oid limit 1
            """)
        guard let oid = try function.first?.int("oid") else { return nil }
        do {
            // The validator of C functions opens the library and looks the symbol up.
            try connection.query("select pg_catalog.fmgr_c_validator($1::bigint::oid)", [.int(oid)])
            return nil
        } catch {
            if error.isConnectionLoss { throw error }
            // Whoever may not ask cannot know; who administers may.
            return error.sqlState == "42501" ? nil : error.message
        }
    }

    private func gatherRoles(_ facts: inout DoctorFacts) throws {
        let rows = try connection.query(
            """
            select r.rolname, r.rolsuper, pg_catalog.pg_has_role(r.oid, 'member') as is_member,
                (select pg_catalog.count(*) from pg_catalog.pg_auth_members m join pg_catalog.pg_roles u on u.oid = m.member
                 where m.roleid = r.oid and u.rolcanlogin) as logins
            from pg_catalog.pg_roles r where r.rolname = any ($1)
            """, [.array(Self.roles)]).rows
        for row in rows {
            facts.roles[try row.requiredText("rolname")] = DoctorFacts.Role(
                isSuperuser: try row.bool("rolsuper") ?? false, callerIsMember: try row.bool("is_member") ?? false,
                logins: try row.requiredInt("logins"))
        }
    }

    private func gatherQueue(_ facts: inout DoctorFacts) throws {
        facts.canReadQueue = try mayRead("forge.workers")
        guard facts.canReadQueue else { return }
        facts.workers = try workers().map { worker in
            DoctorFacts.Worker(
                host: worker["host"]?.textValue ?? "", version: worker["version"]?.textValue ?? "",
                secondsAgo: worker["seen_seconds_ago"]?.doubleValue ?? .infinity,
                cpu: worker["capacity"]?["cpu"]?.doubleValue ?? 0, memory: worker["capacity"]?["memory"]?.doubleValue ?? 0,
                jobs: worker["capacity"]?["jobs"]?.intValue ?? 1)
        }
        facts.queued = try connection.query(
            "select r.id, r.cpu_request, r.memory_request from forge.training_requests r where r.status = 'queued' order by r.id"
        ).rows.map { row in
            DoctorFacts.Queued(
                id: try row.requiredInt("id"), cpu: try row.double("cpu_request") ?? 1, memory: try row.double("memory_request") ?? 0)
        }
        facts.modelsWithoutFunctions = try connection.query(
            """
            select m.name from forge.models m
            where pg_catalog.to_regprocedure(pg_catalog.format('forge_models.%I(record)', m.name)) is null order by 1
            """).rows.compactMap { $0[0] }
    }
}
