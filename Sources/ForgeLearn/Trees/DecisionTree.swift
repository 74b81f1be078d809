import ForgeModel
import Glibc

extension Algorithm {
    /// One CART tree (Breiman, Friedman, Olshen and Stone 1984), as scikit-learn's `DecisionTreeClassifier` and
    /// `DecisionTreeRegressor`.
    static let decisionTree = Algorithm(
        name: "decision_tree", tasks: [.classification, .regression], form: .trees,
        description:
            "One tree of yes-or-no questions, each chosen to tell the rows apart best: the model to read aloud.",
        parameters: [
            .integer(
                "max_depth", nil, minimum: 1, maximum: ModelLimits.treeDepth,
                "Most splits between the root and a leaf; by default \(ModelLimits.treeDepth), the most that a model can hold."
            ).searched(2...30, log: true),
            .criterion, .minSamplesSplit, .minSamplesLeaf, .minImpurityDecrease,
            .maxFeatures("all"),
            .integer(
                "max_bin", 65_535, minimum: 2, maximum: 65_535,
                "Distinct values of a number column that are told apart; of more, quantiles are."),
            .positiveClass, .classWeight,
        ],
        fit: fitDecisionTree)
}

private func fitDecisionTree(_ input: borrowing FitInput) throws -> FittedModel {
    let learned = LearnedTarget(input.target, try input.treeTargets(), weights: input.weights)
    let rows = try input.binnedRows(learned, maxBin: input.parameters.integer("max_bin"))
    var growth = TreeGrowth(input, features: input.plan.width)
    growth.tried = input.triedFeatures(default: input.plan.width)
    return try input.grownForest(rows, learned, growth, trees: 1)
}

extension Hyperparameter {
    static let criterion = Hyperparameter(
        name: "criterion", kind: .text, defaultValue: "gini", choices: ["gini", "entropy", "log_loss"],
        task: .classification,
        sentence:
            "What a split is judged by: Gini's impurity, or the entropy (log_loss is another name for it). Regression uses squared error."
    )
    static let minSamplesSplit = Hyperparameter.integer(
        "min_samples_split", 2, minimum: 2, "Fewest rows in a node that is split.")
    static let minSamplesLeaf = Hyperparameter.integer(
        "min_samples_leaf", nil, minimum: 1,
        "Fewest rows in a leaf; by default 1, and of more than \(TreeGrowth.rowsPerLeaf) training rows one for each \(TreeGrowth.rowsPerLeaf)."
    ).searched(1...50, log: true)
    static let minImpurityDecrease = Hyperparameter.number(
        "min_impurity_decrease", 0, minimum: 0,
        "Least decrease of the impurity, times the node's share of the rows' weight, that justifies a split.")

    static func maxFeatures(_ usual: String) -> Hyperparameter {
        var result = Hyperparameter.number(
            "max_features", nil, above: 0, maximum: 1,
            "Share of the encoded columns tried at each split, or sqrt or log2 of their number, or all; by default \(usual)."
        )
        result.choices = ["sqrt", "log2", "all"]
        return result
    }
}

extension FitInput {
    /// The training rows in bins; frees their features where nothing needs them any more.
    func binnedRows(_ learned: LearnedTarget, maxBin: Int) throws -> BinnedRows {
        let limit = Self.binLimit(maxBin, classes: learned.classes)
        let rows = try BinnedRows(self, learned, limit: limit)
        if data.evaluatesHeldOut { data.training.releaseChunks() }
        observer.progress(0.2, phase: "fit")
        return rows
    }

    /// A histogram has a number for each bin and class: at most 64 MB of them.
    private static func binLimit(_ asked: Int, classes: Int) -> Int {
        min(asked, max(256, (1 << 23) / max(1, classes)))
    }

    /// Encoded columns to try at a split: `max_features` when asked for.
    func triedFeatures(default usual: Int) -> Int {
        let width = Double(plan.width)
        let asked = parameters["max_features"]
        switch asked.textValue {
        case "sqrt": return max(1, Int(width.squareRoot()))
        case "log2": return max(1, Int(log2(width)))
        case "all": return plan.width
        default: return max(1, asked.doubleValue.map { Int($0 * width) } ?? usual)
        }
    }
}
