import ForgeModel

extension ColumnPlanner {
    func category(
        _ index: Int, _ column: FeatureColumn, _ asked: ColumnPreprocess, _ statistics: CategoryStatistics
    ) throws -> PlannedColumn {
        let seen = statistics.counts.indices.filter { statistics.counts[$0] > 0 }
        let levels = SeenLevels(column: column, statistics: statistics, seen: seen)
        let chosen: (encode: ColumnPreprocess.Encode, note: String?) =
            asked.encode.map { ($0, nil) } ?? automatic(levels)
        if chosen.encode == .target, !job.task.hasTarget {
            throw refusal(
                column, "encode target needs one, and a \(job.task.rawValue) has none",
                hint: "use encode one_hot, frequency or hash")
        }
        if !isTrees, chosen.encode == .native {
            throw refusal(
                column, "\(job.algorithm.name) cannot take native categories",
                hint: "use encode one_hot, target, frequency or hash")
        }
        let plan = LevelPlan(index: index, column: column, asked: asked, levels: levels, note: chosen.note)
        switch chosen.encode {
        case .oneHot: return oneHot(plan)
        case .native: return try native(plan)
        case .ordinal: return try ordinal(plan)
        case .frequency: return try frequency(plan)
        case .target: return try targetEncoded(plan)
        case .hash: return hashed(plan)
        case .tfidf: return try tfidf(plan, isAutomatic: asked.encode == nil)
        case .dateParts: throw refusal(column, "encode date_parts is for dates", hint: "use encode one_hot or target")
        }
    }

    /// What a column's levels are planned from.
    struct LevelPlan {
        var index: Int
        var column: FeatureColumn
        var asked: ColumnPreprocess
        var levels: SeenLevels
        var note: String?
    }

    // MARK: - The choice where the request makes none

    private func automatic(_ levels: SeenLevels) -> (encode: ColumnPreprocess.Encode, note: String?) {
        if levels.areFreeText { return (.tfidf, "free text, encoded by the tf-idf of its words") }
        if isTrees { return (.native, nil) }
        guard levels.seen.count > EncodingPlan.oneHotLimit else { return (.oneHot, nil) }
        if job.task == .regression || job.task == .classification {
            return (.target, "\(levels.seen.count) levels, encoded by the mean of the target")
        }
        return (.hash, "\(levels.seen.count) levels, hashed")
    }

    /// The levels that an encoding lists one by one: refused here, so that no fit is lost on too many.
    private func listed(_ plan: LevelPlan) throws -> [Int] {
        let kept = plan.levels.kept(plan.asked, limit: nil)
        guard kept.count <= ModelLimits.levels else {
            throw ForgeError.tooManyLevels(kept.count, column: plan.column.name)
        }
        return kept
    }

    // MARK: - One feature a level

    private func native(_ plan: LevelPlan) throws -> PlannedColumn {
        let kept = try listed(plan)
        return planned(
            plan.index, .native(levels: plan.levels.inByteOrder(kept)), varies: plan.levels.vary,
            steps: ["encode": "native"], null: "missing", unseen: "missing", note: grouping(plan, kept) ?? plan.note)
    }

    private func oneHot(_ plan: LevelPlan) -> PlannedColumn {
        let kept = plan.levels.kept(plan.asked, limit: EncodingPlan.oneHotLimit)
        let other = kept.count < plan.levels.seen.count
        let nullLevel = plan.levels.statistics.missing > 0
        return planned(
            plan.index,
            .oneHot(levels: plan.levels.inByteOrder(kept), nullLevel: nullLevel, otherLevel: other),
            varies: plan.levels.vary, steps: ["encode": "one_hot"], null: nullLevel ? "level" : "ignore",
            unseen: other ? "level" : "ignore", note: grouping(plan, kept) ?? plan.note)
    }

    private func grouping(_ plan: LevelPlan, _ kept: [Int]) -> String? {
        guard kept.count < plan.levels.seen.count else { return nil }
        return
            "the \(kept.count) most frequent of \(plan.levels.seen.count) levels have a feature each, the others share one"
    }

    private func hashed(_ plan: LevelPlan) -> PlannedColumn {
        let buckets = plan.asked.buckets ?? 256
        return planned(
            plan.index, .hashed(buckets: buckets), varies: plan.levels.vary,
            steps: ["encode": "hash", "buckets": .integer(Int64(buckets))], null: "ignore", unseen: "level",
            note: plan.note)
    }

    private func tfidf(_ plan: LevelPlan, isAutomatic: Bool) throws -> PlannedColumn {
        let asked = plan.asked
        let limit = asked.maxFeatures ?? (isTrees ? 300 : 1_000)
        let vocabulary = Vocabulary(
            plan.levels.seen.map { (plan.column.levels[$0], plan.levels.statistics.counts[$0]) },
            rows: data.training.rows, bigrams: asked.usesBigrams, minDocuments: asked.minDocuments ?? .count(2),
            maxTerms: limit)
        guard !vocabulary.terms.isEmpty else {
            if isAutomatic { return isTrees ? try native(plan) : oneHot(plan) }
            throw refusal(
                plan.column, "encode tfidf finds no word that is frequent enough",
                hint: "use a smaller min_df; words have two or more letters")
        }
        return planned(
            plan.index,
            .tfidf(
                vocabulary: vocabulary.terms, idf: vocabulary.idf, bigrams: asked.usesBigrams,
                sublinear: asked.sublinear),
            varies: plan.levels.vary,
            steps: [
                "encode": "tfidf", "ngrams": asked.usesBigrams ? 2 : 1, "sublinear": .bool(asked.sublinear),
                "terms": .integer(Int64(vocabulary.terms.count)),
            ], null: "ignore", unseen: "level", note: plan.note)
    }

