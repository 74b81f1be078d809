import ForgeModel
import Testing

@testable import ForgeLearn

/// Models of folds: what they learn from, what they report.
@Suite struct CrossValidationTests {
    private func table(rows: Int = 900, classes: Int = 2, seed: UInt64 = 8) -> Table {
        var random = Random(seed)
        var table = Table()
        let x = (0..<rows).map { _ in random.normal() }
        let c = (0..<rows).map { _ in ["red", "green", "blue"][random.index(3)] }
        table.add("x", x)
        table.add("c", c)
        table.add("when", (0..<rows).map { Double($0) }, type: "timestamp", role: .time)
        table.add("who", (0..<rows).map { Double($0 % 53) }, role: .group)
        let margin = (0..<rows).map { x[$0] + (c[$0] == "red" ? 1 : 0) + 0.5 * random.normal() }
        if classes > 0 {
            table.add("y", margin.map { "class \(max(0, min(classes - 1, Int($0.rounded(.down)) + 1)))" }, role: .target)
        } else {
            table.add("y", margin, role: .target)
        }
        return table
    }

    private func run(_ algorithm: String, _ split: JSONValue, classes: Int = 2) -> Run {
        Run(
            table: table(classes: classes), algorithm: algorithm, task: classes > 0 ? "classification" : "regression",
            params: ["gradient_boosting", "random_forest"].contains(algorithm) ? ["n_estimators": 8] : [:], split: split)
    }

    static let methods: [String] = ["random", "stratified", "group", "time"]

    @Test(arguments: methods, ["logistic_regression", "gradient_boosting"])
    func foldsGiveAMeanASpreadAndAValueEach(_ method: String, _ algorithm: String) throws {
        let manifest = try run(algorithm, ["method": .text(method), "folds": 4]).train().manifest
        let found = try #require(manifest["cross_validation"])
        #expect(found["folds"] == 4 && found["notes"] == [])
        for name in ["roc_auc", "log_loss", "accuracy"] {
            let metric = try #require(found["metrics"]?[name])
            let values = metric["values"]!.arrayValue!.map { $0.doubleValue! }
            let mean = values.reduce(0, +) / 4
            let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            #expect(values.count == 4 && Set(values).count > 1)
            #expect(abs(metric["mean"]!.doubleValue! - mean) < 1e-12)
            #expect(abs(metric["sd"]!.doubleValue! - (squares / 3).squareRoot()) < 1e-12)
        }
        #expect(found["metrics"]?["roc_auc"]?["mean"]?.doubleValue ?? 0 > 0.75)
        #expect(manifest["metrics_part"] == "test" && manifest["split"]?["folds"] == 4)
    }

    /// A fold's metrics are those of a model trained on the other folds' rows alone and scored on its own.
    @Test func aFoldIsAModelOfTheOtherFoldsRows() throws {
        let run = run("ridge", ["method": "none", "folds": 3], classes: 0)
        let values = try run.train().manifest["cross_validation"]!["metrics"]!["rmse"]!["values"]!.arrayValue!
        let data = try run.read()
        func rows(_ part: Part) -> Set<Double> { Set(part.targets) }
        for (number, fold) in data.folds.enumerated() {
            let held = rows(data.subset(fold)!.heldOut)
            var byPart = run
            byPart.table.add(
                "part",
                run.table.columns[4].cells.map { cell in
                    if case .number(let y) = cell { held.contains(y) ? "test" : "train" } else { nil }
                }, role: .part)
            byPart.split = ["method": "column", "column": "part"]
            let alone = try byPart.train().manifest["metrics"]!["rmse"]!.doubleValue!
            #expect(abs(values[number].doubleValue! - alone) < 1e-9, "\(number)")
        }
    }

