import ForgeModel

extension Algorithm {
    /// A search over a portfolio of algorithms, whose best models become one (docs/automl.md). It fits nothing itself.
    static let auto = Algorithm(
        name: "auto", tasks: [.classification, .regression], form: .ensemble,
        description:
            "Searches a portfolio of algorithms, tunes the best of them, and weighs the best models into one.",
        parameters: [
            .integer(
                "max_members", 10, minimum: 1, maximum: ModelLimits.members,
                "Most models that are weighed into one; 1 takes the best one alone."),
            .positiveClass, .classWeight,
        ],
        fit: { _ in
            throw ForgeError(
                .invalidParameter, "algorithm \"auto\" has searched nothing",
                hint: "leave search out of the request, or set its trials")
        })
}

/// The algorithms that `auto` tries, each with the parameters that it tunes and the points that it tries first.
enum Portfolio {
    /// `fixed`: parameters of `auto`; those that an algorithm has too hold for it.
    static func arms(for task: LearningTask, fixed: JSONObject) -> [SearchArm] {
        let linear = task == .classification ? Algorithm.logisticRegression : .ridge
        return [boosting(task, fixed), forest(task, fixed), arm(linear, task, fixed), network(task, fixed)]
    }

    /// The ranges that the parameters declare; of `starts` each changes the defaults.
    private static func arm(
        _ algorithm: Algorithm, _ task: LearningTask, _ fixed: JSONObject, dimensions: [SearchArm.Dimension]? = nil,
        starts: [JSONObject] = [JSONObject()]
    ) -> SearchArm {
        let defaults = algorithm.defaults(for: task)
        let known = Set(algorithm.parameters(for: task).map(\.name))
        return SearchArm(
            algorithm: algorithm.name, fixed: fixed.keeping { known.contains($0) }, dimensions: dimensions ?? algorithm.searched(for: task),
            starts: starts.map { start in
                var point = defaults
                for member in start { point[member.key] = member.value }
                return point
            })
    }

    /// Small steps of many shallow trees on parts of the data generalise better than the defaults where rows are few.
    private static func boosting(_ task: LearningTask, _ fixed: JSONObject) -> SearchArm {
        arm(
            .gradientBoosting, task, fixed,
            starts: [
                JSONObject(),
                ["n_estimators": 300, "learning_rate": 0.05, "max_depth": 4, "subsample": 0.8, "colsample_bytree": 0.8],
            ])
    }

    private static func forest(_ task: LearningTask, _ fixed: JSONObject) -> SearchArm {
        let shares: [JSONValue] = [0.2, 0.33, 0.5, 0.75, 1.0] + (task == .classification ? ["sqrt"] : [])
        return arm(
            .randomForest, task, fixed,
            dimensions: [
                SearchArm.Dimension("max_features", SearchRange(.choices(shares))),
                SearchArm.Dimension("min_samples_leaf", SearchRange(.integers(1...30), isLogarithmic: true)),
            ],
            starts: [
                ["max_features": task == .classification ? "sqrt" : 1.0, "min_samples_leaf": 1],
                ["max_features": 0.33, "min_samples_leaf": 3],
            ])
    }

    /// The architecture is searched with the rest: depth and width of the layers, activation, dropout.
    private static func network(_ task: LearningTask, _ fixed: JSONObject) -> SearchArm {
        arm(
            .mlp, task, fixed,
            starts: [
                JSONObject(), ["hidden_layer_sizes": [128, 64], "activation": "gelu", "dropout": 0.1],
            ])
    }
}

extension JSONObject {
    fileprivate func keeping(_ isKept: (String) -> Bool) -> JSONObject {
        var kept = JSONObject()
        for member in self where isKept(member.key) { kept[member.key] = member.value }
        return kept
    }
}
