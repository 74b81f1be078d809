import ForgeModel
import Glibc

/// The tree-structured Parzen estimator (Bergstra, Bardenet, Bengio and Kégl, NeurIPS 2011): points are drawn where
/// good trials lie denser than the others, l(x) / g(x).
///
/// Bandwidths, the prior and the share of good trials are those of Optuna's sampler. The arm, and each dimension of an
/// arm, has densities of its own; a dimension's are of the arm's trials only. Trials of one generation do not know each
/// other's outcome: those proposed already count as bad ones, which keeps the next away from them.
struct TreeParzen {
    /// Trials drawn at random before any is estimated.
    static let startup = 10
    /// Points drawn from l for each proposal, of which the one with the largest l / g is taken.
    static let draws = 24

    private struct Point {
        var arm: Int
        var places: [Double]
    }

    private let space: SearchSpace
    private let good: [Point]
    private let bad: [Point]

    init(_ space: SearchSpace, _ history: History) {
        self.space = space
        // Only trials of the most rows are compared with each other.
        let most = history.succeeded.map(\.candidate.share).max()
        let ranked = history.ranked(history.trials.filter { $0.candidate.share == most })
        let points = ranked.compactMap { trial -> Point? in
            guard space.arms.indices.contains(trial.candidate.arm) else { return nil }
            let places = space.arms[trial.candidate.arm].places(of: trial.candidate.params)
            return places.map { Point(arm: trial.candidate.arm, places: $0) }
        }
        let succeeded = ranked.count { $0.status == .succeeded }
        let count = min(succeeded, max(1, Int((0.1 * Double(points.count)).rounded(.up))), 25)
        good = Array(points.prefix(count))
        bad = Array(points.dropFirst(count))
    }

    func proposal(beside proposed: [Candidate], _ random: inout RandomStream) -> Candidate {
        let others = bad + proposed.compactMap { candidate in
            space.arms[candidate.arm].places(of: candidate.params).map { Point(arm: candidate.arm, places: $0) }
        }
        var best: (candidate: Candidate, gain: Double)?
        let arms = (
            good: ChoiceDensity(good.map(\.arm), count: space.arms.count),
            bad: ChoiceDensity(others.map(\.arm), count: space.arms.count)
        )
        let densities = space.arms.indices.map { arm in self.densities(arm, others) }
        for _ in 0..<Self.draws {
            let arm = arms.good.draw(&random)
            var gain = arms.good.logarithm(arm) - arms.bad.logarithm(arm)
            var places: [Double] = []
            for pair in densities[arm] {
                let place = pair.good.draw(&random)
                gain += pair.good.logarithm(place) - pair.bad.logarithm(place)
                places.append(place)
            }
            if best.map({ gain > $0.gain }) ?? true {
                best = (Candidate(arm: arm, params: space.arms[arm].point(at: places)), gain)
            }
        }
        return best!.candidate
    }

    private func densities(_ arm: Int, _ others: [Point]) -> [(good: PlaceDensity, bad: PlaceDensity)] {
        space.arms[arm].dimensions.indices.map { dimension in
            let range = space.arms[arm].dimensions[dimension].range
            func density(_ points: [Point]) -> PlaceDensity {
                PlaceDensity(points.filter { $0.arm == arm }.map { $0.places[dimension] }, of: range)
            }
            return (density(good), density(others))
        }
    }
}

/// How often each of some choices came up, with one more spread over all of them.
struct ChoiceDensity {
    private let weights: [Double]

    init(_ seen: [Int], count: Int) {
        var weights = [Double](repeating: 1 / Double(count), count: count)
        for index in seen { weights[index] += 1 }
        let total = Double(seen.count + 1)
        self.weights = weights.map { $0 / total }
    }

    func draw(_ random: inout RandomStream) -> Int { random.index(weighted: weights) }
    func logarithm(_ index: Int) -> Double { log(weights[index]) }
}

/// A density over the places of a dimension.
enum PlaceDensity {
    case choices(ChoiceDensity, count: Int)
    case places(ParzenDensity)

    init(_ seen: [Double], of range: SearchRange) {
        if let choices = range.choices {
            let indexes = seen.map { min(Int($0 * Double(choices.count)), choices.count - 1) }
            self = .choices(ChoiceDensity(indexes, count: choices.count), count: choices.count)
        } else {
            self = .places(ParzenDensity(seen))
        }
    }

    func draw(_ random: inout RandomStream) -> Double {
        switch self {
        case .choices(let density, let count): (Double(density.draw(&random)) + 0.5) / Double(count)
        case .places(let density): density.draw(&random)
        }
    }

    func logarithm(_ place: Double) -> Double {
        switch self {
        case .choices(let density, let count): density.logarithm(min(Int(place * Double(count)), count - 1))
        case .places(let density): density.logarithm(place)
        }
    }
}

/// A mixture of normal distributions cut to [0, 1]: one around each place seen, as wide as the gap to its neighbour,
/// and a wide one in the middle as the prior.
struct ParzenDensity {
    private let means: [Double]
    private let widths: [Double]
    /// Mass of each normal distribution within [0, 1].
    private let masses: [Double]

    init(_ seen: [Double]) {
        let prior = 0.5
        let sorted = (seen + [prior]).sorted()
        let least = 1 / Double(min(100, sorted.count + 1))
        var isPriorLeft = true
        means = sorted
        widths = sorted.indices.map { index in
            if sorted[index] == prior, isPriorLeft {
                isPriorLeft = false
                return 1
            }
            let below = sorted[index] - (index > 0 ? sorted[index - 1] : 0)
            let above = (index + 1 < sorted.count ? sorted[index + 1] : 1) - sorted[index]
            return min(max(below, above, least), 1)
        }
        masses = zip(means, widths).map { mean, width in
            let scale = width * 2.0.squareRoot()
            return (erf((1 - mean) / scale) + erf(mean / scale)) / 2
        }
    }

    func draw(_ random: inout RandomStream) -> Double {
        let index = random.below(means.count)
        while true {  // a mean in [0, 1] and a width of at most 1: one in three is inside
            let place = means[index] + widths[index] * random.normal()
            if place >= 0, place < 1 { return place }
        }
    }

    func logarithm(_ place: Double) -> Double {
        let densities = means.indices.map { index -> Double in
            let distance = (place - means[index]) / widths[index]
            return exp(-distance * distance / 2) / (widths[index] * masses[index])
        }
        // A sum that underflows is a place that no point seen says anything of.
        return log(max(densities.reduce(0, +) / Double(means.count), 1e-300))
    }
}
