import ForgeModel
import Foundation
import Testing

@testable import ForgeLearn

@Suite struct SearchRunTests {
    private func table(classes: Bool = false, noise: Double = 0.3, rows: Int = 400) -> Table {
        var random = Random(5)
        var table = Table()
        let x = (0..<rows).map { _ in random.normal() }
        let z = (0..<rows).map { _ in random.normal() }
        table.add("x", x)
        table.add("z", z)
        let y = (0..<rows).map { x[$0] * x[$0] + z[$0] + noise * random.normal() }
        if classes {
            table.add("y", y.map { $0 > 2.5 ? "high" : $0 > 0.5 ? "middle" : "low" }, role: .target)
        } else {
            table.add("y", y, role: .target)
        }
        return table
    }

    private func run(_ search: JSONValue, _ table: Table? = nil, task: String = "regression", algorithm: String = "gradient_boosting") -> Run {
        Run(
            table: table ?? self.table(), algorithm: algorithm, task: task,
            params: algorithm == "gradient_boosting" ? ["n_estimators": 20] : [:], split: ["test": 0.25], search: search)
    }

    private func searched(_ run: Run, _ board: MemoryBoard) throws -> TrainingOutcome {
        try train(try run.job, try run.read(), champion: nil, trials: board, observer: SilentObserver())
    }

    @Test func theWinnerIsFittedToTheWholeTrainingPart() throws {
        let run = run(["trials": 8, "folds": 3])
        let board = MemoryBoard()
        let outcome = try searched(run, board)
        let best = board.rows.filter { $0.status == .succeeded }.min { $0.score! < $1.score! }!
        #expect(outcome.manifest["search"]?["best_trial"]?.intValue == best.number)
        #expect(board.rows.count == 8 && outcome.manifest["search"]?["trials"] == 8)
        var plain = run
        plain.search = nil
        plain.params = .object(best.candidate.params)
        #expect(try plain.train().artifact == outcome.artifact)
        #expect(outcome.manifest["cross_validation"]?.isNull == true)
    }

    @Test func aTrialsScoreIsTheMeanOfItsFolds() throws {
        let run = run(["trials": 2, "folds": 4, "prune": false])
        let board = MemoryBoard()
        _ = try searched(run, board)
        for trial in board.rows {
            #expect(trial.foldScores.count == 4)
            #expect(trial.score == trial.foldScores.compactMap { $0 }.reduce(0, +) / 4)
        }
        // The same folds as those of split.folds, measured in the same way.
        var folded = run
        folded.search = nil
        folded.split["folds"] = 4
        folded.params = .object(board.rows[1].candidate.params)
        let rmse = try folded.train().manifest["cross_validation"]?["metrics"]?["rmse"]
        #expect(rmse?["mean"]?.doubleValue == board.rows[1].score)
    }

