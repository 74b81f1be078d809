import Glibc

/// Metrics of predicted classes and their probabilities, as scikit-learn defines them. A row of a class that training
/// never saw (-1) counts as one of a class of its own, which is never predicted.
struct ClassRows: Measurable {
    /// Beyond these, metrics of every class, of every pair of classes and of ranked probabilities are not computed.
    static let limits = (namedClasses: 50, rankedScores: 20_000_000)

    private let truth: [Int32]
    private let predicted: [Int32]
    private let labels: [String]
    private let positive: Int
    private let loss: [Double]  // (rows) -ln(probability of the class)
    private let brier: [Double]  // (rows)
    /// For each ranked class its rows by rising probability, and how far each run of equal ones goes; for two classes
    /// the positive one.
    private let rankings: [Ranking]

    private var classes: Int { labels.count }
    var units: Int { truth.count }

    /// `positive`: -1 unless there are two classes. `predicted`: by default the class of the largest probability.
    init(truth: [Int32], scores: PartScores, labels: [String], positive: Int, predicted: [Int32]? = nil) {
        self.truth = truth
        self.predicted = predicted ?? scores.predictedClasses
        self.labels = labels
        self.positive = positive
        let width = scores.width
        let values = scores.values
        let epsilon = Double.ulpOfOne
        loss = truth.indices.map { row in
            let value = truth[row] < 0 ? 0 : values[row * width + Int(truth[row])]
            return -log(min(max(value, epsilon), 1 - epsilon))
        }
        brier = truth.indices.map { row in
            if positive >= 0 {
                let error = values[row * width + positive] - (truth[row] == Int32(positive) ? 1 : 0)
                return error * error
            }
            return (0..<width).reduce(0) { sum, index in
                let error = values[row * width + index] - (truth[row] == Int32(index) ? 1 : 0)
                return sum + error * error
            }
        }
        let ranked =
            positive >= 0
            ? [positive]
            : width <= Self.limits.namedClasses && values.count <= Self.limits.rankedScores ? Array(0..<width) : []
        rankings = ranked.map { Ranking(truth, scores.column($0), of: Int32($0)) }
    }

    func influences(on metric: String) -> [Double]? {
        guard units > 0 else { return nil }
        switch metric {
        case "log_loss":
            let mean = loss.reduce(0, +) / Double(units)
            return loss.map { $0 - mean }
        case "roc_auc": return positive >= 0 ? rankings[0].influencesOnROC : nil
        default: return nil
        }
    }

    func measure(_ weights: [Double]) -> [Measured] {
        let none = "there are no rows"
        let table = Counts(truth, predicted, weights, classes: classes)
        var result: [Measured] = []
        result += ranked(weights, table)
        result += [
            Measured("log_loss", mean(loss, weights, table.total), else: none),
            Measured("brier", mean(brier, weights, table.total), else: none),
            Measured("accuracy", quotient(table.hits.reduce(0, +), table.total), else: none),
            Measured("balanced_accuracy", table.balancedAccuracy, else: none),
            Measured("mcc", table.mcc, else: none), Measured("cohen_kappa", table.kappa, else: "all rows are of one class"),
        ]
        if positive >= 0 {
            result += [
                Measured("precision", present(table.precision(positive)), else: none),
                Measured("recall", present(table.recall(positive)), else: none),
                Measured("f1", present(table.f1(positive)), else: none),
            ]
        }
        for (name, metric) in table.averaged {
            result += [
                Measured("\(name)_macro", table.macro(metric), else: none),
                Measured("\(name)_micro", quotient(table.hits.reduce(0, +), table.total), else: none),
                Measured("\(name)_weighted", table.weighted(metric), else: none),
            ]
        }
        guard classes <= Self.limits.namedClasses else { return result }
        for (name, metric) in table.averaged {
            for index in labels.indices {
                result.append(Measured("\(name)/\(labels[index])", present(metric(index)), else: none))
            }
        }
        return result
    }

    private func present(_ value: Double) -> Double? { units > 0 ? value : nil }

    private func mean(_ values: [Double], _ weights: [Double], _ total: Double) -> Double? {
        var sum = 0.0
        for row in values.indices { sum += weights[row] * values[row] }
        return quotient(sum, total)
    }

    // MARK: - Ranked probabilities

