import ForgeModel

/// Resolves one column: what the request says, else what suits the algorithm's form.
struct ColumnPlanner {
    let data: DataSet
    let job: TrainingJob

    func plan(_ index: Int, _ statistics: ColumnStatistics) throws -> PlannedColumn {
        let column = data.features[index]
        let asked = job.preprocess[column.name]
        switch statistics {
        case .number(let numbers): return try number(index, column, asked, numbers)
        case .category(let categories): return try category(index, column, asked, categories)
        }
    }

    // MARK: - Numbers

    private func number(
        _ index: Int, _ column: FeatureColumn, _ asked: ColumnPreprocess, _ statistics: NumberStatistics
    ) throws -> PlannedColumn {
        let dense = job.algorithm.form != .trees
        let impute = asked.impute ?? (dense ? .median : ColumnPreprocess.Impute.none)
        let fill = try fillValue(impute, index, asked, statistics)
        let indicator = asked.indicator ?? (dense && statistics.missing > 0 && statistics.missing < statistics.rows)
        let scale = asked.scale ?? (dense ? .standard : ColumnPreprocess.Scale.none)
        var moments = statistics.moments(fill: fill)
        let filledConstant =
            statistics.isConstant && (statistics.missing == 0 || fill == nil || fill == statistics.minimum)
        if filledConstant || !(statistics.weight > 0) { moments.deviation = 0 }
        try checkFinite(moments, column)
        let standard = scale == .standard && moments.deviation > 0
        let encoding = ColumnEncoding.number(
            fill: fill, indicator: indicator, shift: standard ? moments.mean : 0,
            scale: standard ? moments.deviation : 1)
        var steps: JSONValue = [
            "impute": .text(impute.rawValue), "indicator": .bool(indicator), "scale": .text(scale.rawValue),
        ]
        if let fill { steps["value"] = .number(fill) }
        let missingVaries = statistics.missing > 0 && statistics.missing < statistics.rows
        let varies =
            !statistics.isConstant || (missingVaries && (indicator || fill == nil || fill != statistics.minimum))
        return PlannedColumn(
            schema: ColumnSchema(name: column.name, sqlType: column.type, kind: .number, encoding: encoding),
            source: index, offset: 0,
            levelMap: LevelMap(encoding, texts: []), varies: varies,
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
        guard job.algorithm.form != .trees, !moments.mean.isFinite || !moments.deviation.isFinite else { return }
        throw ForgeError(
            .valueOutOfRange,
            "column \"\(String(decoding: column.name, as: UTF8.self))\" holds values too large for its variance to be finite",
            hint: "divide the column by a constant, clip its values, or exclude it")
    }

    // MARK: - Categories

    private func category(
        _ index: Int, _ column: FeatureColumn, _ asked: ColumnPreprocess, _ statistics: CategoryStatistics
    ) throws -> PlannedColumn {
        let dense = job.algorithm.form != .trees
        let encode = asked.encode ?? (dense ? .oneHot : .native)
        if dense, encode == .native {
            throw ForgeError(
                .invalidParameter,
                "preprocess.\(String(decoding: column.name, as: UTF8.self)): \(job.algorithm.name) cannot take native categories",
                hint: "use encode one_hot")
        }
        let seen = statistics.counts.indices.filter { statistics.counts[$0] > 0 }
        let varies = seen.count > 1 || (seen.count == 1 && statistics.missing > 0)
        switch encode {
        case .oneHot: return oneHot(index, column, statistics, seen, varies)
        case .native: return native(index, column, seen, varies)
        }
    }

    private func native(_ index: Int, _ column: FeatureColumn, _ seen: [Int], _ varies: Bool) -> PlannedColumn {
        let encoding = ColumnEncoding.native(levels: inByteOrder(seen, column))
        return PlannedColumn(
            schema: ColumnSchema(name: column.name, sqlType: column.type, kind: .category, encoding: encoding),
            source: index, offset: 0,
            levelMap: LevelMap(encoding, texts: column.levels), varies: varies,
            steps: ResolvedSteps(json: ["encode": "native"], nullPolicy: "missing", unseenPolicy: "missing"))
    }

    private func oneHot(
        _ index: Int, _ column: FeatureColumn, _ statistics: CategoryStatistics, _ seen: [Int], _ varies: Bool
    ) -> PlannedColumn {
        let other = seen.count > EncodingPlan.oneHotLimit
        let kept = other ? mostFrequent(seen, column, statistics) : seen
        let nullLevel = statistics.missing > 0
        let encoding = ColumnEncoding.oneHot(
            levels: inByteOrder(kept, column), nullLevel: nullLevel, otherLevel: other)
        return PlannedColumn(
            schema: ColumnSchema(name: column.name, sqlType: column.type, kind: .category, encoding: encoding),
            source: index, offset: 0,
            levelMap: LevelMap(encoding, texts: column.levels), varies: varies,
            steps: ResolvedSteps(
                json: ["encode": "one_hot"], nullPolicy: nullLevel ? "level" : "ignore",
                unseenPolicy: other ? "level" : "ignore"))
    }

    private func mostFrequent(_ seen: [Int], _ column: FeatureColumn, _ statistics: CategoryStatistics) -> [Int] {
        let ranked = seen.sorted { a, b in
            let (x, y) = (statistics.counts[a], statistics.counts[b])
            return x != y ? x > y : column.levels[a].lexicographicallyPrecedes(column.levels[b])
        }
        return Array(ranked.prefix(EncodingPlan.oneHotLimit))
    }

    private func inByteOrder(_ codes: [Int], _ column: FeatureColumn) -> [Bytes] {
        codes.map { column.levels[$0] }.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
