import Glibc

/// Scores of held-out rows, as scikit-learn defines them. nil: undefined on these rows. All are weighted by nothing: each row counts once.
enum Metrics {
    // MARK: - Regression

    /// Root of the mean squared error.
    static func rmse(_ truth: [Double], _ prediction: [Double]) -> Double? {
        mean(truth, prediction) { ($0 - $1) * ($0 - $1) }?.squareRoot()
    }

    /// Mean absolute error.
    static func mae(_ truth: [Double], _ prediction: [Double]) -> Double? {
        mean(truth, prediction) { abs($0 - $1) }
    }

    /// Share of the variance explained: 1 - Σ(y - p)² / Σ(y - ȳ)². nil when the truth does not vary.
    static func r2(_ truth: [Double], _ prediction: [Double]) -> Double? {
        guard truth.count > 1 else { return nil }
        let center = truth.reduce(0, +) / Double(truth.count)
        let total = truth.reduce(0) { $0 + ($1 - center) * ($1 - center) }
        guard total > 0 else { return nil }
        let rest = zip(truth, prediction).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        return finite(1 - rest / total)
    }

    // MARK: - Classification

    /// Share of rows whose class is the predicted one.
    static func accuracy(_ truth: [Int32], _ predicted: [Int32]) -> Double? {
        guard !truth.isEmpty else { return nil }
        return Double(zip(truth, predicted).count { $0 == $1 }) / Double(truth.count)
    }

    /// Area under the ROC curve of `score` for telling `positive` rows; ties count half (Mann and Whitney 1947).
    /// nil unless both kinds of rows are there.
    static func rocAUC(_ positive: [Bool], _ score: [Double]) -> Double? {
        let positives = positive.count { $0 }
        let negatives = positive.count - positives
        guard positives > 0, negatives > 0 else { return nil }
        let order = score.indices.sorted { score[$0] < score[$1] }
        var below = 0  // negatives with a smaller score
        var doubled = 0.0  // twice the number of won pairs
        var index = 0
        while index < order.count {
            var tiedPositives = 0
            var tiedNegatives = 0
            let value = score[order[index]]
            while index < order.count, score[order[index]] == value {
                if positive[order[index]] { tiedPositives += 1 } else { tiedNegatives += 1 }
                index += 1
            }
            doubled += Double(tiedPositives) * Double(2 * below + tiedNegatives)
            below += tiedNegatives
        }
        return doubled / (2 * Double(positives) * Double(negatives))
    }

    /// Mean of -ln(probability of the true class), probabilities clipped to [2⁻⁵², 1 - 2⁻⁵²]. `probability` is row-major (rows, classes);
    /// a row of class -1 was never seen in training: its probability is 0.
    static func logLoss(_ truth: [Int32], _ probability: [Double], classes: Int) -> Double? {
        guard !truth.isEmpty else { return nil }
        let epsilon = Double.ulpOfOne
        var sum = 0.0
        for (row, label) in truth.enumerated() {
            let value = label < 0 ? 0 : probability[row * classes + Int(label)]
            sum -= log(min(max(value, epsilon), 1 - epsilon))
        }
        return finite(sum / Double(truth.count))
    }

    /// 2·tp / (2·tp + fp + fn) of one class; 0 when it is neither there nor predicted.
    static func f1(_ truth: [Int32], _ predicted: [Int32], of label: Int32) -> Double? {
        guard !truth.isEmpty else { return nil }
        var hits = 0
        var others = 0
        for (a, b) in zip(truth, predicted) {
            if a == label, b == label { hits += 1 } else if a == label || b == label { others += 1 }
        }
        return hits + others == 0 ? 0 : Double(2 * hits) / Double(2 * hits + others)
    }

    /// Mean of the f1 of all classes that are there or predicted.
    static func f1Macro(_ truth: [Int32], _ predicted: [Int32]) -> Double? {
        let labels = Set(truth).union(predicted).sorted()
        guard !labels.isEmpty else { return nil }
        return labels.reduce(0) { $0 + f1(truth, predicted, of: $1)! } / Double(labels.count)
    }

    // MARK: - Helpers

    private static func mean(_ a: [Double], _ b: [Double], _ error: (Double, Double) -> Double) -> Double? {
        guard !a.isEmpty else { return nil }
        return finite(zip(a, b).reduce(0) { $0 + error($1.0, $1.1) } / Double(a.count))
    }

    private static func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
}