    @Test func theOrderInWhichTrialsAreTakenChangesNothing() throws {
        let run = run(["trials": 24, "folds": 4], table(noise: 2))
        let inOrder = MemoryBoard()
        let first = try searched(run, inOrder)
        let backwards = MemoryBoard { $0.last }
        let second = try searched(run, backwards)
        #expect(inOrder.rows == backwards.rows)
        #expect(first.artifact == second.artifact)
        #expect(inOrder.rows.contains { $0.status == .pruned } && inOrder.rows.contains { $0.status == .succeeded })
        for trial in inOrder.rows where trial.status == .pruned { #expect(trial.foldScores.count < 4) }
    }

    @Test func aSearchGoesOnWhereItWasBrokenOff() throws {
        let run = run(["trials": 12, "folds": 2])
        let whole = MemoryBoard()
        let outcome = try searched(run, whole)
        var before = whole.rows.filter { $0.generation == 1 }
        for index in before.indices.suffix(2) {
            before[index] = Trial(number: index + 1, generation: 1, candidate: before[index].candidate)
        }
        let resumed = MemoryBoard(before)
        #expect(try searched(run, resumed).artifact == outcome.artifact)
        #expect(resumed.rows == whole.rows)
    }

    @Test func heldOutRowsAreNotLookedAtByTrials() throws {
        let run = run(["trials": 6, "folds": 3])
        let board = MemoryBoard()
        _ = try searched(run, board)
        let data = try run.read()
        let held = Set(data.heldOut.targets)
        var other = run
        let target = other.table.columns.firstIndex { $0.role == .target }!
        for row in 0..<other.table.rows {
            // Keys are of the rows' numbers here: they stay on their side.
            if case .number(let y) = other.table.columns[target].cells[row], held.contains(y) {
                other.table.columns[target].cells[row] = .number(1e6 + y)
            }
        }
        let disturbed = MemoryBoard()
        _ = try searched(other, disturbed)
        #expect(board.rows.map(\.score) == disturbed.rows.map(\.score))
        #expect(board.rows.map(\.fingerprint) != disturbed.rows.map(\.fingerprint))
    }

    @Test func aLowerRungKeepsEveryClassAndItsShare() throws {
        let run = run(["trials": 5], table(classes: true, rows: 900), task: "classification")
        let (job, data) = (try run.job, try run.read())
        let fold = data.subset(data.folds[0])!
        let thin = fold.thinned(to: 1 / 9, job)
        func counts(_ part: Part) -> [Double: Int] {
            part.targets.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        let (all, kept) = (counts(fold.training), counts(thin.training))
        #expect(Set(kept.keys) == Set(all.keys) && all.count == 3)
        for (label, count) in kept { #expect(abs(Double(count) - Double(all[label]!) / 9) <= 1) }
        #expect(thin.heldOut.rows == fold.heldOut.rows && data.training.rows > 600)
        // A larger share has the rows of a smaller one.
        let wider = fold.thinned(to: 1 / 3, job)
        #expect(Set(thin.training.keys).isSubset(of: Set(wider.training.keys)))
    }

    @Test func halvingTrainsItsLowerRungsOnFewerRows() throws {
        let run = run(["method": "halving", "trials": 13, "folds": 2, "factor": 3], table(rows: 2_400))
        let board = MemoryBoard()
        let outcome = try searched(run, board)
        #expect(board.rows.map(\.candidate.share).map { ($0 * 9).rounded() } == Array(repeating: 1, count: 9) + [3, 3, 3, 9])
        #expect(outcome.manifest["search"]?["best_trial"] == 13)
    }

    @Test func failuresAreCountedAndOthersGoOn() throws {
        let run = run(["method": "grid", "trials": 6, "space": ["objective": ["squared_error", "gamma", "poisson"], "max_depth": [2, 3]]])
        let board = MemoryBoard()
        let outcome = try searched(run, board)
        #expect(board.rows.count { $0.status == .failed } == 4)
        let notes = outcome.manifest["data_report"]!["notes"]!.arrayValue!.compactMap(\.textValue)
        #expect(notes.count { $0.hasPrefix("2 of 6 trials failed: ") } == 2, "\(notes)")
    }

    @Test func whenEveryTrialFailsTheErrorHasTheDistinctReasons() throws {
        let run = run(["method": "grid", "trials": 4, "space": ["objective": ["gamma", "poisson"], "max_depth": [2, 3]]])
        let error = try #require(throws: ForgeError.self) { try searched(run, MemoryBoard()) }
        #expect(error.code == .numericalFailure && error.message == "all 4 trials failed")
        let reasons = try #require(error.detail).split(separator: "\n")
        #expect(reasons.count == 2 && reasons.allSatisfy { $0.hasPrefix("2 × no fold could be fitted: ") }, "\(reasons)")
    }

    @Test func aCancelEndsTheSearchAndFailsNoTrial() throws {
        let run = run(["trials": 6])
        let board = MemoryBoard()
        let error = try #require(throws: ForgeError.self) {
            try train(
                try run.job, try run.read(), champion: nil, trials: board, observer: Recording(cancelsAfter: 40))
        }
        #expect(error.code == .cancelled)
        #expect(board.rows.allSatisfy { $0.status != .failed })
    }

    /// Names as sql/code/32_search.sql lists them for the insert trigger.
    @Test(arguments: ["classification", "regression", "ranking"])
    func everyMetricThatARequestMayNameIsMeasured(_ task: String) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../sql/code/32_search.sql")
        let text = try String(contentsOf: file, encoding: .utf8)
        let list = try #require(text.firstRange(of: "when '\(task)' then array[")).upperBound
        let names = text[list...].prefix { $0 != "]" }.split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespacesAndNewlines.union(["'"]))
        }
        #expect(names.count >= 4)
        var measured: Set<String> = []
        for labels in [["a", "b"], ["a", "b", "c"]] {
            var table = table(rows: 300)
            let target = table.columns.firstIndex { $0.role == .target }!
            table.columns[target].cells = (0..<300).map { row in
                switch task {
                case "classification": .text(labels[row % labels.count])
                case "ranking": .number(Double(row % 3))
                default: .number(Double(1 + row % 7))
                }
            }
            if task == "classification" { table.columns[target].type = "text" }
            if task == "ranking" {
                table.add("query", (0..<300).map { Double($0 / 10) }, role: .group)
            }
            let metrics = try Run(
                table: table, algorithm: "gradient_boosting", task: task, params: ["n_estimators": 3], split: [:]
            ).train().manifest["metrics"]!.objectValue!
            measured.formUnion(metrics.keys)
        }
        for name in names { #expect(measured.contains(name), "\(name) of \(task)") }
    }
}
