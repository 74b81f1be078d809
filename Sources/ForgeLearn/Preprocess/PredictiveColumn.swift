import ForgeModel

/// How well one column alone predicts the target.
struct PredictiveColumn {
    private let groups: [Int32]  // (rows looked at) level or -1 for numbers
    private let numbers: [Double]
    private let targets: [Double]  // value, or class
    private let target: Target
    private let isCategory: Bool

    init(_ part: Part, _ index: Int, _ column: FeatureColumn, _ target: Target, sample: Int) {
        self.target = target
        isCategory = column.kind == .category
        let step = max(1, part.rows / sample)
        var (groups, numbers, targets): ([Int32], [Double], [Double]) = ([], [], [])
        var first = 0
        for chunk in part.chunks {
            for row in Swift.stride(from: (step - first % step) % step, to: chunk.rows, by: step) {
                if isCategory {
                    let code = chunk.codes(index)[row]
                    groups.append(code == missingCode ? Int32(column.levels.count) : Int32(code))
                } else {
                    numbers.append(chunk.number(index, row))
                }
                if case .classes(let classes) = target {
                    targets.append(Double(classes.training[first + row]))
                } else {
                    targets.append(part.targets[first + row])
                }
            }
            first += chunk.rows
        }
        (self.groups, self.numbers, self.targets) = (groups, numbers, targets)
    }

    /// AUC for two classes, accuracy for more, R² for values; nil where it cannot be told.
    var strength: (measure: String, value: Double)? {
        switch target {
        case .classes(let classes) where classes.isBinary:
            let truth = targets.map { $0 == Double(classes.positive) }
            guard truth.count(where: { $0 }) >= 10, truth.count(where: { !$0 }) >= 10 else { return nil }
            guard let scores = isCategory ? groupMeans(truth.map { $0 ? 1 : 0 }) : numbersWithoutGaps else {
                return nil
            }
            let auc = areaUnderROC(truth, scores)
            return ("AUC", max(auc, 1 - auc))
        case .classes: return accuracy.map { ("accuracy", $0) }
        default: return squaredCorrelation.map { ("R²", $0) }
        }
    }

    /// The share of pairs of rows, one of each class, that the scores put in order (Mann and Whitney).
    private func areaUnderROC(_ truth: [Bool], _ scores: [Double]) -> Double {
        let positive = Double(truth.count { $0 })
        let sum = zip(truth, ranks(scores)).reduce(0) { $0 + ($1.0 ? $1.1 : 0) }
        return (sum - positive * (positive - 1) / 2) / (positive * (Double(truth.count) - positive))
    }

    /// nil when a tenth of the values is missing: what is there says little.
    private var numbersWithoutGaps: [Double]? {
        let present = numbers.filter { !$0.isNaN }
        guard Double(present.count) >= 0.9 * Double(numbers.count), let low = present.min() else { return nil }
        return numbers.map { $0.isNaN ? low : $0 }
    }

    /// The mean outcome of each row's level; nil when levels have too few rows to mean anything.
    private func groupMeans(_ outcomes: [Double]) -> [Double]? {
        var sums: [Int32: (sum: Double, rows: Int)] = [:]
        for (group, outcome) in zip(groups, outcomes) {
            let before = sums[group] ?? (0, 0)
            sums[group] = (before.sum + outcome, before.rows + 1)
        }
        guard sums.count > 1, sums.count * 10 <= groups.count else { return nil }
        return groups.map { sums[$0]!.sum / Double(sums[$0]!.rows) }
    }

    private var squaredCorrelation: Double? {
        guard let scores = isCategory ? groupMeans(targets) : numbersWithoutGaps else { return nil }
        return max(Self.squaredCorrelation(scores, targets), Self.squaredCorrelation(ranks(scores), ranks(targets)))
    }

    private static func squaredCorrelation(_ a: [Double], _ b: [Double]) -> Double {
        let (x, y) = (a.reduce(0, +) / Double(a.count), b.reduce(0, +) / Double(b.count))
        var (xx, yy, xy) = (0.0, 0.0, 0.0)
        for (p, q) in zip(a, b) {
            xx += (p - x) * (p - x)
            yy += (q - y) * (q - y)
            xy += (p - x) * (q - y)
        }
        let result = xy / xx * (xy / yy)
        return result.isFinite ? result : 0
    }

    /// Equal values share the mean of their ranks.
    private func ranks(_ values: [Double]) -> [Double] {
        let order = risingOrder(values).map(Int.init)
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
            for place in start..<end { ranks[order[place]] = Double(start + end - 1) / 2 }
            start = end
        }
        return ranks
    }

    /// Of always saying the commonest class of the row's level or value; nil when one class has nearly all rows anyway.
    /// Of numbers that hardly repeat, each change of class along their order counts as an error, but for one change a
    /// class.
    private var accuracy: Double? {
        let labels = Dictionary(grouping: targets) { $0 }.mapValues(\.count)
        guard Double(labels.values.max() ?? 0) < 0.99 * Double(targets.count) else { return nil }
        let values: [Double]
        if isCategory {
            values = groups.map(Double.init)
        } else {
            guard let numbers = numbersWithoutGaps else { return nil }
            values = numbers
        }
        let order = risingOrder(values).map(Int.init)
        var (errors, distinct, changes) = (0, 0, 0)
        var last: Double?
        var start = 0
        while start < order.count {
            var end = start
            var counts: [Double: Int] = [:]
            while end < order.count, values[order[end]] == values[order[start]] {
                counts[targets[order[end]], default: 0] += 1
                end += 1
            }
            let commonest = counts.max { $0.value != $1.value ? $0.value < $1.value : $0.key > $1.key }!
            errors += end - start - commonest.value
            if last != commonest.key { changes += 1 }
            (last, distinct, start) = (commonest.key, distinct + 1, end)
        }
        guard distinct > 1 else { return nil }
        if distinct * 10 > order.count {
            if isCategory { return nil }
            errors += max(0, changes - labels.count)
        }
        return 1 - Double(errors) / Double(order.count)
    }
}
