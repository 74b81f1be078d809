import ForgeLinalg
import ForgeModel

extension Algorithm {
    /// Support vector machines without a kernel, as scikit-learn's `LinearSVC` and `LinearSVR`.
    static let linearSVM = Algorithm(
        name: "linear_svm", tasks: [.classification, .regression], form: .linear,
        description:
            "The weighted sum that keeps the classes furthest apart, or the rows within a margin: outliers count little.",
        parameters: [
            .number(
                "C", 1, above: 0,
                "Strength of the errors against the L2 penalty on the coefficients of the encoded columns and the intercept; smaller is steadier."
            ).searched(1e-4...1e3, log: true),
            Hyperparameter(
                name: "loss", kind: .text, defaultValue: nil, choices: losses,
                sentence:
                    "Of classes squared_hinge (the default) or hinge, of values epsilon_insensitive (the default) or squared_epsilon_insensitive."
            ),
            epsilon,
            .integer("max_iter", 1_000, minimum: 1, maximum: 1_000_000, "Most iterations of one machine's fit."),
            .number(
                "tol", 1e-8, minimum: 1e-14, maximum: 1,
                "Gradient of the mean loss, or duality gap as a share of the loss, at which to stop."),
            .fitIntercept.fixedByBase, .linearBase(["linear_svm"]), .positiveClass, .classWeight,
        ],
        needsKeys: true, fit: fitLinearSVM)
}

private let losses = ["squared_hinge", "hinge", "epsilon_insensitive", "squared_epsilon_insensitive"]
private let epsilon: Hyperparameter = {
    var result = Hyperparameter.number(
        "epsilon", 0, minimum: 0, "Errors up to this, in units of the target, cost nothing.")
    result.task = .regression
    return result
}()

private func fitLinearSVM(_ input: borrowing FitInput) throws -> FittedModel {
    let design = Design(input.data.training, input.plan, intercept: input.parameters.boolean("fit_intercept"))
    let moments = try design.moments(weights: input.weights, threads: input.threads, observer: input.observer)
    let asked = input.parameters["loss"].textValue
    let machine = SupportVectors(
        design: design, loss: try loss(asked, input), cost: input.parameters.number("C"),
        maximumIterations: input.parameters.integer("max_iter"), tolerance: input.parameters.number("tol"),
        threads: input.threads, observer: input.observer)
    switch input.target {
    case .classes(let classes):
        return try fitClasses(machine, input, classes, moments)
    default:
        let base = try LinearBase(input, design)
        let outcome = try machine.fit(base.residuals(of: input.data.training.targets), weights: input.weights)
        input.observer.progress(0.8, phase: "fit")
        return try .linear(
            design, moments, input.plan, point: base.corrected(outcome.point, design), notes: notes(outcome.converged, outcome.iterations),
            iterations: outcome.iterations)
    }
}

private func loss(_ asked: String?, _ input: borrowing FitInput) throws -> SupportVectors.Loss {
    var regression = false
    if case .values = input.target { regression = true }
    let fitting = regression ? Array(losses[2...]) : Array(losses[..<2])
    let name = asked ?? fitting[0]
    switch name {
    case _ where !fitting.contains(name):
        throw ForgeError(
            .invalidParameter, "params.loss \(name) does not learn \(regression ? "values" : "classes")",
            hint: "use \(fitting.joined(separator: " or "))")
    case "hinge": return .hinge
    case "squared_hinge": return .squaredHinge
    case "epsilon_insensitive": return .insensitive(epsilon: input.parameters.number("epsilon"))
    default: return .squaredInsensitive(epsilon: input.parameters.number("epsilon"))
    }
}

private func notes(_ converged: Bool, _ iterations: Int) -> [String] {
    converged ? [] : ["linear_svm did not converge in \(iterations) iterations: raise max_iter or tol, or lower C"]
}

// MARK: - Classes

