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
            .fitIntercept, .positiveClass, .classWeight,
        ],
        fit: fitLogistic)
}

/// Newton's method needs the square of this many doubles; beyond, L-BFGS.
private let newtonLimit = 1_024
/// Rows of the sample that the first steps are taken on.
private let sampleRows = 65_536
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
    let maximumIterations = input.parameters.integer("max_iter")
    let observer = input.observer
    let minimizer = Minimizer(
        objective: objective, maximumIterations: maximumIterations, tolerance: input.parameters.number("tol")
    ) { iteration, loss in
        observer.metric(step: iteration, name: "train_loss", value: loss)
        observer.progress(0.2 + 0.6 * (1 - 1 / Double(iteration + 1)), phase: "fit")
    }
    let start = try startingPoint(objective)
    let outcome = objective.size <= newtonLimit ? try minimizer.newton(from: start) : try minimizer.lbfgs(from: start)
    try refuseSeparable(outcome, penalised: penalised)
    return fitted(outcome, design, moments, outputs: objective.outputs)
}

/// Where a tenth or less of many rows has its optimum, found at a tenth of the cost; else zero.
private func startingPoint(_ objective: LogisticObjective) throws -> [Double] {
    let zero = [Double](repeating: 0, count: objective.size)
    let step = objective.design.rows / sampleRows
    guard step >= 4 else { return zero }
    let minimizer = Minimizer(
        objective: objective.sample(every: step), maximumIterations: 20, tolerance: 1e-3, report: { _, _ in })
    let found = objective.size <= newtonLimit ? try minimizer.newton(from: zero) : try minimizer.lbfgs(from: zero)
    return found.point
}

private func refuseSeparable(_ outcome: Minimizer.Outcome, penalised: Bool) throws {
    guard !penalised, outcome.value.loss < separableLoss else { return }
    throw ForgeError(
        .numericalFailure,
        "the columns separate the classes perfectly: without a penalty no finite coefficients are best",
        detail: "training log loss \(outcome.value.loss) after \(outcome.iterations) iterations",
        hint: "use penalty \"l2\"")
}

private func fitted(
    _ outcome: Minimizer.Outcome, _ design: Design, _ moments: Design.Moments, outputs: Int
) -> FittedModel {
    var coefficients: [Double] = []
    var intercepts: [Double] = []
    let deviations = design.encoded(moments.deviations)
    var importance = [Double](repeating: 0, count: deviations.count)
    for output in 0..<outputs {
        let packed = outcome.point[output * design.width..<(output + 1) * design.width]
        let encoded = design.encoded(packed)
        coefficients += encoded
        intercepts.append(design.intercept.map { packed[packed.startIndex + $0] } ?? 0)
        for index in encoded.indices { importance[index] += abs(encoded[index] * deviations[index]) / Double(outputs) }
    }
    let form = LinearForm(
        outputs: outputs, coefficients: coefficients, intercepts: intercepts, means: design.encoded(moments.means))
    let notes =
        outcome.converged
        ? [] : ["logistic_regression did not converge in \(outcome.iterations) iterations: raise max_iter or tol"]
    return FittedModel(
        form: .linear(form), link: outputs == 1 ? .logistic : .softmax, importance: importance, notes: notes,
        iterations: outcome.iterations)
}
