import Glibc

/// Metrics of predicted values, as scikit-learn defines them.
struct RegressionRows: Measurable {
    private enum Term: Int, CaseIterable { case error, squared, absolute, relative, pinball, truth, truthSquared, poisson, gamma }

    private let truth: [Double]
    private let prediction: [Double]
    private let bias: Double  // mean error
    private let leastVariance: Double  // below it the target differs by rounding only
    /// (rows, terms) row-major: what each row adds to each sum, so that another weighting costs one pass.
    private let terms: [Double]
    /// Rows in the order of their absolute errors.
    private let byError: [Int32]
    private let allows: (poisson: Bool, gamma: Bool)

    var units: Int { truth.count }

    /// `quantile`: the one that the pinball loss is of.
    init(truth: [Double], prediction: [Double], quantile: Double = 0.5) {
        self.truth = truth
        self.prediction = prediction
        let count = Double(max(1, truth.count))
        // Sums of squares are of values near 0: nothing cancels.
        let center = truth.reduce(0, +) / count
        let bias = zip(truth, prediction).reduce(0) { $0 + ($1.0 - $1.1) } / count
        let arePositive = !truth.isEmpty && prediction.allSatisfy { $0 > 0 }
        let allows = (
            poisson: arePositive && truth.allSatisfy { $0 >= 0 }, gamma: arePositive && truth.allSatisfy { $0 > 0 }
        )
        self.allows = allows
        let width = Term.allCases.count
        terms = [Double](unsafeUninitializedCapacity: truth.count * width) { terms, written in
            for row in truth.indices {
                let (y, p) = (truth[row], prediction[row])
                let error = y - p
                func set(_ term: Term, _ value: Double) {
                    terms.initializeElement(at: row * width + term.rawValue, to: value)
                }
                set(.error, error - bias)
                set(.squared, (error - bias) * (error - bias))
                set(.absolute, abs(error))
                set(.relative, abs(error) / max(abs(y), Double.ulpOfOne))
                set(.pinball, error >= 0 ? quantile * error : (quantile - 1) * error)
                set(.truth, y - center)
                set(.truthSquared, (y - center) * (y - center))
                set(.poisson, allows.poisson ? 2 * ((y > 0 ? y * log(y / p) : 0) - y + p) : 0)
                set(.gamma, allows.gamma ? 2 * (log(p / y) + y / p - 1) : 0)
            }
            written = truth.count * width
        }
        self.bias = bias
        let largest = truth.reduce(0) { max($0, abs($1)) }
        leastVariance = (largest * 1e-15) * (largest * 1e-15)
        let errors = zip(truth, prediction).map { abs($0 - $1) }
        byError = risingOrder(errors)
    }

    func influences(on metric: String) -> [Double]? {
        guard metric == "rmse", units > 0 else { return nil }
        let squares = (0..<units).map { row in
            let error = terms[row * Term.allCases.count + Term.error.rawValue] + bias
            return error * error
        }
        let mean = squares.reduce(0, +) / Double(units)
        return squares.map { mean > 0 ? ($0 - mean) / (2 * mean.squareRoot()) : 0 }
    }

    func measure(_ weights: [Double]) -> [Measured] {
        let (sums, total) = summed(weights)
        func mean(_ term: Term) -> Double? { quotient(sums[term.rawValue], total) }
        func spread(_ first: Term, _ second: Term) -> Double? {
            guard let first = mean(first), let second = mean(second) else { return nil }
            return max(0, second - first * first)
        }
        let errorSpread = spread(.error, .squared)
        let squared = errorSpread.map { $0 + (bias + mean(.error)!) * (bias + mean(.error)!) }
        func share(_ rest: Double?) -> Double? {
            guard total > 1, let rest, let variance = spread(.truth, .truthSquared), variance > leastVariance else {
                return nil
            }
            return 1 - rest / variance
        }
        let none = "there are no rows"
        let tooLarge = total == 0 ? none : "the errors are too large to sum"
        let constant = "the target does not vary in these rows"
        var result = [
            Measured("rmse", squared?.squareRoot(), else: total == 0 ? none : "the errors are too large to square"),
            Measured("mae", mean(.absolute), else: tooLarge),
            Measured("median_absolute_error", medianError(weights, total), else: none),
            Measured("mape", mean(.relative), else: tooLarge), Measured("r2", share(squared), else: constant),
            Measured("explained_variance", share(errorSpread), else: constant),
            Measured("pinball", mean(.pinball), else: tooLarge),
        ]
        if allows.poisson { result.append(Measured("mean_poisson_deviance", mean(.poisson), else: none)) }
        if allows.gamma { result.append(Measured("mean_gamma_deviance", mean(.gamma), else: none)) }
        return result
    }

    private func summed(_ weights: [Double]) -> (sums: [Double], total: Double) {
        let width = Term.allCases.count
        var sums = [Double](repeating: 0, count: width)
        var total = 0.0
        terms.withUnsafeBufferPointer { terms in
            for row in weights.indices where weights[row] != 0 {
                total += weights[row]
                for term in 0..<width { sums[term] += weights[row] * terms[row * width + term] }
            }
        }
        return (sums, total)
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