/// Two classes: one machine. More: one a class against all others, as scikit-learn's. Their margins times one learned
/// factor are log-odds, so that the largest margin keeps the largest probability, and 0.5 lies where the margin of two
/// classes is 0.
private func fitClasses(
    _ machine: SupportVectors, _ input: borrowing FitInput, _ classes: Classes, _ moments: Design.Moments
) throws -> FittedModel {
    let outputs = classes.isBinary ? 1 : classes.count
    let signs = (0..<outputs).map { output in
        let own = classes.isBinary ? Int32(classes.positive) : Int32(output)
        return classes.training.map { $0 == own ? 1.0 : -1.0 }
    }
    let base = try LinearBase(input, machine.design, unit: input.baseMarginScale())
    let folds = foldNumbers(input)
    var points: [[Double]] = []
    var margins: [[Double]] = []
    var iterations = 0
    var converged = true
    for output in 0..<outputs {
        let offsets = base.isPresent ? base.margins[output] : nil
        let whole = try machine.fit(signs[output], weights: input.weights, offsets: offsets)
        iterations = max(iterations, whole.iterations)
        converged = converged && whole.converged
        guard whole.point.allSatisfy(\.isFinite) else { throw notFinite() }
        let point = base.corrected(whole.point, output: output, machine.design)
        points.append(machine.design.withoutConstants(point, input.plan, moments))
        let unseen = try outOfFold(machine, signs[output], input.weights, offsets, folds, from: whole.point)
        margins.append(offsets.map { zip(unseen, $0).map(+) } ?? unseen)
        input.observer.progress(0.2 + 0.6 * Double(output + 1) / Double(outputs), phase: "fit")
    }
    let temperature = InverseTemperature(
        margins: margins, labels: classes.isBinary ? signs[0].map { $0 > 0 ? 1 : 0 } : classes.training,
        weights: input.weights)
    let factor = temperature.solve()
    var fitted = FittedModel.linear(
        machine.design, moments, points: points.map { $0.map { $0 * factor } }, notes: notes(converged, iterations),
        iterations: iterations)
    fitted.marginScale = factor
    return fitted
}

extension FitInput {
    /// What the base model's margins were multiplied by when they became log-odds; 1 without one.
    fileprivate func baseMarginScale() throws -> Double {
        guard let base else { return 1 }
        guard let scale = base.manifest["margin_scale"]?.doubleValue, scale > 0 else {
            throw ForgeError(
                .modelMismatch, "base model \"\(base.reference)\" does not tell the scale of its margins",
                hint: "train it again: its release did not record it")
        }
        return scale
    }
}

/// (rows) which of five folds a row is in, by its key.
private func foldNumbers(_ input: borrowing FitInput) -> [Int] {
    let choice = KeyedChoice(seed: input.seed, purpose: .calibration)
    return input.data.training.keys.map { Int(choice.hash($0) % 5) }
}

/// Margins of every row by a machine that did not learn from it.
private func outOfFold(
    _ machine: SupportVectors, _ signs: [Double], _ weights: [Double]?, _ offsets: [Double]?, _ folds: [Int],
    from start: [Double]
) throws -> [Double] {
    var margins = [Double](repeating: 0, count: signs.count)
    for fold in 0..<5 where folds.contains(fold) {
        let others = folds.indices.map { folds[$0] == fold ? 0 : weights?[$0] ?? 1 }
        // One class among the others teaches nothing: a margin of 0 says so.
        guard zip(signs, others).contains(where: { $0 > 0 && $1 > 0 }),
            zip(signs, others).contains(where: { $0 < 0 && $1 > 0 })
        else { continue }
        let point = try machine.fit(signs, weights: others, offsets: offsets, from: start).point
        let found = try machine.design.margins(of: point, threads: machine.threads, observer: machine.observer)
        for row in folds.indices where folds[row] == fold { margins[row] = found[row] }
    }
    return margins
}
