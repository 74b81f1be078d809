/// The SQL that a program carries: migrations in order, and the code that is applied whole on top of them.
public struct SchemaFiles: Sendable {
    public struct Migration: Sendable, Equatable {
        public let version: Int
        public let name: String
        public let up: String
        public let down: String?
    }

    public struct Code: Sendable, Equatable {
        public let path: String
        public let text: String
    }

    public let migrations: [Migration]
    public let code: [Code]

    public init(migrations: [Migration], code: [Code]) {
        self.migrations = migrations
        self.code = code
    }

    /// What this build was made with.
    public static let embedded = SchemaFiles(EmbeddedSQL.files)

    /// What a superuser runs once per database before the first `migrate`.
    public static var superuserSQL: String { EmbeddedSQL.files["sql/superuser.sql"] ?? "" }

    /// From text by path: `migrations/0001_registry.up.sql`, `sql/code/queue.sql`.
    public init(_ files: [String: String]) {
        migrations = files.keys.filter { $0.hasPrefix("migrations/") && $0.hasSuffix(".up.sql") }.sorted().map { path in
            let stem = path.dropFirst("migrations/".count).dropLast(".up.sql".count)
            let parts = stem.split(separator: "_", maxSplits: 1)
            guard parts.count == 2, let version = Int(parts[0]) else {
                fatalError("a migration is named NUMBER_NAME.up.sql, not \(path)")
            }
            return Migration(
                version: version, name: String(parts[1]), up: files[path]!, down: files["migrations/\(stem).down.sql"])
        }
        code = files.keys.filter { $0.hasPrefix("sql/code/") }.sorted().map { Code(path: $0, text: files[$0]!) }
    }

    /// The schema that this program knows.
    public var version: Int { migrations.last?.version ?? 0 }

    var codeText: String { code.map { "-- \($0.path)\n\($0.text)\n" }.joined() }
}
