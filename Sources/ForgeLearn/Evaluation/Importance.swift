import ForgeModel

/// How much each source column matters to a model on rows that it was not trained on, as `config.evaluation` asks.
struct ImportanceRequest: Sendable, Equatable {
    enum Kind: String, Sendable, CaseIterable {
        case permutation
        case meanAbsSHAP = "mean_abs_shap"
    }

    static let repeats = (default: 5, minimum: 1, maximum: 100)

    /// Without doubles.
    var kinds: [Kind]
    /// How often a column is shuffled.
    var repeats = ImportanceRequest.repeats.default
    /// Of the confidence intervals.
    var level = Bootstrap.level.default

    /// Of {"importance": ["permutation", "mean_abs_shap"], "repeats": 5, "level": 0.95}; nil unless it asks for some.
    init?(json: JSONValue, problems: inout Problems) {
        let asked = json["importance"] ?? nil
        let kinds = asked.arrayValue?.map { $0.textValue.flatMap(Kind.init) } ?? []
        guard !asked.isNull, !kinds.isEmpty, !kinds.contains(nil) else {
            if !asked.isNull {
                let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
                problems.add("config.evaluation.importance must list \(known), got \(asked.serialized)")
            }
            return nil
        }
        self.kinds = Kind.allCases.filter(kinds.contains)
        if let level = json["level"]?.doubleValue { self.level = level }  // Bootstrap checks it
        guard let repeats = json["repeats"], !repeats.isNull else { return }
        let (least, most) = (Self.repeats.minimum, Self.repeats.maximum)
        guard let count = repeats.intValue, (least...most).contains(count) else {
            problems.add(
                "config.evaluation.repeats must be an integer from \(least) to \(most), got \(repeats.serialized)")
            return
        }
        self.repeats = count
    }

    init(kinds: [Kind], repeats: Int = ImportanceRequest.repeats.default) {
        (self.kinds, self.repeats) = (kinds, repeats)
    }

    /// An interval of a normal mean.
    func interval(around value: Double, variance: Double) -> Bootstrap.Interval {
        let reach = normalQuantile((1 + level) / 2) * variance.squareRoot()
        return Bootstrap.Interval(lower: value - reach, upper: value + reach)
    }
}

/// Importances of one kind, by column of the model.
struct Importances: Sendable, Equatable {
    var kind: ImportanceRequest.Kind
    var values: [Double]
    var intervals: [Bootstrap.Interval?]

    func json(_ plan: EncodingPlan) -> [JSONValue] {
        let names = plan.modelColumns.map(\.shownName)
        return values.indices.sorted { values[$0] != values[$1] ? values[$0] > values[$1] : $0 < $1 }.map { column in
            [
                "kind": .text(kind.rawValue), "feature": .text(names[column]),
                "importance": .number(values[column]), "lower": JSONValue(intervals[column]?.lower),
                "upper": JSONValue(intervals[column]?.upper),
            ]
        }
    }
}

extension TrainedModel {
    /// Those that the request asks for. Undefined ones say why in `evaluation`.
    func importances(
        _ data: DataSet, _ job: TrainingJob, evaluation: inout Evaluation, observer: any TrainingObserver
    ) throws -> [Importances] {
        guard let request = job.importance else { return [] }
        observer.progress(0.95, phase: "importance")
        let scorer = try Scorer(artifact: artifact)
        return try request.kinds.compactMap { kind in
            switch kind {
            case .permutation:
                let rows = data.importanceRows(job, limit: PermutationImportance.rowLimit, width: scorer.scores)
                let task = PermutationImportance(
                    request: request, scorer: scorer, columns: columns(rows, data), seed: job.split.seed,
                    metric: MetricDirection.defaultMetric(job.task, target)
                ) { data.measurable($0, target, job, rows: rows) }
                let found = try task.importances(threads: job.threads, observer: observer)
                if found == nil {
                    evaluation.add(
                        Measured("permutation_importance", nil, else: "\(task.metric) is not defined on these rows"))
                }
                return found
            case .meanAbsSHAP:
                let limit = ShapleyImportance.rowLimit(job.algorithm.form)
                let rows = data.importanceRows(job, limit: limit, width: scorer.outputs)
                let task = ShapleyImportance(request: request, scorer: scorer, columns: columns(rows, data))
                return try task.importances(threads: job.threads, observer: observer)
            }
        }
    }

    /// The model's columns in some of the evaluated rows.
    private func columns(_ rows: [Int], _ data: DataSet) -> [ColumnValues] {
        let levels = data.features.map(\.levels)
        return plan.modelColumns.map { data.evaluatedPart.values($0.source, rows: rows, levels: levels) }
    }
}

extension DataSet {
    /// Scores of the rows that importances are measured on: more classes, fewer rows.
    static let importanceScores = 100_000

    /// At most `limit` of the rows that are reported on, by key; of a ranking about as many, in whole queries.
    fileprivate func importanceRows(_ job: TrainingJob, limit: Int, width: Int) -> [Int] {
        let part = evaluatedPart
        let limit = min(limit, Self.importanceScores / width)
        guard job.task == .ranking, part.rows > limit else { return part.firstByKey(limit) ?? Array(0..<part.rows) }
        let choice = KeyedChoice(seed: 0, purpose: .report)
        let share = Double(limit) / Double(part.rows)
        return (0..<part.rows).filter { choice.takes(part.groups[$0], fraction: share) }
    }
}
