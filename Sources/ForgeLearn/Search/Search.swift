import ForgeLinalg
import ForgeModel

/// Where trials are kept and taken from, one at a time, by any number of workers.
public protocol TrialBoard {
    /// All trials, in the order of their numbers.
    func trials() throws -> [Trial]
    /// Adds a generation; again, it changes nothing.
    func propose(_ trials: [Trial], of plan: SearchPlan) throws
    func claim() throws -> TrialClaim
    /// Writes down how a claimed trial ended; nothing happens if it is somebody else's by now.
    /// `fingerprint` is of the rows that it was tried on.
    /// `predictions`: where an ensemble may come of it, what the trial's models said of rows that they were not trained
    /// on.
    func finish(
        _ trial: Trial, _ outcome: TrialOutcome, of plan: SearchPlan, fingerprint: String, predictions: [UInt8]?) throws
    /// What a trial was finished with.
    func predictions(of trial: Trial) throws -> [UInt8]?
    /// Waits a little for what others do.
    func pause() throws
}

public enum TrialClaim: Sendable {
    case trial(Trial)
    /// All are taken, or being taken; more may come.
    case none
    /// Nothing more will come: the search has ended, or its helpers are wanted elsewhere.
    case over
}

/// The search of a job over its data, by whoever takes part.
struct Search {
    let plan: SearchPlan
    let run: TrialRun
    private let observer: any TrainingObserver

    /// Throws what is wrong with the target at once, before any trial does.
    init(_ plan: SearchPlan, _ job: TrainingJob, _ data: DataSet, observer: any TrainingObserver) throws {
        BLAS.setThreads(1)  // as in train
        let target = try data.resolveTarget(job)
        var plan = plan
        plan.metric = plan.metric ?? MetricDirection.defaultMetric(job.task, target)
        self.plan = plan
        run = TrialRun(plan: plan, job: job, data: data, target: target)
        self.observer = observer
    }

    /// Proposes trials and runs those that nobody else takes, until the budget is spent. Throws when all have failed.
    func coordinate(_ board: some TrialBoard) throws -> SearchOutcome {
        while true {
            let trials = try board.trials()
            switch plan.next(after: trials, rows: run.data.trainingRows) {
            case .propose(let next): try board.propose(next, of: plan)
            case .await: try take(board)
            case .finished:
                let outcome = try SearchOutcome(plan, trials, fingerprint: run.data.fingerprint)
                observer.log(.info, outcome.summary)
                return outcome
            }
        }
    }

    /// Runs trials until there is nothing more to do.
    func help(_ board: some TrialBoard) throws {
        while true {
            let next = plan.next(after: try board.trials(), rows: run.data.trainingRows)
            guard next != .finished, try take(board) else { return }
        }
    }

    /// Runs one trial, or waits; false: the search is over.
    @discardableResult
    private func take(_ board: some TrialBoard) throws -> Bool {
        switch try board.claim() {
        case .over: return false
        case .none: try board.pause()
        case .trial(let trial):
            let history = try board.trials()  // read after the claim: what the rule looks at has ended by now
            let whole = TrialObserver(observer, trial, of: plan.trials, ended: history.count(where: \.isFinished))
            var predictions: [UInt8]?
            let outcome = try run.run(trial, after: history, observer: whole) {
                if run.job.algorithm.form == .ensemble { predictions = OutOfFold($0).encoded }
            }
            try board.finish(
                trial, outcome, of: plan, fingerprint: run.data.fingerprint, predictions: predictions)
            observer.log(.info, "trial \(trial.number): \(outcome.summary(plan.metric ?? ""))")
        }
        return true
    }
}

extension TrialOutcome {
    fileprivate func summary(_ metric: String) -> String {
        switch self {
        case .succeeded(let score, _): "\(metric) \(Evaluation.shortened(score))"
        case .pruned(let folds): "pruned after \(folds.count) fold\(folds.count == 1 ? "" : "s")"
        case .failed(let error, _): "failed: \(error.message)"
        }
    }
}

/// Passes a trial's progress on as a share of the whole search.
private struct TrialObserver: TrainingObserver {
    private let whole: any TrainingObserver
    private let name: String
    private let ended: Int
    private let count: Int

    init(_ whole: any TrainingObserver, _ trial: Trial, of count: Int, ended: Int) {
        self.whole = whole
        name = "trial \(trial.number) of \(max(count, trial.number))"
        self.ended = ended
        self.count = max(count, trial.number)
    }

    func progress(_ fraction: Double, phase: String) {
        whole.progress(min(1, (Double(ended) + fraction) / Double(count)), phase: name)
    }

    func metric(step: Int, name: String, value: Double) {}
    func log(_ level: LogLevel, _ message: String) {}
    var isCancelled: Bool { whole.isCancelled }
}
