import ForgeModel
import ForgePQ

/// Brings a database's `forge` schema to the version that this program knows, and back.
///
/// `forge.migrations` holds a row per applied migration, and one with version 0 for `sql/code`, which is applied again
/// whole whenever its text differs. Every step is one transaction of its own; a session lock keeps migrators one behind
/// the other. All of it runs as `forge_admin`, so that the schema belongs to that role whoever migrates.
public struct Migrator {
    public enum Step: Sendable, Equatable {
        case applied(version: Int, name: String)
        case appliedCode
        case reverted(version: Int, name: String)
    }

    public struct Status: Sendable, Equatable {
        public struct Entry: Sendable, Equatable {
            public let version: Int
            public let name: String
            /// As Postgres writes it; nil while the migration is pending.
            public let appliedAt: String?
        }
        public let entries: [Entry]
        public let codeIsCurrent: Bool
        /// The database's schema; above `entries.last` when a newer program has migrated it.
        public let schemaVersion: Int
        public let knownVersion: Int
        public var isCurrent: Bool { codeIsCurrent && entries.allSatisfy { $0.appliedAt != nil } && schemaVersion == knownVersion }
    }

    let connection: Connection
    let files: SchemaFiles

    public init(_ connection: Connection, files: SchemaFiles = .embedded) {
        self.connection = connection
        self.files = files
    }

    public func status() throws -> Status {
        guard try hasTable() else {
            return Status(
                entries: files.migrations.map { .init(version: $0.version, name: $0.name, appliedAt: nil) },
                codeIsCurrent: false, schemaVersion: 0, knownVersion: files.version)
        }
        let rows = try applied()
        return Status(
            entries: files.migrations.map { migration in
                .init(version: migration.version, name: migration.name, appliedAt: rows[migration.version]?.appliedAt)
            },
            codeIsCurrent: try rows[0]?.sha256 == sha256(files.codeText),
            schemaVersion: rows.keys.max() ?? 0, knownVersion: files.version)
    }

    /// Applies what is missing; doing it again does nothing.
    @discardableResult
    public func up() throws -> [Step] {
        try requireUTF8()
        return try asAdministrator {
            try createTable()
            let rows = try applied()
            try refuseNewerSchema(rows)
            try refuseChangedMigrations(rows)
            var steps: [Step] = []
            for migration in files.migrations where rows[migration.version] == nil {
                try apply(migration)
                steps.append(.applied(version: migration.version, name: migration.name))
            }
            if try rows[0]?.sha256 != sha256(files.codeText) || !steps.isEmpty {
                try applyCode()
                steps.append(.appliedCode)
            } else {
                // The extension may have been dropped and created since: what went with it comes back
                // (sql/code/95_restore.sql).
                try run([("forge.restore_extension", "select forge.restore_extension()")]) {}
            }
            return steps
        }
    }

    // MARK: - Stages

    private func requireUTF8() throws {
        let row = try connection.query(
            "select pg_catalog.current_setting('server_encoding') as encoding, pg_catalog.current_database() as database").first
        guard let encoding = try row?.requiredText("encoding"), encoding != "UTF8" else { return }
        throw ForgeError(
            .versionMismatch, "database \"\(try row?.requiredText("database") ?? "")\" is encoded in \(encoding), and Forge needs UTF8",
            hint: Diagnosis.encodingRemedy)
    }

    struct Applied {
        let sha256: String
        let appliedAt: String
    }

    /// Arbitrary, the same in every program; advisory locks are per database.
    private static let lock = 0x666f_7267_6500_0001

    func asAdministrator<T>(_ body: () throws -> T) throws -> T {
        guard try connection.query("select from pg_catalog.pg_roles where rolname = 'forge_admin'").count == 1 else {
            throw ForgeError(
                .notPermitted, "role \"forge_admin\" does not exist", hint: "A superuser runs once: forgectl migrate --print-superuser-sql")
        }
        guard try connection.query("select pg_catalog.pg_has_role('forge_admin', 'member')").first?[0] == "t" else {
            let user = try connection.query("select current_user").first?[0] ?? ""
            throw ForgeError(
                .notPermitted, "role \"\(user)\" is not a member of \"forge_admin\"",
                hint: "GRANT forge_admin TO \(Connection.quoteIdentifier(user))")
        }
        try connection.query("select pg_catalog.pg_advisory_lock($1)", [.int(Self.lock)])
        defer { _ = try? connection.query("select pg_catalog.pg_advisory_unlock($1)", [.int(Self.lock)]) }
        try connection.execute("set role forge_admin; set search_path = pg_catalog, pg_temp; set client_min_messages = warning")
        defer { try? connection.execute("reset role; reset search_path; reset client_min_messages") }
        return try body()
    }

