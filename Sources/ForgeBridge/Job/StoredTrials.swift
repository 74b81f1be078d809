import ForgeLearn
import ForgeModel
import ForgeStore
import Foundation

/// Trials of a job's search in the database, over the connection that the reporter shares.
final class StoredTrials: TrialBoard {
    private let reporter: JobReporter
    private let channel: JobChannel
    /// Pauses since there was something to do.
    private var pauses = 0

    init(_ reporter: JobReporter, _ channel: JobChannel) {
        self.reporter = reporter
        self.channel = channel
    }

    func trials() throws -> [Trial] {
        try (reporter.withStore { try $0.trials() }.arrayValue ?? []).map(Self.trial)
    }

    func propose(_ trials: [Trial], of plan: SearchPlan) throws {
        try reporter.withStore { try $0.propose(.array(trials.map { $0.proposal(of: plan) })) }
    }

    func claim() throws -> TrialClaim {
        let answer = try reporter.withStore { try $0.claimTrial() }
        switch answer["claim"]?.textValue {
        case "trial":
            pauses = 0
            return .trial(try Self.trial(answer))
        case "none": return .none
        default: return .over
        }
    }

    func finish(
        _ trial: Trial, _ outcome: TrialOutcome, of plan: SearchPlan, fingerprint: String, predictions: [UInt8]?
    ) throws {
        let written = outcome.json(of: plan, fingerprint: fingerprint)
        _ = try reporter.withStore { try $0.finishTrial(trial.number, written, predictions: predictions) }
    }

    func predictions(of trial: Trial) throws -> [UInt8]? {
        try reporter.withStore { try $0.trialPredictions(trial.number) }
    }

    /// From a twentieth of a second to half of one: others' trials may take very different times.
    func pause() throws {
        channel.wait(phase: "waiting for other workers")
        pauses += 1
        Thread.sleep(forTimeInterval: min(0.5, 0.05 * Double(pauses)))
    }

    private static func trial(_ json: JSONValue) throws -> Trial {
        guard let trial = Trial(json: json) else {
            throw ForgeError(
                .versionMismatch, "unreadable trial \(json.serialized)",
                hint: "install the extension, the schema and the sidecar of one release; forgectl doctor compares them")
        }
        return trial
    }
}
