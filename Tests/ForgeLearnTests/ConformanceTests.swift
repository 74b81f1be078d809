import ForgeModel
import Testing

@testable import ForgeLearn

/// Agreement with scikit-learn, statsmodels and XGBoost (Tests/conformance/make_goldens.py).
@Suite struct ConformanceTests {
    static let raw: JSONValue = ["*": ["scale": "none"]]

    struct Case: Sendable, CustomTestStringConvertible {
        var golden: String
        var algorithm: String
        var task = "regression"
        var target = "target"
        var params: JSONValue = [:]
        var preprocess: JSONValue = nil
        var weight: String?
        /// Largest |ours - theirs| / max(1, |theirs|) over all rows.
        var tolerance: Double

        var testDescription: String { golden }
        var data: String { String(golden.prefix { $0 != "." }) }
    }

    static let exact: [Case] = [
        Case(golden: "diabetes.linear_regression", algorithm: "linear_regression", tolerance: 1e-11),
        Case(golden: "diabetes.linear_regression", algorithm: "linear_regression", preprocess: raw, tolerance: 1e-11),
        Case(
            golden: "diabetes.linear_regression_no_intercept", algorithm: "linear_regression",
            params: ["fit_intercept": false], preprocess: raw, tolerance: 1e-10),
        Case(golden: "diabetes.ridge", algorithm: "ridge", tolerance: 1e-11),
        Case(
            golden: "diabetes.ridge_raw", algorithm: "ridge", params: ["alpha": 0.5], preprocess: raw, tolerance: 1e-11),
        // Longley's table is nearly collinear: condition number 5e9 as it stands.
        Case(golden: "longley.linear_regression", algorithm: "linear_regression", tolerance: 1e-10),
        Case(golden: "longley.linear_regression", algorithm: "linear_regression", preprocess: raw, tolerance: 1e-7),
        Case(
            golden: "diabetes.logit_unpenalised", algorithm: "logistic_regression", task: "classification",
            target: "above",
            params: ["penalty": "none", "tol": 1e-10], tolerance: 1e-8),
        Case(
            golden: "breast_cancer.logistic_regression", algorithm: "logistic_regression", task: "classification",
            params: ["tol": 1e-10], tolerance: 1e-8),
        Case(
            golden: "breast_cancer.logistic_regression_balanced", algorithm: "logistic_regression",
            task: "classification",
            params: ["C": 0.1, "class_weight": "balanced", "tol": 1e-10], tolerance: 1e-8),
        Case(
            golden: "wine.logistic_regression", algorithm: "logistic_regression", task: "classification",
            params: ["tol": 1e-10], tolerance: 1e-7),
        Case(
            golden: "iris.logistic_regression", algorithm: "logistic_regression", task: "classification",
            params: ["tol": 1e-10], tolerance: 1e-7),
        Case(golden: "mixed.linear_regression", algorithm: "linear_regression", target: "amount", tolerance: 1e-10),
        Case(golden: "mixed.ridge", algorithm: "ridge", target: "amount", params: ["alpha": 2], tolerance: 1e-10),
        Case(
            golden: "mixed.logistic_regression", algorithm: "logistic_regression", task: "classification",
            target: "label",
            params: ["C": 0.5, "tol": 1e-10], tolerance: 1e-8),
        Case(
            golden: "mixed.weighted_wls", algorithm: "linear_regression", target: "amount", weight: "weight",
            tolerance: 1e-9),
        Case(
            golden: "mixed.gradient_boosting", algorithm: "gradient_boosting", target: "amount",
            params: ["n_estimators": 50], tolerance: 1e-6),
        Case(
            golden: "mixed.gradient_boosting_weighted", algorithm: "gradient_boosting", task: "classification",
            target: "label",
            params: ["n_estimators": 50, "max_depth": 3], weight: "weight", tolerance: 1e-6),
        Case(
            golden: "wine.gradient_boosting", algorithm: "gradient_boosting", task: "classification",
            params: ["n_estimators": 40, "learning_rate": 0.1], tolerance: 1e-6),
    ]

    @Test(arguments: exact)
    func agreesWithThePeer(_ test: Case) throws {
        let run = try test.run()
        var golden = try Conformance.golden(test.golden)
        if test.target == "above" { golden = golden.map { [1 - $0[0], $0[0]] } }
        let scores = try run.scores(of: try run.train())
        let found = deviation(scores, golden)
        #expect(found <= test.tolerance, "\(test.golden): \(found)")
    }

    /// Rows 1, 3, 5 … train, rows 0, 2, 4 … are scored, as in make_goldens.py.
    private func heldOutRun(_ name: String, _ task: String) throws -> Run {
        var table = try Conformance.table(name)
        table.add("part", (0..<table.rows).map { $0 % 2 == 1 ? "train" : "test" }, role: .part)
        return Run(
            table: table, algorithm: "random_forest", task: task, params: ["n_estimators": 200],
            split: ["method": "column", "column": "part"])
    }

    @Test func forestsAreAsGoodAsThoseOfScikitLearn() throws {
        let theirs = try Conformance.golden("forests.quality").map { $0[0] }
        for (index, name) in ["breast_cancer", "wine", "iris"].enumerated() {
            let ours = try heldOutRun(name, "classification").train().manifest["metrics"]?["accuracy"]?.doubleValue ?? 0
            #expect(ours >= theirs[index] - 0.03, "\(name): accuracy \(ours), scikit-learn \(theirs[index])")
        }
        let ours = try heldOutRun("diabetes", "regression").train().manifest["metrics"]?["r2"]?.doubleValue ?? 0
        #expect(ours >= theirs[3] - 0.03, "diabetes: r2 \(ours), scikit-learn \(theirs[3])")
    }
}

extension ConformanceTests.Case {
    func run() throws -> Run {
        var table: Table
        if data == "mixed" {
            let others = Set(["label", "amount", "weight"]).subtracting([target, weight ?? ""])
            table = try Conformance.table(
                "mixed", target: target, text: ["plan", "region", "label"], drop: others, weight: weight)
        } else {
            table = try Conformance.table(data)
        }
        if target == "above" {  // diabetes with a target of two classes
            let index = table.columns.firstIndex { $0.role == .target }!
            table.columns[index].type = "boolean"
            table.columns[index].cells = table.columns[index].cells.map { cell in
                if case .number(let value) = cell { .number(value > 140 ? 1 : 0) } else { cell }
            }
        }
        if target == "one more" {  // wine's classes as numbers above 0
            let index = table.columns.firstIndex { $0.role == .target }!
            table.columns[index].cells = table.columns[index].cells.map { cell in
                if case .number(let value) = cell { .number(value + 1) } else { cell }
            }
        }
        return Run(
            table: table, algorithm: algorithm, task: task, params: params, preprocess: preprocess,
            threads: 1)
    }
}
