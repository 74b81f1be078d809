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

    /// `rows`: no more are expected.
    init(_ storages: [Storage], rows: Int = .max) {
        self.storages = storages
        var starts = [0]
        for storage in storages { starts.append(starts.last! + storage.size) }
        self.starts = starts
        let fitting = Self.bytes / max(1, starts.last!)
        capacity = min(Self.rows.maximum, max(Self.rows.minimum, fitting / 64 * 64), max(1, rows))
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
    var groups: [UInt64] = []  // (rows) hash of the group columns' values; empty without them
    var times: [Double] = []  // (rows) of the time column, NaN when missing; empty without one

    init(_ layout: ChunkLayout) { self.layout = layout }

    /// The rows of all `parts`, which must be of one layout, one part's behind the other's. Their features are shared,
    /// not copied.
    init(joining parts: [Part]) {
        layout = parts[0].layout
        for part in parts {
            chunks += part.chunks
            rows += part.rows
            targets += part.targets
            weights += part.weights
            keys += part.keys
            groups += part.groups
            times += part.times
        }
    }

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

    /// Frees the features; targets and weights stay.
    func releaseChunks() { chunks = [] }

    static let nowhere = UInt16.max

    /// Moves row i to `parts[places[i]]`, in order; rows at `nowhere` are left out. This part ends up empty: a chunk is
    /// freed once its rows have moved, so that they never take their room twice.
    func distribute(_ places: [UInt16], into parts: [Part]) {
        var first = 0
        var waiting = Array(chunks.reversed())
        chunks = []
        while let chunk = waiting.popLast() {
            var chosen = [[Int32]](repeating: [], count: parts.count)
            for row in 0..<chunk.rows where places[first + row] != Self.nowhere {
                chosen[Int(places[first + row])].append(Int32(row))
            }
            for (part, rows) in zip(parts, chosen) where !rows.isEmpty { part.append(rows, of: chunk) }
            first += chunk.rows
        }
        Self.move(&targets, places, parts, \.targets)
        Self.move(&weights, places, parts, \.weights)
        Self.move(&keys, places, parts, \.keys)
        Self.move(&groups, places, parts, \.groups)
        Self.move(&times, places, parts, \.times)
        rows = 0
    }

    /// Keeps the rows that `keep` (rows) marks, in their order.
    func filter(_ keep: [Bool]) {
        let kept = Part(layout)
        distribute(keep.map { $0 ? 0 : Self.nowhere }, into: [kept])
        (chunks, rows, targets, weights) = (kept.chunks, kept.rows, kept.targets, kept.weights)
        (keys, groups, times) = (kept.keys, kept.groups, kept.times)
    }

    private static func move<T>(
        _ values: inout [T], _ places: [UInt16], _ parts: [Part], _ field: ReferenceWritableKeyPath<Part, [T]>
    ) {
        guard !values.isEmpty else { return }
        var moved = [[T]](repeating: [], count: parts.count)
        for (value, place) in zip(values, places) where place != nowhere { moved[Int(place)].append(value) }
        values = []
        for (part, values) in zip(parts, moved) { part[keyPath: field] += values }
    }

    private func append(_ chosen: [Int32], of source: Chunk) {
        extend(by: chosen.count) { target, start, count, done in
            let rows = chosen[done..<done + count]
            for (column, storage) in layout.storages.enumerated() {
                switch (source.layout.storages[column], storage) {
                case (.codes, _): gather(source.codes(column), rows, target.codes(column) + start)
                case (.float32, .float32): gather(source.float32(column), rows, target.float32(column) + start)
                case (.float64, .float64): gather(source.float64(column), rows, target.float64(column) + start)
                case (.float64, _):
                    let (from, to) = (source.float64(column), target.float32(column) + start)
                    for (i, row) in rows.enumerated() { to[i] = Float(from[Int(row)]) }
                case (.float32, _):
                    let (from, to) = (source.float32(column), target.float64(column) + start)
                    for (i, row) in rows.enumerated() { to[i] = Double(from[Int(row)]) }
                }
            }
        }
    }

    @inline(__always)
    private func gather<T>(_ from: UnsafeMutablePointer<T>, _ rows: ArraySlice<Int32>, _ to: UnsafeMutablePointer<T>) {
        for (i, row) in rows.enumerated() { to[i] = from[Int(row)] }
    }
}