    // MARK: - Numbers for levels

    /// One number a level in the order given, else in byte order. NULL and unseen levels are -1 to trees, which can set
    /// them apart, and the mean of the training rows to other forms.
    private func ordinal(_ plan: LevelPlan) throws -> PlannedColumn {
        let kept = try plan.asked.levels ?? plan.levels.inByteOrder(listed(plan))
        let rank = Dictionary(zip(kept, 0..<kept.count), uniquingKeysWith: { first, _ in first })
        let known = plan.levels.seen.filter { rank[plan.column.levels[$0]] != nil }
        guard !known.isEmpty || plan.levels.seen.isEmpty else {
            throw refusal(
                plan.column, "none of levels is a level of the training rows",
                hint: "its levels are \(plan.levels.sample)")
        }
        let sorted = kept.sorted { $0.lexicographicallyPrecedes($1) }
        let values = sorted.map { Double(rank[$0]!) }
        let missing = isTrees ? -1 : plan.levels.mean { rank[$0].map(Double.init) }
        var steps: JSONValue = ["encode": "ordinal"]
        if plan.asked.levels != nil {
            steps["levels"] = .array(kept.map { .text(String(decoding: $0, as: UTF8.self)) })
        }
        return lookup(
            plan, sorted, values + [missing, missing], steps: steps, null: isTrees ? "level" : "fill",
            unseen: isTrees ? "level" : "fill")
    }

    /// The share of the training rows; grouped levels have theirs together, unseen ones without a group 0.
    private func frequency(_ plan: LevelPlan) throws -> PlannedColumn {
        let rows = Double(max(1, data.training.rows))
        let statistics = plan.levels.statistics
        let kept = try listed(plan)
        let sorted = kept.sorted { plan.column.levels[$0].lexicographicallyPrecedes(plan.column.levels[$1]) }
        let isKept = Set(kept)
        let grouped = plan.levels.seen.reduce(0) { $0 + (isKept.contains($1) ? 0 : statistics.counts[$1]) }
        let values = sorted.map { Double(statistics.counts[$0]) / rows }
        return lookup(
            plan, sorted.map { plan.column.levels[$0] },
            values + [Double(statistics.missing) / rows, Double(grouped) / rows], steps: ["encode": "frequency"],
            null: "level", unseen: "level")
    }

    private func lookup(
        _ plan: LevelPlan, _ levels: [Bytes], _ values: [Double], steps: JSONValue, null: String, unseen: String
    ) -> PlannedColumn {
        var values = values
        if !isTrees {
            let map = LevelMap(.lookup(levels: levels, width: 1, values: values), texts: plan.column.levels)
            let rows = groups(plan.index, map).map { values[Int($0)] }
            if let scaling = Scaling.learn(.standard, rows, weights: weights).map(placed) {
                values = values.map { scaling($0) }
            }
        }
        return planned(
            plan.index, .lookup(levels: levels, width: 1, values: values), varies: plan.levels.vary, steps: steps,
            null: null, unseen: unseen, note: plan.note)
    }

    // MARK: - The target's mean by level

    private static let largestTable = 1 << 24

    private func targetEncoded(_ plan: LevelPlan) throws -> PlannedColumn {
        let levels = try plan.levels.inByteOrder(listed(plan))
        let outcomes = TargetOutcomes(target, data.training)
        let groups = levels.count + 2  // NULL, and levels outside the list
        guard groups * outcomes.width * TrainingOverrides.folds <= Self.largestTable else {
            throw refusal(
                plan.column, "encode target of \(levels.count) levels and \(outcomes.width) classes is too large",
                hint: "use encode hash, or group levels by min_frequency")
        }
        let places = LevelMap(
            .lookup(levels: levels, width: 1, values: Array(repeating: 0, count: groups)), texts: plan.column.levels)
        let group = self.groups(plan.index, places)
        var table = TargetTable(
            group: group, groups: groups, fold: folds.folds, folds: TrainingOverrides.folds, outcomes: outcomes,
            weights: weights, smoothing: plan.asked.smoothing)
        if !isTrees { table.rescale(scalings(of: table, group)) }
        var column = planned(
            plan.index, .lookup(levels: levels, width: table.width, values: table.values), varies: plan.levels.vary,
            steps: [
                "encode": "target", "smoothing": plan.asked.smoothing.map(JSONValue.number) ?? "auto",
                "folds": .integer(Int64(TrainingOverrides.folds)),
            ], null: "level", unseen: "level", note: plan.note)
        column.override = TrainingOverrides.Table(width: table.width, groups: groups, values: table.crossFitted)
        return column
    }

    /// Mean 0 and deviation 1 of what the training rows see.
    private func scalings(of table: TargetTable, _ group: [Int32]) -> [Scaling] {
        (0..<table.width).map { output in
            let seen = group.indices.map { row in
                table.crossFitted[(Int(folds.folds[row]) * table.groups + Int(group[row])) * table.width + output]
            }
            return placed(Scaling.learn(.standard, seen, weights: weights) ?? Scaling())
        }
    }

    private var weights: [Double]? { data.training.weights.isEmpty ? nil : data.training.weights }

    /// Each training row's place in a lookup.
    private func groups(_ index: Int, _ map: LevelMap) -> [Int32] {
        var result: [Int32] = []
        result.reserveCapacity(data.training.rows)
        for chunk in data.training.chunks {
            result += [Int32](unsafeUninitializedCapacity: chunk.rows) { buffer, count in
                map.places(of: chunk.codes(index), count: chunk.rows, from: 0, into: buffer.baseAddress!)
                count = chunk.rows
            }
        }
        return result
    }
}
