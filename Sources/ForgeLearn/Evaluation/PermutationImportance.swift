import ForgeModel

/// How much worse a metric becomes when a source column is shuffled (Breiman 2001; Fisher, Rudin and Dominici 2019), as
/// scikit-learn's `permutation_importance`: the mean over repeats.
///
/// The interval is normal with variance Σ d² / (n·(n − 1)), d a row's part in the importance, which is a V-statistic of
/// pairs of rows: the empirical influence (of roc_auc: DeLong et al. 1988) of the row with values of others, that of the
/// rows that got its value, less that without shuffling. The chance of few shuffles is in both, so that few make the
/// interval a little wide. In a ranking, where a unit is a query, only the first counts: there it is a little narrow.
struct PermutationImportance {
    static let rowLimit = 10_000

    let request: ImportanceRequest
    let scorer: Scorer
    /// (columns) of the rows measured on.
    let columns: [ColumnValues]
    let seed: Int
    let metric: String
    /// The rows with what a model says of them.
    let measurable: (PartScores) -> any Measurable

    /// nil where these rows do not define the metric.
    func importances(threads: Int, observer: any TrainingObserver) throws -> Importances? {
        let base = measurable(try scores(columns))
        guard let value = Evaluation(base)[metric], let influences = base.influences(on: metric) else { return nil }
        var found = [Result<Measure, any Error>?](repeating: nil, count: columns.count)
        found.withUnsafeMutableBufferPointer { buffer in
            inParallel(columns.count, threads: threads) { column in
                buffer[column] = Result {
                    if observer.isCancelled { throw ForgeError(.cancelled, "training was cancelled") }
                    return try measure(column, value, influences)
                }
            }
        }
        let measured = try found.map { try $0!.get() }
        return Importances(kind: .permutation, values: measured.map(\.value), intervals: measured.map(\.interval))
    }

    private typealias Measure = (value: Double, interval: Bootstrap.Interval?)

    private func measure(_ column: Int, _ base: Double, _ baseInfluences: [Double]) throws -> Measure {
        let sign = MetricDirection.smallerIsBetter.contains(metric) ? 1.0 : -1.0
        var values: [Double] = []
        var influences = baseInfluences.map { -$0 }  // on the importance, but for its sign
        for turn in 0..<request.repeats {
            var shuffled = columns
            let order = order(column, turn)
            shuffled[column] = columns[column].picked(order)
            let rows = measurable(try scores(shuffled))
            guard let value = Evaluation(rows)[metric], let own = rows.influences(on: metric) else { continue }
            values.append(sign * (value - base))
            for unit in own.indices {
                influences[unit] += own[unit] / Double(request.repeats)
                if own.count == order.count { influences[order[unit]] += own[unit] / Double(request.repeats) }
            }
        }
        let count = Double(values.count)
        guard count > 0 else { return (0, nil) }
        let mean = values.reduce(0, +) / count
        let units = Double(influences.count)
        guard units > 1 else { return (mean, nil) }
        let variance = influences.reduce(0) { $0 + $1 * $1 } / (units * (units - 1))
        return (mean, request.interval(around: mean, variance: variance))
    }

    private func scores(_ columns: [ColumnValues]) throws -> PartScores {
        PartScores(
            values: try scorer.score(columns), width: scorer.scores,
            threshold: scorer.threshold.map { (scorer.positive, $0) })
    }

    /// A random order of the rows (Fisher and Yates), of seed, column and turn alone.
    private func order(_ column: Int, _ turn: Int) -> [Int] {
        var order = Array(0..<(columns.first?.count ?? 0))
        var state = splitmix64(UInt64(bitPattern: Int64(seed)) ^ splitmix64(UInt64(column) << 32 | UInt64(turn)))
        for last in stride(from: order.count - 1, to: 0, by: -1) {
            state = splitmix64(state)
            order.swapAt(last, Int(state.multipliedFullWidth(by: UInt64(last + 1)).high))
        }
        return order
    }
}

extension ColumnValues {
    func picked(_ rows: [Int]) -> ColumnValues {
        switch self {
        case .numbers(let numbers): .numbers(rows.map { numbers[$0] })
        case .codes(let codes, let levels): .codes(rows.map { codes[$0] }, levels: levels)
        case .vectors(let elements, let dimensions):
            .vectors(rows.flatMap { elements[$0 * dimensions..<($0 + 1) * dimensions] }, dimensions: dimensions)
        }
    }
}
