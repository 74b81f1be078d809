import ForgeModel
import ForgePQ

extension Admin {
    public func models() throws -> [JSONValue] {
        try objects(
            """
            select m.name, m.task, m.target, v.algorithm, a.version as champion, v.metrics, v.metrics_part,
                (select count(*) from forge.model_versions x where x.model = m.name) as versions, m.owner, m.description,
                (select max(x.created_at) from forge.model_versions x where x.model = m.name) as trained_at
            from forge.models m
            left join forge.model_aliases a on a.model = m.name and a.alias = 'champion' and a.valid_to is null
            left join forge.model_versions v on v.model = m.name and v.version = a.version
            order by m.name
            """)
    }

    /// The model with its versions, newest first, and its aliases.
    public func model(_ name: String) throws -> JSONValue {
        let found = try objects(
            """
            select m.*,
                (select pg_catalog.jsonb_object_agg(a.alias, a.version) from forge.model_aliases a
                 where a.model = m.name and a.valid_to is null) as aliases,
                coalesce((select pg_catalog.jsonb_agg(pg_catalog.to_jsonb(v) - '{manifest,artifact_sha256,id,model}'::text[]
                        || pg_catalog.jsonb_build_object('artifact_sha256', pg_catalog.encode(v.artifact_sha256, 'hex')) order by v.version desc)
                    from forge.model_versions v where v.model = m.name), '[]') as versions
            from forge.models m where m.name = $1
            """, [.text(name)])
        guard let model = found.first else {
            throw ForgeError(
                .unknownModel, "model \"\(name)\" does not exist, or you may not see it", hint: "forgectl models list shows those that you may see.")
        }
        return model
    }

    public func promote(_ model: String, version: Int, reason: String?) throws -> Int {
        try connection.query("select forge.promote($1, $2, $3) as version", [.text(model), .int(version), .text(reason)])
            .first?.requiredInt("version") ?? version
    }

    /// The version that is champion now.
    public func rollback(_ model: String, reason: String?) throws -> Int {
        guard let row = try connection.query("select forge.rollback($1, $2) as version", [.text(model), .text(reason)]).first else {
            throw PostgresError(sqlState: "22004", message: "forge.rollback returned nothing")
        }
        return try row.requiredInt("version")
    }

    /// The version that `churn`, `churn@alias` or `churn/3` means, as a file (`ModelFile`).
    public func export(_ reference: String) throws -> (model: String, version: Int, file: ModelFile) {
        try connection.transaction(.repeatableReadOnly, limits: TransactionLimits(statementSeconds: 600, idleSeconds: 60)) {
            let found = try connection.query(
                """
                select v.model, v.version, pg_catalog.encode(v.artifact_sha256, 'hex') as sha256,
                    v.manifest || pg_catalog.jsonb_build_object('feature_statistics', (
                        select pg_catalog.jsonb_agg(pg_catalog.to_jsonb(s) - '{model,version}'::text[] order by s.feature)
                        from forge.feature_statistics s where s.model = v.model and s.version = v.version), 'group_models', (
                        select pg_catalog.jsonb_agg(pg_catalog.to_jsonb(g) - '{model,version}'::text[] order by g.place)
                        from forge.model_groups g where g.model = v.model and g.version = v.version)) as manifest
                from forge.resolve_model($1) r join forge.model_versions v on v.model = r.model and v.version = r.version
                """, [.text(reference)])
            guard let row = found.first else {
                throw ForgeError(.unknownModel, "model \"\(reference)\" does not exist, or you may not see it")
            }
            let model = try row.requiredText("model")
            let version = try row.requiredInt("version")
            var artifact: Bytes = []
            let chunks = try connection.query(
                "select a.chunk from forge.model_artifacts a where a.model = $1 and a.version = $2 order by a.chunk",
                [.text(model), .int(version)])
            for chunk in chunks.rows {
                let hex = try connection.query(
                    "select pg_catalog.encode(a.bytes, 'hex') from forge.model_artifacts a where a.model = $1 and a.version = $2 and a.chunk = $3",
                    [.text(model), .int(version), .int(try chunk.requiredInt("chunk"))]).first?[0] ?? ""
                artifact += try bytes(hex: hex)
            }
            var manifest = try JSONValue(parsing: try row.requiredText("manifest"))
            manifest["artifact_sha256"] = .text(try row.requiredText("sha256"))
            manifest["model"] = .text(model)
            return (model, version, ModelFile(manifest: manifest, artifact: artifact))
        }
    }

    /// Registers the file's model as the next version of `model`, owned by the caller; the database checks size and
    /// SHA-256.
    public func importModel(_ file: ModelFile, as model: String, promote: String) throws -> Int {
        guard let row = try connection.query(
            "select forge.import_version($1, $2::jsonb, $3, $4) as version",
            [.text(model), .text(file.manifest.serialized), .bytes(file.artifact), .text(promote)]).first
        else { throw PostgresError(sqlState: "22004", message: "forge.import_version returned nothing") }
        return try row.requiredInt("version")
    }

    private func bytes(hex: String) throws -> Bytes {
        func digit(_ byte: UInt8) -> UInt8 { byte <= 0x39 ? byte - 0x30 : byte - 0x57 }
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).map { digit(digits[$0]) << 4 | digit(digits[$0 + 1]) }
    }
}
