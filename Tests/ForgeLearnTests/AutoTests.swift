import ForgeModel
import Testing

@testable import ForgeLearn

/// `algorithm => 'auto'`: a portfolio, its best tuned, the best of these weighed into one.
@Suite struct AutoTests {
    private func table(_ task: String, rows: Int, seed: UInt64 = 1, classes: Int = 2) -> Table {
        var random = Random(seed)
        var table = Table()
        let x = (0..<rows).map { _ in random.normal() }
        let z = (0..<rows).map { _ in random.uniform() < 0.1 ? nil : random.normal() }
        let colour = (0..<rows).map { _ in random.uniform() < 0.1 ? nil : ["red", "green", "blue"][random.index(3)] }
        let signal = (0..<rows).map { row in
            2 * x[row] + ((z[row] ?? 0) > 0 ? 0.5 : -0.5) + (colour[row] == "red" ? 0.3 : 0) + 0.5 * random.normal()
        }
        table.add("x", x)
        table.add("z", z)
        table.add("colour", colour)
        if task == "regression" {
            table.add("y", signal, role: .target)
        } else {
            table.add("y", signal.map { "class \(max(0, min(classes - 1, Int(($0 + 0.5).rounded(.down)))))" }, role: .target)
        }
        return table
    }

    private func run(
        _ task: String, rows: Int = 300, trials: Int = 10, classes: Int = 2, params: JSONValue = [:], split: JSONValue = ["test": 0.3]
    ) -> Run {
        var run = Run(
            table: table(task, rows: rows, classes: classes), algorithm: "auto", task: task, params: params, split: split)
        run.search = ["trials": .integer(Int64(trials)), "folds": 3]
        return run
    }

    private func found(_ run: Run, _ board: MemoryBoard = MemoryBoard()) throws -> (outcome: TrainingOutcome, trials: [Trial]) {
        let outcome = try train(
            try run.job, try run.read(), champion: nil, trials: board, observer: SilentObserver())
        return (outcome, board.trials())
    }

    private func members(_ outcome: TrainingOutcome) throws -> [ModelDocument] {
        guard case .ensemble(let form) = try ModelDocument(artifact: outcome.artifact).form else { return [] }
        return form.members
    }

    @Test(arguments: [("classification", 2), ("classification", 3), ("regression", 0)])
    func theBestOfAPortfolioBecomeOneModel(_ task: String, _ classes: Int) throws {
        let run = run(task, trials: 12, classes: classes)
        let (outcome, trials) = try found(run)
        #expect(trials.count == 12 && trials.allSatisfy(\.isFinished))
        let screened = trials.filter { $0.generation == 1 }
        #expect(Set(screened.map(\.candidate.arm)) == [0, 1, 2, 3])
        let listed = try #require(outcome.manifest["ensemble"]?.arrayValue)
        let weights = listed.compactMap { $0["weight"]?.doubleValue }
        #expect(abs(weights.reduce(0, +) - 1) < 1e-12 && weights == weights.sorted(by: >))
        #expect(try members(outcome).count == (listed.count > 1 ? listed.count : 0))
        #expect(outcome.manifest["algorithm"] == "auto" && outcome.manifest["metrics_part"] == "test")
        let quality = task == "regression" ? "r2" : classes == 2 ? "roc_auc" : "accuracy"
        #expect(outcome.manifest["metrics"]?[quality]?.doubleValue ?? 0 > 0.6)
        let importance = outcome.manifest["feature_importance"]?.arrayValue ?? []
        #expect(importance.count == 3)
        #expect(importance[0]["feature"] == "x", "\(importance)")
        #expect(abs(importance.reduce(0) { $0 + ($1["importance"]?.doubleValue ?? 0) } - 1) < 1e-9)
        #expect(try run.scores(of: outcome).joined().allSatisfy(\.isFinite))
    }

    @Test func theSameSeedHasTheSameBytesInWhateverOrderTrialsEnd() throws {
        let run = run("classification")
        let first = try found(run)
        for seed in 1...2 {
            var random = Random(UInt64(seed))
            let again = try found(run, MemoryBoard { $0.isEmpty ? nil : $0[random.index($0.count)] })
            #expect(again.outcome.artifact == first.outcome.artifact && again.trials == first.trials)
        }
    }

    @Test func ofOneMemberTheModelIsThatMemberItself() throws {
        let (outcome, trials) = try found(run("regression", params: ["max_members": 1]))
        let best = try #require(trials.filter { $0.status == .succeeded }.min { $0.score! < $1.score! })
        let listed = try #require(outcome.manifest["ensemble"]?.arrayValue)
        #expect(listed.count == 1 && listed[0]["trial"]?.intValue == best.number)
        #expect(try members(outcome).isEmpty)
    }

    @Test func membersAreExplainedTogetherAndTheRowsAddUp() throws {
        let run = run("classification", params: ["max_members": 4])
        let outcome = try found(run).outcome
        let document = try ModelDocument(artifact: outcome.artifact)
        #expect(try members(outcome).count > 1)
        let scorer = try Scorer(artifact: outcome.artifact)
        let columns = document.columns.map { run.table.values(String(decoding: $0.name, as: UTF8.self)) }
        let rows = [0, 1, 2]
        let (margins, explained) = (try scorer.margins(columns, rows: rows), try scorer.explain(columns, rows: rows))
        for row in rows {
            let sum = explained[row * 4..<(row + 1) * 4].reduce(0, +)
            #expect(abs(sum - margins[row]) < 1e-9)
        }
    }

    // MARK: - Plans

