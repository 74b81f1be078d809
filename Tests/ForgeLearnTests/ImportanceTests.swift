import ForgeModel
import Testing

@testable import ForgeLearn

/// Permutation importance and mean |SHAP|.
@Suite struct ImportanceTests {
    private func found(_ manifest: JSONValue, _ kind: String) -> [String: (value: Double, lower: Double, upper: Double)] {
        var result: [String: (value: Double, lower: Double, upper: Double)] = [:]
        for entry in manifest["feature_importance"]?.arrayValue ?? [] where entry["kind"]?.textValue == kind {
            result[entry["feature"]!.textValue!] = (
                entry["importance"]!.doubleValue!, entry["lower"]?.doubleValue ?? .nan, entry["upper"]?.doubleValue ?? .nan
            )
        }
        return result
    }

    /// Over 20 shuffles here and 400 there, whose standard error the golden has.
    @Test(arguments: ["diabetes", "breast_cancer"])
    func permutationImportanceIsThatOfScikitLearn(_ name: String) throws {
        let classifies = name == "breast_cancer"
        let table = try Conformance.table(name)
        let run = Run(
            table: table, algorithm: classifies ? "logistic_regression" : "linear_regression",
            task: classifies ? "classification" : "regression", params: classifies ? ["tol": 1e-10] : [:],
            evaluation: ["importance": ["permutation"], "repeats": 20])
        let ours = found(try run.train().manifest, "permutation")
        for (column, golden) in zip(table.columns, try Conformance.golden("\(name).permutation")) {
            let value = try #require(ours[column.name]).value
            #expect(abs(value - golden[0]) < 5 * 21.0.squareRoot() * golden[1] + 1e-9, "\(column.name): \(value) \(golden)")
        }
    }

    @Test func meanSizeOfContributionsIsThatOfThePackageShap() throws {
        let table = try Conformance.table("diabetes")
        let run = Run(
            table: table, algorithm: "linear_regression", task: "regression", evaluation: ["importance": ["mean_abs_shap"]])
        let ours = found(try run.train().manifest, "mean_abs_shap")
        let values = table.columns.dropLast().map { [ours[$0.name]?.value ?? .nan] }
        #expect(deviation(values, try Conformance.golden("diabetes.mean_abs_shap")) < 1e-10)
        #expect(ours.values.allSatisfy { $0.lower < $0.value && $0.value < $0.upper })
    }

    // MARK: - Influences

    /// Weighing one unit a little more moves the metric by its influence.
    private func check(_ rows: some Measurable, _ metric: String) throws {
        let influences = try #require(rows.influences(on: metric))
        #expect(influences.count == rows.units && abs(influences.reduce(0, +)) < 1e-9)
        let nudge = 1e-5 * Double(rows.units)
        for unit in stride(from: 0, to: rows.units, by: 7) {
            func metrics(_ step: Double) throws -> Double {
                var weights = [Double](repeating: 1, count: rows.units)
                weights[unit] += step
                return try #require(rows.measure(weights).first { $0.name == metric }?.value)
            }
            let slope = try (metrics(nudge) - metrics(-nudge)) / (2 * nudge) * Double(rows.units)
            #expect(abs(slope - influences[unit]) < 1e-6 * max(1, abs(slope)), "\(metric) of unit \(unit)")
        }
    }

    @Test func influencesAreTheMetricsDerivatives() throws {
        var random = Random(9)
        let truth = (0..<300).map { _ in random.normal() }
        try check(RegressionRows(truth: truth, prediction: truth.map { $0 * 0.7 + random.normal() + 0.4 }), "rmse")
        let classes = truth.map { Int32($0 > 0.3 ? 1 : 0) }
        // Rounded scores tie.
        let shares = truth.map { max(0.05, min(0.95, (($0 + random.normal()) * 4).rounded() / 16 + 0.5)) }
        let scores = PartScores(values: shares.flatMap { [1 - $0, $0] }, width: 2)
        let rows = ClassRows(truth: classes, scores: scores, labels: ["a", "b"], positive: 1)
        try check(rows, "roc_auc")
        try check(rows, "log_loss")
        let relevance = truth.map { max(0, $0.rounded()) }
        try check(
            RankedQueries(relevance: relevance, scores: shares, groups: truth.indices.map { UInt64($0 / 6) }), "ndcg")
        #expect(rows.influences(on: "f1") == nil)
        let one = ClassRows(truth: classes.map { _ in 1 }, scores: scores, labels: ["a", "b"], positive: 1)
        #expect(one.influences(on: "roc_auc") == nil)
    }