    /// Points are stored by attempt, step and name: two of one key would be one another's end.
    @Test(arguments: ["logistic_regression", "gradient_boosting"], [JSONValue.null, ["threshold": "f1"]])
    func everyPointOfACurveHasAKeyOfItsOwn(_ algorithm: String, _ decision: JSONValue) throws {
        let heard = Recording()
        var run = run(algorithm, ["method": "random", "folds": 2, "outer_folds": 2])
        run.decision = decision
        run.observer = heard
        _ = try run.train()
        for (name, points) in heard.curves { #expect(Set(points.map(\.step)).count == points.count, "\(name)") }
        let loss = algorithm == "gradient_boosting" ? "train_log_loss" : "train_loss"
        let usual = [loss, "fold_1/\(loss)", "fold_2/\(loss)", "outer_1/\(loss)", "outer_2/\(loss)"]
        let nested = ["outer_1", "outer_2"].flatMap { ["\($0)/fold_1/\(loss)", "\($0)/fold_2/\(loss)"] }
        #expect(Set(heard.curves.keys) == Set(usual + (decision == nil ? [] : nested)))
    }

    @Test(arguments: methods, ["logistic_regression", "gradient_boosting"])
    func theWholeModelIsRefittedOnAllTrainingRows(_ method: String, _ algorithm: String) throws {
        let folded = run(algorithm, ["method": .text(method), "folds": 3])
        var plain = folded
        plain.split = ["method": .text(method)]
        let (a, b) = (try folded.train(), try plain.train())
        #expect(a.manifest["rows"]?["train"] == b.manifest["rows"]?["train"])
        let found = deviation(try folded.scores(of: a), try plain.scores(of: b))
        #expect(found < 1e-4, "\(found)")  // the rows come in another order
    }

    /// Whatever the test rows hold, the model has the same bytes.
    @Test(arguments: methods, ["logistic_regression", "gradient_boosting"])
    func testRowsNeverTouchAFit(_ method: String, _ algorithm: String) throws {
        let original = run(algorithm, ["method": .text(method), "folds": 3])
        var changed = original
        let data = try original.read()
        let heldOut = Set(data.heldOut.keys)
        for row in 0..<changed.table.rows where heldOut.contains(changed.table.key(row)) {
            changed.table.columns[0].cells[row] = .number(1e6)
            changed.table.columns[1].cells[row] = .text("never")
        }
        let (a, b) = (try original.train(), try changed.train())
        #expect(a.artifact == b.artifact)
        #expect(a.manifest["cross_validation"] == b.manifest["cross_validation"])
        #expect(a.manifest["metrics"] != b.manifest["metrics"])
    }

    /// Whatever a fold's held-out rows hold, the model that scores them is the same.
    @Test(arguments: methods)
    func aFoldsRowsNeverTouchItsModel(_ method: String) throws {
        let run = run("logistic_regression", ["method": .text(method), "folds": 3, "outer_folds": 2])
        let job = try run.job
        let data = try run.read()
        func artifacts(_ data: DataSet) throws -> [[UInt8]] {
            try (data.folds + data.outerFolds).map { fold in
                try fitModel(job, data.subset(fold)!, observer: SilentObserver()).artifact
            }
        }
        let before = try artifacts(data)
        var mattered = false  // the latest rows are in no other fold's training
        for (number, fold) in (data.folds + data.outerFolds).enumerated() {
            let part = data.subset(fold)!.heldOut
            for chunk in part.chunks { for row in 0..<chunk.rows { chunk.float64(0)[row] *= -0x1p10 } }
            let after = try artifacts(data)
            #expect((after[number] == before[number]) as Bool)
            mattered = mattered || after != before
            for chunk in part.chunks { for row in 0..<chunk.rows { chunk.float64(0)[row] *= -0x1p-10 } }
        }
        #expect(mattered)
    }

    @Test func trainingTwiceGivesTheSameBytesAndTheSameFolds() throws {
        for algorithm in ["logistic_regression", "gradient_boosting"] {
            var run = run(algorithm, ["method": "stratified", "folds": 3, "outer_folds": 3, "validation": 0.1])
            run.threads = 2
            let (a, b) = (try run.train(), try run.train())
            #expect(a.artifact == b.artifact && a.manifest == b.manifest)
        }
    }

    @Test func nestedFoldsReportTheOuterOnes() throws {
        let manifest = try run("ridge", ["folds": 3, "outer_folds": 5], classes: 0).train().manifest
        #expect(manifest["cross_validation"]?["folds"] == 5 && manifest["cross_validation"]?["inner_folds"] == 3)
    }

    @Test func aFoldWithOneClassIsPassedOverAndSaysWhy() throws {
        var run = run("logistic_regression", ["method": "time", "folds": 4, "test": 0.2])
        let index = run.table.columns.firstIndex { $0.role == .target }!
        for row in 0..<300 { run.table.columns[index].cells[row] = "class 1" }
        let found = try #require(try run.train().manifest["cross_validation"])
        let values = found["metrics"]!["roc_auc"]!["values"]!.arrayValue!
        #expect(values.count == 4 && values[0] == .null && values[3] != .null)
        #expect(found["notes"]!.serialized.contains("fold 1 was not fitted: target \\\"y\\\" has one class only"), "\(found)")
    }

    @Test func aFoldThatLacksOneOfManyClassesStillScores() throws {
        var run = run("gradient_boosting", ["method": "group", "test": 0.1, "folds": 3], classes: 3)
        let index = run.table.columns.firstIndex { $0.role == .target }!
        for row in 0..<900 where row % 53 == 7 { run.table.columns[index].cells[row] = "rare" }
        run.params["class_weight"] = ["rare": 2]
        run.split["seed"] = 1
        let outcome = try run.train()
        let labels = outcome.manifest["labels"]!.arrayValue!.count
        try #require(labels == 4)  // the group is not held out
        let data = try run.read()
        let target = try data.resolveTarget(try run.job)
        let crossed = try crossFit(data.folds, of: data, target: target, job: try run.job, observer: SilentObserver()) {
            try fitModel(try run.job, $0, observer: $1)
        }
        #expect(crossed.scores.width == 4 && crossed.foldOf.count == data.training.rows)
        #expect(crossed.scores.values.allSatisfy { $0.isFinite })
        for row in 0..<crossed.foldOf.count {
            let sum = (0..<4).reduce(0) { $0 + crossed.scores.values[4 * row + $1] }
            #expect(abs(sum - 1) < 1e-9)
        }
    }

    @Test func cancellingAnyFoldEndsTheRun() throws {
        for patience in [0, 3, 9, 20] {
            var run = run("gradient_boosting", ["folds": 4])
            run.observer = Recording(cancelsAfter: patience)
            let error = try #require(throws: ForgeError.self) { try run.train() }
            #expect(error.code == .cancelled)
        }
    }

    @Test func progressRisesThroughAllFolds() throws {
        let recording = Recording()
        var run = run("gradient_boosting", ["folds": 3, "outer_folds": 2])
        run.observer = recording
        _ = try run.train()
        #expect(recording.fractions.first == 0 && recording.fractions.last == 1)
        #expect(recording.fractions == recording.fractions.sorted())
    }

    @Test func intervalsAreReportedOnRequestAndEncloseTheirMetric() throws {
        var run = run("logistic_regression", ["method": "stratified"])
        #expect(try run.train().manifest["metric_intervals"] == [:])
        run.evaluation = ["bootstrap": 200, "level": 0.9]
        let manifest = try run.train().manifest
        for member in manifest["metrics"]!.objectValue! {
            let interval = try #require(manifest["metric_intervals"]?[member.key], "\(member.key)")
            #expect(interval["lower"]!.doubleValue! <= member.value.doubleValue! + 1e-9)
            #expect(interval["upper"]!.doubleValue! >= member.value.doubleValue! - 1e-9)
        }
        run.evaluation = ["bootstrap": 7, "level": 2, "seed": 3]
        let error = try #require(throws: ForgeError.self) { try run.train() }
        for part in ["evaluation.bootstrap", "evaluation.level", "unknown entry config.evaluation.seed"] {
            #expect(error.detail?.contains(part) == true, "\(error)")
        }
    }

    @Test func heldOutScoresAreThoseOfTheModelOnItsTestRows() throws {
        let run = run("logistic_regression", ["method": "stratified"], classes: 3)
        let outcome = try run.train()
        let kept = try #require(outcome.heldOutScores)
        let data = try run.read()
        #expect(kept.width == 3 && kept.truth.count == data.heldOutRows)
        let rows = run.table.rows((0..<900).filter { Set(data.heldOut.keys).contains(run.table.key($0)) })
        #expect(deviation(try run.scores(of: outcome, on: rows), stride(from: 0, to: kept.scores.count, by: 3).map {
            Array(kept.scores[$0..<$0 + 3])
        }) < 1e-12)
        let labels = outcome.manifest["labels"]!.arrayValue!.map { $0.textValue! }
        #expect(rows.columns.last!.cells == kept.truth.map { .text(labels[Int($0)]) })
        #expect(try self.run("ridge", ["method": "none"], classes: 0).train().heldOutScores == nil)
    }

    @Test func rowsForEarlyStoppingAreApartFromThoseTrainedOnAndTested() throws {
        for (method, algorithm) in Self.methods.flatMap({ method in
            [(method, "mlp"), (method, "gradient_boosting")]
        }) {
            let stopping: JSONValue =
                algorithm == "mlp" ? ["early_stopping": true] : ["n_estimators": 8, "early_stopping_rounds": 3]
            var run = run(algorithm, ["method": .text(method), "folds": 3])
            run.params = stopping
            let data = try run.read()
            func keys(_ part: Part?) -> Set<UInt64> { Set(part?.keys ?? []) }
            let subsets = data.folds.map { data.subset($0)! }
            for subset in subsets + [data] {
                let (trained, watched, held) = (keys(subset.training), keys(subset.stopping), keys(subset.heldOut))
                #expect(!watched.isEmpty && trained.isDisjoint(with: watched))
                #expect(held.isDisjoint(with: trained) && held.isDisjoint(with: watched))
            }
            let share = Double(data.stopping!.rows) / Double(data.stopping!.rows + data.training.rows)
            #expect(share > 0.03 && share < 0.2, "\(method) \(share)")
            if method == "group" {
                #expect(Set(data.stopping!.groups).isDisjoint(with: data.training.groups))
            }
            run.split["validation"] = 0.2
            let third = try run.read()
            #expect(third.stopping === third.validation && third.subset(third.folds[0])!.stopping === third.validation)
        }
    }

    /// Whatever the rows hold that decide when to stop, a fit that goes on to its last round has the same bytes.
    @Test func rowsForEarlyStoppingAreNotTrainedOn() throws {
        var run = run("gradient_boosting", ["method": "random", "validation": 0.2])
        run.params = ["n_estimators": 4, "early_stopping_rounds": 100, "learning_rate": 0.05]  // every round helps
        var changed = run
        let watched = Set(try run.read().stopping!.chunks.flatMap { chunk in (0..<chunk.rows).map { chunk.number(0, $0) } })
        for row in 0..<changed.table.rows {
            guard case .number(let x) = changed.table.columns[0].cells[row], watched.contains(Double(Float(x))) else { continue }
            changed.table.columns[0].cells[row] = .number(x + 1e-3)
        }
        let (one, other) = (try run.train(), try changed.train())
        #expect((one.manifest["data_fingerprint"] != other.manifest["data_fingerprint"]) as Bool)
        #expect((try run.read().training.rows == changed.read().training.rows) as Bool)
        #expect((one.artifact == other.artifact) as Bool)
    }
}
