import ForgeModel

/// Resolves one column: what the request says, else what suits the algorithm's form.
struct ColumnPlanner {
    let data: DataSet
    let job: TrainingJob
    let target: Target
    /// Each training row's fold, for what is learned from the target.
    let folds: TrainingOverrides

    /// Trees take numbers and levels as they are; every other form multiplies them.
    var isTrees: Bool { job.algorithm.form == .trees }

    /// As it was learned; without an intercept only the division, for a line through the origin of the data.
    func placed(_ scaling: Scaling) -> Scaling {
        job.isThroughOrigin ? Scaling(shift: 0, scale: scaling.scale) : scaling
    }

    func plan(_ index: Int, _ statistics: ColumnStatistics) throws -> PlannedColumn {
        let column = data.features[index]
        let asked = job.preprocess[column.sourceName]
        switch statistics {
        case .number(let numbers): return try number(index, column, asked, numbers)
        case .category(let categories): return try category(index, column, asked, categories)
        }
    }

    func planned(
        _ index: Int, _ encoding: ColumnEncoding, varies: Bool, steps: JSONValue, null: String, unseen: String? = nil,
        note: String? = nil
    ) -> PlannedColumn {
        let column = data.features[index]
        return PlannedColumn(
            schema: ColumnSchema(name: column.name, sqlType: column.type, kind: column.kind, encoding: encoding),
            source: index, offset: 0, levelMap: LevelMap(encoding, texts: column.levels), varies: varies,
            steps: ResolvedSteps(json: steps, nullPolicy: null, unseenPolicy: unseen),
            note: note.map { "column \"\(column.shownName)\": \($0)" }, element: column.element)
    }

    func refusal(_ column: FeatureColumn, _ message: String, hint: String) -> ForgeError {
        ForgeError(.invalidParameter, "preprocess.\(column.shownName): \(message)", hint: hint)
    }
}

extension FeatureColumn {
    var shownName: String { String(decoding: name, as: UTF8.self) }

    /// Its numbers are seconds since 2000-01-01.
    var isDate: Bool { kind == .number && (hasType("date") || hasType("timestamp")) }
    var isTimestamp: Bool { kind == .number && hasType("timestamp") }
    var isInteger: Bool { hasType("smallint") || hasType("integer") || hasType("bigint") }

    private func hasType(_ prefix: String) -> Bool { type.starts(with: prefix.utf8) }
}
