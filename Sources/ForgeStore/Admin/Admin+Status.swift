import ForgeModel
import ForgePQ

extension Admin {
    /// The database, its sidecars, its queue and its models in a few numbers.
    public func status() throws -> JSONValue {
        var status: JSONValue = [:]
        status["database"] = try objects(
            """
            select pg_catalog.current_database() as name, pg_catalog.current_setting('server_version') as server_version,
                current_user as "user", pg_catalog.pg_is_in_recovery() as standby,
                (select e.extversion from pg_catalog.pg_extension e where e.extname = 'forge') as extension
            """).first
        // Whoever only trains sees neither migrations nor sidecars.
        if try mayRead("forge.migrations") {
            status["database"]?["schema_version"] = try objects("select max(m.version) as version from forge.migrations m").first?["version"]
        }
        status["workers"] = try mayRead("forge.workers") ? .array(workers()) : .null
        status["requests"] = try objects(
            """
            select count(*) filter (where r.status = 'queued') as queued, count(*) filter (where r.status = 'running') as running,
                count(*) filter (where r.status = 'succeeded') as succeeded, count(*) filter (where r.status = 'failed') as failed,
                count(*) filter (where r.status = 'cancelled') as cancelled,
                pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
                    - min(r.run_at) filter (where r.status = 'queued' and r.run_at <= pg_catalog.clock_timestamp())) as oldest_waits_seconds
            from forge.training_requests r
            """).first
        status["models"] = try objects(
            """
            select (select count(*) from forge.models) as models, (select count(*) from forge.model_versions) as versions,
                (select coalesce(sum(v.artifact_bytes), 0)::bigint from forge.model_versions v where v.retired_at is null) as artifact_bytes
            """).first
        return status
    }

    func mayRead(_ table: String) throws -> Bool {
        try connection.query("select pg_catalog.has_table_privilege(pg_catalog.to_regclass($1), 'select') as may", [.text(table)]).first?.bool("may") ?? false
    }

    func workers() throws -> [JSONValue] {
        try objects(
            """
            select w.worker_id, w.host, w.pid, w.version, w.capacity, w.draining, w.started_at, w.last_seen_at,
                pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - w.last_seen_at) as seen_seconds_ago,
                (select count(*) from forge.training_requests r where r.status = 'running' and r.worker_id = w.worker_id) as jobs
            from forge.workers w order by w.last_seen_at desc
            """)
    }
}
