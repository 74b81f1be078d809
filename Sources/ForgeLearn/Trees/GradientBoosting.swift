import ForgeModel

extension Algorithm {
    /// Gradient boosted trees, histogram method, by XGBoost (Chen and Guestrin, KDD 2016).
    static let gradientBoosting = Algorithm(
        name: "gradient_boosting", tasks: [.classification, .regression], form: .trees,
        description:
            "Trees that each correct the ones before, by XGBoost: the most accurate on most tables; takes NULL and text as they are.",
        parameters: [
            .integer(
                "n_estimators", 100, minimum: 1, maximum: 10_000,
                "Boosting rounds; each adds one tree (one per class when there are more than two)."),
            .number(
                "learning_rate", 0.3, above: 0, maximum: 1,
                "Share of each tree's correction that is kept; smaller needs more rounds."),
            .integer("max_depth", 6, minimum: 1, maximum: 64, "Most splits between a tree's root and a leaf."),
            .number(
                "min_child_weight", 1, minimum: 0, "Least sum of hessians (of row weights, for regression) in a leaf."),
            .number("subsample", 1, above: 0, maximum: 1, "Share of the rows that each round sees."),
            .number("colsample_bytree", 1, above: 0, maximum: 1, "Share of the columns that each tree may split on."),
            .number("reg_lambda", 1, minimum: 0, "L2 penalty on leaf values."),
            .number("reg_alpha", 0, minimum: 0, "L1 penalty on leaf values."),
            .number("gamma", 0, minimum: 0, "Least loss reduction that justifies a split."),
            .integer("max_bin", 256, minimum: 2, maximum: 65_535, "Histogram bins of a number column."),
            Hyperparameter(
                name: "scale_pos_weight", kind: .number, defaultValue: 1.0, exclusiveMinimum: 0, choices: [],
                task: .classification, sentence: "Weight of the positive class's rows, for two classes."),
            .positiveClass, .classWeight,
        ],
        defaultFor: [.classification, .regression],
        fit: fitGradientBoosting)
}

private func fitGradientBoosting(_ input: borrowing FitInput) throws -> FittedModel {
    let objective = BoostingObjective(input.target)
    let labels = try input.treeLabels(oneColumn: true)
    let matrix = try input.quantileMatrix(labels: labels, bins: input.parameters.integer("max_bin"))
    let booster = try Booster(matrix, objective.parameters + boosterParameters(input))
    let rounds = input.parameters.integer("n_estimators")
    let interval = lossInterval(rows: input.rows, rounds: rounds)
    for round in 0..<rounds {
        try input.checkCancelled()
        try booster.boost(round: round)
        if (round + 1) % interval == 0 || round + 1 == rounds {
            let loss = try finite(booster.trainingLoss(round: round), round)
            input.observer.metric(step: round, name: "train_\(objective.lossName)", value: loss)
        }
        input.observer.progress(0.2 + 0.7 * Double(round + 1) / Double(rounds), phase: "fit")
    }
    var builder = TreeFormBuilder(outputs: objective.outputs, features: input.plan.width)
    try builder.add(booster.saved(), logistic: objective.isLogistic, leafScale: 1)
    return FittedModel(form: .trees(builder.built), link: objective.link, importance: builder.gains)
}

/// Rounds between two points of the loss curve: each one for small jobs; for large ones, whose loss costs a twentieth of a
/// round to measure, as many as keep that below a hundredth.
private func lossInterval(rows: Int, rounds: Int) -> Int { max(1, rows * rounds / 20_000_000) }

private func finite(_ loss: Double, _ round: Int) throws -> Double {
    guard loss.isFinite else {
        throw ForgeError(
            .numericalFailure, "the training loss is not finite after round \(round + 1)",
            hint: "use a smaller learning_rate, or scale the target")
    }
    return loss
}

private func boosterParameters(_ input: borrowing FitInput) -> [(String, String)] {
    let parameters = input.parameters
    var result = input.commonTreeParameters
    result += [("max_depth", "\(parameters.integer("max_depth"))"), ("max_bin", "\(parameters.integer("max_bin"))")]
    for name in [
        "learning_rate", "min_child_weight", "subsample", "colsample_bytree", "reg_lambda", "reg_alpha", "gamma",
    ] {
        result.append((name, "\(parameters.number(name))"))
    }
    if case .classes(let classes) = input.target, classes.isBinary {
        result.append(("scale_pos_weight", "\(parameters.number("scale_pos_weight"))"))
    }
    return result
}

/// How boosting sees the target.
private struct BoostingObjective {
    let parameters: [(String, String)]
    let outputs: Int
    let link: Link
    let lossName: String
    var isLogistic: Bool { link == .logistic }

    init(_ target: Target) {
        switch target {
        case .values:
            parameters = [("objective", "reg:squarederror"), ("eval_metric", "rmse")]
            (outputs, link, lossName) = (1, .identity, "rmse")
        case .classes(let classes) where classes.isBinary:
            parameters = [("objective", "binary:logistic"), ("eval_metric", "logloss")]
            (outputs, link, lossName) = (1, .logistic, "log_loss")
        case .classes(let classes):
            parameters = [
                ("objective", "multi:softprob"), ("eval_metric", "mlogloss"), ("num_class", "\(classes.count)"),
            ]
            (outputs, link, lossName) = (classes.count, .softmax, "log_loss")
        }
    }
}
