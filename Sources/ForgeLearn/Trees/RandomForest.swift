import ForgeModel

extension Algorithm {
    /// A random forest (Breiman 2001) grown by XGBoost: squared error without a penalty makes a leaf the mean of its rows. For
    /// classes a tree fits 0/1 indicators, so that a leaf is the share of a class, as in scikit-learn.
    static let randomForest = Algorithm(
        name: "random_forest", tasks: [.classification, .regression], form: .trees,
        description:
            "The mean of deep trees, each grown on a part of the rows and columns: hard to overfit, little to tune.",
        parameters: [
            .integer(
                "n_estimators", 100, minimum: 1, maximum: 10_000,
                "Trees (for each class, when there are more than two)."),
            .integer("max_depth", 16, minimum: 1, maximum: 64, "Most splits between a tree's root and a leaf."),
            .number("min_samples_leaf", 1, minimum: 0, "Least sum of row weights in a leaf; without weights, rows."),
            .number(
                "max_features", nil, above: 0, maximum: 1,
                "Share of the encoded columns tried at each split; by default the square root of their number for classes, all for regression."
            ),
            .number(
                "max_samples", 0.632, above: 0, maximum: 1,
                "Share of the rows, drawn without replacement, that each tree sees; 0.632 is what a bootstrap sample has."
            ),
            .integer("max_bin", 256, minimum: 2, maximum: 65_535, "Histogram bins of a number column."),
            .positiveClass, .classWeight,
        ],
        fit: fitRandomForest)
}

/// Trees grown between two looks at the observer: a twentieth of all, fewer of many rows.
private func groupSize(trees: Int, rows: Int) -> Int { max(1, min(trees / 20, 1_000_000 / max(1, rows))) }

private func fitRandomForest(_ input: borrowing FitInput) throws -> FittedModel {
    let labels = try input.treeLabels(oneColumn: false)
    let isRegression = if case .values = input.target { true } else { false }
    // Leaves hold what is left of the mean: Float32 keeps the digits of a target far from zero. Shares start from 0.
    let base = isRegression ? Float(labels[0].reduce(0, +) / Double(input.rows)) : 0
    let bins = input.parameters.integer("max_bin")
    let matrix = try input.quantileMatrix(labels: labels, bins: bins)
    let trees = input.parameters.integer("n_estimators")
    let step = groupSize(trees: trees, rows: input.rows)
    var builder = TreeFormBuilder(outputs: labels.count, features: input.plan.width)
    for first in stride(from: 0, to: trees, by: step) {
        try input.checkCancelled()
        let size = min(step, trees - first)
        let booster = try Booster(matrix, forestParameters(input, trees: size, first: first, base: base))
        try booster.boost(round: 0)
        // XGBoost averages the trees of one round; the forest averages all.
        try builder.add(booster.saved(), logistic: false, leafScale: Double(size) / Double(trees))
        input.observer.progress(0.2 + 0.7 * Double(first + size) / Double(trees), phase: "fit")
    }
    return FittedModel(form: .trees(builder.built), link: isRegression ? .identity : .shares, importance: builder.gains)
}

private func forestParameters(_ input: borrowing FitInput, trees: Int, first: Int, base: Float) -> [(String, String)] {
    let parameters = input.parameters
    var result = input.commonTreeParameters.filter { $0.0 != "seed" }
    result += [
        ("seed", FitInput.seed(input.seed &+ first)), ("objective", "reg:squarederror"), ("base_score", "\(base)"),
        ("num_parallel_tree", "\(trees)"),
        ("learning_rate", "1"), ("reg_lambda", "0"), ("max_depth", "\(parameters.integer("max_depth"))"),
        ("min_child_weight", "\(parameters.number("min_samples_leaf"))"),
        ("subsample", "\(parameters.number("max_samples"))"),
        ("colsample_bynode", "\(share(input))"), ("max_bin", "\(parameters.integer("max_bin"))"),
    ]
    return result
}

/// Share of the encoded columns for a split, so that rounding down meets the whole number that is meant.
private func share(_ input: borrowing FitInput) -> Double {
    let width = Double(input.plan.width)
    let isRegression = if case .values = input.target { true } else { false }
    let asked = input.parameters["max_features"].doubleValue.map { $0 * width }
    let count = max(1, (asked ?? (isRegression ? width : width.squareRoot())).rounded(.down))
    return min(1, (count + 0.5) / width)
}
