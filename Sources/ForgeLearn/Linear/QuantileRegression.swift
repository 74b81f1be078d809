import ForgeLinalg
import ForgeModel
import Glibc

extension Algorithm {
    /// A quantile instead of the mean, as scikit-learn's `QuantileRegressor` and statsmodels' `QuantReg`.
    static let quantileRegression = Algorithm(
        name: "quantile_regression", tasks: [.regression], form: .linear,
        description:
            "A quantile of the target instead of its mean: the median, or the level that nine in ten stay below.",
        parameters: [
            .number(
                "quantile", 0.5, minimum: 0.0001, maximum: 0.9999, "Share of the rows to lie below the prediction."),
            .number(
                "alpha", 0, minimum: 0,
                "Strength of an L1 penalty on the coefficients of the encoded columns, beside the mean pinball loss in units of the target."
            ).searched(1e-6...1, log: true),
            .integer("max_iter", 200, minimum: 1, maximum: 10_000, "Most steps of the interior point method."),
            .number("tol", 1e-12, minimum: 1e-14, maximum: 1, "Duality gap, as a share of the loss, at which to stop."),
            .fitIntercept, .statistics(Covariance.ofQuantiles),
        ],
        fit: fitQuantile)
}

private func fitQuantile(_ input: borrowing FitInput) throws -> FittedModel {
    let quantile = input.parameters.number("quantile")
    let alpha = input.parameters.number("alpha")
    let design = Design(input.data.training, input.plan, intercept: input.parameters.boolean("fit_intercept"))
    let equations = NormalEquations(
        design: design, targets: input.data.training.targets, weights: input.weights, alpha: 0,
        fitIntercept: design.intercept != nil, threads: input.threads, observer: input.observer)
    let centered = try equations.centered()
    // Any set of features that says as much as all: the penalty makes every one count.
    let independent = alpha > 0 ? centered.sums.gram.activeIndexes : independentFeatures(centered.sums.gram)
    let (center, spread) = targetMoments(
        input.data.training.targets, input.weights, centered.sums.weight, center: design.intercept != nil)
    var lasso = [Double](repeating: alpha * centered.sums.weight, count: design.width)
    if let intercept = design.intercept { lasso[intercept] = 0 }
    let outcome = try InteriorPoint(
        design: design, targets: input.data.training.targets.map { ($0 - center) / spread }, weights: input.weights,
        pieces: [InteriorPoint.Piece(above: quantile, below: 1 - quantile)],
        ridge: [Double](repeating: 0, count: design.width), lasso: lasso,
        active: (independent + (design.intercept.map { [$0] } ?? [])).sorted(),
        maximumIterations: input.parameters.integer("max_iter"), tolerance: input.parameters.number("tol"),
        threads: input.threads, observer: input.observer, report: fitReport(input.observer, from: 0.6)
    ).solve()
    var point = outcome.point.map { $0 * spread }
    if let intercept = design.intercept { point[intercept] += center }
    if alpha == 0, independent.count < centered.sums.gram.activeIndexes.count {
        point = leastNorm(point, design, centered)
    }
    var fitted = try FittedModel.linear(
        design, centered.moments, input.plan, point: point,
        notes: outcome.converged
            ? [] : ["quantile_regression did not converge in \(outcome.iterations) iterations: raise max_iter or tol"],
        iterations: outcome.iterations)
    if let covariance = try input.covariance(penalised: alpha > 0) {
        let free = design.withoutConstants(point, input.plan, centered.moments)
        let margins = try design.margins(of: free, threads: input.threads, observer: input.observer)
        let residuals = zip(input.data.training.targets, margins).map(-)
        let density = residualDensity(residuals, quantile: quantile, spread: spread)
        let scores = residuals.map { residual in
            covariance == .nonrobust
                ? (quantile * (1 - quantile)).squareRoot() : residual > 0 ? quantile : 1 - quantile
        }
        fitted.coefficients = try Inference(input.context, design, centered.moments).table(
            free, scores.map { RowInformation(information: 1, score: $0 / density) }, covariance: .hc0,
            dispersion: false, student: true)
    }
    return fitted
}

/// The residuals' density at 0 by Epanechnikov's kernel with Hall and Sheather's bandwidth, as statsmodels' `QuantReg`.
private func residualDensity(_ residuals: [Double], quantile: Double, spread: Double) -> Double {
    let sorted = residuals.sorted()
    func percentile(_ share: Double) -> Double {
        let place = share * Double(sorted.count - 1)
        let low = sorted[Int(place)]
        return low + (place - place.rounded(.down)) * (sorted[min(Int(place) + 1, sorted.count - 1)] - low)
    }
    let count = Double(residuals.count)
    let z = normalQuantile(quantile)
    let peak = exp(-z * z / 2) / (2 * Double.pi).squareRoot()
    let share =
        cbrt(1 / count) * pow(normalQuantile(0.975), 2.0 / 3) * cbrt(1.5 * peak * peak / (2 * z * z + 1))
    let reach = normalQuantile(min(quantile + share, 1 - 1e-12)) - normalQuantile(max(quantile - share, 1e-12))
    let bandwidth = min(spread, (percentile(0.75) - percentile(0.25)) / 1.34) * reach
    let sum = residuals.reduce(0) { sum, residual in
        let u = residual / bandwidth
        return abs(u) <= 1 ? sum + 0.75 * (1 - u * u) : sum
    }
    return sum / (count * bandwidth)
}

/// Features none of which depends on the others, by Cholesky's method with pivoting on a Gram matrix (lower triangle).
func independentFeatures(_ gram: Matrix) -> [Int] {
    let active = gram.activeIndexes
    var scaled = gram.restricted(to: active)
    let units = active.indices.map { 1 / scaled[$0, $0].squareRoot() }
    for column in active.indices { for row in active.indices { scaled[row, column] *= units[row] * units[column] } }
    let tolerance = max(1e-13, Double.ulpOfOne * 10 * Double(active.count))
    return pivots(ofSemidefinite: scaled, tolerance: tolerance).map { active[$0] }.sorted()
}

/// Of all coefficients that say the same of every training row those of least norm: no level of a category is set
/// apart.
private func leastNorm(_ point: [Double], _ design: Design, _ centered: NormalEquations.Centered) -> [Double] {
    let gram = centered.sums.gram
    guard let (values, vectors) = symmetricEigen(gram), let largest = values.last, largest > 0 else { return point }
    let zero = largest * 1e-14 * Double(values.count)
    var coefficients = point
    if let intercept = design.intercept { coefficients[intercept] = 0 }
    var result = [Double](repeating: 0, count: point.count)
    for (index, value) in values.enumerated() where value > zero {
        let vector = vectors.values[index * point.count..<(index + 1) * point.count]
        let share = zip(vector, coefficients).reduce(0) { $0 + $1.0 * $1.1 }
        for (row, component) in vector.enumerated() { result[row] += share * component }
    }
    guard let intercept = design.intercept else { return result }
    result[intercept] = point[intercept]
    for index in 0..<design.width where index != intercept {
        result[intercept] += (coefficients[index] - result[index]) * centered.origin[index]
    }
    return result
}
