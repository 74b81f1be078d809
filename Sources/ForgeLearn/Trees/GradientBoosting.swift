import ForgeModel

extension Algorithm {
    /// Gradient boosted trees, histogram method, by XGBoost (Chen and Guestrin, KDD 2016).
    static let gradientBoosting = Algorithm(
        name: "gradient_boosting", tasks: [.classification, .regression, .ranking], form: .trees,
        description:
            "Trees that each correct the ones before, by XGBoost: the most accurate on most tables; takes NULL and text as they are.",
        parameters: boostingParameters,
        defaultFor: [.classification, .regression, .ranking],
        fit: fitGradientBoosting)
}

private func fitGradientBoosting(_ input: borrowing FitInput) throws -> FittedModel {
    let objective = BoostingObjective(input)
    let matrices = try BoostingMatrices(input, objective)
    let booster = try Booster(
        matrices.training, watching: matrices.validation, objective.parameters + boosterParameters(input))
    let rounds = try boost(booster, matrices, objective, input)
    var builder =
        input.baseTrees.map { TreeFormBuilder(continuing: $0, features: input.plan.width) }
        ?? TreeFormBuilder(outputs: objective.outputs, features: input.plan.width)
    try builder.add(booster.saved(), link: objective.link, trees: rounds * objective.outputs)
    var fitted = FittedModel(form: .trees(builder.built), link: objective.link, importance: builder.gains)
    if let base = input.base {
        fitted.notes.append("importances by gain are those of the rounds added to base model \"\(base.reference)\"")
    }
    fitted.iterations = rounds
    return fitted
}

/// Boosts round after round; returns how many rounds to keep: those up to the best on the validation rows, if there are
/// any.
private func boost(
    _ booster: Booster, _ matrices: BoostingMatrices, _ objective: BoostingObjective, _ input: borrowing FitInput
) throws -> Int {
    let rounds = input.parameters.integer("n_estimators")
    let interval = lossInterval(rows: input.rows, rounds: rounds)
    let patience = input.parameters["early_stopping_rounds"].intValue ?? rounds
    let first = (input.baseTrees?.roots.count ?? 0) / objective.outputs
    var best = (round: rounds - 1, loss: Double.infinity)
    for round in 0..<rounds {
        try input.checkCancelled()
        try booster.boost(round: first + round)
        if (round + 1) % interval == 0 || round + 1 == rounds {
            let loss = try finite(booster.loss(on: matrices.training, round: round), round)
            input.observer.metric(step: round, name: "train_\(objective.lossName)", value: loss)
        }
        input.observer.progress(0.2 + 0.7 * Double(round + 1) / Double(rounds), phase: "fit")
        guard let validation = matrices.validation else { continue }
        let loss = try finite(booster.loss(on: validation, round: round), round)
        input.observer.metric(step: round, name: "validation_\(objective.lossName)", value: loss)
        let cost = objective.largerIsBetter ? -loss : loss
        if cost < best.loss { best = (round, cost) }
        if round - best.round >= patience { break }
    }
    return best.round + 1
}

/// Rounds between two points of the loss curve: each one for small jobs; for large ones, whose loss costs a twentieth
/// of a round to measure, as many as keep that below a hundredth.
private func lossInterval(rows: Int, rounds: Int) -> Int { max(1, rows * rounds / 20_000_000) }

private func finite(_ loss: Double, _ round: Int) throws -> Double {
    guard loss.isFinite else {
        throw ForgeError(
            .numericalFailure, "the loss is not finite after round \(round + 1)",
            hint: "use a smaller learning_rate, or scale the target")
    }
    return loss
}

private func boosterParameters(_ input: borrowing FitInput) throws -> [(String, String)] {
    let parameters = input.parameters
    var result = input.commonTreeParameters
    result += ["max_depth", "max_bin", "max_leaves"].map { ($0, "\(parameters.integer($0))") }
    result += [
        "learning_rate", "min_child_weight", "subsample", "colsample_bytree", "colsample_bylevel", "colsample_bynode",
        "reg_lambda", "reg_alpha", "gamma", "max_delta_step",
    ].compactMap { name in parameters[name].doubleValue.map { (name, "\($0)") } }
    result.append(("grow_policy", parameters.text("grow_policy")))
    if case .classes(let classes) = input.target, classes.isBinary {
        result.append(("scale_pos_weight", "\(parameters.number("scale_pos_weight"))"))
    }
    let base = parameters["base_score"].doubleValue ?? (input.base == nil ? PseudoHuberLoss(input)?.bestConstant : nil)
    if let base { result.append(("base_score", "\(base)")) }
    if let constraints = try input.monotoneConstraints() { result.append(("monotone_constraints", constraints)) }
    return result
}

extension FitInput {
    /// The trees that the rounds are added to; nil: there are none yet.
    fileprivate var baseTrees: TreeForm? {
        if case .trees(let form) = base?.document.form { form } else { nil }
    }

    /// `monotone_constraints` as XGBoost takes them, one for each encoded feature; nil without any.
    fileprivate func monotoneConstraints() throws -> String? {
        guard let asked = parameters["monotone_constraints"].objectValue else { return nil }
        var directions = [Int](repeating: 0, count: plan.width)
        for member in asked {
            guard let column = plan.columns.first(where: { $0.schema.name == Bytes(member.key.utf8) }) else {
                throw ForgeError(
                    .invalidParameter, "monotone_constraints names \"\(member.key)\", which is no feature of the model",
                    hint: "name number columns that the model learns from")
            }
            guard let direction = member.value.intValue, (-1...1).contains(direction) else {
                throw ForgeError(
                    .invalidParameter,
                    "monotone_constraints of \"\(member.key)\" must be 1, -1 or 0, got \(member.value.serialized)",
                    hint: "1: the prediction never falls when the column rises; -1: it never rises")
            }
            guard column.schema.kind == .number else {
                throw ForgeError(
                    .invalidParameter, "monotone_constraints names \"\(member.key)\", whose values have no order",
                    hint: "name number columns; cast the column in the source if it is one")
            }
            directions[column.offset] = direction
        }
        return "(" + directions.map(String.init).joined(separator: ",") + ")"
    }
}
