import ForgeModel

/// The target as numbers whose means by level are worth knowing.
enum TargetOutcomes {
    case values([Double])  // (rows)
    /// (rows) class; 1 where it is `positive`, or with more than two classes an output for each.
    case classes([Int32], count: Int, positive: Int)

    init(_ target: Target, _ part: Part) {
        switch target {
        case .classes(let classes):
            self = .classes(classes.training, count: classes.count, positive: classes.positive)
        default: self = .values(part.targets)
        }
    }

    var width: Int { if case .classes(_, let count, let positive) = self, positive < 0 { count } else { 1 } }

    func value(_ row: Int, _ output: Int) -> Double {
        switch self {
        case .values(let values): values[row]
        case .classes(let classes, _, let positive): classes[row] == Int32(positive < 0 ? output : positive) ? 1 : 0
        }
    }
}

/// Means of the target by level, shrunk towards the overall mean: Micci-Barreca, "A preprocessing scheme for
/// high-cardinality categorical attributes" (SIGKDD Explorations 2001), equations 3 to 7, as scikit-learn's
/// `TargetEncoder` has them.
struct TargetTable {
    let groups: Int
    let width: Int
    /// (groups, width) learned from all rows; a group without rows has the overall mean.
    private(set) var values: [Double]
    /// (folds, groups, width) learned from the rows of all other folds: what the training rows see.
    private(set) var crossFitted: [Double] = []

    /// `group` and `fold` are each row's. `smoothing`: rows that the overall mean counts for; nil: by the ratio of the
    /// variances within and between levels, an empirical Bayes estimate.
    init(
        group: [Int32], groups: Int, fold: [UInt8], folds: Int, outcomes: TargetOutcomes, weights: [Double]?,
        smoothing: Double?
    ) {
        self.groups = groups
        width = outcomes.width
        let moments = Self.moments(group, groups, fold, folds, outcomes, weights)
        values = Self.table(moments, groups, width, smoothing, folds: Array(0..<folds))
        for left in 0..<folds {
            let others = (0..<folds).filter { $0 != left && moments[$0].contains { $0.weight > 0 } }
            crossFitted += others.isEmpty ? values : Self.table(moments, groups, width, smoothing, folds: others)
        }
    }

    /// Count, mean and spread of an outcome in a group of rows.
    private struct Moments {
        var weight = 0.0
        var mean = 0.0
        var squares = 0.0  // Σ weight · (value - mean)²

        /// The pairwise update of Chan, Golub and LeVeque (1979).
        mutating func add(_ other: Moments) {
            guard other.weight > 0 else { return }
            let whole = weight + other.weight
            let difference = other.mean - mean
            squares += other.squares + difference * difference * (weight * other.weight / whole)
            mean += difference * (other.weight / whole)
            weight = whole
        }
    }

    /// [folds][(groups, width)]
    private static func moments(
        _ group: [Int32], _ groups: Int, _ fold: [UInt8], _ folds: Int, _ outcomes: TargetOutcomes, _ weights: [Double]?
    ) -> [[Moments]] {
        let width = outcomes.width
        var result = [[Moments]](
            repeating: Array(repeating: Moments(), count: groups * width), count: folds)
        for row in group.indices {
            let weight = weights?[row] ?? 1
            for output in 0..<width {
                result[Int(fold[row])][Int(group[row]) * width + output].add(
                    Moments(weight: weight, mean: outcomes.value(row, output)))
            }
        }
        return result
    }

    /// (groups, width) from the rows of some folds.
    private static func table(
        _ moments: [[Moments]], _ groups: Int, _ width: Int, _ smoothing: Double?, folds: [Int]
    ) -> [Double] {
        var result = [Double](repeating: 0, count: groups * width)
        for output in 0..<width {
            var whole = Moments()
            let byGroup = (0..<groups).map { group in
                var sum = Moments()
                for fold in folds { sum.add(moments[fold][group * width + output]) }
                whole.add(sum)
                return sum
            }
            for group in 0..<groups { result[group * width + output] = shrunk(byGroup[group], whole, smoothing) }
        }
        return result
    }

    private static func shrunk(_ own: Moments, _ whole: Moments, _ smoothing: Double?) -> Double {
        guard own.weight > 0 else { return whole.mean }
        if let smoothing { return (own.weight * own.mean + smoothing * whole.mean) / (own.weight + smoothing) }
        let between = whole.squares / whole.weight * own.weight
        let share = between / (between + own.squares / own.weight)
        return share.isNaN ? whole.mean : share * own.mean + (1 - share) * whole.mean
    }

    /// The tables with each output shifted and scaled, by what the training rows see.
    mutating func rescale(_ scalings: [Scaling]) {
        for index in values.indices { values[index] = scalings[index % width](values[index]) }
        for index in crossFitted.indices { crossFitted[index] = scalings[index % width](crossFitted[index]) }
    }
}