    // MARK: - Intervals

    private func table(rows: Int, seed: UInt64) -> Table {
        var random = Random(seed)
        let a = (0..<rows).map { _ in random.normal() }
        let b = (0..<rows).map { _ in random.normal() }
        var table = Table()
        table.add("a", a)
        table.add("b", b)
        table.add("noise", (0..<rows).map { _ in random.normal() })
        table.add("c", (0..<rows).map { row -> String? in random.index(3) < row % 2 ? "x" : row % 5 == 0 ? nil : "y" })
        table.add("y", zip(a, b).map { 2 * $0 + $1 + random.normal() }, role: .target)
        return table
    }

    private func importances(
        _ model: Scorer, _ table: Table, repeats: Int = 5, seed: Int = 1, threads: Int = 1
    ) throws -> Importances? {
        let truth = table.columns.last!.cells.map { cell -> Double in if case .number(let value) = cell { value } else { .nan } }
        return try PermutationImportance(
            request: ImportanceRequest(kinds: [.permutation], repeats: repeats), scorer: model,
            columns: ["a", "b", "noise", "c"].map(table.values), seed: seed, metric: "rmse"
        ) { RegressionRows(truth: truth, prediction: $0.column(0)) }
            .importances(threads: threads, observer: SilentObserver())
    }

    /// 95 % intervals from 200 rows hold what 50,000 rows say, about as often as they promise.
    @Test func intervalsCoverTheImportanceOfManyRows() throws {
        let artifact = try Run(table: table(rows: 1_000, seed: 1), algorithm: "ridge", task: "regression").train().artifact
        let model = try Scorer(artifact: artifact)
        let whole = try #require(try importances(model, table(rows: 50_000, seed: 2), repeats: 2))
        var inside = [0, 0]
        for seed in 0..<100 {
            let part = try #require(try importances(model, table(rows: 200, seed: UInt64(100 + seed)), seed: seed))
            for column in 0..<2 {
                let interval = try #require(part.intervals[column])
                if interval.lower <= whole.values[column], whole.values[column] <= interval.upper { inside[column] += 1 }
            }
        }
        #expect(inside.allSatisfy { (90...100).contains($0) }, "\(inside)")
    }

    @Test func importancesAreTheSameWhateverTheThreads() throws {
        let data = table(rows: 500, seed: 4)
        let model = try Scorer(artifact: Run(table: data, algorithm: "ridge", task: "regression").train().artifact)
        let one = try #require(try importances(model, data))
        #expect(try importances(model, data, threads: 4) == one)
        #expect(try importances(model, data, seed: 2) != one)
        #expect(one.values[0] > one.values[1] && one.values[1] > abs(one.values[2]))
    }

    // MARK: - As part of a training

    private func run(_ evaluation: JSONValue, algorithm: String = "gradient_boosting", rows: Int = 600) -> Run {
        Run(table: table(rows: rows, seed: 7), algorithm: algorithm, task: "regression", split: [:], evaluation: evaluation)
    }

    /// By kernel SHAP.
    @Test func networksHaveShapleyImportancesToo() throws {
        let evaluation: JSONValue = ["importance": ["mean_abs_shap"]]
        let outcome = try run(evaluation, algorithm: "mlp").train()
        let ours = found(outcome.manifest, "mean_abs_shap")
        #expect(Set(ours.keys) == ["a", "b", "noise", "c"])
        #expect(ours["a"]!.value > ours["b"]!.value && ours["b"]!.value > ours["noise"]!.value)
        let again = try run(evaluation, algorithm: "mlp").train().manifest
        #expect(again["feature_importance"]?.serialized == outcome.manifest["feature_importance"]?.serialized)
    }

