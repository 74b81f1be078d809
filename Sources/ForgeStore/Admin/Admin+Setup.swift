import ForgeModel
import ForgePQ

extension Admin {
    /// What a superuser does once per database (roles, schemas, extension); again it brings the extension up to date.
    public func setUpAsSuperuser() throws { try connection.execute(SchemaFiles.superuserSQL) }

    /// Lets a LOGIN role do the sidecar's work.
    public func admitWorker(_ role: String) throws {
        try connection.execute("grant forge_worker to \(Connection.quoteIdentifier(role))")
    }

    /// Whether a sidecar with this process number has reported since it started.
    public func hasWorker(pid: Int) throws -> Bool {
        try connection.query(
            "select from forge.workers w where w.pid = $1 and w.last_seen_at > pg_catalog.clock_timestamp() - interval '1 minute'",
            [.int(pid)]).count > 0
    }

    /// Takes Forge's functions, generated ones too, its views and the extension out of this database. Its tables stay,
    /// and `migrate` brings the rest back. Refused while objects of other schemas depend on them.
    public func uninstall() throws {
        // EXECUTE on the generated functions goes with them; forge.model_grants and forge.function_grants keep it for
        // the next migrate.
        if try connection.query("select pg_catalog.to_regprocedure('forge.note_grants()') is not null").first?[0] == "t" {
            try connection.query("select forge.note_grants()")
        }
        try dropGeneratedFunctions()
        try Migrator(connection).removeCode()
        try connection.execute("drop extension if exists forge")
    }

    /// Takes everything: models and requests too, the schemas, and the roles unless something else uses them.
    /// - Returns: the roles that stay.
    public func purge() throws -> [String] {
        try dropGeneratedFunctions()
        try Migrator(connection).down(force: true)
        try connection.execute(
            """
            drop extension if exists forge;
            drop table if exists forge.migrations;
            drop schema if exists forge;
            drop schema if exists forge_models;
            drop schema if exists forge_online;
            drop schema if exists forge_features;
            alter default privileges for role forge_admin grant execute on functions to public;
            """)
        return try Self.roles.reversed().filter { try !dropRole($0) }
    }

    static let roles = ["forge_admin", "forge_worker", "forge_trainer", "forge_analyst"]

    private func dropGeneratedFunctions() throws {
        let functions = try connection.query(
            """
            select p.oid::regprocedure::text as function from pg_catalog.pg_proc p
            where p.pronamespace = pg_catalog.to_regnamespace('forge_models')
            """)
        do {
            try connection.transaction {
                for function in functions.rows {
                    try connection.execute("drop function \(try function.requiredText("function"))")
                }
            }
        } catch let error as PostgresError where error.sqlState == "2BP01" {
            throw ForgeError(
                .dependents, "objects outside schema forge_models depend on its functions", detail: error.detail ?? error.message,
                hint: "Drop them first; uninstalling never drops what is yours.")
        }
    }

    /// Roles belong to the whole cluster; one that owns something, or that another database uses, stays.
    private func dropRole(_ role: String) throws -> Bool {
        do {
            try connection.execute("drop role if exists \(Connection.quoteIdentifier(role))")
            return true
        } catch {
            guard error.sqlState == "2BP01" else { throw error }
            return false
        }
    }
}
