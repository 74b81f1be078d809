import CLibPQ

extension ConnectionSettings {
    /// The target as libpq's environment variables (`PGHOST`, `PGPASSWORD` …): another libpq program started with them
    /// connects to the same place, and no secret is among its arguments. Refuses a target that libpq cannot read
    /// (08001).
    public var environment: [String: String] {
        get throws(PostgresError) {
            var variables: [String: String] = [:]
            for option in try options where option.value != nil { variables[option.variable] = option.value }
            return variables
        }
    }

    /// Whether the target itself holds a password.
    public var holdsPassword: Bool {
        ((try? options) ?? []).contains { $0.variable == "PGPASSWORD" && $0.value != nil }
    }

    /// Where the target leads, without secrets: `forge on /run/postgresql:5432 as postgres`.
    public var summary: String {
        let values = (try? environment) ?? [:]
        let host = values["PGHOST"] ?? values["PGHOSTADDR"] ?? "the default host"
        let port = values["PGPORT"].map { ":\($0)" } ?? ""
        let user = values["PGUSER"].map { " as \($0)" } ?? ""
        return "\(values["PGDATABASE"] ?? "the default database") on \(host)\(port)\(user)"
    }

    private var options: [(variable: String, value: String?)] {
        get throws(PostgresError) {
            guard !target.isEmpty else { return [] }
            var message: UnsafeMutablePointer<CChar>?
            guard let first = PQconninfoParse(target.contains("=") || target.contains("://") ? target : "dbname='\(target)'", &message)
            else {
                defer { PQfreemem(message) }
                let text = message.map { String(cString: $0) } ?? ""
                throw PostgresError(
                    sqlState: "08001", message: "the connection string cannot be read",
                    detail: text.split(whereSeparator: \.isNewline).joined(separator: "; "),
                    hint: "A URL such as postgresql://user@host:5432/database, or host=… dbname=…")
            }
            defer { PQconninfoFree(first) }
            var found: [(String, String?)] = []
            var option = first
            while option.pointee.keyword != nil {
                if let variable = option.pointee.envvar {
                    found.append((String(cString: variable), option.pointee.val.map { String(cString: $0) }))
                }
                option += 1
            }
            return found
        }
    }
}
