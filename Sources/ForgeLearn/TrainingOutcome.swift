import ForgeModel

/// The version that a new one has to beat.
public struct ChampionModel: Sendable {
    public var version: Int
    /// Metric that the request names for the comparison; nil: the task's own.
    public var metric: String?
    public var manifest: JSONValue
    public var artifact: [UInt8]

    public init(version: Int, metric: String?, manifest: JSONValue, artifact: [UInt8]) {
        self.version = version
        self.metric = metric
        self.manifest = manifest
        self.artifact = artifact
    }
}

/// What a finished training hands to `forge.complete`: the artifact, and the manifest (docs/internals.md) that
/// describes it. `chunks` is missing from the manifest: who stages the artifact counts them.
public struct TrainingOutcome: Sendable {
    public var artifact: [UInt8]
    public var manifest: JSONValue
    /// What the model says of its held-out rows; nil when none are held out.
    public var heldOutScores: HeldOutScores?
}

/// Scores of held-out rows, for evaluation in SQL.
public struct HeldOutScores: Sendable, Equatable {
    /// More rows are thinned out by key, to these rows and scores.
    public static let limits = (rows: 100_000, scores: 4_000_000)

    /// (rows) the target's value, or its class's place among the labels, -1 for a class without training rows.
    public var truth: [Double]
    /// (rows, width) row-major: value, or probability of each class.
    public var scores: [Double]

    public var width: Int { truth.isEmpty ? 0 : scores.count / truth.count }
}
