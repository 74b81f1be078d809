import ForgeModel

/// A model of an ensemble: what is fitted, and its share of the say.
public struct EnsembleMember: Sendable, Equatable {
    /// Trial that it is of.
    public var trial: Int
    public var algorithm: String
    public var params: JSONObject
    /// Of all members they add up to 1.
    public var weight: Double

    public init(trial: Int, algorithm: String, params: JSONObject, weight: Double) {
        self.trial = trial
        self.algorithm = algorithm
        self.params = params
        self.weight = weight
    }

    /// As the manifest lists it.
    var json: JSONValue {
        [
            "trial": .integer(Int64(trial)), "algorithm": .text(algorithm), "weight": .number(weight),
            "params": .object(params),
        ]
    }
}

extension TrainingJob {
    /// The job of one member. Nobody asks a member for explanations: one row is the least that a network must keep.
    func fitting(_ member: EnsembleMember) throws -> TrainingJob {
        var job = try with(algorithm: member.algorithm, params: .object(member.params))
        job.members = []
        job.explanation.isInterventional = false
        job.explanation.rows = 1
        return job
    }
}
