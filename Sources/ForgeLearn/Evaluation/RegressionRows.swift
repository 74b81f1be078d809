import Glibc

/// Metrics of predicted values, as scikit-learn defines them.
struct RegressionRows: Measurable {
    private let truth: [Double]
    private let prediction: [Double]
    private let quantile: Double
    /// Rows in the order of their absolute errors.
    private let byError: [Int32]
    private let isPositive: (truth: Bool, prediction: Bool)
    private let hasNegativeTruth: Bool

    var units: Int { truth.count }

    /// `quantile`: the one that the pinball loss is of.
    init(truth: [Double], prediction: [Double], quantile: Double = 0.5) {
        self.truth = truth
        self.prediction = prediction
        self.quantile = quantile
        let errors = zip(truth, prediction).map { abs($0 - $1) }
        byError = errors.indices.map(Int32.init).sorted { errors[Int($0)] < errors[Int($1)] }
        isPositive = (truth.allSatisfy { $0 > 0 }, !truth.isEmpty && prediction.allSatisfy { $0 > 0 })
        hasNegativeTruth = truth.contains { $0 < 0 }
    }

    func measure(_ weights: [Double]) -> [Measured] {
        let total = weights.reduce(0, +)
        let none = "there are no rows"
        func mean(_ term: (Double, Double) -> Double) -> Double? {
            var sum = 0.0
            for row in truth.indices { sum += weights[row] * term(truth[row], prediction[row]) }
            return quotient(sum, total)
        }
        let squared = mean { ($0 - $1) * ($0 - $1) }
        let bias = mean { $0 - $1 }
        let center = mean { y, _ in y } ?? 0
        let variance = mean { y, _ in (y - center) * (y - center) }
        let explained = bias.flatMap { bias in mean { ($0 - $1 - bias) * ($0 - $1 - bias) } }
        let constant = "the target does not vary in these rows"
        func share(_ rest: Double?) -> Double? {
            guard total > 1, let rest, let variance, let ratio = quotient(rest, variance) else { return nil }
            return 1 - ratio
        }
        var result = [
            Measured("rmse", squared?.squareRoot(), else: total == 0 ? none : "the errors are too large to square"),
            Measured("mae", mean { abs($0 - $1) }, else: total == 0 ? none : "the errors are too large to sum"),
            Measured("median_absolute_error", medianError(weights, total), else: none),
            Measured(
                "mape", mean { abs($0 - $1) / max(abs($0), Double.ulpOfOne) },
                else: total == 0 ? none : "the errors are too large beside the target"),
            Measured("r2", share(squared), else: constant),
            Measured("explained_variance", share(explained), else: constant),
            Measured(
                "pinball", mean { $0 >= $1 ? quantile * ($0 - $1) : (1 - quantile) * ($1 - $0) },
                else: total == 0 ? none : "the errors are too large to sum"),
        ]
        if isPositive.prediction, !hasNegativeTruth {
            result.append(
                Measured(
                    "mean_poisson_deviance", mean { y, p in 2 * ((y > 0 ? y * log(y / p) : 0) - y + p) }, else: none))
        }
        if isPositive.prediction, isPositive.truth {
            result.append(Measured("mean_gamma_deviance", mean { y, p in 2 * (log(p / y) + y / p - 1) }, else: none))
        }
        return result
    }

    /// The middle error when each counts as often as its weight says, the mean of the middle two where they are two.
    private func medianError(_ weights: [Double], _ total: Double) -> Double? {
        guard total > 0 else { return nil }
        var below = 0.0
        for (place, row) in byError.enumerated() where weights[Int(row)] > 0 {
            below += weights[Int(row)]
            guard 2 * below >= total else { continue }
            let error = abs(truth[Int(row)] - prediction[Int(row)])
            guard 2 * below == total else { return error }
            let next = byError[(place + 1)...].first { weights[Int($0)] > 0 }
            return next.map { (error + abs(truth[Int($0)] - prediction[Int($0)])) / 2 } ?? error
        }
        return nil
    }
}
