import CForgeGrow
import ForgeModel

/// The training rows in bins, two bytes a cell, beside what is to be learned: as `forge_grow_tree` reads them.
final class BinnedRows: @unchecked Sendable {
    /// Points into memory that this object keeps.
    let rows: ForgeRows
    private let memory: OwnedMemory

    /// Bins the encoded features, at most `limit` bins each.
    init(_ input: borrowing FitInput, _ learned: LearnedTarget, limit: Int) throws {
        let memory = OwnedMemory()
        let part = input.data.training
        let encoded = TreeFeature.features(of: input.plan, part.layout)
        let widths = try input.plan.columns.flatMap { column in
            let most = try Self.levels(of: column.schema) ?? min(limit, max(1, part.rows))
            return Array(repeating: most, count: column.schema.encoding.width)
        } + input.plan.products.map { _ in min(limit, max(1, part.rows)) }
        let count = part.rows
        let bins = encoded.map { _ in memory.array(of: UInt16.self, count) }
        let lows = widths.map { memory.array(of: Float.self, $0) }
        let highs = widths.map { memory.array(of: Float.self, $0) }
        let counts = memory.array(of: Int32.self, encoded.count)
        let threads = input.threads
        let together = OwnedMemory()  // for the features that are not encoded one by one
        nonisolated(unsafe) let ready = encoded.map { $0.isEncoded ? together.array(of: Float.self, count) : nil }
        ChunkEncoder(input.plan).encode(part, ready)
        nonisolated(unsafe) let (out, low, high, found) = (bins, lows, highs, counts)
        inParallel(encoded.count, threads: threads) { index in
            let scratch = BinScratch(rows: count, bins: widths[index])
            if let values = ready[index] { scratch.values.update(from: values, count: count) }
            else { encoded[index].encode(part, scratch.values) }
            found[index] =
                encoded[index].isCategory
                ? scratch.copy(levels: widths[index], into: out[index])
                : scratch.bin(most: widths[index], into: out[index], low[index], high[index])
        }
        self.memory = memory
        rows = ForgeRows(
            rows: Int64(count), features: Int32(encoded.count), classes: Int32(learned.classes),
            bins: memory.copy(bins.map { UnsafePointer($0) }), bin_counts: UnsafePointer(counts),
            categorical: memory.copy(encoded.map { $0.isCategory ? 1 : 0 }),
            lows: memory.copy(lows.map { UnsafePointer($0) }), highs: memory.copy(highs.map { UnsafePointer($0) }),
            labels: learned.labels.isEmpty ? nil : memory.copy(learned.labels),
            targets: learned.targets.isEmpty ? nil : memory.copy(learned.targets),
            weights: input.weights.map { memory.copy($0) })
        try input.checkCancelled()
    }

    /// How many levels a native category has; nil of other columns.
    private static func levels(of column: ColumnSchema) throws -> Int? {
        guard case .native(let levels) = column.encoding else { return nil }
        guard levels.count < FORGE_MOST_BINS else {
            let name = String(decoding: column.name, as: UTF8.self)
            throw ForgeError(
                .tooManyLevels, "column \"\(name)\" has \(levels.count) levels, a tree takes \(FORGE_MOST_BINS - 1)",
                hint: "exclude the column, or use gradient_boosting")
        }
        return max(1, levels.count)
    }
}

/// What trees learn from a target: class numbers, or values less their weighted mean, so that sums keep their digits.
struct LearnedTarget {
    var classes = 0
    var labels: [Int32] = []
    var targets: [Double] = []
    var mean = 0.0

    init(_ target: Target, _ values: [Double], weights: [Double]?) {
        switch target {
        case .classes(let found):
            classes = found.count
            labels = found.training
        case .values, .none:
            let total = weights?.reduce(0, +) ?? Double(values.count)
            let sum = weights.map { zip($0, values).reduce(0) { $0 + $1.0 * $1.1 } } ?? values.reduce(0, +)
            mean = sum / total
            targets = values.map { [mean] in $0 - mean }
        }
    }
}

/// Room to bin one feature.
private final class BinScratch {
    let values: UnsafeMutablePointer<Float>
    private let sorted: UnsafeMutablePointer<Float>
    private let spare: UnsafeMutablePointer<Float>
    private let edges: UnsafeMutablePointer<Float>
    private let rows: Int

    init(rows: Int, bins: Int) {
        self.rows = rows
        values = .allocate(capacity: rows)
        sorted = .allocate(capacity: rows)
        spare = .allocate(capacity: rows)
        edges = .allocate(capacity: bins)
    }

    deinit { [values, sorted, spare, edges].forEach { $0.deallocate() } }

    /// Levels are bins as they are.
    func copy(levels: Int, into bins: UnsafeMutablePointer<UInt16>) -> Int32 {
        for row in 0..<rows { bins[row] = values[row].isNaN ? UInt16(FORGE_NO_BIN) : UInt16(values[row]) }
        return Int32(levels)
    }

    func bin(
        most: Int, into bins: UnsafeMutablePointer<UInt16>, _ lows: UnsafeMutablePointer<Float>,
        _ highs: UnsafeMutablePointer<Float>
    ) -> Int32 {
        var known = 0
        for row in 0..<rows where !values[row].isNaN {
            sorted[known] = values[row]
            known += 1
        }
        let count = forge_bin_edges(sorted, spare, Int64(known), Int32(most), edges)
        forge_bin_values(values, Int64(rows), edges, count, bins, lows, highs)
        return count + 1
    }
}

/// Arrays that live as long as this object.
private final class OwnedMemory {
    private var blocks: [UnsafeMutableRawPointer] = []

    deinit { blocks.forEach { $0.deallocate() } }

    func array<T: BitwiseCopyable>(of type: T.Type, _ count: Int) -> UnsafeMutablePointer<T> {
        let array = UnsafeMutablePointer<T>.allocate(capacity: max(1, count))
        blocks.append(UnsafeMutableRawPointer(array))
        return array
    }

    func copy<T: BitwiseCopyable>(_ values: [T]) -> UnsafePointer<T> {
        let array = array(of: T.self, values.count)
        array.initialize(from: values, count: values.count)
        return UnsafePointer(array)
    }
}

extension TreeFeature {
    /// The feature of all rows of a part.
    func encode(_ part: Part, _ out: UnsafeMutablePointer<Float>) {
        var first = 0
        for chunk in part.chunks {
            encode(chunk, out + first)
            first += chunk.rows
        }
    }
}
