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
                "Inverse strength of the L2 penalty on the coefficients of the encoded columns; smaller is stronger."),
            .choice(
                "penalty", "l2", of: ["l2", "none"],
                "Whether coefficients are penalised; none has no finite solution for separable classes."),
            .integer(
                "max_iter", 100, minimum: 1, maximum: 10_000,
                "Most iterations of Newton's method (up to \(newtonLimit) coefficients) or of L-BFGS."),
            .number(
                "tol", 1e-6, minimum: 1e-12, maximum: 1,
                "Largest component of the mean loss's gradient at which to stop."),
            .fitIntercept, .statistics, .positiveClass, .classWeight,
        ],
        fit: fitLogistic)
}

/// A mean training loss below this, without a penalty, means that the classes are separable.
private let separableLoss = 1e-5

private func fitLogistic(_ input: borrowing FitInput) throws -> FittedModel {
    guard case .classes(let classes) = input.target else { preconditionFailure("logistic regression learns classes") }
    let penalised = input.parameters.text("penalty") == "l2"
    let fitIntercept = input.parameters.boolean("fit_intercept")
    let design = Design(input.data.training, input.plan, intercept: fitIntercept)
    let moments = try design.moments(weights: input.weights, threads: input.threads, observer: input.observer)
    let positive = Int32(classes.positive)
    let objective = LogisticObjective(
        design: design, labels: classes.isBinary ? classes.training.map { $0 == positive ? 1 : 0 } : classes.training,
        weights: input.weights, outputs: classes.isBinary ? 1 : classes.count,
        penalty: penalised ? 1 / (input.parameters.number("C") * moments.weight) : 0, totalWeight: moments.weight,
        threads: input.threads, observer: input.observer)
    let outcome = try Minimizer(
        objective: objective, maximumIterations: input.parameters.integer("max_iter"),
        tolerance: input.parameters.number("tol"), report: fitReport(input.observer)
    ).minimize(from: [Double](repeating: 0, count: objective.size))
    try refuseSeparable(outcome, penalised: penalised)
    let points = (0..<objective.outputs).map {
        Array(outcome.point[$0 * design.width..<($0 + 1) * design.width])
    }
    var fitted = FittedModel.linear(
        design, moments, points: points, notes: outcome.notes(of: "logistic_regression"),
        iterations: outcome.iterations)
    let allowed: [Covariance] = classes.isBinary ? [.nonrobust, .hc0, .hc1, .cluster] : [.nonrobust]
    if let covariance = try input.covariance(penalised: penalised, allows: allowed) {
        let free = points.map { design.withoutConstants($0, input.plan, moments) }
        try fitted.addTable(ofLogistic: free, design, input, classes, covariance)
    }
    return fitted
}

private func refuseSeparable(_ outcome: Minimizer<LogisticObjective>.Outcome, penalised: Bool) throws {
    guard !penalised, outcome.value.loss < separableLoss else { return }
    throw ForgeError(
        .numericalFailure,
        "the columns separate the classes perfectly: without a penalty no finite coefficients are best",
        detail: "training log loss \(outcome.value.loss) after \(outcome.iterations) iterations",
        hint: "use penalty \"l2\"")
}
