import CForgeGrow
import ForgeModel
import Testing

@testable import ForgeLearn

/// The exported form against XGBoost's own predictions, in the same process.
@Suite struct TreeFormTests {
    private func table(_ rows: Int, classes: Int) -> Table {
        var random = Random(11)
        var table = Table()
        let a = (0..<rows).map { _ in random.uniform() < 0.2 ? nil : random.normal() }
        let c = (0..<rows).map { _ in random.uniform() < 0.1 ? nil : "level \(random.index(40))" }
        table.add("a", a)
        table.add("c", c)
        table.add("b", (0..<rows).map { _ in random.normal() })
        let margin = (0..<rows).map { row -> Double in
            let byLevel = c[row].map { Double($0.utf8.count % 2) + Double($0.utf8.last! % 5) } ?? 3
            return (a[row] ?? 2) + byLevel + random.normal()
        }
        if classes == 0 {
            table.add("y", margin.map { $0 * 1e3 + 1e6 }, role: .target)
        } else {
            table.add("y", margin.map { "\(max(0, min(classes - 1, Int($0 / 2))))" }, role: .target)
        }
        return table
    }

    /// Rows with gaps, and levels that no training row has.
    private var strangeRows: Table {
        var strange = Table()
        strange.add("a", [nil, 0.5, -3, 100, nil, nil])
        strange.add("c", ["level 1", nil, "never seen", "level 39", "level 7", nil])
        strange.add("b", [0, nil, 2, -100, nil, 1])
        return strange
    }

    /// Of eight columns: √8 and log₂ 8 of them, rounded down.
    @Test(arguments: [("sqrt", 0.25), ("log2", 0.375), ("all", 1.0)], ["random_forest", "decision_tree"])
    func wordsForMaxFeaturesAreShares(_ pair: (word: String, share: Double), _ algorithm: String) throws {
        var random = Random(5)
        var table = Table()
        for column in 0..<8 { table.add("x\(column)", (0..<200).map { _ in random.normal() }) }
        table.add("y", (0..<200).map { _ in random.normal() }, role: .target)
        func form(_ value: JSONValue) throws -> ModelForm {
            let run = Run(
                table: table, algorithm: algorithm, task: "regression",
                params: ["max_features": value, "max_depth": 3])
            return try ModelDocument(artifact: try run.train().artifact).form
        }
        #expect(try form(.text(pair.word)) == form(.number(pair.share)))
        #expect(try form("sqrt") != form("all"))
    }

    @Test(
        arguments: [0, 2, 3],
        [nil, ["c": ["encode": "one_hot"], "a": ["impute": "mean", "indicator": true], "b": ["scale": "standard"]]]
            as [JSONValue])
    func boostedFormEqualsXGBoost(_ classes: Int, _ preprocess: JSONValue) throws {
        let run = Run(
            table: table(3_000, classes: classes), algorithm: "gradient_boosting",
            task: classes == 0 ? "regression" : "classification", preprocess: preprocess)
        let job = try run.job
        let data = try run.read()
        let target = try data.resolveTarget(job)
        let plan = try EncodingPlan(data, job, target)
        let input = FitInput(
            parameters: job.parameters, data: data, plan: plan, target: target, weights: nil, threads: 1, seed: 42,
            observer: SilentObserver())
        let matrix = try input.quantileMatrix(labels: try input.treeLabels(), bins: 256)
        let objective = ["reg:squarederror", "", "binary:logistic", "multi:softprob"][classes]
        var parameters = input.commonTreeParameters + [("objective", objective), ("max_depth", "6")]
        if classes > 2 { parameters.append(("num_class", "\(classes)")) }
        let booster = try Booster(matrix, parameters)
        for round in 0..<15 { try booster.boost(round: round) }
        let outputs = max(1, classes == 2 ? 1 : classes)
        var builder = TreeFormBuilder(outputs: outputs, features: plan.width)
        try builder.add(booster.saved(), link: classes == 2 ? .logistic : .identity)
        #expect(builder.built.categoryBits.isEmpty == !preprocess.isNull && builder.built.roots.count == 15 * outputs)

        let artifact = try ModelDocument(
            task: job.task.rawValue, algorithm: job.algorithm.name,
            link: classes == 0 ? .identity : classes == 2 ? .logistic : .softmax, columns: plan.columns.map(\.schema),
            labels: target.labels, positive: target.positive, form: .trees(builder.built)
        ).encoded()
        let scorer = try Scorer(artifact: artifact)
        func ours(_ table: Table) throws -> [Double] { try scorer.margins(["a", "c", "b"].map { table.values($0) }) }
        expectEqual(try ours(run.table), try booster.trainingMargins())
        let rows = try Served(artifact).treeFeatures(of: strangeRows)
        let columns = (0..<plan.width).map { feature in rows.map { $0[feature] } }
        let categorical = plan.columns.flatMap { column in
            let isNative = if case .native = column.schema.encoding { true } else { false }
            return Array(repeating: isNative, count: column.schema.encoding.width)
        }
        expectEqual(try ours(strangeRows), try booster.margins(columns, categorical: categorical))
    }

