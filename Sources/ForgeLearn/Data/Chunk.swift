import ForgeModel

/// How a column's values are kept.
enum Storage: Sendable {
    case float32  // numbers for trees
    case float64  // numbers for linear algebra
    case codes  // UInt32: index of the level, `missingCode` for NULL

    var size: Int { self == .float64 ? 8 : 4 }
}

let missingCode = UInt32.max

/// Where the columns of a chunk lie.
struct ChunkLayout: Sendable {
    static let rows = (minimum: 64, maximum: 16_384)
    static let bytes = 4 << 20

    let storages: [Storage]
    let capacity: Int  // rows
    private let starts: [Int]  // bytes a row before each column; times capacity = its offset

    init(_ storages: [Storage]) {
        self.storages = storages
        var starts = [0]
        for storage in storages { starts.append(starts.last! + storage.size) }
        self.starts = starts
        let fitting = Self.bytes / max(1, starts.last!)
        capacity = min(Self.rows.maximum, max(Self.rows.minimum, fitting / 64 * 64))
    }

    var byteCount: Int { max(64, starts.last! * capacity) }
    func offset(_ column: Int) -> Int { starts[column] * capacity }
}

/// Some thousand rows of feature columns, each column contiguous.
final class Chunk {
    let layout: ChunkLayout
    private(set) var rows = 0
    private let memory: UnsafeMutableRawPointer

    init(_ layout: ChunkLayout) {
        self.layout = layout
        memory = .allocate(byteCount: layout.byteCount, alignment: 64)
    }

    deinit { memory.deallocate() }

    var free: Int { layout.capacity - rows }
    func grow(_ count: Int) {
        precondition(count <= free, "a chunk of \(layout.capacity) rows cannot take \(count) more than \(rows)")
        rows += count
    }

    func float32(_ column: Int) -> UnsafeMutablePointer<Float> { pointer(column, .float32) }
    func float64(_ column: Int) -> UnsafeMutablePointer<Double> { pointer(column, .float64) }
    func codes(_ column: Int) -> UnsafeMutablePointer<UInt32> { pointer(column, .codes) }

    /// A number, whatever its storage; NaN is missing.
    func number(_ column: Int, _ row: Int) -> Double {
        layout.storages[column] == .float32 ? Double(float32(column)[row]) : float64(column)[row]
    }

    private func pointer<T>(_ column: Int, _ storage: Storage) -> UnsafeMutablePointer<T> {
        precondition(layout.storages[column] == storage, "column \(column) is kept as \(layout.storages[column])")
        return (memory + layout.offset(column)).assumingMemoryBound(to: T.self)
    }
}

/// The rows of one side of the split, in the order they came.
final class Part {
    let layout: ChunkLayout
    private(set) var chunks: [Chunk] = []
    private(set) var rows = 0
    var targets: [Double] = []  // (rows) value, or the level's code; empty without a target
    var weights: [Double] = []  // (rows), or empty: all 1
    var keys: [UInt64] = []  // (rows), or empty
    var groups: [UInt64] = []  // (rows) what rows of one group have in common, hashed; or empty

    init(_ layout: ChunkLayout) { self.layout = layout }

    /// Calls `body(chunk, first row in it, how many, how many of `count` came before)` for room for `count` more rows.
    func extend(by count: Int, _ body: (Chunk, Int, Int, Int) -> Void) {
        var done = 0
        while done < count {
            if chunks.last.map({ $0.free == 0 }) ?? true { chunks.append(Chunk(layout)) }
            let chunk = chunks[chunks.count - 1]
            let step = min(chunk.free, count - done)
            body(chunk, chunk.rows, step, done)
            chunk.grow(step)
            done += step
        }
        rows += count
    }

    /// Keeps the rows that `keep` (rows) marks, in their order.
    func filter(_ keep: [Bool]) {
        let old = chunks
        chunks = []
        rows = 0
        var first = 0
        for chunk in old {
            let chosen = (0..<chunk.rows).filter { keep[first + $0] }
            extend(by: chosen.count) { target, start, count, done in
                for (column, storage) in layout.storages.enumerated() {
                    for i in 0..<count {
                        let row = chosen[done + i]
                        switch storage {
                        case .float32: target.float32(column)[start + i] = chunk.float32(column)[row]
                        case .float64: target.float64(column)[start + i] = chunk.float64(column)[row]
                        case .codes: target.codes(column)[start + i] = chunk.codes(column)[row]
                        }
                    }
                }
            }
            first += chunk.rows
        }
        targets = Self.filtered(targets, keep)
        weights = Self.filtered(weights, keep)
        keys = Self.filtered(keys, keep)
        groups = Self.filtered(groups, keep)
    }

    /// Frees the features; targets and weights stay.
    func releaseChunks() { chunks = [] }

    private static func filtered<T>(_ values: [T], _ keep: [Bool]) -> [T] {
        values.isEmpty ? [] : zip(values, keep).filter(\.1).map(\.0)
    }
}
