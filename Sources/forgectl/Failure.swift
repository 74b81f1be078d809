import ForgeCluster
import ForgeModel
import ForgePQ

/// An error as it is shown: code, message, detail, hint; and the exit code that goes with it.
struct Failure: Equatable {
    static let failed: Int32 = 1
    static let usage: Int32 = 2
    static let unreachable: Int32 = 3

    var code: String?
    var message: String
    var detail: String?
    var hint: String?
    var exitCode = Failure.failed

    /// nil for errors that the argument parser words itself.
    init?(_ error: any Error) {
        switch error {
        case let error as PostgresError:
            (code, message, detail, hint) = (error.sqlState, error.message, error.detail, error.hint)
            if error.isConnectionLoss { exitCode = Failure.unreachable }
        case let error as ForgeError:
            (code, message, detail, hint) = (error.code.text, error.message, error.detail, error.hint)
        case let error as ClusterError:
            (message, detail, hint) = (error.message, error.detail, error.hint)
        case let error as NoDatabase:
            (message, hint, exitCode) = (error.message, error.hint, Failure.unreachable)
        case let error as Misuse:
            (message, exitCode) = (error.problems.joined(separator: "\nforgectl: "), Failure.usage)
            hint = "\(calledAs) \(error.command) --help explains the options."
        default:
            return nil
        }
    }

    func text(asJSON: Bool) -> String {
        if asJSON {
            var members: JSONObject = ["message": .text(message)]
            for (key, value) in [("code", code), ("detail", detail), ("hint", hint)] where value != nil {
                members[key] = JSONValue(value)
            }
            return JSONValue.object(["error": .object(members)]).serialized
        }
        var lines = ["forgectl: \(code.map { "\($0): " } ?? "")\(message)"]
        if let detail { lines.append("detail: \(detail)") }
        if let hint { lines.append("hint: \(hint)") }
        return lines.joined(separator: "\n")
    }
}

/// There is no connection string and no embedded cluster to fall back to.
struct NoDatabase: Error {
    var message: String
    var hint: String
}

/// Arguments that do not fit together, or a file that does not say what it should: every problem at once.
struct Misuse: Error, Equatable {
    var problems: [String]
    var command: String
}