    @Test func aForestBeyondAnArtifactsBytesIsRefusedBeforeItIsBuilt() throws {
        var builder = TreeFormBuilder(outputs: 1_000, features: 1)
        var node = ForgeGrownNode()
        let error = try #require(throws: ForgeError.self) {
            try withUnsafeMutablePointer(to: &node) {
                let tree = ForgeGrownTree(
                    node_count: 599_999, word_count: 0, leaf_count: 300_000, nodes: $0, words: nil, shares: nil)
                try builder.add(tree, classes: 1_000, positive: -1, share: 1)
            }
        }
        #expect(error.code == .tooLarge && error.message.contains("1000000000 bytes") && error.hint != nil)
    }

    private func expectEqual(_ ours: [Double], _ theirs: [Float]) {
        #expect(ours.count == theirs.count)
        for (a, b) in zip(ours, theirs.map(Double.init)) { #expect(abs(a - b) <= 1e-6 * max(1, abs(b)), "\(a) \(b)") }
    }

    @Test func forestLeavesAreSharesAndMeans() throws {
        let rows = 400
        for task in ["classification", "regression"] {
            var table = Table()
            table.add("x", (0..<rows).map { Double($0 % 4) })
            let truth = (0..<rows).map { row -> Double in
                switch row % 4 {
                case 0: 0
                case 1: Double((row / 4) % 2)
                default: 1
                }
            }
            table.add("y", truth, type: task == "regression" ? "double precision" : "boolean", role: .target)
            let run = Run(
                table: table, algorithm: "random_forest", task: task, params: ["bootstrap": false, "n_estimators": 7])
            let outcome = try run.train()
            let scores = try run.scores(of: outcome)
            for (row, expected) in [(0, 0.0), (1, 0.5), (2, 1), (3, 1)] {
                #expect(abs(scores[row].last! - expected) < 1e-6, "\(task) row \(row): \(scores[row])")
            }
            guard case .trees(let form) = try ModelDocument(artifact: outcome.artifact).form else {
                Issue.record("no trees")
                return
            }
            #expect(form.roots.count == 7)
        }
    }

    @Test func aForestOfOneDeepTreeKeepsLargeTargetsApart() throws {
        var table = Table()
        table.add("x", (0..<64).map { Double($0) })
        table.add("y", (0..<64).map { 1e9 + Double($0) * 100 }, role: .target)
        let run = Run(
            table: table, algorithm: "random_forest", task: "regression", params: ["bootstrap": false, "n_estimators": 1])
        let scores = try run.scores(of: try run.train())
        for row in 0..<64 { #expect(abs(scores[row][0] - 1e9 - Double(row) * 100) < 60) }
    }

    @Test func importanceFollowsTheColumnThatMatters() throws {
        for algorithm in ["gradient_boosting", "random_forest", "ridge"] {
            var random = Random(5)
            var table = Table()
            let x = (0..<800).map { _ in random.normal() }
            let c = (0..<800).map { _ in ["a", "b", "c", "d"][random.index(4)] }
            table.add("noise", (0..<800).map { _ in random.normal() })
            table.add("x", x)
            table.add("c", c)
            table.add("y", (0..<800).map { 3 * x[$0] + (c[$0] == "a" ? 2 : 0) }, role: .target)
            let list = try Run(table: table, algorithm: algorithm, task: "regression").train().manifest[
                "feature_importance"]!
            #expect(
                list[0]?["feature"] == "x" && list[1]?["feature"] == "c" && list[2]?["feature"] == "noise",
                "\(list.serialized)")
            #expect(abs(list.arrayValue!.reduce(0) { $0 + $1["importance"]!.doubleValue! } - 1) < 1e-12)
        }
    }

    @Test func classWeightsAndPositiveScaleShiftTheProbability() throws {
        let table = table(1_000, classes: 2)
        func mean(_ params: JSONValue) throws -> Double {
            let run = Run(table: table, algorithm: "gradient_boosting", task: "classification", params: params)
            let scores = try run.scores(of: try run.train())
            return scores.reduce(0) { $0 + $1[1] } / Double(scores.count)
        }
        let plain = try mean(["n_estimators": 10])
        #expect(try mean(["n_estimators": 10, "scale_pos_weight": 5]) > plain + 0.02)
        #expect(try mean(["n_estimators": 10, "class_weight": ["0": 5]]) < plain - 0.02)
    }

    @Test func badBytesAreNoModel() {
        for bytes: [UInt8] in [
            [], [0x7B], Array("{i\u{5}".utf8), Array("[$d#L".utf8), Array(repeating: 0x5B, count: 200), [0x58],
        ] {
            #expect(throws: ForgeError.self) { try bytes.withUnsafeBytes { try UBJSON(parsing: $0) } }
        }
    }
}
