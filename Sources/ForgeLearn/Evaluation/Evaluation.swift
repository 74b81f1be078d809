import ForgeModel

/// Metrics of one set of rows, those that are defined on it.
struct Evaluation: Sendable {
    private(set) var values: [(name: String, value: Double)] = []
    /// Names of metrics without a value here, with the reason.
    private(set) var undefined: [(name: String, reason: String)] = []
    /// By metric; empty unless the request asks for them.
    var intervals: [String: Bootstrap.Interval] = [:]

    subscript(name: String) -> Double? { values.first { $0.name == name }?.value }

    /// Every row counts once, whatever its weight in training.
    init(_ rows: some Measurable) {
        self.init(rows.measure([Double](repeating: 1, count: rows.units)))
    }

    init(_ metrics: [Measured]) {
        for metric in metrics { add(metric) }
    }

    /// A metric that is not of the rows alone.
    mutating func add(_ metric: Measured) {
        if let value = metric.value {
            values.append((metric.name, value))
        } else if let reason = metric.reason {
            undefined.append((metric.name, reason))
        }
    }

    var json: JSONValue {
        var object = JSONObject()
        for (name, value) in values { object[name] = .number(value) }
        return .object(object)
    }

    var intervalsJSON: JSONValue {
        var object = JSONObject()
        for (name, _) in values {
            guard let interval = intervals[name] else { continue }
            object[name] = ["lower": .number(interval.lower), "upper": .number(interval.upper)]
        }
        return .object(object)
    }
}

extension DataSet {
    /// Metrics of the rows that are reported on, or of some of them. Without a target, distances and variances are those
    /// of the features of `plan`.
    func evaluation(
        _ scores: PartScores, _ target: Target, _ plan: EncodingPlan, _ job: TrainingJob, rows: [Int]? = nil
    ) -> Evaluation {
        switch job.task {
        case .clustering: Evaluation(ClusteredRows(evaluatedPart, plan, scores, rows: rows, threads: job.threads).measure())
        case .decomposition:
            Evaluation(ProjectedRows(evaluatedPart, plan, scores, rows: rows, threads: job.threads).measure())
        default: Evaluation(measurable(scores, target, job, rows: rows))
        }
    }

    /// The rows that are reported on, or some of them, with what a model says of them.
    func measurable(
        _ scores: PartScores, _ target: Target, _ job: TrainingJob, rows: [Int]? = nil
    ) -> any Measurable {
        let part = evaluatedPart
        func picked<T>(_ values: [T]) -> [T] { rows.map { $0.map { values[$0] } } ?? values }
        if job.task == .ranking {
            return RankedQueries(
                relevance: picked(part.targets), scores: scores.column(0), groups: picked(part.groups))
        }
        switch target {
        case .values, .none:
            return RegressionRows(
                truth: picked(part.targets), prediction: scores.column(0), quantile: job.reportedQuantile)
        case .classes(let classes):
            return ClassRows(
                truth: classes.of(picked(part.targets)), scores: scores,
                labels: classes.labels.map { String(decoding: $0, as: UTF8.self) }, positive: classes.positive)
        }
    }

    /// Rows drawn from when intervals are asked for: all, or the first by key where there are too many.
    func bootstrapSample(width: Int) -> [Int]? {
        evaluatedPart.firstByKey(width > 2 ? min(Bootstrap.rowLimit, Bootstrap.scoreLimit / width) : Bootstrap.rowLimit)
    }
}

extension PartScores {
    func rows(_ chosen: [Int]) -> PartScores {
        PartScores(
            values: chosen.flatMap { values[$0 * width..<($0 + 1) * width] }, width: width, threshold: threshold)
    }
}

extension TrainingJob {
    /// The quantile that the pinball loss is reported of: the one learned, else the median.
    var reportedQuantile: Double {
        parameters["quantile"].doubleValue ?? parameters["quantile_alpha"].doubleValue ?? 0.5
    }
}

/// Which way a metric improves.
enum MetricDirection {
    static let smallerIsBetter: Set<String> = [
        "rmse", "mae", "mape", "median_absolute_error", "pinball", "mean_poisson_deviance", "mean_gamma_deviance", "log_loss",
        "brier", "davies_bouldin", "inertia",
    ]

    /// The metric that decides on promotion unless a request names one.
    static func defaultMetric(_ task: LearningTask, _ target: Target) -> String {
        switch target {
        case .values: task == .ranking ? "ndcg" : "rmse"
        case .none: task == .clustering ? "silhouette" : "explained_variance"
        case .classes(let classes): classes.isBinary ? "roc_auc" : "log_loss"
        }
    }

    static func isBetter(_ challenger: Double, than champion: Double, _ metric: String) -> Bool {
        smallerIsBetter.contains(metric) ? challenger < champion : challenger > champion
    }
}
