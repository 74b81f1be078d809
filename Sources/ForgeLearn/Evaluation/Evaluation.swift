import ForgeModel

/// Metrics of one set of rows, those that are defined on it.
struct Evaluation: Sendable {
    private(set) var values: [(name: String, value: Double)] = []
    /// Names of metrics without a value here, with the reason.
    private(set) var undefined: [(name: String, reason: String)] = []

    subscript(name: String) -> Double? { values.first { $0.name == name }?.value }

    private mutating func add(_ name: String, _ value: Double?, else reason: String) {
        if let value { values.append((name, value)) } else { undefined.append((name, reason)) }
    }

    init(regression truth: [Double], _ scores: PartScores) {
        let prediction = scores.column(0)
        add("rmse", Metrics.rmse(truth, prediction), else: "the errors are too large to square")
        add("mae", Metrics.mae(truth, prediction), else: "the errors are too large to sum")
        add("r2", Metrics.r2(truth, prediction), else: "the target does not vary in these rows")
    }

    init(truth: [Int32], _ scores: PartScores, positive: Int) {
        let predicted = scores.predictedClasses
        if positive >= 0 {
            let auc = Metrics.rocAUC(truth.map { $0 == Int32(positive) }, scores.column(positive))
            add("roc_auc", auc, else: "these rows have one class only")
        }
        add("log_loss", Metrics.logLoss(truth, scores.values, classes: scores.width), else: "there are no rows")
        add("accuracy", Metrics.accuracy(truth, predicted), else: "there are no rows")
        if positive >= 0 { add("f1", Metrics.f1(truth, predicted, of: Int32(positive)), else: "there are no rows") }
        add("f1_macro", Metrics.f1Macro(truth, predicted), else: "there are no rows")
    }

    var json: JSONValue {
        var object = JSONObject()
        for (name, value) in values { object[name] = .number(value) }
        return .object(object)
    }
}

/// Which way a metric improves.
enum MetricDirection {
    /// The metric that decides on promotion unless a request names one.
    static func defaultMetric(_ target: Target) -> String {
        switch target {
        case .values: "rmse"
        case .classes(let classes): classes.isBinary ? "roc_auc" : "log_loss"
        }
    }

    static func isBetter(_ challenger: Double, than champion: Double, _ metric: String) -> Bool {
        ["rmse", "mae", "log_loss"].contains(metric) ? challenger < champion : challenger > champion
    }
}
