import ForgeModel
import ForgePQ

/// What an administrator's program asks of a database that has Forge: requests, models, health. Results are JSON
/// values, ready to print.
public struct Admin {
    public let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    /// Refuses a database that `migrate` has not been run in, before a query fails for want of a table.
    public func requireSchema() throws {
        guard try connection.query("select pg_catalog.to_regclass('forge.training_requests') is not null").first?[0] == "t" else {
            let database = try connection.query("select pg_catalog.current_database()").first?[0] ?? ""
            throw ForgeError(
                .versionMismatch, "database \"\(database)\" has no Forge schema", hint: "Run forgectl migrate, or connect to another database.")
        }
    }

    /// One JSON object for each row.
    func objects(_ sql: String, _ parameters: [Parameter] = []) throws -> [JSONValue] {
        try connection.query("select pg_catalog.to_jsonb(q) from (\(sql)) q", parameters).rows.map { row in
            try JSONValue(parsing: try row.require("to_jsonb", row[0]))
        }
    }
}
