/// Which models of a library are one ensemble, and with which weights: greedy forward selection with replacement on
/// predictions of rows that none of them was trained on (Caruana, Niculescu-Mizil, Crew and Ksikes, ICML 2004,
/// "Ensemble selection from libraries of models").
///
/// Each round adds the model whose addition makes the mean of all those added best, of equally good ones the first;
/// what was best after any round is taken, of equally good ones the one of fewer rounds. A model's weight is the share
/// of the rounds that added it. Deterministic, at any number of threads.
struct EnsembleSelection {
    /// Weights are multiples of one part in as many.
    static let rounds = 25

    /// (models) scores of the same rows, (rows, width) row-major.
    let models: [[Double]]
    /// Of such scores; smaller is better. nil where it is not defined.
    let cost: @Sendable ([Double]) -> Double?

    /// (models) their sum is 1. At most `limit` of them are above 0. nil when no model has a cost. `sorted`: so many of
    /// the models that are best alone are added before the first round.
    func weights(limit: Int, sorted: Int = 0, rounds: Int = EnsembleSelection.rounds, threads: Int) -> [Double]? {
        var sums = [Double](repeating: 0, count: models.first?.count ?? 0)
        var counts = [Int](repeating: 0, count: models.count)
        var best: (cost: Double, counts: [Int])?
        func add(_ model: Int) {
            counts[model] += 1
            for index in sums.indices { sums[index] += models[model][index] }
        }
        let first = alone(sorted, sums, threads: threads)
        first.forEach(add)
        for round in (first.count + 1)...max(rounds, first.count + 1) {
            let isFull = counts.count { $0 > 0 } >= limit
            let open = models.indices.filter { !isFull || counts[$0] > 0 }
            let costs = costs(of: open, sums, round, threads: threads)
            guard let place = costs.indices.min(by: { costs[$0] < costs[$1] }), costs[place] < .infinity else { break }
            add(open[place])
            if best.map({ costs[place] < $0.cost }) ?? true { best = (costs[place], counts) }
        }
        return best.map { best in
            let total = Double(best.counts.reduce(0, +))
            return best.counts.map { Double($0) / total }
        }
    }

    /// The models that are best alone, the best first.
    private func alone(_ count: Int, _ zeros: [Double], threads: Int) -> ArraySlice<Int> {
        guard count > 0 else { return [] }
        let costs = costs(of: Array(models.indices), zeros, 1, threads: threads)
        return risingOrder(costs).map(Int.init).filter { costs[$0] < .infinity }.prefix(count)
    }

    /// Of the mean that each of the open models would make.
    private func costs(of open: [Int], _ sums: [Double], _ round: Int, threads: Int) -> [Double] {
        var costs = [Double](repeating: .infinity, count: open.count)
        costs.withUnsafeMutableBufferPointer { buffer in
            inParallel(open.count, threads: threads) { place in
                let scores = models[open[place]]
                let means = sums.indices.map { (sums[$0] + scores[$0]) / Double(round) }
                if let cost = cost(means), !cost.isNaN { buffer[place] = cost }
            }
        }
        return costs
    }
}
