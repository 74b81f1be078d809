import ForgeModel
import ForgePQ

/// Trials of a search, for the request's own job and for those that help it. The sidecar's types are ForgeLearn's: here
/// they are JSON, as the functions of sql/code/queue_5_search.sql give and take it.
extension JobStore {
    /// An array of all trials, in the order of their numbers.
    public func trials() throws -> JSONValue {
        try json("select forge.trials_of($1, $2)")
    }

    /// Again, it changes nothing.
    public func propose(_ trials: JSONValue) throws {
        try persistently { connection in
            try connection.transaction {
                _ = try connection.query(
                    "select forge.propose_trials($1, $2, $3)", leaseParameters + [.text(trials.serialized)])
            }
        }
    }

    /// `{"claim": "trial" | "none" | "over", …}`. A claim whose answer was lost is freed with this job's lease.
    public func claimTrial() throws -> JSONValue {
        try json("select forge.claim_trial($1, $2)")
    }

    /// False: the trial is not this job's, or no longer.
    @discardableResult
    public func finishTrial(_ trial: Int, _ outcome: JSONValue, predictions: [UInt8]? = nil) throws -> Bool {
        try persistently { connection in
            try connection.transaction {
                let row = try connection.query(
                    "select forge.finish_trial($1, $2, $3, $4, $5) as done",
                    leaseParameters + [.int(trial), .text(outcome.serialized), predictions.map { .bytes($0) } ?? .null]
                ).first
                return try row?.bool("done") ?? false
            }
        }
    }

    /// What a trial's worker handed in beside its score; nil: nothing.
    public func trialPredictions(_ trial: Int) throws -> [UInt8]? {
        try persistently { connection in
            var bytes: [UInt8]?
            try connection.transaction {
                _ = try connection.copyOut(
                    "select forge.trial_predictions_of(\(lease.request), '\(lease.token)', \(trial))"
                ) { fields in
                    if let field = fields.first ?? nil { bytes = Array(field) }
                }
            }
            return bytes
        }
    }

    private func json(_ statement: String) throws -> JSONValue {
        let text = try persistently { connection in
            try connection.transaction { try connection.query(statement, leaseParameters).first?[0] ?? "null" }
        }
        return try JSONValue(parsing: Array(text.utf8))
    }
}
