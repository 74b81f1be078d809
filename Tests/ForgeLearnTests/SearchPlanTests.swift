import ForgeModel
import Foundation
import Testing

@testable import ForgeLearn

extension SearchPlan {
    /// Plays the search without data: each trial's score is what `score` says. nil: it fails.
    func played(rows: Int = 10_000, shuffled: Bool = false, _ score: (Candidate) -> Double?) -> [Trial] {
        var trials: [Trial] = []
        var random = Random(99)
        while true {
            switch next(after: trials, rows: rows) {
            case .finished: return trials
            case .await: preconditionFailure("all trials have ended")
            case .propose(var proposed):
                if shuffled { proposed.sort { _, _ in random.uniform() < 0.5 } }
                for var trial in proposed {
                    trial.score = score(trial.candidate)
                    trial.status = trial.score == nil ? .failed : .succeeded
                    if let score = trial.score { trial.foldScores = [score] }
                    trials.append(trial)
                }
            }
        }
    }
}

/// Functions that searches are measured by (Dixon and Szegő 1978, Rosenbrock 1960); smaller is better.
private struct TestFunction: CustomTestStringConvertible, Sendable {
    var name: String
    var ranges: [(String, SearchRange)]
    var value: @Sendable (JSONObject) -> Double

    var testDescription: String { name }
    var space: SearchSpace {
        SearchSpace(arms: [
            SearchArm(algorithm: "ridge", fixed: [:], dimensions: ranges.map { .init($0.0, $0.1) })
        ])
    }

    static let all = [
        TestFunction(
            name: "branin",
            ranges: [("x", SearchRange(.numbers(-5...10))), ("y", SearchRange(.numbers(0...15)))]
        ) { point in
            let (x, y) = (point["x"]!.doubleValue!, point["y"]!.doubleValue!)
            let hill = y - 5.1 / (4 * .pi * .pi) * x * x + 5 / .pi * x - 6
            return hill * hill + 10 * (1 - 1 / (8 * .pi)) * cos(x) + 10
        },
        TestFunction(
            name: "rosenbrock",
            ranges: [("x", SearchRange(.numbers(-2...2))), ("y", SearchRange(.numbers(-1...3)))]
        ) { point in
            let (x, y) = (point["x"]!.doubleValue!, point["y"]!.doubleValue!)
            return log1p((1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x))
        },
        TestFunction(
            name: "sphere of five numbers",
            ranges: (0..<5).map { ("x\($0)", SearchRange(.numbers(-5...5))) }
        ) { point in
            point.reduce(0) { $0 + pow($1.value.doubleValue! - 1, 2) }
        },
        TestFunction(
            name: "a learner's hyperparameters",
            ranges: [
                ("depth", SearchRange(.integers(1...12))),
                ("kind", SearchRange(.choices(["a", "b", "c", "d"]))),
                ("rate", SearchRange(.numbers(1e-4...1), isLogarithmic: true)),
                ("rows", SearchRange(.integers(1...1000), isLogarithmic: true)),
            ]
        ) { point in
            let kind = ["a": 1.0, "b": 0.6, "c": 0, "d": 0.8][point["kind"]!.textValue!]!
            return kind + pow(log10(point["rate"]!.doubleValue!) + 1.5, 2)
                + pow((point["depth"]!.doubleValue! - 7) / 4, 2) + pow(log10(point["rows"]!.doubleValue!) - 1, 2)
        },
    ]
}

@Suite struct SearchPlanTests {
    private func plan(_ method: SearchPlan.Method, _ space: SearchSpace, trials: Int = 30, seed: Int = 1) -> SearchPlan {
        SearchPlan(method, space, trials: trials, seed: seed, metric: "rmse")
    }

    private func space(_ ranges: (String, SearchRange)..., starts: [JSONObject] = []) -> SearchSpace {
        SearchSpace(arms: [
            SearchArm(algorithm: "ridge", fixed: [:], dimensions: ranges.map { .init($0.0, $0.1) }, starts: starts)
        ])
    }