    @Test func everySourceColumnIsMeasuredOnceOnTheHeldOutRows() throws {
        let evaluation: JSONValue = ["importance": ["mean_abs_shap", "permutation"], "repeats": 3]
        let outcome = try run(evaluation).train()
        for kind in ["permutation", "mean_abs_shap"] {
            let ours = found(outcome.manifest, kind)
            #expect(Set(ours.keys) == ["a", "b", "noise", "c"], "\(kind)")
            #expect(ours["a"]!.value > ours["b"]!.value && ours["b"]!.value > ours["noise"]!.value)
            #expect(ours["a"]!.lower > 0 && ours.values.allSatisfy { $0.lower <= $0.value && $0.value <= $0.upper })
        }
        #expect(found(outcome.manifest, "mean_abs_shap")["a"]!.value.isFinite)
        let again = try run(evaluation).train().manifest
        #expect(again["feature_importance"]?.serialized == outcome.manifest["feature_importance"]?.serialized)
        let plain = try run(nil).train()
        #expect(plain.artifact == outcome.artifact)
        #expect(plain.manifest["feature_importance"]?.arrayValue?.count == 4)
    }

    /// Of several classes the main metric is log_loss, of a ranking ndcg.
    @Test func otherTasksAreMeasuredByTheirMainMetric() throws {
        var random = Random(3)
        let x = (0..<900).map { _ in random.normal() }
        var table = Table()
        table.add("x", x)
        table.add("z", x.map { _ in random.normal() })
        let labels = x.map { value -> String? in value < -0.5 ? "low" : value < 0.5 ? "middle" : "high" }
        table.add("y", labels, role: .target)
        let kinds: JSONValue = ["importance": ["permutation", "mean_abs_shap"]]
        let classes = Run(
            table: table, algorithm: "logistic_regression", task: "classification", split: [:], evaluation: kinds)
        for kind in ["permutation", "mean_abs_shap"] {
            let ours = found(try classes.train().manifest, kind)
            #expect(ours["x"]!.lower > 0 && ours["x"]!.lower > ours["z"]!.upper, "\(kind) \(ours)")
        }
        var queries = Table()
        queries.add("x", x)
        queries.add("z", x.map { _ in random.normal() })
        queries.add("query", x.indices.map { Double($0 / 9) }, role: .group)
        queries.add("y", x.map { max(0, min(3, ($0 + 1).rounded())) }, role: .target)
        let ranking = Run(
            table: queries, algorithm: "gradient_boosting", task: "ranking", params: ["n_estimators": 20],
            split: ["method": "group"], evaluation: ["importance": ["permutation"]])
        let ours = found(try ranking.train().manifest, "permutation")
        #expect(ours["x"]!.lower > 0 && ours["x"]!.lower > ours["z"]!.upper, "\(ours)")
    }

    @Test func whatCannotBeMeasuredIsSaid() throws {
        var table = table(rows: 60, seed: 5)
        table.columns[4].cells = table.columns[4].cells.indices.map { .number($0 < 50 ? Double($0 % 2) : 1) }
        table.add("part", (0..<60).map { $0 < 50 ? "train" : "test" }, role: .part)
        let run = Run(
            table: table, algorithm: "logistic_regression", task: "classification",
            split: ["method": "column", "column": "part"], evaluation: ["importance": ["permutation"]])
        let manifest = try run.train().manifest
        #expect(found(manifest, "permutation").isEmpty)
        #expect(manifest["data_report"]?["undefined_metrics"]?["permutation_importance"]?.textValue?.contains("roc_auc") == true)
    }

    @Test(arguments: [
        "\"permutation\"", "[]", "[\"gain\"]", "[\"permutation\", 1]",
    ])
    func unknownKindsAreRefused(_ kinds: String) throws {
        let asked = try JSONValue(parsing: "{\"importance\": \(kinds)}")
        #expect(throws: ForgeError.self) { try run(asked).job }
        #expect(throws: ForgeError.self) { try run(["importance": ["permutation"], "repeats": 0]).job }
    }

    @Test func cancellingStopsThem() throws {
        let data = table(rows: 100, seed: 4)
        let model = try Scorer(artifact: Run(table: data, algorithm: "ridge", task: "regression").train().artifact)
        let task = ShapleyImportance(
            request: ImportanceRequest(kinds: [.meanAbsSHAP]), scorer: model,
            columns: ["a", "b", "noise", "c"].map(data.values))
        let error = #expect(throws: ForgeError.self) { try task.importances(threads: 1, observer: Recording(cancelsAfter: 0)) }
        #expect(error?.code == .cancelled)
    }
}
