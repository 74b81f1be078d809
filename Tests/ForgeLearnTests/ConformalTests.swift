import ForgeModel
import Testing

@testable import ForgeLearn

/// Intervals of predictions by rows set apart.
@Suite struct ConformalTests {
    private func run(
        _ algorithm: String = "ridge", _ split: JSONValue = [:], rows: Int = 1_000, params: JSONValue = [:], seed: UInt64 = 3
    ) -> Run {
        var random = Random(seed)
        var table = Table()
        let x = (0..<rows).map { _ in random.normal() }
        table.add("x", x)
        table.add("when", (0..<rows).map { Double($0) }, type: "timestamp", role: .time)
        table.add("who", (0..<rows).map { Double($0 % 53) }, role: .group)
        table.add("y", x.map { 2 * $0 + random.normal() }, role: .target)
        return Run(
            table: table, algorithm: algorithm, task: "regression", params: params, split: split,
            evaluation: ["intervals": "split"])
    }

    private func values(_ outcome: TrainingOutcome) -> [Double] {
        outcome.manifest["conformal_scores"]?.arrayValue?.map { $0.doubleValue! } ?? []
    }

    @Test func theRadiusIsTheSmallestScoreThatLeavesEnoughBelow() {
        let scores = ConformalScores(targets: [3, 1, 4, 2, 5, 9, 6, 8, 7], predictions: Array(repeating: 0, count: 9))
        #expect(scores.values == [1, 2, 3, 4, 5, 6, 7, 8, 9])
        #expect(scores.radius(level: 0.5) == 5 && scores.radius(level: 0.51) == 6 && scores.radius(level: 0.9) == 9)
        #expect(scores.radius(level: 0.91) == nil && scores.radius(level: 0.01) == 1)
        #expect(scores.coverage(targets: [5, 6, -5, 0], predictions: [0, 0, 0, 0], level: 0.5) == 0.75)
    }

    @Test(arguments: ["random", "group", "time"])
    func scoresAreDistancesOfRowsSetApart(_ method: String) throws {
        let run = run("ridge", ["method": .text(method)])
        let (outcome, data) = (try run.train(), try run.read())
        let apart = try #require(data.validation)
        #expect(abs(apart.rows - 200) < 60 && data.training.rows + data.heldOut.rows + apart.rows == 1_000)
        let said = Dictionary(
            uniqueKeysWithValues: zip(targets(run), try run.scores(of: outcome).map { $0[0] }))
        #expect(values(outcome) == apart.targets.map { abs($0 - said[$0]!) }.sorted())
        #expect(outcome.manifest["rows"]?["validation"]?.intValue == apart.rows)
    }

    private func targets(_ run: Run) -> [Double] {
        run.table.columns.last!.cells.map { if case .number(let y) = $0 { y } else { .nan } }
    }

    /// On average over data sets an interval covers at least its level, and hardly more than 1 / (n + 1) beyond.
    @Test func intervalsCoverWhatTheyPromise() throws {
        var found: [Double] = []
        for seed in 0..<40 {
            let outcome = try run("ridge", ["test": 0.5, "validation": 0.2], rows: 500, seed: UInt64(seed)).train()
            found.append(try #require(outcome.manifest["metrics"]?["coverage_90"]?.doubleValue))
        }
        let mean = found.reduce(0, +) / Double(found.count)
        #expect(mean > 0.885 && mean < 0.925, "\(mean)")
    }

    /// Neither the fit nor when it stops depends on what the rows set apart hold.
    @Test(arguments: ["ridge", "gradient_boosting"])
    func rowsSetApartNeverTouchTheModel(_ algorithm: String) throws {
        let params: JSONValue =
            algorithm == "ridge" ? [:] : ["n_estimators": 60, "early_stopping_rounds": 3, "learning_rate": 0.5]
        let original = run(algorithm, ["validation": 0.3], params: params)
        let apart = Set(try #require(try original.read().validation).targets)
        var changed = original
        let last = changed.table.columns.count - 1
        changed.table.columns[last].cells = changed.table.columns[last].cells.map { cell in
            if case .number(let y) = cell, apart.contains(y) { .number(100 - y) } else { cell }
        }
        let (before, after) = (try original.train(), try changed.train())
        #expect(before.artifact == after.artifact)
        #expect(values(before) != values(after))
        #expect(before.manifest["metrics"]?["rmse"] == after.manifest["metrics"]?["rmse"])
    }

    @Test func theWholeIsThinnedOutByKeyToTenThousand() throws {
        let run = run("ridge", ["validation": 0.6], rows: 20_000)
        let scores = values(try run.train())
        #expect(scores.count == ConformalScores.limit && scores == scores.sorted())
    }

    @Test func tooFewRowsLeaveTheCoverageUndefined() throws {
        let manifest = try run("ridge", ["validation": 0.1], rows: 50).train().manifest
        #expect(manifest["metrics"]?["coverage_90"] == nil)
        #expect(manifest["data_report"]?["undefined_metrics"]?["coverage_90"] != nil)
    }

    @Test func otherTasksAndSplitsAreRefused() throws {
        var classified = run()
        classified.task = "classification"
        classified.algorithm = "logistic_regression"
        var other = run()
        other.evaluation = ["intervals": "cv+"]
        for refused in [classified, other, run("ridge", ["method": "none"])] {
            #expect(throws: ForgeError.self) { try refused.job }
        }
        #expect(throws: Never.self) { try run("ridge", ["method": "none", "validation": 0.2]).job }
        let few = #expect(throws: ForgeError.self) { try run("ridge", ["validation": 0.001], rows: 60).train() }
        #expect(few?.code == .notEnoughRows)
    }
}
