import ForgeModel

extension AlgorithmRegistry {
    /// The text of sql/code/algorithms.sql: what SQL knows of the algorithms is generated from what the trainer knows.
    public static var sql: String {
        """
        -- Generated from the registry of algorithms (Sources/ForgeLearn/Registry). Do not edit; write it again with
        -- FORGE_WRITE_GENERATED=1 swift test --filter algorithmsInSQLAreThoseOfTheRegistry

        insert into forge.algorithms (name, tasks, form, description, parameters, default_for) values
        \(all.map(row).joined(separator: ",\n"))
        on conflict (name) do update set
            tasks = excluded.tasks, form = excluded.form, description = excluded.description,
            parameters = excluded.parameters, default_for = excluded.default_for;

        delete from forge.algorithms where name not in (\(all.map { literal($0.name) }.joined(separator: ", ")));

        comment on column forge.algorithms.form is
            'form of the fitted model: \(Algorithm.Form.allCases.map(\.rawValue).joined(separator: ", "))';

        """
    }

    private static func row(_ algorithm: Algorithm) -> String {
        let parameters = algorithm.parameters.map { "    \(JSONValue.text($0.name).serialized): \($0.json.serialized)" }
        return """
            (\(literal(algorithm.name)), \(literal(list(algorithm.tasks))), \(literal(algorithm.form.rawValue)),
             \(literal(algorithm.description)),
            \(literal("{\n" + parameters.joined(separator: ",\n") + "\n}")), \(literal(list(algorithm.defaultFor))))
            """
    }

    private static func list(_ tasks: [LearningTask]) -> String { "{\(tasks.map(\.rawValue).joined(separator: ","))}" }

    private static func literal(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
