import ForgeModel
import ForgeStore

/// How a process ended.
enum ProcessEnd: Sendable, Equatable {
    case exit(Int32)
    case signal(Int32)
    case notStarted(String)
}

/// What a job's process tells the daemon: one JSON object a line, on a pipe of its own.
enum ChildMessage: Sendable, Equatable {
    enum Outcome: Sendable, Equatable {
        /// The version registered; nil: a cancel came first.
        case completed(version: Int?)
        case failed(JobFailure)
        /// The database no longer takes anything from this job.
        case leaseLost
        /// It helped another worker's search, and leaves it.
        case helped
    }

    /// `waits`: for the server, so that nothing may move for a long time and all is well.
    case progress(Double, phase: String, waits: Bool)
    case outcome(Outcome)

    var line: String {
        let object: JSONValue =
            switch self {
            case .progress(let share, let phase, let waits): ["progress": .number(share), "phase": .text(phase), "waits": .bool(waits)]
            case .outcome(.completed(let version)): ["completed": JSONValue(version)]
            case .outcome(.leaseLost): ["lease_lost": true]
            case .outcome(.helped): ["helped": true]
            case .outcome(.failed(let failure)):
                [
                    "failed": [
                        "code": .text(failure.code), "message": .text(failure.message), "detail": JSONValue(failure.detail),
                        "hint": JSONValue(failure.hint), "permanent": .bool(failure.isPermanent),
                    ]
                ]
            }
        return object.serialized + "\n"
    }

    /// nil for a line that is none of ours: a daemon and a child of different builds must not bring each other down.
    init?(line: some Collection<UInt8>) {
        guard let json = try? JSONValue(parsing: Array(line)), let object = json.objectValue else { return nil }
        if let share = object["progress"]?.doubleValue {
            self = .progress(
                min(max(share, 0), 1), phase: object["phase"]?.textValue ?? "", waits: object["waits"]?.boolValue ?? false)
        } else if let version = object["completed"] {
            self = .outcome(.completed(version: version.intValue))
        } else if object["lease_lost"] != nil {
            self = .outcome(.leaseLost)
        } else if object["helped"] != nil {
            self = .outcome(.helped)
        } else if let failure = object["failed"], let code = failure["code"]?.textValue, let message = failure["message"]?.textValue {
            self = .outcome(
                .failed(
                    JobFailure(
                        code: code, message: message, detail: failure["detail"]?.textValue, hint: failure["hint"]?.textValue,
                        isPermanent: failure["permanent"]?.boolValue ?? false)))
        } else {
            return nil
        }
    }
}
