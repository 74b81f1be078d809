import ForgeModel

/// A row of `forge.search_trials`: a candidate, and what became of it.
public struct Trial: Sendable, Equatable {
    public enum Status: String, Sendable { case queued, running, succeeded, failed, pruned }

    /// From 1, in the order of the proposals.
    public var number: Int
    /// From 1; what a generation proposes depends on those before it alone.
    public var generation: Int
    public var candidate: Candidate
    public var status = Status.queued
    /// Mean of the metric over the folds; nil unless it succeeded.
    public var score: Double?
    /// The metric of each fold, as far as it came; nil where it is not defined.
    public var foldScores: [Double?] = []
    public var error: (code: String, message: String)?
    /// Of the rows that it was tried on.
    public var fingerprint: String?

    public init(number: Int, generation: Int, candidate: Candidate) {
        self.number = number
        self.generation = generation
        self.candidate = candidate
    }

    public static func == (a: Trial, b: Trial) -> Bool {
        a.number == b.number && a.generation == b.generation && a.candidate == b.candidate && a.status == b.status
            && a.score == b.score && a.foldScores == b.foldScores && a.error?.code == b.error?.code
            && a.error?.message == b.error?.message && a.fingerprint == b.fingerprint
    }

    public var isFinished: Bool { status != .queued && status != .running }
    var isWhole: Bool { candidate.share >= 1 }
}

/// How a trial ended.
public enum TrialOutcome: Sendable {
    /// `foldScores` are of the folds fitted.
    case succeeded(score: Double, foldScores: [Double?])
    case pruned(foldScores: [Double?])
    case failed(ForgeError, foldScores: [Double?])
}

extension Trial {
    /// As `forge.trials_of` writes it.
    public init?(json: JSONValue) {
        guard let number = json["trial"]?.intValue, let generation = json["generation"]?.intValue,
            let arm = json["arm"]?.intValue, let params = json["params"]?.objectValue,
            let status = json["status"]?.textValue.flatMap(Status.init)
        else { return nil }
        self.init(
            number: number, generation: generation,
            candidate: Candidate(arm: arm, params: params, share: json["share"]?.doubleValue ?? 1))
        self.status = status
        score = json["score"]?.doubleValue
        foldScores = (json["fold_scores"]?.arrayValue ?? []).map(\.doubleValue)
        if let code = json["error_code"]?.textValue {
            error = (code, json["error_message"]?.textValue ?? "")
        }
        fingerprint = json["data_fingerprint"]?.textValue
    }

    /// As `forge.propose_trials` takes it.
    public func proposal(of plan: SearchPlan) -> JSONValue {
        [
            "metric": JSONValue(plan.metric), "trial": .integer(Int64(number)),
            "generation": .integer(Int64(generation)),
            "arm": .integer(Int64(candidate.arm)), "algorithm": .text(plan.space.arms[candidate.arm].algorithm),
            "params": .object(candidate.params), "share": .number(candidate.share),
        ]
    }
}

extension TrialOutcome {
    /// As `forge.finish_trial` takes it. `fingerprint` is of the rows that the trial saw.
    public func json(of plan: SearchPlan, fingerprint: String) -> JSONValue {
        var object = json
        if case .succeeded(let score, _) = self { object["cost"] = .number(plan.smallerIsBetter ? score : -score) }
        object["data_fingerprint"] = .text(fingerprint)
        return object
    }

    private var json: JSONValue {
        func scores(_ values: [Double?]) -> JSONValue { .array(values.map { JSONValue($0) }) }
        switch self {
        case .succeeded(let score, let folds):
            return ["status": "succeeded", "score": .number(score), "fold_scores": scores(folds)]
        case .pruned(let folds): return ["status": "pruned", "fold_scores": scores(folds)]
        case .failed(let error, let folds):
            return [
                "status": "failed", "fold_scores": scores(folds), "error_code": .text(error.code.text),
                "error_message": .text(error.message), "error_detail": JSONValue(error.detail),
                "error_hint": JSONValue(error.hint),
            ]
        }
    }
}
