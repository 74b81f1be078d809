import ForgeModel

/// A feature column with its encoding.
struct PlannedColumn: Sendable {
    var schema: ColumnSchema
    /// Index among the data set's features: a plan may leave columns out.
    var source: Int
    /// First encoded feature.
    var offset: Int
    /// What the data set's codes mean to the encoding; empty for numbers.
    var levelMap: LevelMap
    /// False when the training rows hold one value only, or none: the fit leaves it without effect.
    var varies: Bool
    var steps: ResolvedSteps
    /// What was chosen or left out, in a sentence.
    var note: String?
    /// What the training rows see instead of the encoding.
    var override: TrainingOverrides.Table?
    /// Of a vector column, if it is one.
    var element: VectorElement?

    var width: Int { schema.encoding.width }
    var shownName: String { String(decoding: schema.name, as: UTF8.self) }
}

/// What was done to a column, for the manifest.
struct ResolvedSteps: Sendable {
    var json: JSONValue
    var nullPolicy: String  // fill, indicator, level, ignore, missing
    var unseenPolicy: String?  // fill, ignore, level, missing
}

/// Every feature's encoding, learned from the training rows only.
struct EncodingPlan: Sendable {
    /// Of one row, over all columns.
    static let widthLimit = 4_096
    /// One-hot levels of a column; the most frequent ones, then one feature for all others.
    static let oneHotLimit = 1_000

    /// Those that the model reads: columns without effect may be left out.
    let columns: [PlannedColumn]
    /// Encoded features behind those of the columns.
    let products: [FeatureProduct]
    /// Encodes what linear algebra and trees do not encode themselves.
    let encoder: ColumnEncoder
    /// What the training rows see otherwise than the encoder gives it.
    var overrides: TrainingOverrides
    /// Which groups can have models of their own; nil: the request asks for one model.
    let groups: GroupPlan?
    /// Of all features of the data set.
    let statistics: [ColumnStatistics]
    /// What was decided or left out, in sentences.
    let notes: [String]

    var width: Int { columns.reduce(products.count) { $0 + $1.width } }

    init(_ data: DataSet, _ job: TrainingJob, _ target: Target) throws {
        statistics = data.training.statistics(levels: data.features.map(\.levels.count), threads: job.threads)
        let folds = TrainingOverrides(data.training, seed: job.split.seed)
        let planned = try Self.planned(data, job, target, folds, statistics)
        var choice = ColumnChoice(planned, data, job, target, statistics)
        try choice.dropConstants()
        choice.dropDuplicates()
        try choice.select()
        groups = try GroupPlan(data, job)
        let chosen = Self.placed((choice.kept + (groups?.columns ?? [])).sorted { $0.source < $1.source })
        columns = chosen
        products = try ProductPlanner(columns: chosen, data: data, job: job).products()
        overrides = chosen.indices.reduce(into: folds) { overrides, index in
            if let table = chosen[index].override { overrides.add(table, column: index) }
        }
        notes = choice.notes + chosen.compactMap(\.note)
        encoder = try ColumnEncoder(chosen.map(\.schema), products: products)
        try checkWidth()
    }

    /// Each column as one feature: numbers as they are, levels as native categories.
    init(asTreesTakeThem columns: [PlannedColumn], _ data: DataSet, _ statistics: [ColumnStatistics], seed: Int) throws
    {
        let plain = Self.placed(
            columns.map { column in
                var plain = column
                plain.override = nil
                if case .category(let categories) = statistics[column.source] {
                    let levels = data.features[column.source].levels
                    let seen = categories.counts.indices.filter { categories.counts[$0] > 0 }
                    plain.schema.encoding = .native(
                        levels: seen.map { levels[$0] }.sorted { $0.lexicographicallyPrecedes($1) })
                    plain.levelMap = LevelMap(plain.schema.encoding, texts: levels)
                } else {
                    plain.schema.encoding = .number(fill: nil, indicator: false, shift: 0, scale: 1)
                }
                return plain
            })
        self.columns = plain
        products = []
        encoder = try ColumnEncoder(plain.map(\.schema))
        overrides = TrainingOverrides(data.training, seed: seed)
        groups = nil
        self.statistics = statistics
        notes = []
    }

    /// All features but those that the request drops.
    private static func planned(
        _ data: DataSet, _ job: TrainingJob, _ target: Target, _ folds: TrainingOverrides,
        _ statistics: [ColumnStatistics]
    ) throws -> [PlannedColumn] {
        let planner = ColumnPlanner(data: data, job: job, target: target, folds: folds)
        let wanted = data.features.indices.filter {
            !data.features[$0].isGroup && !job.preprocess[data.features[$0].sourceName].drop
        }
        var planned = [Result<PlannedColumn, any Error>?](repeating: nil, count: wanted.count)
        planned.withUnsafeMutableBufferPointer { buffer in
            inParallel(buffer.count, threads: job.threads) { place in
                buffer[place] = Result { try planner.plan(wanted[place], statistics[wanted[place]]) }
            }
        }
        return try planned.map { try $0!.get() }
    }

    /// The same for other rows: some of those that it was learned from.
    func moved(to part: Part, seed: Int) -> EncodingPlan {
        guard !overrides.isEmpty else { return self }
        var copy = self
        copy.overrides = overrides.moved(to: part, seed: seed)
        return copy
    }

    private static func placed(_ columns: [PlannedColumn]) -> [PlannedColumn] {
        var offset = 0
        return columns.map { column in
            var column = column
            column.offset = offset
            offset += column.width
            return column
        }
    }

    private func checkWidth() throws {
        guard width > Self.widthLimit else { return }
        var widest = modelColumns.map { (name: $0.shownName, width: $0.schema.encoding.width) }
            .sorted { $0.width > $1.width }.prefix(3).map { "\"\($0.name)\" \($0.width)" }
        if !products.isEmpty { widest.insert("products \(products.count)", at: 0) }
        throw ForgeError(
            .tooLarge, "the encoded row has \(width) features, the limit is \(Self.widthLimit)",
            detail: "widest columns: \(widest.joined(separator: ", "))",
            hint:
                "encode wide columns by target or hash, group their levels by max_levels, or use gradient_boosting, which takes categories as they are"
        )
    }

    /// The manifest's `preprocess`: every column's steps as resolved.
    var resolved: JSONValue {
        var object = JSONObject()
        // Of a vector those of its first element: all were prepared alike.
        for column in modelColumns { object[column.shownName] = columns[column.planned.lowerBound].steps.json }
        if !products.isEmpty { object["@products"] = .integer(Int64(products.count)) }
        return .object(object)
    }
}
