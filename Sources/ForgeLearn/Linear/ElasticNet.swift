import ForgeLinalg
import ForgeModel

extension Algorithm {
    /// Least squares with an L1 penalty, as scikit-learn's `Lasso`.
    static let lasso = Algorithm(
        name: "lasso", tasks: [.regression], form: .linear,
        description: "Least squares with an L1 penalty: leaves out, with coefficient 0, the columns that say little.",
        parameters: [.l1Strength, .sweeps, .dualityGap, .fitIntercept.fixedByBase, .leastSquaresBase],
        fit: { input in try fitElasticNet(input, l1Ratio: 1) })

    /// Least squares with L1 and L2 penalties, as scikit-learn's `ElasticNet`.
    static let elasticNet = Algorithm(
        name: "elastic_net", tasks: [.regression], form: .linear,
        description:
            "Least squares with L1 and L2 penalties: leaves out columns as lasso does, but keeps those that go together.",
        parameters: [
            .l1Strength,
            .number(
                "l1_ratio", 0.5, minimum: 0, maximum: 1,
                "Share of the penalty that is L1; the rest is L2. 1 is lasso, 0 a ridge with alpha · rows."
            ).searched(0.01...1),
            .sweeps, .dualityGap, .fitIntercept.fixedByBase, .leastSquaresBase,
        ],
        fit: { input in try fitElasticNet(input, l1Ratio: input.parameters.number("l1_ratio")) })
}

extension Hyperparameter {
    fileprivate static let l1Strength = Hyperparameter.number(
        "alpha", 1, minimum: 0,
        "Strength of the penalty on the coefficients of the encoded columns, beside half the mean squared error; 0 is linear_regression."
    ).searched(1e-5...1e2, log: true)
    fileprivate static let sweeps = Hyperparameter.integer(
        "max_iter", 1_000, minimum: 1, maximum: 1_000_000, "Most sweeps over the coefficients.")
    fileprivate static let dualityGap = Hyperparameter.number(
        "tol", 1e-8, minimum: 1e-15, maximum: 1,
        "Duality gap, as a share of the target's sum of squares, at which to stop.")
}

private func fitElasticNet(_ input: borrowing FitInput, l1Ratio: Double) throws -> FittedModel {
    let alpha = input.parameters.number("alpha")
    try input.requirePenalty(alpha > 0, remedy: "give alpha a value above 0")
    let design = Design(input.data.training, input.plan)
    let base = try LinearBase(input, design)
    let targets = base.residuals(of: input.data.training.targets)
    // Half the mean squared error and its penalty, both times the rows' weight, are least squares and theirs.
    func equations(alpha: Double) -> NormalEquations {
        NormalEquations(
            design: design, targets: targets, weights: input.weights, alpha: alpha,
            fitIntercept: input.parameters.boolean("fit_intercept"), threads: input.threads, observer: input.observer)
    }
    guard alpha * l1Ratio > 0 else {
        let weight = input.weights?.reduce(0, +) ?? Double(input.rows)
        let solution = try equations(alpha: alpha * weight).solve()
        return .linear(
            design, solution.moments, coefficients: base.corrected(solution.coefficients, design),
            intercept: base.corrected(intercept: solution.intercept))
    }
    let centered = try equations(alpha: 0).centered()
    let outcome = try descend(centered, targets, input, l1: alpha * l1Ratio, l2: alpha * (1 - l1Ratio))
    guard outcome.coefficients.allSatisfy(\.isFinite) else {
        throw ForgeError(
            .numericalFailure, "coordinate descent gave coefficients that are not finite",
            hint: "scale the columns (preprocess scale standard)")
    }
    return .linear(
        design, centered.moments, coefficients: base.corrected(outcome.coefficients, design),
        intercept: base.corrected(intercept: centered.intercept(of: outcome.coefficients)),
        notes: outcome.converged
            ? []
            : ["coordinate descent did not converge in \(outcome.sweeps) iterations: raise max_iter, tol or alpha"],
        iterations: outcome.sweeps)
}

private func descend(
    _ centered: NormalEquations.Centered, _ targets: [Double], _ input: borrowing FitInput, l1: Double, l2: Double
) throws -> CoordinateDescent.Outcome {
    let sums = centered.sums
    var gram = sums.gram
    gram.symmetrize()
    var square = 0.0
    for (row, target) in targets.enumerated() {
        square += (input.weights?[row] ?? 1) * (target - centered.center) * (target - centered.center)
    }
    let problem = CoordinateDescent(
        gram: gram, right: sums.right, square: square, l1: l1 * sums.weight, l2: l2 * sums.weight)
    let observer = input.observer
    return try problem.solve(
        maximumSweeps: input.parameters.integer("max_iter"), tolerance: input.parameters.number("tol")
    ) { sweep, _ in
        if observer.isCancelled { throw ForgeError(.cancelled, "training was cancelled") }
        if sweep % 64 == 0 { observer.progress(0.6 + 0.2 * (1 - 1 / Double(sweep + 1)), phase: "fit") }
    }
}