    private func createTable() throws {
        if try hasTable() { return }
        try connection.transaction {
            if try connection.query("select from pg_catalog.pg_namespace where nspname = 'forge'").count == 0 {
                guard try connection.query("select pg_catalog.has_database_privilege(pg_catalog.current_database(), 'create')").first?[0] == "t"
                else {
                    throw ForgeError(
                        .notPermitted, "schema \"forge\" does not exist, and forge_admin may not create it",
                        hint: "A superuser runs once: forgectl migrate --print-superuser-sql")
                }
                try connection.execute("create schema forge")
            }
            try connection.execute(
                """
                create table forge.migrations (
                  version int primary key,
                  name text not null,
                  sha256 text not null,
                  applied_at timestamptz not null default pg_catalog.now());
                comment on table forge.migrations is
                  'Applied migrations; version 0 is sql/code, which is applied again whole when its text changes.';
                comment on column forge.migrations.version is 'number of the migration; 0: sql/code';
                comment on column forge.migrations.name is 'what it brought';
                comment on column forge.migrations.sha256 is 'of its text: a released migration never changes';
                comment on column forge.migrations.applied_at is 'when it was applied';
                """)
        }
    }

    func hasTable() throws -> Bool {
        try connection.query("select pg_catalog.to_regclass('forge.migrations') is not null").first?[0] == "t"
    }

    func applied() throws -> [Int: Applied] {
        var rows: [Int: Applied] = [:]
        for row in try connection.query("select version, sha256, applied_at from forge.migrations").rows {
            rows[try row.requiredInt("version")] = Applied(
                sha256: try row.requiredText("sha256"), appliedAt: try row.requiredText("applied_at"))
        }
        return rows
    }

    private func refuseNewerSchema(_ rows: [Int: Applied]) throws {
        guard let newest = rows.keys.max(), newest > files.version else { return }
        throw ForgeError(
            .versionMismatch, "the database has schema version \(newest), this program knows \(files.version)",
            hint: "Upgrade forgectl and forged on this host, or migrate down with the newer forgectl.")
    }

    private func refuseChangedMigrations(_ rows: [Int: Applied]) throws {
        for migration in files.migrations {
            guard let row = rows[migration.version], try row.sha256 != sha256(migration.up) else { continue }
            throw ForgeError(
                .versionMismatch, "migration \(migration.version) \"\(migration.name)\" differs from the one applied here",
                detail: "It was applied at \(row.appliedAt); a released migration never changes.",
                hint: "Use the build that migrated this database, or a database of its own for an unreleased build.")
        }
    }

    private func apply(_ migration: SchemaFiles.Migration) throws {
        try run([("migrations, version \(migration.version)", migration.up)]) {
            try connection.query(
                "insert into forge.migrations (version, name, sha256) values ($1, $2, $3)",
                [.int(migration.version), .text(migration.name), .text(try sha256(migration.up))])
        }
    }

    private func applyCode() throws {
        // Functions may call functions of a later file, so bodies are not checked while they are defined; that a policy
        // to replace is not there yet is no news.
        let scripts = [("", "set local check_function_bodies = off; set local client_min_messages = warning")] + files.code.map { ($0.path, $0.text) }
        try run(scripts) {
            try connection.query(
                """
                insert into forge.migrations (version, name, sha256) values (0, 'code', $1)
                on conflict (version) do update set sha256 = excluded.sha256, applied_at = pg_catalog.now()
                """, [.text(try sha256(files.codeText))])
        }
    }

    func run(_ scripts: [(name: String, text: String)], _ record: () throws -> Void) throws {
        try connection.transaction(limits: TransactionLimits(lockSeconds: 30, statementSeconds: 0, idleSeconds: 0)) {
            for script in scripts {
                do {
                    try connection.execute(script.text)
                } catch let error as PostgresError {
                    throw located(error, script)
                }
            }
            try record()
        }
    }

    /// Names the file, and the line if the server says where it stumbled.
    private func located(_ error: PostgresError, _ script: (name: String, text: String)) -> PostgresError {
        var place = "in \(script.name)"
        if let position = error.position {
            let line = script.text.unicodeScalars.prefix(position - 1).count { $0 == "\n" } + 1
            place += ", line \(line)"
        }
        var error = error
        error.detail = [error.detail, place].compactMap { $0 }.joined(separator: "; ")
        return error
    }

    func sha256(_ text: String) throws -> String {
        let row = try connection.query(
            "select pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to($1, 'UTF8')), 'hex')", [.text(text)]).first
        return row?[0] ?? ""
    }
}
