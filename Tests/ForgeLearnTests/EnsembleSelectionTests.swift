import ForgeModel
import Testing

@testable import ForgeLearn

/// Which models make an ensemble, by predictions out of fold alone.
@Suite struct EnsembleSelectionTests {
    private static func error(_ truth: [Double]) -> @Sendable ([Double]) -> Double? {
        { scores in zip(scores, truth).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
    }

    private func library(_ seed: UInt64, models: Int, rows: Int = 60) -> (truth: [Double], models: [[Double]]) {
        var random = Random(seed)
        let truth = (0..<rows).map { _ in random.normal() }
        return (truth, (0..<models).map { model in truth.map { $0 + (0.5 + 0.1 * Double(model)) * random.normal() } })
    }

    /// The same, written as the paper says it: nothing kept between rounds.
    private func plain(_ models: [[Double]], _ cost: ([Double]) -> Double?, limit: Int, rounds: Int) -> [Double] {
        var bag: [Int] = []
        var best: (cost: Double, bag: [Int])?
        func mean(_ bag: [Int]) -> [Double] {
            models[0].indices.map { row in bag.reduce(0) { $0 + models[$1][row] } / Double(bag.count) }
        }
        for _ in 0..<rounds {
            let open = models.indices.filter { Set(bag).count < limit || bag.contains($0) }
            let costs = open.map { cost(mean(bag + [$0]))! }
            let place = costs.firstIndex(of: costs.min()!)!
            bag.append(open[place])
            if best == nil || costs[place] < best!.cost { best = (costs[place], bag) }
        }
        return models.indices.map { model in
            Double(best!.bag.count { $0 == model }) / Double(best!.bag.count)
        }
    }

    @Test(arguments: 0..<UInt64(20))
    func weightsAreThoseOfThePlainLoopAtAnyNumberOfThreads(_ seed: UInt64) throws {
        let library = library(seed, models: 7)
        let cost = Self.error(library.truth)
        for limit in [1, 2, 7] {
            let expected = plain(library.models, cost, limit: limit, rounds: 12)
            for threads in [1, 3] {
                let selection = EnsembleSelection(models: library.models, cost: cost)
                #expect(try #require(selection.weights(limit: limit, rounds: 12, threads: threads)) == expected)
            }
            #expect(expected.count { $0 > 0 } <= limit)
        }
    }

    @Test(arguments: 0..<UInt64(10))
    func theEnsembleIsNeverWorseThanItsBestModelOnTheseRows(_ seed: UInt64) throws {
        let library = library(seed, models: 6)
        let cost = Self.error(library.truth)
        let weights = try #require(EnsembleSelection(models: library.models, cost: cost).weights(limit: 6, threads: 1))
        let mean = library.truth.indices.map { row in
            zip(weights, library.models).reduce(0) { $0 + $1.0 * $1.1[row] }
        }
        #expect(cost(mean)! <= library.models.map { cost($0)! }.min()! + 1e-9)
        #expect(abs(weights.reduce(0, +) - 1) < 1e-12)
    }

    @Test func aModelWithoutACostIsNeverTaken() throws {
        let truth = [1.0, 2, 3]
        let error = Self.error(truth)
        let models = [[Double.nan, 2, 3], [1, 2, 2], [1, 2, 2]]
        let weights = EnsembleSelection(models: models, cost: error).weights(limit: 3, threads: 1)
        #expect(weights == [0, 1, 0])  // of equal ones the first
        #expect(EnsembleSelection(models: [[.nan, 0, 0]], cost: error).weights(limit: 3, threads: 1) == nil)
        #expect(EnsembleSelection(models: [], cost: error).weights(limit: 3, threads: 1) == nil)
    }

    @Test func fromASortedStartTheBestAloneAreInAndNoModelWithoutACost() throws {
        let library = library(1, models: 6)
        let cost = Self.error(library.truth)
        let none = library.truth.map { _ in Double.nan }
        let selection = EnsembleSelection(models: library.models + [none], cost: cost)
        let best = library.models.indices.sorted { cost(library.models[$0])! < cost(library.models[$1])! }
        let weights = try #require(selection.weights(limit: 7, sorted: 3, rounds: 3, threads: 2))
        #expect(best.prefix(3).allSatisfy { weights[$0] > 0 } && weights[6] == 0)
        #expect(selection.weights(limit: 7, sorted: 3, threads: 2) == selection.weights(limit: 7, sorted: 3, threads: 1))
    }

    // MARK: - Few rows

    private func bagging(_ library: (truth: [Double], models: [[Double]]), seed: Int = 42) -> EnsembleBagging {
        EnsembleBagging(
            library: library.models.map { OutOfFold(truth: library.truth, scores: $0, width: 1, identity: 0) },
            cost: { Self.error($0.truth) }, seed: seed)
    }

    /// Thirty models that differ by chance alone: the mean of many is better on new rows than the few luckiest.
    @Test func bagsOfFewRowsSpreadTheWeightsAndAreBetterOnNewRows() throws {
        var (plain, bagged) = (0.0, 0.0)
        for seed in 0..<UInt64(20) {
            var random = Random(seed)
            let truth = (0..<60).map { _ in random.normal() }
            let models = (0..<30).map { _ in truth.map { $0 + random.normal() } }
            // On new rows the errors of all are as large and independent, so the mean's is the sum of squared weights.
            func error(_ weights: [Double]?) throws -> Double { try #require(weights).reduce(0) { $0 + $1 * $1 } }
            let selection = EnsembleSelection(models: models, cost: Self.error(truth))
            plain += try error(selection.weights(limit: 10, threads: 1))
            bagged += try error(bagging((truth, models)).weights(limit: 10, threads: 1))
        }
        #expect(bagged < plain, "\(bagged) \(plain)")
    }

    @Test func weightsOfBagsAreTheSameOfASeedAtAnyNumberOfThreadsAndNeverOfMoreModelsThanTheLimit() throws {
        let library = library(5, models: 12)
        for limit in [2, 5, 12] {
            let weights = try #require(bagging(library).weights(limit: limit, threads: 1))
            #expect(weights == bagging(library).weights(limit: limit, threads: 3))
            #expect(abs(weights.reduce(0, +) - 1) < 1e-12 && weights.count { $0 > 0 } <= limit)
        }
        #expect(bagging(library).weights(limit: 12, threads: 1) != bagging(library, seed: 1).weights(limit: 12, threads: 1))
        #expect(bagging((library.truth, [])).weights(limit: 3, threads: 1) == nil)
        #expect(bagging((library.truth, [library.truth.map { _ in .nan }])).weights(limit: 3, threads: 1) == nil)
    }

    // MARK: - What a trial stages

    private func crossFit(rows: Int) throws -> CrossFit {
        var random = Random(3)
        var table = Table()
        let x = (0..<rows).map { _ in random.normal() }
        table.add("x", x)
        table.add("y", x.map { $0 > 0.3 ? "b" : $0 > -0.5 ? "a" : "c" }, role: .target)
        let run = Run(table: table, algorithm: "gaussian_nb", task: "classification", split: ["method": "none", "folds": 3])
        let (job, data) = (try run.job, try run.read())
        return try ForgeLearn.crossFit(
            data.folds, of: data, target: try data.resolveTarget(job), job: job, observer: SilentObserver()
        ) { try fitModel(job, $0, observer: $1) }
    }

    @Test func stagedPredictionsReadBackAsTheyWereAndNothingElseDoes() throws {
        let said = OutOfFold(try crossFit(rows: 200))
        #expect(said.truth.count == 200 && said.width == 3 && said.scores.count == 600)
        let bytes = said.encoded
        #expect(OutOfFold(encoded: bytes) == said)
        for damaged in [Bytes(bytes.dropLast()), bytes + [0], Bytes(bytes.dropFirst()), [], Bytes("FGO1".utf8)] {
            #expect(OutOfFold(encoded: damaged) == nil)
        }
    }

    @Test func ofManyRowsTheSameOnesAreKeptOfEveryTrial() throws {
        let crossFit = try crossFit(rows: 300)
        let (some, all) = (OutOfFold(crossFit, limits: (50, 1_000)), OutOfFold(crossFit))
        #expect(some.truth.count == 50 && some.identity == all.identity)
        let rows = stride(from: 0, to: 900, by: 3).map { Array(all.scores[$0..<$0 + 3]) }
        #expect(stride(from: 0, to: 150, by: 3).allSatisfy { rows.contains(Array(some.scores[$0..<$0 + 3])) })
        #expect(OutOfFold(crossFit, limits: (1_000, 30)).truth.count == 10)
        #expect(OutOfFold(try self.crossFit(rows: 299)).identity != all.identity)
    }
}
