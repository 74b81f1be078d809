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

/// What a finished training hands to `forge.complete`: the artifact, and the manifest (docs/internals.md) that describes it.
/// `chunks` is missing from the manifest: who stages the artifact counts them.
public struct TrainingOutcome: Sendable {
    public var artifact: [UInt8]
    public var manifest: JSONValue
}
