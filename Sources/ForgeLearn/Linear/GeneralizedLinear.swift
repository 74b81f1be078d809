import ForgeLinalg
import ForgeModel
import Glibc

extension Algorithm {
    /// Counts, as scikit-learn's `PoissonRegressor`.
    static let poisson = Algorithm(
        name: "poisson", tasks: [.regression], form: .linear,
        description: "Counts that are never negative: each column multiplies the expected count by a factor.",
        parameters: generalizedParameters + [.linearBase(["poisson"])],
        fit: { input in try fitGeneralized(input, "poisson", power: 1) })

    /// Positive amounts whose spread grows with their mean, as scikit-learn's `GammaRegressor`.
    static let gamma = Algorithm(
        name: "gamma", tasks: [.regression], form: .linear,
        description:
            "Positive amounts whose spread grows with their mean, such as costs: each column multiplies by a factor.",
        parameters: generalizedParameters + [.linearBase(["gamma"])],
        fit: { input in try fitGeneralized(input, "gamma", power: 2) })

    /// Amounts that are often zero, as scikit-learn's `TweedieRegressor` with a log link.
    static let tweedie = Algorithm(
        name: "tweedie", tasks: [.regression], form: .linear,
        description:
            "Amounts that are often exactly zero, such as claims: between poisson (power 1) and gamma (power 2).",
        parameters: [
            .number(
                "power", 1.5, maximum: 10,
                "The variance is proportional to the mean to this power: 0 normal, 1 Poisson, from 1 to 2 amounts with zeros, 2 gamma, 3 inverse Gaussian; none lies between 0 and 1."
            ).searched(1.05...1.95).fixedByBase
        ] + generalizedParameters + [.linearBase(["tweedie"])],
        fit: { input in try fitGeneralized(input, "tweedie", power: input.parameters.number("power")) })
}

private let generalizedParameters: [Hyperparameter] = [
    .number("alpha", 1, minimum: 0, "Strength of the L2 penalty on the coefficients of the encoded columns.")
        .searched(1e-6...10, log: true),
    .integer(
        "max_iter", 100, minimum: 1, maximum: 10_000,
        "Most iterations of Newton's method (up to \(newtonLimit) coefficients) or of L-BFGS."),
    .number(
        "tol", 1e-6, minimum: 1e-12, maximum: 1, "Largest component of the mean deviance's gradient at which to stop."),
    .fitIntercept.fixedByBase, .statistics(Covariance.ofLikelihoods),
]

/// Half the deviance of a Tweedie distribution (Jørgensen 1987), less what depends on the target only, under a log
/// link.
struct TweedieLoss: MarginLoss {
    let power: Double

    func evaluate(margin: Double, target: Double) -> (loss: Double, slope: Double, curvature: Double) {
        switch power {
        case 1:
            let mean = exp(margin)
            return (mean - target * margin, mean - target, mean)
        case 2:
            let ratio = target * exp(-margin)
            return (margin + ratio, 1 - ratio, ratio)
        default:
            let mean = exp((2 - power) * margin)  // to the power 2 − p
            let share = target * exp((1 - power) * margin)
            // Outside 1…2 the loss is not convex: there, Fisher's information.
            let curvature = (1...2).contains(power) ? (2 - power) * mean - (1 - power) * share : mean
            return (mean / (2 - power) - share / (1 - power), mean - share, curvature)
        }
    }

    /// Robust errors take the observed information, as statsmodels does.
    func information(target: Double, margin: Double, robust: Bool) -> RowInformation {
        let mean = exp(margin)
        let observed = robust ? evaluate(margin: margin, target: target).curvature : 0
        return RowInformation(
            information: observed > 0 ? observed : pow(mean, 2 - power), score: (target - mean) * pow(mean, 1 - power),
            pearson: (target - mean) * (target - mean) * pow(mean, -power))
    }

    /// Targets that have a probability.
    func admits(_ target: Double) -> Bool { power >= 2 ? target > 0 : power >= 1 ? target >= 0 : true }
    var admitted: String { power >= 2 ? "greater than 0" : "0 or greater" }
}

private func fitGeneralized(_ input: borrowing FitInput, _ name: String, power: Double) throws -> FittedModel {
    let loss = TweedieLoss(power: power)
    try check(loss, input)
    let targets = input.data.training.targets
    let design = Design(input.data.training, input.plan, intercept: input.parameters.boolean("fit_intercept"))
    let moments = try design.moments(weights: input.weights, threads: input.threads, observer: input.observer)
    let base = try LinearBase(input, design)
    let objective = MarginObjective(
        design: design, targets: targets, weights: input.weights, loss: loss,
        penalty: input.parameters.number("alpha"), offsets: base.margins.first, totalWeight: moments.weight,
        threads: input.threads, observer: input.observer)
    try input.requirePenalty(objective.penalty > 0, remedy: "give alpha a value above 0")
    let mean = try positiveMean(input, moments.weight)
    var start = [Double](repeating: 0, count: design.width)
    if let intercept = design.intercept, !base.isPresent { start[intercept] = log(mean) }
    // The gradient has the unit of the mean to the power 2 − p: without it a tolerance would depend on the target's
    // unit.
    let tolerance = input.parameters.number("tol") * max(1, pow(mean, 2 - power))
    let outcome = try Minimizer(
        objective: objective, maximumIterations: input.parameters.integer("max_iter"), tolerance: tolerance,
        report: fitReport(input.observer)
    ).minimize(from: start)
    var fitted = try FittedModel.linear(
        design, moments, input.plan, point: base.corrected(outcome.point, design), link: .log,
        notes: outcome.notes(of: name), iterations: outcome.iterations)
    let covariance = try input.covariance(penalised: objective.penalty > 0)
    if let covariance {
        let point = design.withoutConstants(outcome.point, input.plan, moments)
        let margins = try design.margins(of: point, threads: input.threads, observer: input.observer)
        fitted.coefficients = try Inference(input.context, design, moments).table(
            point,
            zip(targets, margins).map { loss.information(target: $0, margin: $1, robust: covariance != .nonrobust) },
            covariance: covariance, dispersion: power != 1,
            student: false)
    }
    return fitted
}

private func check(_ loss: TweedieLoss, _ input: borrowing FitInput) throws {
    if loss.power > 0, loss.power < 1 {
        throw ForgeError(
            .invalidParameter, "params.power is \(loss.power): there is no such distribution between 0 and 1",
            hint: "use 0 for normal errors, 1 for counts, 1.5 for amounts that are often zero")
    }
    let targets = input.data.training.targets
    guard let row = targets.firstIndex(where: { !loss.admits($0) }) else { return }
    throw ForgeError(
        .unusableTarget,
        "target \"\(input.data.targetName)\" must be \(loss.admitted), got \(targets[row]) among \(targets.count { !loss.admits($0) }) of \(targets.count) training rows",
        hint: loss.power >= 2 && !targets.contains { $0 < 0 }
            ? "leave rows with zero out of the source, or use tweedie with power 1.5" : "use linear_regression or huber"
    )
}

private func positiveMean(_ input: borrowing FitInput, _ weight: Double) throws -> Double {
    var mean = 0.0
    for (row, target) in input.data.training.targets.enumerated() {
        mean += (input.weights?[row] ?? 1) * target / weight
    }
    guard mean > 0 else {
        throw ForgeError(
            .unusableTarget, "target \"\(input.data.targetName)\" has mean \(mean): the log link needs one above 0",
            hint: "use linear_regression, ridge or huber")
    }
    return mean
}
