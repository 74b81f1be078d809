import ForgeModel
import ForgePQ

extension Admin {
    /// Columns of `forge.training_requests` that a client sets, by how they are written as parameters.
    public static let requestFields: [(name: String, kind: RequestFieldKind)] = [
        ("model", .text), ("task", .text), ("algorithm", .text), ("source", .text), ("target", .text),
        ("features", .names), ("exclude", .names), ("id_column", .text), ("weight_column", .text), ("time_column", .text),
        ("group_columns", .names), ("params", .json), ("preprocess", .json), ("split", .json), ("sample", .json),
        ("search", .json), ("promote", .text), ("config", .json), ("priority", .text), ("run_at", .text), ("idempotency_key", .text),
        ("source_features", .text),
    ]

    public enum RequestFieldKind: Sendable { case text, names, json }

    /// Makes a request of these fields through `forge.train`; the id, also of an earlier request with the same
    /// idempotency key.
    public func train(_ fields: JSONObject) throws -> Int {
        let (arguments, parameters) = Self.arguments(fields)
        let row = try connection.query("select forge.train(\(arguments)) as id", parameters).first
        guard let id = try row?.int("id") else { throw PostgresError(sqlState: "22004", message: "forge.train returned no id") }
        return id
    }

    /// What `forge.check_request` says of the same fields, without making a request: `section`, `item`, `value`,
    /// `hint`.
    public func check(_ fields: JSONObject) throws -> [JSONValue] {
        let (arguments, parameters) = Self.arguments(fields)
        return try objects("select * from forge.check_request(\(arguments))", parameters)
    }

    /// `model => $1, params => $2::jsonb …` for the fields that are there.
    static func arguments(_ fields: JSONObject) -> (String, [Parameter]) {
        var names: [String] = []
        var parameters: [Parameter] = []
        for (name, kind) in requestFields {
            guard let value = fields[name], !value.isNull else { continue }
            parameters.append(parameter(value, kind))
            let type = switch kind { case .text: ""; case .names: "::text[]"; case .json: "::jsonb" }
            names.append("\(name) => $\(parameters.count)\(type)")
        }
        return (names.joined(separator: ", "), parameters)
    }

    private static func parameter(_ value: JSONValue, _ kind: RequestFieldKind) -> Parameter {
        switch kind {
        case .text: .text(value.textValue ?? value.serialized)
        case .names: .array((value.arrayValue ?? [value]).map { $0.textValue ?? $0.serialized })
        case .json: .text(value.serialized)
        }
    }

    /// Newest first.
    public func requests(status: String?, model: String?, limit: Int) throws -> [JSONValue] {
        try objects(
            """
            select r.id, r.model, r.algorithm, r.status, r.progress, r.phase, r.attempt, r.requested_by, r.created_at,
                pg_catalog.date_part('epoch', coalesce(r.finished_at, pg_catalog.clock_timestamp()) - r.started_at) as seconds,
                r.model_version, r.error_code, r.error_message
            from forge.training_requests r
            where ($1::text is null or r.status = $1) and ($2::text is null or r.model = $2)
            order by r.id desc limit $3
            """, [.text(status), .text(model), .int(limit)])
    }

    /// The whole request with its attempts, and what came of it.
    public func request(_ id: Int) throws -> JSONValue {
        let found = try objects(
            """
            select r.*,
                pg_catalog.date_part('epoch', coalesce(r.finished_at, pg_catalog.clock_timestamp()) - r.started_at) as seconds,
                coalesce((select pg_catalog.jsonb_agg(pg_catalog.to_jsonb(a) - 'lease_token' order by a.attempt)
                          from forge.training_attempts a where a.request = r.id), '[]') as attempts,
                (select pg_catalog.jsonb_build_object('version', v.version, 'metrics', v.metrics, 'metrics_part', v.metrics_part,
                    'promotion_reason', v.promotion_reason, 'data_report', v.data_report)
                 from forge.model_versions v where v.training_request = r.id) as result
            from forge.training_requests r where r.id = $1
            """, [.int(id)])
        guard var request = found.first else { throw Self.noRequest(id) }
        for secret in ["lease_token"] { request[secret] = nil }
        return request
    }

    /// What a waiting program shows: status, progress, phase, error.
    public func progress(_ id: Int) throws -> JSONValue {
        let found = try objects(
            """
            select r.id, r.model, a.status, r.progress, r.phase, r.attempt, r.run_at, r.model_version,
                r.cancel_requested_at is not null as cancel_requested, a.error_code, a.error_message, a.error_detail, a.error_hint,
                pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - coalesce(r.started_at, r.created_at)) as seconds
            from forge.training_requests r cross join forge.awaited(r.id) a where r.id = $1
            """, [.int(id)])
        guard let state = found.first else { throw Self.noRequest(id) }
        return state
    }

    /// Ids of the requests that are queued or running, oldest first.
    public func unfinishedRequests() throws -> [Int] {
        try connection.query("select r.id from forge.training_requests r where r.status in ('queued', 'running') order by r.id")
            .rows.map { try $0.requiredInt("id") }
    }

    public func log(_ id: Int, after: String? = nil) throws -> [JSONValue] {
        try objects(
            """
            select l.attempt, l.at, l.level, l.message from forge.training_log l
            where l.request = $1 and ($2::timestamptz is null or l.at > $2::timestamptz) order by l.at, l.attempt
            """, [.int(id), .text(after)])
    }

    /// Trials of the request's search, in the order of their numbers.
    public func trials(_ id: Int) throws -> [JSONValue] {
        try objects(
            """
            select t.trial, t.generation, t.status, t.algorithm, t.params, t.share, t.metric, t.score, t.fold_scores,
                pg_catalog.date_part('epoch', t.elapsed) as seconds, t.attempts, t.error_code, t.error_message
            from forge.trials t where t.request = $1 order by t.trial
            """, [.int(id)])
    }

    public func cancel(_ id: Int) throws { try connection.query("select forge.cancel($1)", [.int(id)]) }
    public func retry(_ id: Int) throws { try connection.query("select forge.retry($1)", [.int(id)]) }

    private static func noRequest(_ id: Int) -> PostgresError {
        PostgresError(
            sqlState: "02000", message: "request \(id) does not exist, or you may not see it",
            hint: "forgectl requests list shows those that you may see.")
    }
}