    private func plan(_ task: LearningTask = .classification, trials: Int = 30) -> SearchPlan {
        var plan = SearchPlan(
            .tpe, SearchSpace(arms: Portfolio.arms(for: task, fixed: [:])), trials: trials, metric: "log_loss")
        plan.screens = true
        return plan
    }

    @Test func everyStartOfThePortfolioIsInItsSpace() {
        for task in [LearningTask.classification, .regression] {
            let space = plan(task).space
            #expect(space.starts.count == space.arms.reduce(0) { $0 + $1.starts.count })
            for start in space.starts { #expect(space.arms[start.arm].places(of: start.params) != nil) }
            for start in space.starts {
                let run = run(task.rawValue)
                #expect(throws: Never.self) { try run.job.trying(start, of: space) }
            }
        }
    }

    @Test func manyRowsAreScreenedOnSomeAndTheBestOfThemTriedOnAll() {
        let trials = plan().played(rows: 1_000_000) { 0.1 * Double($0.arm) + 0.01 * Double($0.params.count % 3) }
        let first = trials.filter { $0.generation == 1 }
        #expect(first.count == 7 && first.allSatisfy { $0.candidate.share == 0.02 })
        let second = trials.filter { $0.generation == 2 }
        #expect(second.count == SearchPlan.promoted && second.allSatisfy(\.isWhole))
        #expect(Set(second.map(\.candidate.key)).isSubset(of: Set(first.map(\.candidate.key))))
        #expect(trials.count == 30)
    }

    @Test func fewRowsAreNotScreenedTwiceAndTheBestArmsAloneAreTuned() {
        let trials = plan().played(rows: 500) { Double([3, 1, 2, 4][$0.arm]) }
        #expect(trials.allSatisfy(\.isWhole) && trials.count == 30)
        #expect(Set(trials.filter { $0.generation > 1 }.map(\.candidate.arm)) == [1, 2])
        #expect(Set(trials.map(\.candidate.key)).count == 30)
    }

    @Test func anAlgorithmThatFailsLeavesTheOthersToBeTuned() {
        let trials = plan().played(rows: 50_000) { $0.arm == 0 ? nil : Double($0.arm) }
        #expect(!trials.filter { $0.generation > 1 }.contains { $0.candidate.arm == 0 })
        #expect(trials.count { $0.status == .failed } == 2)
        let none = plan(trials: 20).played(rows: 50_000) { _ in nil }
        #expect(none.count == 20 && none.allSatisfy { $0.status == .failed })
    }

    // MARK: - Bad input

    @Test func oneTrialIsEnough() throws {
        let (outcome, trials) = try found(run("regression", trials: 1))
        #expect(trials.count == 1 && outcome.manifest["ensemble"]?.arrayValue?.count == 1)
    }

    /// Ten rows of one class and one of the other: folds without it have no model, and no metric.
    @Test func tinyDataWithAClassMissingInFoldsGivesAModelOrSaysWhyNot() throws {
        var run = run("classification", rows: 11, trials: 7, split: ["method": "none"])
        for rare in [1, 3] {
            run.table = Table()
            run.table.add("x", (0..<11).map { Double($0 * $0 % 7) })
            run.table.add("y", (0..<11).map { $0 < rare ? "rare" : "common" }, role: .target)
            do {
                let (outcome, trials) = try found(run)
                #expect(trials.contains { $0.status == .succeeded })
                #expect(outcome.manifest["ensemble"]?.arrayValue?.isEmpty == false)
            } catch let error as ForgeError {
                #expect(error.message == "all 7 trials failed" && error.detail?.contains("7 × ") == true)
            }
        }
    }

    /// The network cannot take as many features as the text has words: the others can.
    @Test func aMemberThatCannotBeFittedLeavesItsWeightToTheOthers() throws {
        let run = run("regression")
        var job = try run.job
        job.members = [
            EnsembleMember(trial: 1, algorithm: "ridge", params: ["alpha": 1], weight: 0.5),
            EnsembleMember(trial: 2, algorithm: "poisson", params: ["alpha": 1], weight: 0.3),  // the target is below 0
            EnsembleMember(trial: 3, algorithm: "random_forest", params: ["n_estimators": 10], weight: 0.2),
        ]
        let outcome = try train(job, try run.read(), champion: nil, observer: SilentObserver())
        guard case .ensemble(let form) = try ModelDocument(artifact: outcome.artifact).form else {
            Issue.record("no ensemble")
            return
        }
        #expect(form.members.map(\.algorithm) == ["ridge", "random_forest"])
        #expect(abs(form.weights[0] - 5.0 / 7) < 1e-12)
        let notes = outcome.manifest["data_report"]?["notes"]?.arrayValue?.compactMap(\.textValue) ?? []
        #expect(notes.contains { $0.hasPrefix("poisson of trial 2 was left out of the ensemble: ") })
        job.members = [job.members[1]]
        #expect(throws: ForgeError.self) {
            try train(job, try run.read(), champion: nil, observer: SilentObserver())
        }
    }

    @Test func withoutASearchThereIsNothingToTrain() throws {
        var run = run("regression")
        run.search = nil
        let error = #expect(throws: ForgeError.self) { try run.train() }
        #expect(error?.message == "algorithm \"auto\" has searched nothing")
    }

    @Test func aSpaceOfItsOwnIsRefused() throws {
        var run = run("regression")
        run.search = ["space": ["max_members": ["min": 1, "max": 3]]]
        let error = #expect(throws: ForgeError.self) { try run.job }
        #expect(error?.message == "search.space is of one algorithm: auto has the spaces of its portfolio")
    }
}
