import ForgeModel
import ForgePQ

extension Migrator {
    /// Reverts migrations above `target`, newest first. The code on top of them goes first, and `up` brings it back.
    /// Refuses to drop rows without `force`, and always refuses while objects outside `forge` depend on what would go.
    @discardableResult
    public func down(to target: Int = 0, force: Bool = false) throws -> [Step] {
        try asAdministrator {
            guard try hasTable() else { return [] }
            let rows = try applied()
            let newest = rows.keys.max() ?? 0
            guard newest <= files.version else {
                throw ForgeError(
                    .versionMismatch, "the database has schema version \(newest), this program knows \(files.version)",
                    hint: "Migrate down with the forgectl that brought it there.")
            }
            let doomed = files.migrations.filter { $0.version > target && rows[$0.version] != nil }.reversed()
            if doomed.isEmpty { return [] }
            if !force { try refuseDataLoss() }
            try refuseOutsideDependents()
            try dropCode()
            return try doomed.map { migration in
                guard let down = migration.down else {
                    throw ForgeError(.versionMismatch, "migration \(migration.version) \"\(migration.name)\" cannot be reverted")
                }
                try run([("migrations, version \(migration.version), down", down)]) {
                    try connection.query("delete from forge.migrations where version = $1", [.int(migration.version)])
                }
                return .reverted(version: migration.version, name: migration.name)
            }
        }
    }

    /// Drops what `sql/code` made and leaves the tables; `up` brings it back. Refuses while objects outside `forge`
    /// depend on it.
    public func removeCode() throws {
        try asAdministrator {
            guard try hasTable() else { return }
            try refuseOutsideDependents()
            try dropCode()
        }
    }

    /// Tables that `up` fills by itself; their rows are no loss.
    private static let ownTables = ["migrations", "algorithms"]

    private func refuseDataLoss() throws {
        let tables = try connection.query(
            """
            select c.relname from pg_catalog.pg_class c
            where c.relnamespace = 'forge'::regnamespace and c.relkind in ('r', 'p') and c.relname <> all ($1) order by 1
            """, [.array(Self.ownTables)])
        var found: [String] = []
        for table in tables.rows.compactMap({ $0[0] }) {
            let name = "forge." + Connection.quoteIdentifier(table)
            let rows = try connection.query("select count(*) from \(name)").first?[0] ?? "0"
            if rows != "0" { found.append("forge.\(table) has \(rows) rows") }
        }
        guard !found.isEmpty else { return }
        throw ForgeError(
            .dependents, "migrating down would drop data", detail: found.joined(separator: "; "),
            hint: "Back it up with pg_dump -n forge -n forge_models -n forge_online -n forge_features, then use --force.")
    }

    /// What `sql/code` made, as the CTE `code(classid, objid)`: routines and views of the schema that no extension
    /// owns.
    private static let code = """
        code as (
          select 'pg_proc'::regclass::oid as classid, p.oid as objid from pg_catalog.pg_proc p where p.pronamespace = 'forge'::regnamespace
          union all
          select 'pg_class'::regclass, c.oid from pg_catalog.pg_class c
          where c.relnamespace = 'forge'::regnamespace and c.relkind = 'v'),
        own as (
          select c.* from code c where not exists (
            select from pg_catalog.pg_depend d where d.classid = c.classid and d.objid = c.objid and d.deptype = 'e'))
        """

    private func refuseOutsideDependents() throws {
        let dependents = try connection.query(
            """
            with \(Self.code)
            select distinct pg_catalog.pg_describe_object(d.classid, d.objid, 0) as dependent
            from pg_catalog.pg_depend d join (
              select * from own
              union all
              select 'pg_proc'::regclass, p.oid from pg_catalog.pg_proc p
              where p.pronamespace in (pg_catalog.to_regnamespace('forge_models'), pg_catalog.to_regnamespace('forge_features'))) used on d.refclassid = used.classid and d.refobjid = used.objid
            where d.deptype = 'n'
              and coalesce((select r.ev_class::regclass::text from pg_catalog.pg_rewrite r
                            where d.classid = 'pg_rewrite'::regclass and r.oid = d.objid), '') not like 'forge.%'
              and (pg_catalog.pg_identify_object(d.classid, d.objid, 0)).identity not like 'forge.%'
              and (pg_catalog.pg_identify_object(d.classid, d.objid, 0)).identity not like all (array['% on forge.%', 'for forge.%'])
            order by 1
            """)
        guard dependents.count > 0 else { return }
        throw ForgeError(
            .dependents, "objects outside schema forge depend on its functions, or on those of forge_models or forge_features",
            detail: dependents.rows.compactMap { $0[0] }.joined(separator: "; "),
            hint: "Drop them first; migrating down never drops what is yours.")
    }

    /// CASCADE reaches only triggers, policies and views of the schema itself: everything else was refused above.
    private func dropCode() throws {
        try run([]) {
            let statements = try connection.query(
                """
                with \(Self.code)
                select format('drop view if exists %s cascade', own.objid::regclass) from own where own.classid = 'pg_class'::regclass
                union all
                select format('drop routine if exists %s cascade', own.objid::regprocedure) from own where own.classid = 'pg_proc'::regclass
                """)
            for statement in statements.rows.compactMap({ $0[0] }) { try connection.execute(statement) }
            try connection.execute("delete from forge.migrations where version = 0")
        }
    }
}
