import ForgeModel

/// A search that has ended.
public struct SearchOutcome: Sendable {
    public let plan: SearchPlan
    public let trials: [Trial]
    /// Of the rows that the coordinator has read.
    let fingerprint: String

    public var winner: Trial? { plan.winner(of: trials) }

    /// Throws when every trial failed.
    func checked() throws -> SearchOutcome {
        guard winner == nil else { return self }
        let errors = errors
        let codes = Set(trials.compactMap { $0.error?.code })
        throw ForgeError(
            codes.count == 1 ? ErrorCode(text: codes.first!) ?? .numericalFailure : .numericalFailure,
            trials.count == 1 ? "the only trial failed" : "all \(trials.count) trials failed",
            detail: errors.map { "\($0.count) × \($0.message)" }.joined(separator: "\n"),
            hint: "narrow search.space to values that suit the data; select * from forge.trials shows each trial")
    }

    /// Distinct errors, the most frequent first.
    var errors: [(message: String, count: Int)] {
        var counts: [String: Int] = [:]
        for trial in trials where trial.status == .failed { counts[trial.error?.message ?? "", default: 0] += 1 }
        return counts.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func count(_ status: Trial.Status) -> Int { trials.count { $0.status == status } }

    var summary: String {
        "searched \(trials.count) trials by \(plan.metric ?? ""): \(count(.succeeded)) succeeded, \(count(.pruned)) pruned, "
            + "\(count(.failed)) failed"
            + (winner.map { "; trial \($0.number) won with \(Evaluation.shortened($0.score ?? .nan))" } ?? "")
    }

    /// Sentences for the data report.
    var notes: [String] {
        var notes = errors.map { "\($0.count) of \(trials.count) trials failed: \($0.message)" }
        let others = trials.count { $0.fingerprint != nil && $0.fingerprint != fingerprint }
        if others > 0 { notes.append("\(others) of \(trials.count) trials saw other rows: the source changed meanwhile") }
        return notes
    }

    /// The manifest's `search`.
    var json: JSONValue {
        [
            "method": .text(plan.method.rawValue), "metric": JSONValue(plan.metric), "seed": .integer(Int64(plan.seed)),
            "trials": .integer(Int64(trials.count)), "succeeded": .integer(Int64(count(.succeeded))),
            "pruned": .integer(Int64(count(.pruned))), "failed": .integer(Int64(count(.failed))),
            "best_trial": JSONValue(winner?.number), "best_score": JSONValue(winner?.score),
        ]
    }
}
