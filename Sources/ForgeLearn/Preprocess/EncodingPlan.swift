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
}

/// What was done to a column, for the manifest.
struct ResolvedSteps: Sendable {
    var json: JSONValue
    var nullPolicy: String  // fill, indicator, level, ignore, missing
    var unseenPolicy: String?  // ignore, level, missing
}

/// Every feature's encoding, learned from the training rows only.
struct EncodingPlan: Sendable {
    /// Of one row, over all columns.
    static let widthLimit = 4_096
    /// One-hot levels of a column; the most frequent ones, then one feature for all others.
    static let oneHotLimit = 1_000

    let columns: [PlannedColumn]
    /// Encoded features behind those of the columns.
    let products: [FeatureProduct]
    /// Encodes what linear algebra and trees do not encode themselves.
    let encoder: ColumnEncoder
    let statistics: [ColumnStatistics]
    /// What was decided or left out, in sentences.
    let notes: [String]

    var width: Int { columns.reduce(products.count) { $0 + $1.schema.encoding.width } }

    init(_ data: DataSet, _ job: TrainingJob) throws {
        let statistics = data.training.statistics(levels: data.features.map(\.levels.count), threads: job.threads)
        let planner = ColumnPlanner(data: data, job: job)
        var planned = [Result<PlannedColumn, any Error>?](repeating: nil, count: data.features.count)
        planned.withUnsafeMutableBufferPointer { buffer in
            inParallel(buffer.count, threads: job.threads) { index in
                buffer[index] = Result { try planner.plan(index, statistics[index]) }
            }
        }
        var columns = try planned.map { try $0!.get() }
        var offset = 0
        for index in columns.indices {
            columns[index].offset = offset
            offset += columns[index].schema.encoding.width
        }
        self.columns = columns
        products = []
        encoder = try ColumnEncoder(columns.map(\.schema), products: products)
        self.statistics = statistics
        notes = Self.notes(columns, statistics, data)
        try Self.checkWidth(columns)
        guard columns.contains(where: \.varies) else {
            throw ForgeError(
                .missingColumn,
                "no usable feature: all \(columns.count) are constant or NULL in the \(data.training.rows) training rows",
                hint: "name features that differ between rows")
        }
    }

    private static func checkWidth(_ columns: [PlannedColumn]) throws {
        let width = columns.reduce(0) { $0 + $1.schema.encoding.width }
        guard width > widthLimit else { return }
        let widest = columns.sorted { $0.schema.encoding.width > $1.schema.encoding.width }.prefix(3)
            .map { "\"\(String(decoding: $0.schema.name, as: UTF8.self))\" \($0.schema.encoding.width)" }
        throw ForgeError(
            .tooLarge, "the encoded row has \(width) features, the limit is \(widthLimit)",
            detail: "widest columns: \(widest.joined(separator: ", "))",
            hint:
                "exclude wide text columns, group their levels, or use gradient_boosting, which takes categories as they are"
        )
    }

    private static func notes(_ columns: [PlannedColumn], _ statistics: [ColumnStatistics], _ data: DataSet) -> [String]
    {
        zip(columns, statistics).compactMap { column, statistics in
            let name = String(decoding: column.schema.name, as: UTF8.self)
            if !column.varies {
                return isEmpty(statistics)
                    ? "column \"\(name)\" is NULL in all training rows: it has no effect"
                    : "column \"\(name)\" is constant in the training rows: it has no effect"
            }
            if case .oneHot(let levels, _, true) = column.schema.encoding {
                let all = data.features.first { $0.name == column.schema.name }?.levels.count ?? 0
                return
                    "column \"\(name)\": the \(levels.count) most frequent of \(all) levels have a feature each, the others share one"
            }
            return nil
        }
    }

    private static func isEmpty(_ statistics: ColumnStatistics) -> Bool {
        switch statistics {
        case .number(let numbers): numbers.missing == numbers.rows
        case .category(let categories): categories.counts.allSatisfy { $0 == 0 }
        }
    }

    /// The manifest's `preprocess`: every column's steps as resolved.
    var resolved: JSONValue {
        var object = JSONObject()
        for column in columns { object[String(decoding: column.schema.name, as: UTF8.self)] = column.steps.json }
        return .object(object)
    }
}
