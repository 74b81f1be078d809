import ForgeModel

/// Encoded features that the training rows see otherwise than the encoder gives them: a target-encoded level has for a
/// row the value learned from the rows of the other folds, so that no row's own target is among its features.
///
/// A chunk that is no part of the training rows, such as those of a validation part, is left as the encoder has it.
struct TrainingOverrides: Sendable {
    static let folds = 5

    /// Of one column.
    struct Table: Sendable {
        let width: Int
        let groups: Int
        /// (folds, groups, width)
        let values: [Double]
    }

    /// (rows) of the training part.
    private let fold: [UInt8]
    private let firstRow: [ObjectIdentifier: Int]
    /// By the plan's column.
    private var tables: [Int: Table] = [:]

    var isEmpty: Bool { tables.isEmpty }

    /// Rows of one key, which may be the same row twice, share a fold.
    init(_ part: Part, seed: Int) {
        let choice = KeyedChoice(seed: seed, purpose: .targetEncoding)
        fold = (0..<part.rows).map { row in
            let key = part.keys.isEmpty ? UInt64(row) : part.keys[row]
            return UInt8(choice.hash(key) % UInt64(Self.folds))
        }
        var first = 0
        var firstRow: [ObjectIdentifier: Int] = [:]
        for chunk in part.chunks {
            firstRow[ObjectIdentifier(chunk)] = first
            first += chunk.rows
        }
        self.firstRow = firstRow
    }

    var folds: [UInt8] { fold }

    /// The same tables for other rows.
    func moved(to part: Part, seed: Int) -> TrainingOverrides {
        var moved = TrainingOverrides(part, seed: seed)
        moved.tables = tables
        return moved
    }

    mutating func add(_ table: Table, column: Int) { tables[column] = table }

    func isOverridden(_ column: Int) -> Bool { tables[column] != nil }

    /// Writes the features of the plan's column `index` in some rows of a chunk over what the encoder gave; feature f
    /// of row i goes to `features[f * stride + i]`.
    func apply(
        _ column: PlannedColumn, _ index: Int, _ chunk: Chunk, first: Int, count: Int,
        into features: UnsafeMutablePointer<Double>, stride: Int
    ) {
        guard let table = tables[index], let start = firstRow[ObjectIdentifier(chunk)] else { return }
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: count) { groups in
            column.levelMap.places(
                of: chunk.codes(column.source) + first, count: count, from: 0, into: groups.baseAddress!)
            for row in 0..<count {
                let fold = Int(fold[start + first + row])
                let from = (fold * table.groups + Int(groups[row])) * table.width
                for feature in 0..<table.width { features[feature * stride + row] = table.values[from + feature] }
            }
        }
    }
}

extension TrainingJob {
    /// Whether a column may be encoded by the target, whose folds go by the rows' keys.
    var mayEncodeByTarget: Bool {
        features.contains { column in
            guard column.kind == .category else { return false }
            return preprocess[Bytes(column.name.utf8)].encode.map { $0 == .target } ?? (algorithm.form != .trees)
        }
    }
}
