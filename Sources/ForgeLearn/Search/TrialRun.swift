import ForgeModel

extension TrainingJob {
    /// The job with the candidate's algorithm and parameters.
    public func trying(_ candidate: Candidate, of space: SearchSpace) throws -> TrainingJob {
        try with(algorithm: space.arms[candidate.arm].algorithm, params: .object(candidate.params))
    }
}

/// A trial, run: the mean of the metric over the folds of the training rows. The held-out rows are not looked at.
struct TrialRun {
    let plan: SearchPlan
    let job: TrainingJob
    let data: DataSet
    /// The whole data set's.
    let target: Target

    /// `predictions` sees what the trial's models said of the rows that they were not trained on, if it succeeded.
    func run(
        _ trial: Trial, after history: [Trial], observer: any TrainingObserver,
        predictions: (CrossFit) throws -> Void = { _ in }
    ) throws -> TrialOutcome {
        let rule = MedianRule(history, for: trial, runsAhead: plan.runsAhead, smallerIsBetter: plan.smallerIsBetter)
        var scores: [Double?] = []
        var isPruned = false
        do {
            let job = try job.trying(trial.candidate, of: plan.space)
            let crossed = try crossFit(data.folds, of: data, target: target, job: job, observer: Quiet(observer)) {
                try fitModel(job, $0.thinned(to: trial.candidate.share, job), observer: $1)
            } goesOn: { results in
                scores = results.map { (try? $0.outcome.get())?[plan.metric ?? ""] }
                isPruned = plan.prunesFolds && results.count < data.folds.count && rule.prunes(scores)
                return !isPruned
            }
            if isPruned { return .pruned(foldScores: scores) }
            let defined = scores.compactMap { $0 }
            guard !defined.isEmpty else {
                return .failed(crossed.withoutMetric(plan.metric ?? ""), foldScores: scores)
            }
            try predictions(crossed)
            return .succeeded(score: defined.reduce(0, +) / Double(defined.count), foldScores: scores)
        } catch let error as ForgeError where error.code != .cancelled && error.code != .leaseLost {
            return .failed(error, foldScores: scores)
        }
    }
}

extension SearchPlan {
    /// Rungs are what halving prunes by.
    var prunesFolds: Bool { prunes && method != .halving && method != .hyperband }
}

extension CrossFit {
    fileprivate func withoutMetric(_ metric: String) -> ForgeError {
        let reasons = results.compactMap { result -> String? in
            switch result.outcome {
            case .failure(let unfitted): unfitted.reason
            case .success(let evaluation): evaluation.undefined.first { $0.name == metric }?.reason
            }
        }
        let isFitted = results.contains { if case .success = $0.outcome { true } else { false } }
        return ForgeError(
            .numericalFailure,
            (isFitted ? "no fold has \(metric)" : "no fold could be fitted") + (reasons.first.map { ": \($0)" } ?? ""),
            hint: "search by another metric, with fewer folds, or on more rows")
    }
}

/// Passes on progress and cancels: the curves and lines of every fold of every trial would bury those of the winner.
private struct Quiet: TrainingObserver {
    private let whole: any TrainingObserver

    init(_ whole: any TrainingObserver) { self.whole = whole }

    func progress(_ fraction: Double, phase: String) { whole.progress(fraction, phase: phase) }
    func metric(step: Int, name: String, value: Double) {}
    func log(_ level: LogLevel, _ message: String) {}
    var isCancelled: Bool { whole.isCancelled }
}

extension DataSet {
    /// With a share of the rows to fit, those of the smallest hashes: of each class as many as of the others, of a
    /// split by group whole groups. At least one row of each class stays.
    func thinned(to share: Double, _ job: TrainingJob) -> DataSet {
        guard share < 1 else { return self }
        let choice = KeyedChoice(seed: job.split.seed, purpose: .trial)
        let hashes = (job.split.isByGroup ? training.groups : training.keys).map(choice.hash)
        var strata: [Double: [Int]] = [:]
        for row in 0..<training.rows {
            strata[job.task == .classification ? training.targets[row] : 0, default: []].append(row)
        }
        var keep = [Bool](repeating: false, count: training.rows)
        for rows in strata.values {
            let ranked = rows.map { hashes[$0] }.sorted()
            let last = ranked[min(ranked.count, max(1, Int((share * Double(ranked.count)).rounded()))) - 1]
            for row in rows where hashes[row] <= last { keep[row] = true }
        }
        let kept = Part(joining: [training])
        kept.filter(keep)
        return with(training: kept)
    }
}
