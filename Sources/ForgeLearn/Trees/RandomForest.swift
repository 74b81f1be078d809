import ForgeModel

extension Algorithm {
    /// A random forest (Breiman 2001), as scikit-learn's `RandomForestClassifier` and `RandomForestRegressor`: trees
    /// grown on bootstrap samples, whose class shares or means are averaged.
    static let randomForest = Algorithm(
        name: "random_forest", tasks: [.classification, .regression], form: .trees,
        description:
            "The mean of deep trees, each grown on a bootstrap sample with a part of the columns at each split: hard to overfit, little to tune.",
        parameters: [
            .integer("n_estimators", 100, minimum: 1, maximum: 10_000, "Trees."),
            .integer(
                "max_depth", nil, minimum: 1, maximum: ModelLimits.treeDepth,
                "Most splits between a tree's root and a leaf; by default \(ModelLimits.treeDepth), the most that a model can hold."
            ).searched(4...40, log: true),
            .criterion, .minSamplesSplit, .minSamplesLeaf, .minImpurityDecrease,
            .maxFeatures("the square root of their number for classes, all for regression").searched(0.1...1),
            .boolean(
                "bootstrap", true,
                "Whether each tree sees rows drawn with replacement; otherwise max_samples of them, each once."),
            .number("max_samples", 1, above: 0, maximum: 1, "Rows drawn for each tree, as a share of all."),
            .integer(
                "max_bin", nil, minimum: 2, maximum: 65_535,
                "Distinct values of a number column that are told apart; of more, quantiles are. By default 65535 up to \(exactRows) training rows, else 256."),
            .positiveClass, .classWeight,
        ],
        fit: fitRandomForest)
}

/// Up to so many rows a forest looks at every split, as scikit-learn's does; beyond, quantiles cost less and say as much.
private let exactRows = 50_000

private func fitRandomForest(_ input: borrowing FitInput) throws -> FittedModel {
    let learned = LearnedTarget(input.target, try input.treeTargets(), weights: input.weights)
    let maxBin = input.parameters["max_bin"].intValue ?? (input.rows <= exactRows ? 65_535 : 256)
    let rows = try input.binnedRows(learned, maxBin: maxBin)
    let width = input.plan.width
    var growth = TreeGrowth(input, features: width)
    growth.tried = input.triedFeatures(default: learned.classes > 0 ? Int(Double(width).squareRoot()) : width)
    growth.shuffled = true
    growth.drawn = max(1, Int((input.parameters.number("max_samples") * Double(input.rows)).rounded()))
    growth.replaced = input.parameters.boolean("bootstrap")
    return try input.grownForest(rows, learned, growth, trees: input.parameters.integer("n_estimators"))
}
