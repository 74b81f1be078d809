import ForgeModel
import Testing

@testable import ForgeLearn

/// From which probability on a row is said to be of the positive class.
@Suite struct DecisionTests {
    private func run(
        _ threshold: JSONValue, _ algorithm: String = "logistic_regression", _ split: JSONValue = [:], rows: Int = 800,
        classes: Int = 2, params: JSONValue = [:]
    ) -> Run {
        var random = Random(11)
        var table = Table()
        let x = (0..<rows).map { _ in random.normal() }
        table.add("x", x)
        table.add("y", x.map { x -> String? in "class \(min(classes - 1, max(0, Int((x + random.normal() + 0.2).rounded(.down)))))" },
            role: .target)
        return Run(
            table: table, algorithm: algorithm, task: "classification", params: params, split: split,
            decision: ["threshold": threshold])
    }

    /// Every threshold between two scores is tried by itself.
    private func best(_ truth: [Bool], _ scores: [Double], _ gain: (Double, Double, Double, Double) -> Double) -> Double {
        let rising = Set(scores + [0]).sorted()
        return zip(rising, rising.dropFirst()).map { ($0 + $1) / 2 }.map { threshold in
            let said = scores.map { $0 >= threshold }
            let hits = zip(said, truth).count { $0 && $1 }
            let alarms = zip(said, truth).count { $0 && !$1 }
            let positives = truth.count { $0 }
            return gain(Double(hits), Double(alarms), Double(positives), Double(truth.count - positives))
        }.max()!
    }

    private func gain(_ truth: [Bool], _ scores: [Double], _ threshold: Double, _ gain: (Double, Double, Double, Double) -> Double) -> Double {
        let said = scores.map { $0 >= threshold }
        let positives = Double(truth.count { $0 })
        return gain(
            Double(zip(said, truth).count { $0 && $1 }), Double(zip(said, truth).count { $0 && !$1 }), positives,
            Double(truth.count) - positives)
    }

    @Test(arguments: 0..<UInt64(20))
    func theThresholdIsTheBestOfAll(_ seed: UInt64) throws {
        var random = Random(seed)
        let truth = (0..<60).map { _ in random.uniform() < 0.3 }
        let scores = truth.map { (Double(random.index(20)) + ($0 ? 8 : 0)) / 30 }  // with ties
        let f1 = { (hits: Double, alarms: Double, positives: Double, _: Double) in 2 * hits / (hits + alarms + positives) }
        let balanced = { (hits: Double, alarms: Double, positives: Double, negatives: Double) in
            (hits / positives + 1 - alarms / negatives) / 2
        }
        let cost = { (hits: Double, alarms: Double, positives: Double, _: Double) in -(alarms + 3 * (positives - hits)) }
        for (criterion, measure) in [
            (DecisionThreshold.Criterion.f1, f1), (.balancedAccuracy, balanced),
            (.cost(falsePositive: 1, falseNegative: 3), cost),
        ] {
            let found = try #require(criterion.best(truth: truth, scores: scores))
            #expect(abs(gain(truth, scores, found, measure) - best(truth, scores, measure)) < 1e-12)
        }
    }

    @Test func equallyGoodThresholdsGiveTheOneClosestToOneHalf() {
        let truth = [true, true, false, true, false, false]
        let found = DecisionThreshold.Criterion.cost(falsePositive: 1, falseNegative: 1)
            .best(truth: truth, scores: [0.9, 0.8, 0.7, 0.6, 0.2, 0.1])
        #expect(found == 0.4)  // as good as 0.75
        #expect(DecisionThreshold.Criterion.f1.best(truth: [true, true], scores: [0.1, 0.2]) == nil)
    }

    /// What is said of the test rows changes with the threshold; their probabilities do not.
    @Test(arguments: ["logistic_regression", "gradient_boosting"])
    func aNumberDecidesLabelsAndNothingElse(_ algorithm: String) throws {
        let params: JSONValue = algorithm == "gradient_boosting" ? ["n_estimators": 8] : [:]
        let low = try run(0.1, algorithm, params: params).train().manifest
        let plain = try run(nil, algorithm, params: params).train().manifest
        #expect(low["threshold"] == 0.1 && plain["threshold"] == .null)
        let recalls = [low, plain].map { $0["metrics"]!["recall"]!.doubleValue! }
        #expect(recalls[0] > recalls[1])
        for name in ["roc_auc", "log_loss", "brier"] { #expect(low["metrics"]?[name] == plain["metrics"]?[name]) }
        #expect(low["cross_validation"] == .null)
    }

    @Test func theArtifactOfAFixedThresholdSaysSo() throws {
        let outcome = try run(0.3).train()
        #expect(try ModelDocument(artifact: outcome.artifact).threshold == 0.3)
        #expect(try ModelDocument(artifact: run(nil).train().artifact).threshold == nil)
    }

    /// Chosen by training rows alone: what the test rows hold does not move it.
    @Test func aLearnedThresholdComesOfPredictionsOutOfFold() throws {
        let run = run(["cost_matrix": ["false_positive": 1, "false_negative": 8]])
        let outcome = try run.train()
        let threshold = try #require(outcome.manifest["threshold"]?.doubleValue)
        #expect(threshold > 0.02 && threshold < 0.3, "\(threshold)")  // 1 / 9 if probabilities were exact
        #expect(outcome.manifest["cross_validation"]?["folds"] == 5)
        var changed = run
        let heldOut = Set(try run.read().heldOut.keys)
        changed.table.columns[1].cells = changed.table.columns[1].cells.enumerated().map { row, cell in
            heldOut.contains(run.table.key(row)) ? "class 0" : cell
        }
        #expect(try changed.train().artifact == outcome.artifact)
        #expect(try run.train().artifact == outcome.artifact)
    }

    @Test func outerFoldsLearnThresholdsOfTheirOwn() throws {
        let plain = try run(nil, "logistic_regression", ["folds": 3, "outer_folds": 3]).train().manifest
        let decided = try run(
            ["cost_matrix": ["false_positive": 1, "false_negative": 8]], "logistic_regression",
            ["folds": 3, "outer_folds": 3]).train().manifest
        func recall(_ manifest: JSONValue) -> Double {
            manifest["cross_validation"]!["metrics"]!["recall"]!["mean"]!.doubleValue!
        }
        #expect(recall(decided) > recall(plain) + 0.05)
    }

    @Test func whatCannotDecideIsRefused() {
        for wrong: JSONValue in [0, 1, "auc", ["cost_matrix": ["false_positive": 1]], ["cost_matrix": ["false_positive": 1, "false_negative": 0]], [0.5]] {
            #expect(throws: ForgeError.self) { try run(wrong).job }
        }
        let three = #expect(throws: ForgeError.self) { try run("f1", classes: 3).train() }
        #expect(three?.code == .multiclass)
    }
}
