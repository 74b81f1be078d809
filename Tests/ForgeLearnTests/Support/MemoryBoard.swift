import ForgeModel

@testable import ForgeLearn

/// Trials in memory. `picks` says which of the waiting ones is taken next.
final class MemoryBoard: TrialBoard {
    private(set) var rows: [Trial] = []
    private var staged: [Int: [UInt8]] = [:]
    private let picks: ([Trial]) -> Trial?

    init(_ rows: [Trial] = [], picks: @escaping ([Trial]) -> Trial? = { $0.first }) {
        self.rows = rows
        self.picks = picks
    }

    func trials() -> [Trial] { rows }
    func propose(_ trials: [Trial], of plan: SearchPlan) { rows += trials }

    func claim() -> TrialClaim {
        guard let trial = picks(rows.filter { $0.status == .queued }) else { return .none }
        rows[trial.number - 1].status = .running
        return .trial(rows[trial.number - 1])
    }

    func predictions(of trial: Trial) -> [UInt8]? { staged[trial.number] }

    func finish(
        _ trial: Trial, _ outcome: TrialOutcome, of plan: SearchPlan, fingerprint: String, predictions: [UInt8]?
    ) {
        staged[trial.number] = predictions
        var row = rows[trial.number - 1]
        row.fingerprint = fingerprint
        switch outcome {
        case .succeeded(let score, let folds):
            (row.status, row.score, row.foldScores) = (.succeeded, score, folds)
        case .pruned(let folds): (row.status, row.foldScores) = (.pruned, folds)
        case .failed(let error, let folds):
            (row.status, row.error, row.foldScores) = (.failed, (error.code.text, error.message), folds)
        }
        rows[trial.number - 1] = row
    }

    func pause() { preconditionFailure("nobody else takes part") }
}