    private func ranked(_ weights: [Double], _ table: Counts) -> [Measured] {
        if positive >= 0 {
            return [
                Measured("roc_auc", rankings[0].areaUnderROC(weights), else: "these rows have one class only"),
                Measured("pr_auc", rankings[0].averagePrecision(weights), else: "these rows have no positive one"),
            ]
        }
        let names = ["roc_auc_ovr", "roc_auc_ovr_weighted", "roc_auc_ovo", "roc_auc_ovo_weighted", "pr_auc"]
        guard !rankings.isEmpty else {
            return names.map { Measured($0, nil, else: "\(classes) classes in \(units) rows are too many to rank") }
        }
        let shares = (0..<classes).map { table.truth[$0] }
        let present = shares.reduce(0, +)
        guard shares.allSatisfy({ $0 > 0 }), table.truth[classes] == 0 else {
            return names.map { Measured($0, nil, else: "these rows lack a class, or have one that training did not see") }
        }
        let areas = rankings.map { $0.areaUnderROC(weights) ?? .nan }
        let pairs = self.pairs(weights, shares)
        return [
            Measured(names[0], areas.reduce(0, +) / Double(classes)),
            Measured(names[1], zip(areas, shares).reduce(0) { $0 + $1.0 * $1.1 } / present),
            Measured(names[2], pairs.macro), Measured(names[3], pairs.weighted),
            Measured(names[4], rankings.reduce(0) { $0 + ($1.averagePrecision(weights) ?? .nan) } / Double(classes)),
        ]
    }

    /// Mean over all pairs of classes of the two areas within the pair (Hand and Till 2001), plain and by the pair's
    /// rows.
    private func pairs(_ weights: [Double], _ shares: [Double]) -> (macro: Double, weighted: Double) {
        let within = rankings.map { $0.areasAgainst(weights, truth: truth, classes: classes) }
        var (sum, weightedSum, weight, count) = (0.0, 0.0, 0.0, 0.0)
        for a in 0..<classes {
            for b in a + 1..<classes {
                let area = (within[a][b] + within[b][a]) / 2
                sum += area
                weightedSum += area * (shares[a] + shares[b])
                weight += shares[a] + shares[b]
                count += 1
            }
        }
        return (sum / count, weightedSum / weight)
    }
}

/// Rows in the order of one class's probability.
private struct Ranking: Sendable {
    private let order: [Int32]  // rising
    private let ends: [Bool]  // (rows) by place: the next score is another
    private let isPositive: [Bool]  // by place
    private let label: Int32

    init(_ truth: [Int32], _ score: [Double], of label: Int32) {
        order = risingOrder(score)
        let order = order
        ends = order.indices.map { $0 + 1 == order.count || score[Int(order[$0])] != score[Int(order[$0 + 1])] }
        isPositive = order.map { truth[Int($0)] == label }
        self.label = label
    }

    /// Ties count half (Mann and Whitney 1947). nil unless there are rows of the class and others.
    func areaUnderROC(_ weights: [Double]) -> Double? {
        var (below, won, positives) = (0.0, 0.0, 0.0)
        var (tiedPositives, tiedNegatives) = (0.0, 0.0)
        for place in order.indices {
            let weight = weights[Int(order[place])]
            if isPositive[place] { tiedPositives += weight } else { tiedNegatives += weight }
            guard ends[place] else { continue }
            won += tiedPositives * (below + tiedNegatives / 2)
            below += tiedNegatives
            positives += tiedPositives
            (tiedPositives, tiedNegatives) = (0, 0)
        }
        return positives > 0 && below > 0 ? won / positives / below : nil
    }

    /// (rows) of the area: how far the share of the other class that a row is on the right side of lies from the mean, as
    /// DeLong et al. (1988) have it. nil unless there are rows of the class and others.
    var influencesOnROC: [Double]? {
        let positives = Double(isPositive.count { $0 })
        let negatives = Double(order.count) - positives
        guard positives > 0, negatives > 0, let area = areaUnderROC([Double](repeating: 1, count: order.count)) else {
            return nil
        }
        var result = [Double](repeating: 0, count: order.count)
        var (below, first) = ((positives: 0.0, negatives: 0.0), 0)
        for place in order.indices where ends[place] {
            let tied = Double(isPositive[first...place].count { $0 })
            let others = Double(place - first + 1) - tied
            let share = (
                positive: (below.negatives + others / 2) / negatives,
                negative: (positives - below.positives - tied / 2) / positives
            )
            for index in first...place {
                result[Int(order[index])] = isPositive[index]
                    ? (share.positive - area) * Double(order.count) / positives
                    : (share.negative - area) * Double(order.count) / negatives
            }
            below.positives += tied
            below.negatives += others
            first = place + 1
        }
        return result
    }