    private static let twoNumbers = SearchSpace(arms: [
        SearchArm(
            algorithm: "ridge", fixed: ["fit_intercept": true],
            dimensions: [
                .init("a", SearchRange(.numbers(1e-3...1e3), isLogarithmic: true)),
                .init("b", SearchRange(.integers(1...20))),
            ])
    ])
    private static func value(_ candidate: Candidate) -> Double {
        abs(log10(candidate.params["a"]!.doubleValue!) - 1) + abs(candidate.params["b"]!.doubleValue! - 13)
    }

    @Test(arguments: TestFunction.all) private func tpeFindsBetterPointsThanChanceOnAverageOver30Seeds(
        _ function: TestFunction
    ) {
        func best(_ method: SearchPlan.Method, seed: Int) -> Double {
            let trials = plan(method, function.space, trials: 50, seed: seed).played { function.value($0.params) }
            #expect(trials.count == 50)
            return trials.compactMap(\.score).min()!
        }
        let means = [SearchPlan.Method.random, .tpe].map { method in
            (1...30).reduce(0) { $0 + best(method, seed: $1) } / 30
        }
        #expect(means[1] < means[0], "\(function.name): random \(means[0]), tpe \(means[1])")
    }

    @Test(arguments: SearchPlan.Method.allCases)
    func whichTrialOfAGenerationEndsFirstDoesNotMatter(_ method: SearchPlan.Method) {
        let plan = plan(method, Self.twoNumbers)
        let inOrder = plan.played(Self.value)
        let mixed = plan.played(shuffled: true, Self.value).sorted { $0.number < $1.number }
        #expect(inOrder == mixed)
        #expect(plan.winner(of: mixed)?.number == plan.winner(of: inOrder)?.number)
        #expect(plan.played(Self.value) == inOrder)
    }

    @Test(arguments: SearchPlan.Method.allCases.filter { $0 != .grid })
    func anotherSeedTriesOtherPoints(_ method: SearchPlan.Method) {
        let one = plan(method, Self.twoNumbers).played(Self.value)
        #expect(one.map(\.candidate) != plan(method, Self.twoNumbers, seed: 2).played(Self.value).map(\.candidate))
    }

    @Test(arguments: SearchPlan.Method.allCases)
    func everyPointLiesInTheSpaceAndTheBudgetHolds(_ method: SearchPlan.Method) {
        let trials = plan(method, Self.twoNumbers).played(Self.value)
        #expect(trials.count <= 30 && trials.count > 20)
        #expect(trials.map(\.number) == Array(1...trials.count))
        for trial in trials {
            #expect(Self.twoNumbers.arms[0].places(of: trial.candidate.params) != nil)
            #expect(trial.candidate.params["fit_intercept"] == true)
        }
    }

    @Test(arguments: SearchPlan.Method.allCases)
    func aSpaceOfOnePointIsTriedOnce(_ method: SearchPlan.Method) {
        let space = space(("a", SearchRange(.numbers(2...2))), ("b", SearchRange(.choices(["x"]))))
        let trials = plan(method, space).played { _ in 1 }
        #expect(trials.count == 1 && trials[0].isWhole)
        #expect(trials[0].candidate.params == ["a": 2, "b": "x"])
    }

    @Test(arguments: SearchPlan.Method.allCases.filter { $0 != .halving && $0 != .hyperband })
    func aSmallSpaceIsTriedWholeAndNothingTwice(_ method: SearchPlan.Method) {
        let space = space(("a", SearchRange(.integers(1...4))), ("b", SearchRange(.choices(["x", "y", "z"]))))
        let trials = plan(method, space).played { $0.params["a"]!.doubleValue! }
        #expect(trials.count == 12 && Set(trials.map(\.candidate.key)).count == 12)
    }

    @Test func aGridHasTheEndsOfItsRangesAndAllCombinations() {
        let space = space(
            ("a", SearchRange(.numbers(0.01...100), isLogarithmic: true)), ("b", SearchRange(.integers(1...9), steps: 3)),
            ("c", SearchRange(.choices([true, false]))))
        let trials = plan(.grid, space, trials: 100).played { _ in 1 }
        #expect(trials.count == 30)
        #expect(Set(trials.map { $0.candidate.params["a"]!.doubleValue! }) == [0.01, 0.1, 1, 10, 100])
        #expect(Set(trials.map { $0.candidate.params["b"]!.intValue! }) == [1, 5, 9])
    }

