import ForgeLinalg
import ForgeModel

extension Algorithm {
    /// Regression that outliers do not bend, as scikit-learn's `HuberRegressor`.
    static let huber = Algorithm(
        name: "huber", tasks: [.regression], form: .linear,
        description:
            "Least squares for rows near the line, absolute errors for outliers: a few wild targets do not bend it.",
        parameters: [
            .number(
                "epsilon", 1.35, minimum: 1, maximum: 1e6,
                "Errors of more than this times the learned scale count as outliers; smaller is more robust."
            ).searched(1.05...3),
            .number(
                "alpha", 0.0001, minimum: 0, "Strength of the L2 penalty on the coefficients of the encoded columns."
            ).searched(1e-6...10, log: true),
            .integer(
                "max_iter", 100, minimum: 1, maximum: 10_000,
                "Most iterations of Newton's method (up to \(newtonLimit) coefficients) or of L-BFGS."),
            .number(
                "tol", 1e-6, minimum: 1e-12, maximum: 1,
                "Largest component of the mean loss's gradient at which to stop."),
            .fitIntercept,
        ],
        fit: fitHuber)
}

private func fitHuber(_ input: borrowing FitInput) throws -> FittedModel {
    let targets = input.data.training.targets
    let design = Design(input.data.training, input.plan, intercept: input.parameters.boolean("fit_intercept"))
    let moments = try design.moments(weights: input.weights, threads: input.threads, observer: input.observer)
    let (mean, spread) = targetMoments(targets, input.weights, moments.weight)
    let objective = HuberObjective(
        design: design, targets: targets, weights: input.weights, epsilon: input.parameters.number("epsilon"),
        penalty: 2 * input.parameters.number("alpha") / moments.weight, floor: 1e-9 * spread,
        totalWeight: moments.weight, threads: input.threads, observer: input.observer)
    var start = [Double](repeating: 0, count: objective.size)
    if let intercept = design.intercept { start[intercept] = mean }
    start[objective.size - 1] = spread
    let outcome = try Minimizer(
        objective: objective, maximumIterations: input.parameters.integer("max_iter"),
        tolerance: input.parameters.number("tol"), report: fitReport(input.observer)
    ).minimize(from: start)
    return try .linear(
        design, moments, input.plan, point: Array(outcome.point.dropLast()), notes: outcome.notes(of: "huber"),
        iterations: outcome.iterations)
}

/// Mean (0 unless `center`) of the targets, and the root of their mean square around it.
func targetMoments(
    _ targets: [Double], _ weights: [Double]?, _ weight: Double, center: Bool = true
) -> (mean: Double, spread: Double) {
    var (sum, squares) = (0.0, 0.0)
    if center { for (row, target) in targets.enumerated() { sum += (weights?[row] ?? 1) * target } }
    let mean = sum / weight
    for (row, target) in targets.enumerated() { squares += (weights?[row] ?? 1) * (target - mean) * (target - mean) }
    return (mean, (squares / weight).squareRoot())
}