    /// Σ (recall step) · precision, from the highest score down.
    func averagePrecision(_ weights: [Double]) -> Double? {
        var (positives, all, sum, tied) = (0.0, 0.0, 0.0, 0.0)
        for place in order.indices.reversed() {
            if place + 1 < order.count, ends[place], tied > 0 {
                sum += tied * positives / all
                tied = 0
            }
            let weight = weights[Int(order[place])]
            all += weight
            if isPositive[place] {
                positives += weight
                tied += weight
            }
        }
        guard positives > 0 else { return nil }
        return (sum + tied * positives / all) / positives
    }

    /// The area of this class against each other class alone.
    func areasAgainst(_ weights: [Double], truth: [Int32], classes: Int) -> [Double] {
        var below = [Double](repeating: 0, count: classes)
        var tied = [Double](repeating: 0, count: classes)
        var won = [Double](repeating: 0, count: classes)
        var (positives, touched) = (0.0, [Int]())
        for place in order.indices {
            let row = Int(order[place])
            if truth[row] >= 0 {
                if tied[Int(truth[row])] == 0 { touched.append(Int(truth[row])) }
                tied[Int(truth[row])] += weights[row]
            }
            guard ends[place] else { continue }
            let own = tied[Int(label)]
            if own > 0 {
                for other in 0..<classes { won[other] += own * (below[other] + tied[other] / 2) }
                positives += own
            }
            for index in touched {
                below[index] += tied[index]
                tied[index] = 0
            }
            touched.removeAll(keepingCapacity: true)
        }
        return (0..<classes).map { won[$0] / positives / below[$0] }
    }
}

/// Rows by true and by predicted class, and how many are right. The class beyond the last is what training did not see.
private struct Counts {
    var truth: [Double]
    var predicted: [Double]
    var hits: [Double]
    var total = 0.0

    init(_ truth: [Int32], _ predicted: [Int32], _ weights: [Double], classes: Int) {
        self.truth = Array(repeating: 0, count: classes + 1)
        self.predicted = self.truth
        hits = self.truth
        for row in truth.indices {
            let own = truth[row] < 0 ? classes : Int(truth[row])
            self.truth[own] += weights[row]
            self.predicted[Int(predicted[row])] += weights[row]
            if truth[row] == predicted[row] { hits[own] += weights[row] }
            total += weights[row]
        }
    }

    /// Precision, recall and f1 of one class; 0 where they would be 0 / 0.
    func precision(_ index: Int) -> Double { quotient(hits[index], predicted[index]) ?? 0 }
    func recall(_ index: Int) -> Double { quotient(hits[index], truth[index]) ?? 0 }
    func f1(_ index: Int) -> Double { quotient(2 * hits[index], truth[index] + predicted[index]) ?? 0 }

    var averaged: [(name: String, metric: (Int) -> Double)] {
        [("precision", precision), ("recall", recall), ("f1", f1)]
    }

    /// Mean over the classes that are there or predicted.
    func macro(_ metric: (Int) -> Double) -> Double? {
        let known = truth.indices.filter { truth[$0] > 0 || predicted[$0] > 0 }
        return quotient(known.reduce(0) { $0 + metric($1) }, Double(known.count))
    }

    /// Mean over the classes by their true rows.
    func weighted(_ metric: (Int) -> Double) -> Double? {
        quotient(truth.indices.reduce(0) { $0 + truth[$1] * metric($1) }, total)
    }

    /// Mean recall of the classes that are there.
    var balancedAccuracy: Double? {
        let known = truth.indices.filter { truth[$0] > 0 }
        return quotient(known.reduce(0) { $0 + recall($1) }, Double(known.count))
    }

    private var agreement: Double { zip(truth, predicted).reduce(0) { $0 + $1.0 * $1.1 } }

    /// Matthews' correlation (Gorodkin 2004 for more than two classes); 0 where one side does not vary.
    var mcc: Double? {
        guard total > 0 else { return nil }
        let covariance = hits.reduce(0, +) * total - agreement
        let spread = { (values: [Double]) in total * total - values.reduce(0) { $0 + $1 * $1 } }
        let product = spread(truth) * spread(predicted)
        return product <= 0 ? 0 : covariance / product.squareRoot()
    }

    /// Agreement beyond chance (Cohen 1960).
    var kappa: Double? {
        guard total > 0 else { return nil }
        return quotient(hits.reduce(0, +) * total - agreement, total * total - agreement)
    }
}
