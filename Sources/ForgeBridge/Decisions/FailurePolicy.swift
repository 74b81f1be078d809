import ForgeModel
import ForgePQ
import ForgeStore

/// What an error of a job means: for good, or worth another attempt.
enum FailurePolicy {
    /// Where the job was; an error of the requester's own query is told as one of the source.
    enum Stage: Sendable {
        case reading, computing, registering
    }

    static func outcome(of error: any Error, at stage: Stage) -> ChildMessage.Outcome {
        switch error {
        case let error as ForgeError: outcome(error)
        case let error as PostgresError: outcome(error, at: stage)
        default:
            .failed(
                JobFailure(
                    code: "XX000", message: "unexpected error: \(error)", hint: "this is a defect of Forge; please report it",
                    isPermanent: true))
        }
    }

    private static func outcome(_ error: ForgeError) -> ChildMessage.Outcome {
        if error.code == .leaseLost { return .leaseLost }
        return .failed(
            JobFailure(code: error.code.text, message: error.message, detail: error.detail, hint: error.hint, isPermanent: true))
    }

    private static func outcome(_ error: PostgresError, at stage: Stage) -> ChildMessage.Outcome {
        if error.sqlState == ErrorCode.leaseLost.text { return .leaseLost }
        var failure = JobFailure(
            code: error.sqlState, message: error.message, detail: error.detail, hint: error.hint,
            isPermanent: !isTransient(error.sqlState))
        if stage == .reading && failure.isPermanent && !error.sqlState.hasPrefix("FG") {
            failure = ofSource(error)
        }
        return .failed(failure)
    }

    /// A schedule's run was nothing but SQL.
    static func failure(ofSchedule error: any Error) -> JobFailure {
        guard let error = error as? PostgresError else {
            return JobFailure(code: "XX000", message: "\(error)", isPermanent: false)
        }
        return JobFailure(
            code: error.sqlState, message: error.message, detail: error.detail, hint: error.hint,
            isPermanent: !isTransient(error.sqlState))
    }

    /// Connection trouble, serialization and deadlock, lack of resources, locks, shutdown, a query cancelled by an
    /// administrator, trouble of the system below. FG015 only ever comes from a transfer that went wrong: the job makes
    /// it anew.
    static func isTransient(_ sqlState: String) -> Bool {
        ["08", "53", "58", "XX"].contains { sqlState.hasPrefix($0) }
            || ["40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03", ErrorCode.corruptArtifact.text].contains(sqlState)
    }

    /// What Postgres says about the requester's query, in Forge's codes, with its own code kept in the detail.
    private static func ofSource(_ error: PostgresError) -> JobFailure {
        let code: ErrorCode =
            switch error.sqlState {
            case "42501", "25006", "0LP01": .notPermitted
            case "42703": .missingColumn
            default: .invalidSource
            }
        let detail = ["SQLSTATE \(error.sqlState)", error.detail].compactMap { $0 }.joined(separator: "; ")
        return JobFailure(
            code: code.text, message: "the source cannot be read: \(error.message)", detail: detail,
            hint: error.hint ?? "run the source as the requester; it reads with that role's rights, read only", isPermanent: true)
    }
}
