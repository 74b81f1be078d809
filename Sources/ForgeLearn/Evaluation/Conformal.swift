import ForgeModel

/// What split conformal prediction needs of a regression (Papadopoulos et al. 2002; Lei et al. 2018): how far off it is
/// in rows that it was neither trained on nor tested with. A prediction ± the ⌈(n + 1)·level⌉-th smallest of them
/// covers a new row with probability at least `level`, whatever the model, if rows are exchangeable.
struct ConformalScores: Sendable, Equatable {
    /// More rows are thinned out by key: of so many the coverage deviates by less than 0.01.
    static let limit = 10_000
    /// Level whose coverage of the test rows is measured.
    static let measuredLevel = 0.9
    /// Share of the rows set apart unless the request says how many.
    static let defaultShare = 0.2

    /// |target − prediction|, rising.
    let values: [Double]

    init(targets: [Double], predictions: [Double]) {
        values = zip(targets, predictions).map { min(abs($0 - $1), .greatestFiniteMagnitude) }.sorted()
    }

    /// Half the width of an interval; nil where so few rows leave it without bounds.
    func radius(level: Double) -> Double? {
        let rank = (Double(values.count + 1) * level).rounded(.up)
        return rank <= Double(values.count) ? values[max(1, Int(rank)) - 1] : nil
    }

    /// Share of rows whose target is inside of their interval.
    func coverage(targets: [Double], predictions: [Double], level: Double) -> Double? {
        guard let radius = radius(level: level) else { return nil }
        let inside = zip(targets, predictions).count { abs($0 - $1) <= radius }
        return quotient(Double(inside), Double(targets.count))
    }

    /// The coverage of rows that the model was not trained on, as a metric.
    func measured(targets: [Double], predictions: [Double]) -> Measured {
        Measured(
            "coverage_90", coverage(targets: targets, predictions: predictions, level: Self.measuredLevel),
            else: "\(values.count) rows set apart are too few for an interval")
    }

    var json: JSONValue { .array(values.map(JSONValue.number)) }
}

extension TrainingJob {
    /// `config.evaluation.intervals`: "split" asks for intervals of a regression's predictions.
    static func readIntervals(
        _ evaluation: JSONValue, task: LearningTask, split: Split, problems: inout Problems
    ) -> Bool {
        guard let asked = evaluation["intervals"], !asked.isNull else { return false }
        guard asked.textValue == "split" else {
            problems.add("config.evaluation.intervals must be \"split\", got \(asked.serialized)")
            return false
        }
        if task != .regression {
            problems.add("config.evaluation.intervals are for regression, not for \(task.rawValue)")
        }
        if split.method == .none, split.validation == 0 {
            problems.add("config.evaluation.intervals need rows set apart, and split.method \"none\" sets none apart")
        }
        return true
    }
}

extension Split {
    /// With rows set apart to learn intervals from.
    func settingApart() -> Split {
        var split = self
        if holdsOutShare, validation == 0 { split.validation = min(ConformalScores.defaultShare, (1 - test) / 2) }
        return split
    }
}

extension TrainedModel {
    /// How far off the model is in the rows set apart.
    func conformalScores(_ data: DataSet, _ job: TrainingJob) throws -> ConformalScores {
        guard let part = data.validation, part.rows > 0 else {
            throw ForgeError(
                .notEnoughRows, "no rows are set apart to learn prediction intervals from",
                hint: "give more rows, raise split.validation, or call some rows validation in the column of the split")
        }
        let predictions = try scores(of: part, data, job).column(0)
        guard let chosen = part.firstByKey(ConformalScores.limit) else {
            return ConformalScores(targets: part.targets, predictions: predictions)
        }
        return ConformalScores(targets: chosen.map { part.targets[$0] }, predictions: chosen.map { predictions[$0] })
    }
}
