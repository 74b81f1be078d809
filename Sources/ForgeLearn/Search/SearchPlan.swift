import ForgeModel

/// A search, resolved: what is tried, in which order, and which trial wins. Pure: the same trials give the same answer,
/// whoever ran them and in whatever order they ended.
public struct SearchPlan: Sendable, Equatable {
    public enum Method: String, Sendable, CaseIterable { case grid, random, tpe, halving, hyperband }

    public var method: Method
    public var space: SearchSpace
    /// Most trials.
    public var trials: Int
    /// Trials that are proposed at once, and can run beside each other; of halving and hyperband a rung is one.
    public var generation: Int
    public var seed: Int
    /// Whether trials that do worse than most after some folds are broken off.
    public var prunes: Bool
    /// Of halving and hyperband: one in so many goes on to the next rung, with so many times the rows.
    public var factor: Int
    /// What trials are compared by; nil: the task's own metric.
    public var metric: String?
    /// Of tpe over several arms: whether their starts are screened, and only the best arms tuned.
    public var screens = false

    public init(
        _ method: Method, _ space: SearchSpace, trials: Int, generation: Int = 6, seed: Int = 42, prunes: Bool = true,
        factor: Int = 3, metric: String? = nil
    ) {
        self.method = method
        self.space = space
        self.trials = trials
        self.generation = generation
        self.seed = seed
        self.prunes = prunes
        self.factor = factor
        self.metric = metric
    }

    /// Whether a generation is proposed while the one before it runs, without its results: nobody waits for the slowest trial
    /// of a generation. Rungs, and the screening of arms, need all results.
    var runsAhead: Bool { method != .halving && method != .hyperband && !screens }

    var smallerIsBetter: Bool { metric.map(MetricDirection.smallerIsBetter.contains) ?? false }

    public enum Step: Sendable, Equatable {
        /// Trials whose results are needed have not ended yet.
        case await
        /// The next generation.
        case propose([Trial])
        case finished
    }

    /// `rows` are the training rows.
    public func next(after trials: [Trial], rows: Int) -> Step {
        let newest = trials.map(\.generation).max()
        let known = trials.sorted { $0.number < $1.number }.map { trial in
            runsAhead && trial.generation == newest
                ? Trial(number: trial.number, generation: trial.generation, candidate: trial.candidate) : trial
        }
        guard known.allSatisfy({ $0.isFinished || runsAhead && $0.generation == newest }) else { return .await }
        let history = History(known, smallerIsBetter: smallerIsBetter)
        let candidates =
            switch method {
            case .grid: gridPoints(history)
            case .random: draws(history)
            case .tpe: screens ? screened(history, rows: rows) : estimates(history)
            case .halving, .hyperband: rung(history, rows: rows)
            }
        guard !candidates.isEmpty else { return trials.allSatisfy(\.isFinished) ? .finished : .await }
        return .propose(
            candidates.enumerated().map { place, candidate in
                Trial(number: trials.count + place + 1, generation: history.generations + 1, candidate: candidate)
            })
    }

    /// The best of the trials that saw the most rows; of equal ones the first. nil: none succeeded.
    public func winner(of trials: [Trial]) -> Trial? {
        let history = History(trials.sorted { $0.number < $1.number }, smallerIsBetter: smallerIsBetter)
        let most = history.succeeded.map(\.candidate.share).max()
        return history.ranked(history.succeeded.filter { $0.candidate.share == most }).first
    }

    // MARK: - Grid and random

    private func gridPoints(_ history: History) -> [Candidate] {
        let grid = space.grid
        let points = grid.count <= trials ? Array(0..<grid.count) : chosen(trials, of: grid.count)
        return points.dropFirst(history.trials.count).prefix(generation).map { grid[$0] }
    }

    /// Some of a grid that is too large, in its order.
    private func chosen(_ wanted: Int, of count: Int) -> [Int] {
        let salt = splitmix64(UInt64(bitPattern: Int64(seed)))
        let hashes = (0..<count).map { splitmix64(UInt64($0) ^ salt) }
        return risingOrder(hashes).prefix(wanted).map { Int($0) }.sorted()
    }

    func draws(_ history: History) -> [Candidate] {
        fill(min(generation, trials - history.trials.count), history) { space.drawn(&$0) }
    }

    func estimates(_ history: History) -> [Candidate] {
        let parzen = TreeParzen(space, history)
        let known = history.trials.count
        var proposed: [Candidate] = []
        return fill(min(generation, trials - known), history) { random in
            known + proposed.count < TreeParzen.startup || history.succeeded.isEmpty
                ? space.drawn(&random) : parzen.proposal(beside: proposed, &random)
        } each: {
            proposed.append($0)
        }
    }

    /// The first candidates of a search are the space's starts. What was proposed before is not proposed again: a
    /// finite space may run dry before the budget is spent.
    func fill(
        _ wanted: Int, _ history: History, draw: (inout RandomStream) -> Candidate, each: (Candidate) -> Void = { _ in }
    ) -> [Candidate] {
        guard wanted > 0 else { return [] }
        var seen = Set(history.trials.map(\.candidate.key))
        var result: [Candidate] = []
        func take(_ candidate: Candidate) {
            guard result.count < wanted, seen.insert(candidate.key).inserted else { return }
            result.append(candidate)
            each(candidate)
        }
        if history.trials.isEmpty { space.starts.forEach(take) }
        var place = 0
        while result.count < wanted, place < wanted + 200 {
            var random = RandomStream(seed: seed, generation: history.generations + 1, place: place)
            take(draw(&random))
            place += 1
        }
        if result.count < wanted, let count = space.count, count <= 100_000 {
            let all = SearchSpace.Grid(space, \.range.all)
            for index in chosen(count, of: count) where result.count < wanted { take(all[index]) }
        }
        return result
    }
}

/// The trials so far, in the order of their numbers.
struct History {
    let trials: [Trial]
    let smallerIsBetter: Bool

    init(_ trials: [Trial], smallerIsBetter: Bool) {
        self.trials = trials
        self.smallerIsBetter = smallerIsBetter
    }

    var generations: Int { trials.last?.generation ?? 0 }
    var succeeded: [Trial] { trials.filter { $0.status == .succeeded && $0.score != nil } }

    /// Smaller is better, whatever the metric.
    func cost(_ score: Double) -> Double { smallerIsBetter ? score : -score }

    /// The best first, of equal ones the earlier; what did not succeed comes last.
    func ranked(_ some: [Trial]) -> [Trial] {
        func cost(_ trial: Trial) -> Double {
            trial.status == .succeeded ? trial.score.map(self.cost) ?? .infinity : .infinity
        }
        return some.sorted { a, b in
            let (first, second) = (cost(a), cost(b))
            return first != second ? first < second : a.number < b.number
        }
    }
}
