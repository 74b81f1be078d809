import Glibc
import ForgeModel

/// How probabilities are corrected, learned from predictions out of fold; the model itself is of all training rows, as
/// scikit-learn's CalibratedClassifierCV(ensemble=False).
enum CalibrationMethod: String, Sendable, CaseIterable {
    case platt, isotonic

    /// Of `config.decision.calibration`.
    init?(json: JSONValue, task: LearningTask, problems: inout Problems) {
        guard let asked = json["calibration"], !asked.isNull else { return nil }
        if task != .classification { problems.add("config.decision is for classification, not for \(task.rawValue)") }
        guard let method = asked.textValue.flatMap(CalibrationMethod.init) else {
            problems.add("config.decision.calibration must be \"platt\" or \"isotonic\", got \(asked.serialized)")
            return nil
        }
        self = method
    }

    /// A calibrator of the positive class, or of each of more than two against the rest.
    func fitted(_ crossFit: CrossFit, _ target: Target, link: Link) throws -> Calibration {
        let scores = crossFit.scores
        let calibrated = target.positive >= 0 ? [target.positive] : Array(0..<scores.width)
        let inputs = calibrated.map { scores.calibrationInput($0, link: link) }
        guard let rows = inputs.first?.count, rows > 1 else {
            throw ForgeError(
                .notEnoughRows, "predictions out of fold are too few to learn a calibration from",
                hint: "give more rows, fewer folds, or leave config.decision.calibration out")
        }
        let truths = calibrated.map { index in crossFit.classes.map { $0 == Int32(index) } }
        return switch self {
        case .platt: .sigmoid(zip(inputs, truths).map { Calibration.Sigmoid(x: $0, isPositive: $1) })
        case .isotonic: .isotonic(zip(inputs, truths).map { Calibration.Isotonic(x: $0, isPositive: $1) })
        }
    }
}

extension PartScores {
    /// What the calibrator of a class reads: log-odds where the link makes probabilities of them, else the probability.
    func calibrationInput(_ index: Int, link: Link) -> [Double] {
        guard link == .logistic, width == 2 else { return column(index) }
        let limit = 750.0  // what the exponential of a double can tell apart
        return zip(column(index), column(1 - index)).map { max(-limit, min(limit, log($0) - log($1))) }
    }

    /// The scores that a model of two classes with this calibration gives.
    func calibrated(_ calibration: Calibration, positive: Int, link: Link) -> [Double] {
        calibrationInput(positive, link: link).map { calibration.probability(0, $0) }
    }
}

extension Calibration {
    /// The kernel's meaning, in plain words.
    func probability(_ calibrator: Int, _ value: Double) -> Double {
        switch self {
        case .sigmoid(let sigmoids):
            return 1 / (1 + exp(sigmoids[calibrator].slope * value + sigmoids[calibrator].intercept))
        case .isotonic(let tables):
            let (x, y) = (tables[calibrator].x, tables[calibrator].y)
            guard value > x[0] else { return y[0] }
            guard value < x[x.count - 1] else { return y[y.count - 1] }
            var (low, above) = (0, x.count - 1)
            while above - low > 1 {
                let middle = (low + above) / 2
                if x[middle] <= value { low = middle } else { above = middle }
            }
            return y[above - 1] + (y[above] - y[above - 1]) * ((value - x[above - 1]) / (x[above] - x[above - 1]))
        }
    }
}

extension TrainedModel {
    /// The model with what is learned from predictions out of fold: first probabilities, then the threshold on them.
    func deciding(_ job: TrainingJob, _ crossFit: CrossFit?) throws -> TrainedModel {
        var model = self
        var positives = crossFit.map { target.positive >= 0 ? $0.scores.column(target.positive) : [] }
        if let method = job.calibration, let crossFit {
            let calibration = try method.fitted(crossFit, target, link: fitted.link)
            model.document.calibration = calibration
            if target.positive >= 0 {
                positives = crossFit.scores.calibrated(calibration, positive: target.positive, link: fitted.link)
            }
        }
        if let decision = job.decision {
            model.document.threshold = try decision.value(target, crossFit, scores: positives ?? [])
        }
        if model.document != document { model.artifact = try model.document.encodedFit() }
        return model
    }
}
