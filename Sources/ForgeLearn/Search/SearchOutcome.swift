import ForgeModel

/// A search that has ended and has a winner.
public struct SearchOutcome: Sendable {
    public let plan: SearchPlan
    public let trials: [Trial]
    public let winner: Trial
    /// Of the rows that the coordinator has read.
    let fingerprint: String

    /// Throws when every trial failed.
    init(_ plan: SearchPlan, _ trials: [Trial], fingerprint: String) throws {
        guard let winner = plan.winner(of: trials) else { throw Self.failure(of: trials) }
        self.plan = plan
        self.trials = trials
        self.winner = winner
        self.fingerprint = fingerprint
    }

    private static func failure(of trials: [Trial]) -> ForgeError {
        let codes = Set(trials.compactMap { $0.error?.code })
        return ForgeError(
            codes.count == 1 ? ErrorCode(text: codes.first!) ?? .numericalFailure : .numericalFailure,
            trials.count == 1 ? "the only trial failed" : "all \(trials.count) trials failed",
            detail: errors(of: trials).map { "\($0.count) × \($0.message)" }.joined(separator: "\n"),
            hint: "narrow search.space to values that suit the data; select * from forge.trials shows each trial")
    }

    /// Distinct errors, the most frequent first.
    private static func errors(of trials: [Trial]) -> [(message: String, count: Int)] {
        var counts: [String: Int] = [:]
        for trial in trials where trial.status == .failed { counts[trial.error?.message ?? "", default: 0] += 1 }
        return counts.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func count(_ status: Trial.Status) -> Int { trials.count { $0.status == status } }

    var summary: String {
        "searched \(trials.count) trials by \(plan.metric ?? ""): \(count(.succeeded)) succeeded, "
            + "\(count(.pruned)) pruned, \(count(.failed)) failed; trial \(winner.number) won with \(Evaluation.shortened(winner.score ?? .nan))"
    }

    /// Sentences for the data report.
    var notes: [String] {
        var notes = Self.errors(of: trials).map { "\($0.count) of \(trials.count) trials failed: \($0.message)" }
        let others = trials.count { $0.fingerprint != nil && $0.fingerprint != fingerprint }
        if others > 0 {
            notes.append("\(others) of \(trials.count) trials saw other rows: the source changed meanwhile")
        }
        return notes
    }

    /// The manifest's `search`.
    var json: JSONValue {
        [
            "method": .text(plan.method.rawValue), "metric": JSONValue(plan.metric), "seed": .integer(Int64(plan.seed)),
            "trials": .integer(Int64(trials.count)), "succeeded": .integer(Int64(count(.succeeded))),
            "pruned": .integer(Int64(count(.pruned))), "failed": .integer(Int64(count(.failed))),
            "best_trial": .integer(Int64(winner.number)), "best_score": JSONValue(winner.score),
        ]
    }
}
