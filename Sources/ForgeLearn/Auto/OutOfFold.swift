import ForgeModel

/// What the models of a trial's folds said of rows that they were not trained on, with the truth: what an ensemble is
/// chosen by. Of many rows some, the same ones of every trial of the same rows in the same order.
struct OutOfFold: Equatable {
    /// Rows kept, and scores.
    static let limits = (rows: 20_000, scores: 500_000)

    /// (rows) value, or class; -1: one that no training row has.
    var truth: [Double]
    /// (rows, width) row-major: value, or probability of each class.
    var scores: [Double]
    var width: Int
    /// Equal of trials whose rows are the same, in the same order.
    var identity: UInt64
}

extension OutOfFold {
    init(_ crossFit: CrossFit, limits: (rows: Int, scores: Int) = OutOfFold.limits) {
        let truth = crossFit.classes.isEmpty ? crossFit.targets : crossFit.classes.map(Double.init)
        let width = crossFit.scores.width
        self.width = width
        identity = zip(truth, crossFit.foldOf).reduce(splitmix64(UInt64(truth.count))) { hash, row in
            splitmix64(hash ^ row.0.bitPattern ^ UInt64(row.1) << 56)
        }
        let rows = Self.chosen(min(limits.rows, limits.scores / width), of: truth.count)
        self.truth = rows.map { truth[$0] }
        scores = rows.flatMap { row in crossFit.scores.values[row * width..<(row + 1) * width] }
    }

    /// By place: a hash decides, so that every fold has its share.
    private static func chosen(_ limit: Int, of count: Int) -> [Int] {
        guard count > limit else { return Array(0..<count) }
        let choice = KeyedChoice(seed: 0, purpose: .report)
        return risingOrder((0..<count).map { choice.hash(UInt64($0)) }).prefix(limit).map(Int.init).sorted()
    }
}

/// As it is staged beside a trial's score: "FGO1", width, rows, identity, truth, scores, all little-endian.
extension OutOfFold {
    private static let magic = Bytes("FGO1".utf8)
    private static let header = 24

    var encoded: Bytes {
        var bytes = Self.magic
        func add<Value>(_ values: [Value]) { values.withUnsafeBytes { bytes += $0 } }
        add([UInt32(width)])
        add([UInt64(truth.count), identity])
        add(truth)
        add(scores)
        return bytes
    }

    /// nil: the bytes are no predictions.
    init?(encoded bytes: Bytes) {
        guard bytes.count >= Self.header, bytes.starts(with: Self.magic) else { return nil }
        func value<Value: BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value {
            bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
        }
        let width = Int(value(UInt32.self, at: 4))
        guard let rows = Int(exactly: value(UInt64.self, at: 8)), rows <= bytes.count, width <= bytes.count,
            bytes.count == Self.header + rows * (8 + 8 * width)
        else { return nil }
        let scores = Self.header + 8 * rows
        self.init(
            truth: (0..<rows).map { value(Double.self, at: Self.header + 8 * $0) },
            scores: (0..<rows * width).map { value(Double.self, at: scores + 8 * $0) }, width: width,
            identity: value(UInt64.self, at: 16))
    }
}
