import ForgeModel
import Testing

@testable import ForgeLearn

/// Agreement of trees and boosting with scikit-learn and XGBoost (Tests/conformance/make_goldens_trees.py).
@Suite struct TreeConformanceTests {
    private static func boosting(_ name: String, _ params: JSONValue) -> ConformanceTests.Case {
        var all = params
        all["n_estimators"] = 30
        all["max_depth"] = 3
        return ConformanceTests.Case(
            golden: "diabetes.boosting_\(name)", algorithm: "gradient_boosting", params: all, tolerance: 5e-6)
    }

    private static func tree(
        _ golden: String, _ params: JSONValue, task: String = "classification"
    ) -> ConformanceTests.Case {
        ConformanceTests.Case(golden: golden, algorithm: "decision_tree", task: task, params: params, tolerance: 1e-6)
    }

    static let exact: [ConformanceTests.Case] = [
        boosting("absolute_error", ["objective": "absolute_error"]),
        boosting("pseudo_huber", ["objective": "pseudo_huber", "huber_slope": 30, "base_score": 140]),
        boosting("quantile", ["objective": "quantile", "quantile_alpha": 0.9]),
        boosting("poisson", ["objective": "poisson"]),
        boosting("gamma", ["objective": "gamma"]),
        boosting("tweedie", ["objective": "tweedie", "tweedie_variance_power": 1.3]),
        boosting("monotone", ["monotone_constraints": ["bmi": 1, "bp": -1]]),
        boosting("lossguide", ["grow_policy": "lossguide", "max_leaves": 5, "reg_alpha": 2, "base_score": 100]),
        tree("diabetes.decision_tree", ["max_depth": 4, "min_samples_leaf": 5], task: "regression"),
        tree("breast_cancer.decision_tree", ["max_depth": 3]),
        tree("breast_cancer.decision_tree_entropy", ["max_depth": 2, "criterion": "entropy"]),
        tree("breast_cancer.decision_tree_balanced", ["max_depth": 3, "class_weight": "balanced"]),
        tree("wine.decision_tree", ["max_depth": 3, "min_samples_split": 10]),
    ]

    @Test(arguments: exact)
    func agreesWithThePeer(_ test: ConformanceTests.Case) throws {
        let run = try test.run()
        let found = deviation(try run.scores(of: try run.train()), try Conformance.golden(test.golden))
        #expect(found <= test.tolerance, "\(test.golden): \(found)")
    }

    /// Of whole numbers that is every other split: rows between 2 and 4 are parted at 3.
    @Test(arguments: [(2.0, 4.0), (-7, 3), (0.25, 0.75), (1, 1e6)])
    func aValueHalfwayBetweenTwoSidesGoesLeft(low: Double, high: Double) throws {
        var table = Table()
        table.add("x", [low, low, high, high, (low + high) / 2])
        table.add("part", ["train", "train", "train", "train", "test"], role: .part)
        table.add("y", [1, 1, 5, 5, 1], role: .target)
        let run = Run(
            table: table, algorithm: "decision_tree", task: "regression", split: ["method": "column", "column": "part"])
        let error = try #require(try run.train().manifest["metrics"]?["rmse"]?.doubleValue)
        #expect(error < 1e-6)
    }

    /// Equally good splits are chosen by chance there and by the column's number here: quality is compared, not digits.
    @Test func treesGrownToTheEndAreAsGoodAsThoseOfScikitLearn() throws {
        let theirs = try Conformance.golden("trees.quality").map { $0[0] }
        for (index, name) in ["breast_cancer", "wine", "iris", "diabetes"].enumerated() {
            var table = try Conformance.table(name)
            table.add("part", (0..<table.rows).map { $0 % 2 == 1 ? "train" : "test" }, role: .part)
            let task = name == "diabetes" ? "regression" : "classification"
            let run = Run(
                table: table, algorithm: "decision_tree", task: task, split: ["method": "column", "column": "part"])
            let metric = task == "regression" ? "r2" : "accuracy"
            let ours = try run.train().manifest["metrics"]?[metric]?.doubleValue ?? -9
            #expect(
                ours >= theirs[index] - (task == "regression" ? 0.1 : 0.02),
                "\(name): \(ours), scikit-learn \(theirs[index])")
        }
    }
}
