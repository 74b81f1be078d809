import ForgeModel

/// What a healthy run says in its log: the rows, what became of the columns, how the fit ended, how good it is.
extension DataSet {
    var summary: String {
        var parts = ["\(training.rows) rows to train on", "\(heldOut.rows) held out"]
        parts += dropped.map { "\($0.rows) dropped (\($0.reason))" }
        if sampledOut > 0 { parts.append("\(sampledOut) not in the sample") }
        return parts.joined(separator: ", ")
    }
}

extension EncodingPlan {
    var summary: String { "\(columns.count) columns encoded as \(width) features" }
}

extension FittedModel {
    func summary(_ job: TrainingJob) -> String {
        "fitted \(job.algorithm.name) on \(job.threads) thread\(job.threads == 1 ? "" : "s")"
            + (iterations.map { " in \($0) iterations" } ?? "")
    }
}

extension Evaluation {
    /// Four digits: enough for a line in a log; the manifest has all of them.
    func summary(rows: Int, heldOut: Bool) -> String {
        let metrics =
            values.map { "\($0.name) \(Self.shortened($0.value))" } + undefined.map { "no \($0.name): \($0.reason)" }
        return "on \(rows) \(heldOut ? "held-out" : "training") rows: " + metrics.joined(separator: ", ")
    }

    static func shortened(_ value: Double) -> String {
        guard value != 0, value.magnitude < 1e9 else { return "\(value)" }
        var unit = 1.0
        while value.magnitude * unit < 1_000, unit < 1e9 { unit *= 10 }
        return "\((value * unit).rounded() / unit)"
    }
}

extension CrossValidation {
    var summary: String {
        let shown = metrics.map { metric in
            "\(metric.name) \(metric.mean.map(Evaluation.shortened) ?? "undefined")"
                + (metric.deviation.map { " ± \(Evaluation.shortened($0))" } ?? "")
        }
        return "over \(folds) folds: " + (shown + notes).joined(separator: ", ")
    }
}
