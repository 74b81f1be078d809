import ForgeModel

/// A feature column, or one that models are parted by, as the reader delivered it.
struct FeatureColumn: Sendable {
    var name: Bytes
    var type: Bytes
    var kind: ColumnKind
    /// Levels in the order they were first seen, by code; empty for numbers.
    var levels: [Bytes]
    /// Of a vector column, if it is one.
    var element: VectorElement?

    /// The column of the source that it comes from.
    var sourceName: Bytes { element.map { Bytes($0.vector.utf8) } ?? name }
    /// Whether it tells a row's group, and is no feature of a model.
    var isGroup = false
}

/// The rows of a job, read once, split, in columns. Handed from the reader to `train`, which frees it as it goes.
public final class DataSet {
    let features: [FeatureColumn]
    /// nil: the task has none.
    let target: FeatureColumn?
    /// The rows to fit, cell by cell.
    let training: Part
    /// Rows that a fit watches to know when to stop, apart from `training`; nil: it does not stop early.
    let stopping: Part?
    /// Rows that are neither trained on nor tested with; nil: none were asked for.
    let validation: Part?
    let heldOut: Part
    let rule: HeldOutRule
    /// Folds of the training rows, by which they are cross-fitted; empty: none.
    let folds: [Fold]
    /// Outer folds of a nested cross-validation; empty: it is not nested.
    let outerFolds: [Fold]
    /// Whether these are the rows of one fold only.
    let isFold: Bool
    private var cells: [Cell]
    /// XXH3-128 of the header and all blocks as read, in hex.
    public let fingerprint: String
    public let rowsRead: Int
    /// Rows left out, by reason, in the order of the checks; the sample's rest is not among them.
    let dropped: [(reason: String, rows: Int)]
    let sampledOut: Int

    /// Training rows that always go the same way. Their features are shared with `training`.
    struct Cell {
        var fitted: Part
        var stopping: Part?
    }

    init(
        features: [FeatureColumn], target: FeatureColumn?, rows: AllottedRows, fingerprint: String, rowsRead: Int,
        dropped: [(reason: String, rows: Int)], sampledOut: Int
    ) {
        self.features = features
        self.target = target
        training = rows.cells.count == 1 ? rows.cells[0].fitted : Part(joining: rows.cells.map(\.fitted))
        let stopping = rows.cells.compactMap(\.stopping).filter { $0.rows > 0 }
        self.stopping = rows.watchesValidation ? rows.validation : stopping.isEmpty ? nil : Part(joining: stopping)
        validation = rows.validation
        heldOut = rows.heldOut
        rule = rows.rule
        folds = rows.folds
        outerFolds = rows.outerFolds
        cells = rows.cells
        isFold = rows.isFold
        self.fingerprint = fingerprint
        self.rowsRead = rowsRead
        self.dropped = dropped
        self.sampledOut = sampledOut
    }

    public var trainingRows: Int { training.rows }
    public var heldOutRows: Int { heldOut.rows }

    /// The rows as a fold sees them: what it is tested with is held out. nil when one of its sides has no rows.
    func subset(_ fold: Fold) -> DataSet? {
        let held = fold.heldOut.flatMap { [cells[$0].fitted] + (cells[$0].stopping.map { [$0] } ?? []) }
        guard fold.training.contains(where: { cells[$0].fitted.rows > 0 }), held.contains(where: { $0.rows > 0 }) else {
            return nil
        }
        let rows = AllottedRows(
            cells: cells.indices.map { fold.training.contains($0) ? cells[$0] : Cell(fitted: Part(training.layout)) },
            validation: validation, watchesValidation: stopping === validation, heldOut: Part(joining: held),
            rule: rule,
            folds: fold.inner, outerFolds: [], isFold: true)
        return DataSet(
            features: features, target: target, rows: rows, fingerprint: fingerprint, rowsRead: rowsRead, dropped: [],
            sampledOut: 0)
    }

    /// Lets go of the cells, so that the last fit can free rows that it needs no more.
    func releaseCells() { cells = [] }
}

/// The rows of a data set, each where it belongs.
struct AllottedRows {
    var cells: [DataSet.Cell]
    var validation: Part?
    /// Whether `validation` decides when to stop.
    var watchesValidation: Bool
    var heldOut: Part
    var rule: HeldOutRule
    var folds: [Fold]
    var outerFolds: [Fold]
    var isFold = false
}
