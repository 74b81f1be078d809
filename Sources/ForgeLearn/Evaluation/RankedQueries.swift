import Glibc

/// Metrics of the order within queries. A query counts as one, however many rows it has.
struct RankedQueries: Measurable {
    private let values: [[Double]]  // (metrics, queries); NaN: the query does not count for this metric
    private static let names = ["ndcg", "ndcg@5", "ndcg@10", "map@10"]

    var units: Int { values[0].count }

    /// `groups` tells which query a row is of.
    init(relevance: [Double], scores: [Double], groups: [UInt64]) {
        var places: [UInt64: Int] = [:]
        var rows: [[Int]] = []
        for (row, group) in groups.enumerated() {
            let place = places[group] ?? rows.count
            if place == rows.count {
                places[group] = place
                rows.append([])
            }
            rows[place].append(row)
        }
        let queries = rows.map { RankedQuery(relevance: $0.map { relevance[$0] }, scores: $0.map { scores[$0] }) }
        values = [
            queries.map { $0.ndcg(at: .max) }, queries.map { $0.ndcg(at: 5) }, queries.map { $0.ndcg(at: 10) },
            queries.map { $0.averagePrecision(at: 10) },
        ]
    }

    func influences(on metric: String) -> [Double]? {
        guard metric == "ndcg", units > 0 else { return nil }
        let mean = values[0].reduce(0, +) / Double(units)
        return values[0].map { $0 - mean }
    }

    func measure(_ weights: [Double]) -> [Measured] {
        zip(Self.names, values).map { name, values in
            var (sum, total) = (0.0, 0.0)
            for query in values.indices where !values[query].isNaN {
                sum += weights[query] * values[query]
                total += weights[query]
            }
            return Measured(name, quotient(sum, total), else: "no query has a relevant row")
        }
    }
}

/// The rows of one query.
private struct RankedQuery {
    private let relevance: [Double]  // by falling score, of equal scores by rising relevance
    private let ends: [Bool]  // the next score is another

    init(relevance: [Double], scores: [Double]) {
        let order = scores.indices.sorted { (-scores[$0], relevance[$0]) < (-scores[$1], relevance[$1]) }
        self.relevance = order.map { relevance[$0] }
        ends = order.indices.map { $0 + 1 == order.count || scores[order[$0]] != scores[order[$0 + 1]] }
    }

    /// Discounted gain of the first `count` places beside the best possible (Järvelin and Kekäläinen 2002), with the
    /// relevance itself as gain and the mean gain of rows of equal scores, as scikit-learn's ndcg_score; 0 without a
    /// relevant row.
    func ndcg(at count: Int) -> Double {
        let best = relevance.sorted(by: >)
        let ideal = zip(best, best.indices).reduce(0) { $1.1 < count ? $0 + $1.0 * discount($1.1) : $0 }
        guard ideal > 0 else { return 0 }
        var (gain, first) = (0.0, 0)
        for place in relevance.indices where ends[place] {
            let mean = relevance[first...place].reduce(0, +) / Double(place - first + 1)
            for tied in first...place where tied < count { gain += mean * discount(tied) }
            first = place + 1
        }
        return gain / ideal
    }

    private func discount(_ place: Int) -> Double { 1 / log2(Double(place) + 2) }

    /// Mean precision at the places of the relevant rows (relevance above 0) among the first `count`, over as many as
    /// there could be; NaN without a relevant row. Of equal scores the least relevant row comes first, so that a tie
    /// never flatters and the rows' order does not matter.
    func averagePrecision(at count: Int) -> Double {
        let relevant = relevance.count { $0 > 0 }
        guard relevant > 0 else { return .nan }
        var (hits, sum) = (0, 0.0)
        for place in 0..<min(count, relevance.count) where relevance[place] > 0 {
            hits += 1
            sum += Double(hits) / Double(place + 1)
        }
        return sum / Double(min(count, relevant))
    }
}
