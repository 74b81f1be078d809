import ForgeModel

/// From which probability on a row is said to be of the positive class: as the request says, or the best one for
/// predictions out of fold (Elkan 2001 for costs).
enum DecisionThreshold: Sendable, Equatable {
    case fixed(Double)
    case best(Criterion)

    /// What the best threshold makes largest.
    enum Criterion: Sendable, Equatable {
        case f1, balancedAccuracy
        /// The costs of a row that is wrongly said to be positive, and of one that is wrongly said not to be.
        case cost(falsePositive: Double, falseNegative: Double)
    }

    /// Folds of the predictions that it is learned from unless the request says how many.
    static let defaultFolds = 5

    var isLearned: Bool { if case .best = self { true } else { false } }
}

extension DecisionThreshold {
    /// Of `config.decision`: {"threshold": 0.3}, "f1", "balanced_accuracy" or {"cost_matrix": {"false_positive": 1,
    /// "false_negative": 5}}; nil unless it asks for one.
    init?(json: JSONValue, task: LearningTask, problems: inout Problems) {
        guard let asked = json["threshold"], !asked.isNull else { return nil }
        if task != .classification { problems.add("config.decision is for classification, not for \(task.rawValue)") }
        if let value = asked.doubleValue, value > 0, value < 1 {
            self = .fixed(value)
        } else if asked.textValue == "f1" {
            self = .best(.f1)
        } else if asked.textValue == "balanced_accuracy" {
            self = .best(.balancedAccuracy)
        } else if let costs = asked["cost_matrix"]?.objectValue, asked.objectValue?.count == 1, costs.count == 2,
            let positive = asked["cost_matrix"]?["false_positive"]?.doubleValue, positive > 0, positive.isFinite,
            let negative = asked["cost_matrix"]?["false_negative"]?.doubleValue, negative > 0, negative.isFinite
        {
            self = .best(.cost(falsePositive: positive, falseNegative: negative))
        } else {
            problems.add(
                "config.decision.threshold must be a number above 0 and below 1, \"f1\", \"balanced_accuracy\", or"
                    + " {\"cost_matrix\": {\"false_positive\": 1, \"false_negative\": 5}}, got \(asked.serialized)")
            return nil
        }
    }

    func requireTwoClasses(_ target: Target) throws {
        guard target.labels.count != 2 else { return }
        throw ForgeError(
            .multiclass, "config.decision.threshold is for two classes, the target has \(target.labels.count)",
            hint: "leave it out: of more than two classes the likeliest is meant")
    }

    /// `crossFit`: predictions out of the folds of the model's training rows, if there are folds; `scores` are their
    /// probabilities of the positive class.
    func value(_ target: Target, _ crossFit: CrossFit?, scores: [Double]) throws -> Double {
        switch self {
        case .fixed(let value): return value
        case .best(let criterion):
            let truth = crossFit?.classes.map { $0 == Int32(target.positive) } ?? []
            guard let value = criterion.best(truth: truth, scores: scores) else {
                throw ForgeError(
                    .notEnoughRows, "predictions out of fold of both classes are too few to choose a threshold by",
                    hint: "give more rows, fewer folds, or a number as config.decision.threshold")
            }
            return value
        }
    }
}

extension DecisionThreshold.Criterion {
    /// The threshold, half way between two scores, that is best; of equally good ones the one closest to 0.5.
    func best(truth: [Bool], scores: [Double]) -> Double? {
        let positives = Double(truth.count { $0 })
        let negatives = Double(truth.count) - positives
        guard positives > 0, negatives > 0 else { return nil }
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var (hits, alarms) = (0.0, 0.0)
        var best: (gain: Double, threshold: Double)?
        for (place, row) in order.enumerated() {
            if truth[row] { hits += 1 } else { alarms += 1 }
            let next = place + 1 < order.count ? scores[order[place + 1]] : 0
            guard next < scores[row] else { continue }
            let found = gain(hits: hits, alarms: alarms, positives: positives, negatives: negatives)
            let threshold = next + (scores[row] - next) / 2
            let isCloser = best.map { abs(threshold - 0.5) < abs($0.threshold - 0.5) } ?? true
            if best == nil || found > best!.gain || (found == best!.gain && isCloser) { best = (found, threshold) }
        }
        return best?.threshold
    }

    private func gain(hits: Double, alarms: Double, positives: Double, negatives: Double) -> Double {
        switch self {
        case .f1: 2 * hits / (hits + alarms + positives)
        case .balancedAccuracy: (hits / positives + (negatives - alarms) / negatives) / 2
        case .cost(let falsePositive, let falseNegative): -(falsePositive * alarms + falseNegative * (positives - hits))
        }
    }
}

extension Split {
    /// With folds to learn from.
    func foldedForLearning() -> Split {
        var split = self
        if folds == 0 { split.folds = DecisionThreshold.defaultFolds }
        return split
    }
}
