import ForgeLinalg
import ForgeModel
import Glibc

extension Algorithm {
    /// Logistic (two classes) and softmax (more) regression, as scikit-learn's `LogisticRegression`.
    static let logisticRegression = Algorithm(
        name: "logistic_regression", tasks: [.classification], form: .linear,
        description:
            "A weighted sum of the columns as log-odds: calibrated probabilities, coefficients that can be read.",
        parameters: [
            .number(
                "C", 1, above: 0,
                "Inverse strength of the penalty on the coefficients of the encoded columns; smaller is stronger."
            ).searched(1e-4...1e4, log: true),
            .choice(
                "penalty", "l2", of: ["l1", "l2", "elasticnet", "none"],
                "How coefficients are penalised: l1 leaves columns out, elasticnet mixes; none has no finite solution for separable classes."
            ).searched(["l1", "l2"]),
            .number(
                "l1_ratio", 0.5, minimum: 0, maximum: 1, "Share of the penalty that is L1 with penalty elasticnet."),
            .integer(
                "max_iter", 100, minimum: 1, maximum: 10_000,
                "Most iterations of Newton's method (up to \(newtonLimit) coefficients) or of L-BFGS."),
            .number(
                "tol", 1e-6, minimum: 1e-12, maximum: 1,
                "Largest component of the mean loss's gradient at which to stop."),
            .fitIntercept.fixedByBase, .statistics(Covariance.ofLikelihoods), .linearBase(["logistic_regression"]), .positiveClass,
            .classWeight,
        ],
        fit: fitLogistic)
}

private func fitLogistic(_ input: borrowing FitInput) throws -> FittedModel {
    guard case .classes(let classes) = input.target else { preconditionFailure("logistic regression learns classes") }
    let l1Ratio: Double? =
        switch input.parameters.text("penalty") {
        case "l1": 1
        case "l2": 0
        case "elasticnet": input.parameters.number("l1_ratio")
        default: nil
        }
    let penalised = l1Ratio != nil
    try input.requirePenalty(penalised, remedy: "give penalty l2, l1 or elasticnet")
    let fitIntercept = input.parameters.boolean("fit_intercept")
    let design = Design(input.data.training, input.plan, intercept: fitIntercept)
    let moments = try design.moments(weights: input.weights, threads: input.threads, observer: input.observer)
    let base = try LinearBase(input, design)
    let positive = Int32(classes.positive)
    let strength = 1 / (input.parameters.number("C") * moments.weight)
    let objective = LogisticObjective(
        design: design, labels: classes.isBinary ? classes.training.map { $0 == positive ? 1 : 0 } : classes.training,
        weights: input.weights, outputs: classes.isBinary ? 1 : classes.count,
        penalty: l1Ratio.map { $0 == 0 ? strength : (1 - $0) * strength } ?? 0, hasLasso: (l1Ratio ?? 0) > 0,
        offsets: base.margins, totalWeight: moments.weight, threads: input.threads, observer: input.observer)
    let outcome = try minimize(objective, l1: (l1Ratio ?? 0) * strength, input)
    if !penalised { try refuseSeparable(objective, outcome, maximumIterations: input.parameters.integer("max_iter")) }
    let points = (0..<objective.outputs).map {
        base.corrected(Array(outcome.point[$0 * design.width..<($0 + 1) * design.width]), output: $0, design)
    }
    var fitted = FittedModel.linear(
        design, moments, points: points, notes: outcome.notes(of: "logistic_regression"),
        iterations: outcome.iterations)
    let allowed: [Covariance] = classes.isBinary ? Covariance.ofLikelihoods : [.nonrobust]
    if let covariance = try input.covariance(penalised: penalised, allows: allowed) {
        let free = points.map { design.withoutConstants($0, input.plan, moments) }
        try fitted.addTable(ofLogistic: free, design, input, classes, covariance)
    }
    return fitted
}

private func minimize(
    _ objective: LogisticObjective, l1: Double, _ input: borrowing FitInput
) throws -> Minimizer<LogisticObjective>.Outcome {
    let zero = [Double](repeating: 0, count: objective.size)
    let maximumIterations = input.parameters.integer("max_iter")
    let tolerance = input.parameters.number("tol")
    guard l1 > 0 else {
        return try Minimizer(
            objective: objective, maximumIterations: maximumIterations, tolerance: tolerance,
            report: fitReport(input.observer)
        ).minimize(from: zero)
    }
    let width = objective.design.width
    return try ProximalNewton(
        objective: objective, l1: l1, isPenalised: zero.indices.map { $0 % width != objective.design.intercept },
        maximumIterations: maximumIterations, tolerance: tolerance, report: fitReport(input.observer)
    ).minimize(from: zero)
}

/// Coefficients by which every training row is of its own class, none on the border: the more of them the better,
/// without end (Albert and Anderson 1984). A loose `tol` may stop short of such: steps far beyond it find them, or where
/// there are none end at once.
private func refuseSeparable(
    _ objective: LogisticObjective, _ outcome: Minimizer<LogisticObjective>.Outcome, maximumIterations: Int
) throws {
    var end = outcome
    if outcome.converged, objective.size <= newtonLimit, try !objective.separates(outcome.point) {
        end = try Minimizer(
            objective: objective, maximumIterations: maximumIterations, tolerance: 1e-11, report: { _, _ in }
        ).descend(from: outcome.point)
    }
    guard try objective.separates(end.point) else { return }
    throw ForgeError(
        .numericalFailure,
        "the columns separate the classes perfectly: without a penalty no finite coefficients are best",
        detail: "training log loss \(outcome.value.loss) after \(outcome.iterations) iterations",
        hint: "use penalty \"l2\"")
}
