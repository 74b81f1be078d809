import ForgeModel
import ForgeStore

/// What the daemon itself finds wrong with a job, in the words that the requester reads.
extension JobMachine {
    static func timedOut(_ timeout: Duration) -> JobFailure {
        JobFailure(
            code: ErrorCode.timeLimit.text, message: "the job ran longer than its timeout of \(number(timeout.seconds)) s",
            hint: "raise config.scheduling.timeout, or make the job smaller", isPermanent: true)
    }

    static func stalled(_ limit: Duration) -> JobFailure {
        JobFailure(
            code: ErrorCode.timeLimit.text, message: "the job made no progress for \(number(limit.seconds)) s",
            hint: "forged --stall sets this limit; make the job smaller if its steps really take so long", isPermanent: true)
    }

    static func outOfMemory(peak: Int, limit: Int) -> JobFailure {
        JobFailure(
            code: ErrorCode.memoryLimit.text,
            message: "the job used \(bytes(peak)) of memory, its limit is \(bytes(limit))",
            hint: "raise config.resources.limits.memory, or train on fewer rows (sample) or columns", isPermanent: true)
    }

    static func crashed(_ end: ProcessEnd, lastWords: String?) -> JobFailure {
        let how =
            switch end {
            case .signal(let number): "was ended by signal \(number)\(signalName(number).map { " (\($0))" } ?? "")"
            case .exit(let status): "exited with status \(status) and said nothing"
            case .notStarted(let reason): "could not be started: \(reason)"
            }
        let hint =
            end == .signal(9)
            ? "the kernel ends processes so when memory runs out: set config.resources.limits.memory, or lower it"
            : "this is a defect of Forge or of a library; please report it with the job's log"
        return JobFailure(
            code: ErrorCode.workerLost.text, message: "the job's process \(how)", detail: lastWords, hint: hint, isPermanent: false,
            isCrash: true)
    }

    private static func signalName(_ number: Int32) -> String? {
        [4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM"][number]
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() ? String(Int(value)) : String(value)
    }

    /// As `config` writes it: decimal units, three digits.
    static func bytes(_ count: Int) -> String {
        for (unit, size) in [("G", 1e9), ("M", 1e6), ("k", 1e3)] where Double(count) >= size {
            let tenths = (Double(count) / size * 100).rounded() / 100
            return "\(number(tenths))\(unit)"
        }
        return "\(count)"
    }
}
