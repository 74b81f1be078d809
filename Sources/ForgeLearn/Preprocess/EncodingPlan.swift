import ForgeModel

/// A feature column with its encoding, and how the data set's codes become encoded features.
struct PlannedColumn: Sendable {
    var schema: ColumnSchema
    /// First encoded feature.
    var offset: Int
    /// (codes) category: index of the encoded feature within the column (one-hot), or of the level (native); -1 = none.
    var codeMap: [Int32]
    /// The same for NULL.
    var nullIndex: Int32
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
    let statistics: [ColumnStatistics]
    /// What was decided or left out, in sentences.
    let notes: [String]

    var width: Int { columns.reduce(0) { $0 + $1.schema.encoding.width } }

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
        self.statistics = statistics
        notes = Self.notes(columns, statistics, data)
        try Self.checkWidth(columns)
        guard columns.contains(where: \.varies) else {
            throw ForgeError(
                .missingColumn, "no usable feature: all \(columns.count) are constant or NULL in the \(data.training.rows) training rows",
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
            hint: "exclude wide text columns, group their levels, or use gradient_boosting, which takes categories as they are")
    }

    private static func notes(_ columns: [PlannedColumn], _ statistics: [ColumnStatistics], _ data: DataSet) -> [String] {
        zip(columns, statistics).compactMap { column, statistics in
            let name = String(decoding: column.schema.name, as: UTF8.self)
            if !column.varies {
                return isEmpty(statistics)
                    ? "column \"\(name)\" is NULL in all training rows: it has no effect"
                    : "column \"\(name)\" is constant in the training rows: it has no effect"
            }
            if case .oneHot(let levels, _, true) = column.schema.encoding {
                let all = data.features.first { $0.name == column.schema.name }?.levels.count ?? 0
                return "column \"\(name)\": the \(levels.count) most frequent of \(all) levels have a feature each, the others share one"
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

/// Resolves one column: what the request says, else what suits the algorithm's form.
private struct ColumnPlanner {
    let data: DataSet
    let job: TrainingJob

    func plan(_ index: Int, _ statistics: ColumnStatistics) throws -> PlannedColumn {
        let column = data.features[index]
        let asked = job.preprocess[column.name]
        switch statistics {
        case .number(let numbers): return try number(index, column, asked, numbers)
        case .category(let categories): return try category(column, asked, categories)
        }
    }

    // MARK: - Numbers

    private func number(
        _ index: Int, _ column: FeatureColumn, _ asked: ColumnPreprocess, _ statistics: NumberStatistics
    ) throws -> PlannedColumn {
        let linear = job.algorithm.form == .linear
        let impute = asked.impute ?? (linear ? .median : ColumnPreprocess.Impute.none)
        let fill = try fillValue(impute, index, asked, statistics)
        let indicator = asked.indicator ?? (linear && statistics.missing > 0 && statistics.missing < statistics.rows)
        let scale = asked.scale ?? (linear ? .standard : ColumnPreprocess.Scale.none)
        var moments = statistics.moments(fill: fill)
        let filledConstant = statistics.isConstant && (statistics.missing == 0 || fill == nil || fill == statistics.minimum)
        if filledConstant || !(statistics.weight > 0) { moments.deviation = 0 }
        try checkFinite(moments, column)
        let standard = scale == .standard && moments.deviation > 0
        let encoding = ColumnEncoding.number(
            fill: fill, indicator: indicator, shift: standard ? moments.mean : 0, scale: standard ? moments.deviation : 1)
        var steps: JSONValue = [
            "impute": .text(impute.rawValue), "indicator": .bool(indicator), "scale": .text(scale.rawValue),
        ]
        if let fill { steps["value"] = .number(fill) }
        let missingVaries = statistics.missing > 0 && statistics.missing < statistics.rows
        let varies = !statistics.isConstant || (missingVaries && (indicator || fill == nil || fill != statistics.minimum))
        return PlannedColumn(
            schema: ColumnSchema(name: column.name, sqlType: column.type, kind: .number, encoding: encoding), offset: 0,
            codeMap: [], nullIndex: -1, varies: varies,
            steps: ResolvedSteps(
                json: steps, nullPolicy: indicator ? "indicator" : fill == nil ? "missing" : "fill", unseenPolicy: nil))
    }

    private func fillValue(
        _ impute: ColumnPreprocess.Impute, _ index: Int, _ asked: ColumnPreprocess, _ statistics: NumberStatistics
    ) throws -> Double? {
        switch impute {
        case .median: return data.training.median(index) ?? 0
        case .mean: return statistics.mean
        case .constant: return asked.fillValue
        case .none:
            guard job.algorithm.form == .trees else {
                throw ForgeError(
                    .invalidParameter,
                    "preprocess.\(String(decoding: data.features[index].name, as: UTF8.self)): \(job.algorithm.name) needs a value for NULL, got impute \"none\"",
                    hint: "use impute median, mean or constant")
            }
            return nil
        }
    }

    private func checkFinite(_ moments: (mean: Double, deviation: Double), _ column: FeatureColumn) throws {
        guard job.algorithm.form == .linear, !moments.mean.isFinite || !moments.deviation.isFinite else { return }
        throw ForgeError(
            .valueOutOfRange, "column \"\(String(decoding: column.name, as: UTF8.self))\" holds values too large for its variance to be finite",
            hint: "divide the column by a constant, clip its values, or exclude it")
    }

    // MARK: - Categories

    private func category(
        _ column: FeatureColumn, _ asked: ColumnPreprocess, _ statistics: CategoryStatistics
    ) throws -> PlannedColumn {
        let linear = job.algorithm.form == .linear
        let encode = asked.encode ?? (linear ? .oneHot : .native)
        if linear, encode == .native {
            throw ForgeError(
                .invalidParameter,
                "preprocess.\(String(decoding: column.name, as: UTF8.self)): \(job.algorithm.name) cannot take native categories",
                hint: "use encode one_hot")
        }
        let seen = statistics.counts.indices.filter { statistics.counts[$0] > 0 }
        let varies = seen.count > 1 || (seen.count == 1 && statistics.missing > 0)
        switch encode {
        case .oneHot: return oneHot(column, statistics, seen, varies)
        case .native: return native(column, seen, varies)
        }
    }

    private func native(_ column: FeatureColumn, _ seen: [Int], _ varies: Bool) -> PlannedColumn {
        let order = inByteOrder(seen, column)
        var codeMap = [Int32](repeating: -1, count: column.levels.count)
        for (index, code) in order.enumerated() { codeMap[code] = Int32(index) }
        let encoding = ColumnEncoding.native(levels: order.map { column.levels[$0] })
        return PlannedColumn(
            schema: ColumnSchema(name: column.name, sqlType: column.type, kind: .category, encoding: encoding), offset: 0,
            codeMap: codeMap, nullIndex: -1, varies: varies,
            steps: ResolvedSteps(json: ["encode": "native"], nullPolicy: "missing", unseenPolicy: "missing"))
    }

    private func oneHot(
        _ column: FeatureColumn, _ statistics: CategoryStatistics, _ seen: [Int], _ varies: Bool
    ) -> PlannedColumn {
        let other = seen.count > EncodingPlan.oneHotLimit
        let kept = other ? mostFrequent(seen, column, statistics) : seen
        let order = inByteOrder(kept, column)
        let nullLevel = statistics.missing > 0
        let otherIndex = other ? Int32(order.count + (nullLevel ? 1 : 0)) : -1
        var codeMap = [Int32](repeating: otherIndex, count: column.levels.count)
        for (index, code) in order.enumerated() { codeMap[code] = Int32(index) }
        let encoding = ColumnEncoding.oneHot(levels: order.map { column.levels[$0] }, nullLevel: nullLevel, otherLevel: other)
        return PlannedColumn(
            schema: ColumnSchema(name: column.name, sqlType: column.type, kind: .category, encoding: encoding), offset: 0,
            codeMap: codeMap, nullIndex: nullLevel ? Int32(order.count) : -1, varies: varies,
            steps: ResolvedSteps(
                json: ["encode": "one_hot"], nullPolicy: nullLevel ? "level" : "ignore", unseenPolicy: other ? "level" : "ignore"))
    }

    private func mostFrequent(_ seen: [Int], _ column: FeatureColumn, _ statistics: CategoryStatistics) -> [Int] {
        let ranked = seen.sorted { a, b in
            let (x, y) = (statistics.counts[a], statistics.counts[b])
            return x != y ? x > y : column.levels[a].lexicographicallyPrecedes(column.levels[b])
        }
        return Array(ranked.prefix(EncodingPlan.oneHotLimit))
    }

    private func inByteOrder(_ codes: [Int], _ column: FeatureColumn) -> [Int] {
        codes.sorted { column.levels[$0].lexicographicallyPrecedes(column.levels[$1]) }
    }
}