    @Test func startsComeFirstUnlessTheyLieOutside() {
        let range = SearchRange(.numbers(0...1))
        let inside = plan(.tpe, space(("a", range), starts: [["a": 0.25]])).played { _ in 1 }
        #expect(inside[0].candidate.params == ["a": 0.25])
        let outside = plan(.tpe, space(("a", range), starts: [["a": 7.0], [:]])).played { _ in 1 }
        #expect(outside[0].candidate.params == [:])
    }

    @Test func eachArmHasItsOwnParametersAndTheBetterOneIsTriedMore() {
        let space = SearchSpace(arms: [
            SearchArm(algorithm: "ridge", fixed: [:], dimensions: [.init("alpha", SearchRange(.numbers(0...1)))]),
            SearchArm(algorithm: "lasso", fixed: [:], dimensions: [.init("l1", SearchRange(.numbers(0...1)))]),
        ])
        let trials = plan(.tpe, space, trials: 60).played { candidate in
            candidate.arm == 1 ? candidate.params["l1"]!.doubleValue! : 3 + candidate.params["alpha"]!.doubleValue!
        }
        for trial in trials { #expect(trial.candidate.params.keys == [trial.candidate.arm == 0 ? "alpha" : "l1"]) }
        let late = trials.dropFirst(20)
        #expect(late.count { $0.candidate.arm == 1 } > 25)
    }

    @Test func failedTrialsAreAvoidedAndNeverWin() {
        let space = space(("a", SearchRange(.numbers(0...1))))
        let plan = plan(.tpe, space, trials: 60)
        let trials = plan.played { $0.params["a"]!.doubleValue! < 0.5 ? nil : $0.params["a"]!.doubleValue! }
        #expect(plan.winner(of: trials)!.candidate.params["a"]!.doubleValue! >= 0.5)
        #expect(trials.dropFirst(20).count { $0.status == .failed } < 20)
        #expect(plan.winner(of: plan.played { _ in nil }) == nil)
    }

    // MARK: - Halving and Hyperband

    @Test func halvingGivesTheBestThirdThreeTimesTheRows() {
        let trials = plan(.halving, Self.twoNumbers).played(Self.value)
        let rungs = Dictionary(grouping: trials, by: \.generation).sorted { $0.key < $1.key }.map(\.value)
        #expect(rungs.map(\.count) == [20, 7, 3])
        #expect(rungs.map { ($0[0].candidate.share * 9).rounded() } == [1, 3, 9])
        let best = rungs[0].sorted { $0.score! < $1.score! }.prefix(7).map(\.candidate.key)
        #expect(Set(best) == Set(rungs[1].map(\.candidate.key)))
    }

    @Test func halvingOfFewRowsDoesNotHalveThem() {
        let trials = plan(.halving, Self.twoNumbers).played(rows: 200, Self.value)
        #expect(trials.count == 30 && trials.allSatisfy(\.isWhole))
    }

    @Test func hyperbandBeginsWithManyCandidatesAndEndsWithAllRows() {
        let trials = plan(.hyperband, Self.twoNumbers).played(rows: 1_000, Self.value)
        let shares = Dictionary(grouping: trials, by: \.generation).sorted { $0.key < $1.key }
            .map { ($0.value.count, ($0.value[0].candidate.share * 9).rounded()) }
        #expect(shares.map(\.0) == [9, 3, 1, 5, 2, 3, 5, 2])
        #expect(shares.map(\.1) == [1, 3, 9, 3, 9, 9, 3, 9])
    }

    @Test func aRungThatFailsWholeEndsItsBracketAlone() {
        let plan = plan(.hyperband, Self.twoNumbers)
        let trials = plan.played(rows: 1_000) { $0.share < 0.2 ? nil : Self.value($0) }
        #expect(trials.contains(where: \.isWhole) && plan.winner(of: trials)?.isWhole == true)
    }

    @Test func theWinnerSawAllRows() {
        let plan = plan(.halving, Self.twoNumbers)
        let trials = plan.played { Self.value($0) * ($0.share < 1 ? 1e-3 : 1) }
        #expect(plan.winner(of: trials)?.isWhole == true)
    }

    /// A worker that is done goes on with the next generation while another still has the slowest trial of this one.
    @Test(arguments: [SearchPlan.Method.grid, .random, .tpe])
    func aGenerationIsProposedWhileTheOneBeforeRuns(_ method: SearchPlan.Method) throws {
        let plan = plan(method, Self.twoNumbers)
        let whole = plan.played { Self.value($0) }
        let second = whole.filter { $0.generation == 2 }
        func proposed(_ trials: [Trial]) -> [Trial]? {
            guard case .propose(let next) = plan.next(after: trials, rows: 10_000) else { return nil }
            return next
        }
        var running = whole.filter { $0.generation == 1 }
        running[0] = Trial(number: 1, generation: 1, candidate: running[0].candidate)
        #expect(proposed(running)?.map(\.candidate) == second.map(\.candidate))
        #expect(plan.next(after: running + second, rows: 10_000) == .await, "two generations at most")
        running[0] = whole[0]
        let third = whole.filter { $0.generation == 3 }.map(\.candidate)
        #expect(proposed(running + second)?.map(\.candidate) == third)
        let none = second.map { Trial(number: $0.number, generation: 2, candidate: $0.candidate) }
        #expect(proposed(running + none)?.map(\.candidate) == third, "its results are not looked at")
    }

    // MARK: - The median rule

    private func trial(_ number: Int, _ generation: Int, _ scores: [Double?], _ status: Trial.Status = .succeeded) -> Trial {
        var trial = Trial(number: number, generation: generation, candidate: Candidate(arm: 0, params: [:]))
        trial.status = status
        trial.foldScores = scores
        return trial
    }

    @Test func theMedianRuleLooksAtEarlierGenerationsAlone() {
        let before = (1...5).map { trial($0, 1, [Double($0), 10]) }
        let beside = (6...20).map { trial($0, 2, [0, 0]) }
        let rule = MedianRule(before + beside, for: trial(21, 2, []), smallerIsBetter: true)
        #expect(rule.prunes([3.5]) && !rule.prunes([3]))
        #expect(!rule.prunes([3, 9]) && rule.prunes([3, 11]))
        let larger = MedianRule(before, for: trial(21, 2, []), smallerIsBetter: false)
        #expect(larger.prunes([2.5]) && !larger.prunes([3]))
        let first = MedianRule(Array(before.dropLast()), for: trial(21, 2, []), smallerIsBetter: true)
        #expect(!first.prunes([1000]), "four trials have no say")
        let ahead = MedianRule(before + beside, for: trial(21, 2, []), runsAhead: true, smallerIsBetter: true)
        #expect(!ahead.prunes([1000]), "trials of the generation before may still run")
    }

    // MARK: - Ranges

    @Test func placesAndValuesOfARangeAreEachOthersInverse() {
        for range in [
            SearchRange(.integers(1...7)), SearchRange(.integers(1...1000), isLogarithmic: true),
            SearchRange(.numbers(-3...8)), SearchRange(.numbers(1e-6...1e3), isLogarithmic: true),
            SearchRange(.choices(["a", "b", 3])),
        ] {
            for step in 0..<100 {
                let value = range.value(at: Double(step) / 100)
                let place = range.place(of: value)!
                #expect((0...1).contains(place) && range.value(at: place).isSame(as: value), "\(range) \(step)")
            }
            #expect(range.place(of: 1e9) == nil)
        }
    }

    @Test func integersOfALinearRangeAreEquallyLikely() {
        var random = RandomStream(seed: 3, generation: 1, place: 0)
        var counts = [Int](repeating: 0, count: 5)
        for _ in 0..<5_000 { counts[SearchRange(.integers(0...4)).value(at: random.unit()).intValue!] += 1 }
        #expect(counts.allSatisfy { (900...1100).contains($0) }, "\(counts)")
    }
}
