import ForgeModel

/// A feature column as the reader delivered it.
struct FeatureColumn: Sendable {
    var name: Bytes
    var type: Bytes
    var kind: ColumnKind
    /// Levels in the order they were first seen, by code; empty for numbers.
    var levels: [Bytes]
}

/// The rows of a job, read once, split, in columns. Handed from the reader to `train`, which frees it as it goes.
public final class DataSet {
    let features: [FeatureColumn]
    let target: FeatureColumn
    let training: Part
    /// Rows that a fit watches to know when to stop, apart from `training`; nil: it does not stop early.
    let stopping: Part?
    let heldOut: Part
    /// XXH3-128 of the header and all blocks as read, in hex.
    public let fingerprint: String
    public let rowsRead: Int
    /// Rows left out, by reason, in the order of the checks; the sample's rest is not among them.
    let dropped: [(reason: String, rows: Int)]
    let sampledOut: Int

    init(
        features: [FeatureColumn], target: FeatureColumn, training: Part, stopping: Part?, heldOut: Part,
        fingerprint: String, rowsRead: Int, dropped: [(reason: String, rows: Int)], sampledOut: Int
    ) {
        self.features = features
        self.target = target
        self.training = training
        self.stopping = stopping
        self.heldOut = heldOut
        self.fingerprint = fingerprint
        self.rowsRead = rowsRead
        self.dropped = dropped
        self.sampledOut = sampledOut
    }

    public var trainingRows: Int { training.rows }
    public var heldOutRows: Int { heldOut.rows }
}
