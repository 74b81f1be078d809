/// Which models of a library are one ensemble where rows are few, so that much of a model's score is chance and the best of
/// many models is mostly the luckiest: the mean of what is selected in many bags, each of some of the models (Caruana et
/// al., ICML 2004, section 2.3: bagged selection from a sorted start) and of rows drawn with replacement.
struct EnsembleBagging {
    /// Of so many rows the plain selection takes no chances.
    static let fewRows = 1_000
    static let bags = 20
    /// Of the models, in each bag.
    static let share = 0.3
    static let sorted = 3

    /// What each model said of the same rows.
    let library: [OutOfFold]
    /// Of such scores of such rows; smaller is better. nil where it is not defined.
    let cost: (OutOfFold) -> @Sendable ([Double]) -> Double?
    let seed: Int

    /// (models) their sum is 1. At most `limit` of them are above 0. nil when no bag has a model with a cost.
    func weights(limit: Int, threads: Int) -> [Double]? {
        var sums = [Double](repeating: 0, count: library.count)
        for bag in 0..<Self.bags {
            var random = RandomStream(seed: seed, number: bag)
            let chosen = library.indices.filter { _ in random.unit() < Self.share }
            let count = library.first?.truth.count ?? 0
            let rows = (0..<count).map { _ in random.below(count) }
            let said = chosen.map { library[$0].of(rows) }
            guard let first = said.first else { continue }
            let selection = EnsembleSelection(models: said.map(\.scores), cost: cost(first))
            let weights = selection.weights(limit: chosen.count, sorted: Self.sorted, threads: threads)
            for (model, weight) in zip(chosen, weights ?? []) { sums[model] += weight }
        }
        let kept = risingOrder(sums.map(-)).prefix(limit).map(Int.init)
        let total = kept.reduce(0) { $0 + sums[$1] }
        guard total > 0 else { return nil }
        var weights = [Double](repeating: 0, count: sums.count)
        for model in kept { weights[model] = sums[model] / total }
        return weights
    }
}

extension OutOfFold {
    fileprivate func of(_ rows: [Int]) -> OutOfFold {
        var said = self
        said.truth = rows.map { truth[$0] }
        said.scores = rows.flatMap { scores[$0 * width..<($0 + 1) * width] }
        return said
    }
}
