import ForgeLinalg
import ForgeModel

/// The encoded training rows as linear algebra takes them: numbers as dense columns, one-hot columns as the index of their
/// single 1, so that Gram matrices cost what the numbers cost, not what the levels do.
///
/// Packed order: all dense features first, then all one-hot features; `encodedIndex` leads back to the encoder's order.
struct Design {
    struct Dense: Sendable {
        enum Kind { case value, indicator }
        var column: Int
        var kind: Kind
        var fill: Double
        var shift: Double
        var scale: Double
    }

    struct Hot: Sendable {
        var column: Int
        var first: Int32  // packed
        var codeMap: [Int32]
        var nullIndex: Int32
    }

    let part: Part
    let dense: [Dense]
    let hot: [Hot]
    let width: Int
    let encodedIndex: [Int]  // (width) by packed index
    /// First row of each chunk.
    private let starts: [Int]

    /// Rows encoded at a time, so that a tile stays in the second-level cache.
    static let tileRows = 1_024

    init(_ part: Part, _ plan: EncodingPlan) {
        self.part = part
        var dense: [Dense] = []
        var denseIndex: [Int] = []
        var hot: [Hot] = []
        var hotIndex: [Int] = []
        for (index, column) in plan.columns.enumerated() {
            switch column.schema.encoding {
            case .number(let fill, let indicator, let shift, let scale):
                dense.append(Dense(column: index, kind: .value, fill: fill ?? .nan, shift: shift, scale: scale))
                denseIndex.append(column.offset)
                if indicator {
                    dense.append(Dense(column: index, kind: .indicator, fill: 0, shift: 0, scale: 1))
                    denseIndex.append(column.offset + 1)
                }
            case .oneHot:
                hot.append(
                    Hot(column: index, first: Int32(hotIndex.count), codeMap: column.codeMap, nullIndex: column.nullIndex))
                hotIndex += column.offset..<column.offset + column.schema.encoding.width
            case .native: preconditionFailure("the plan gives linear models no native categories")
            }
        }
        for index in hot.indices { hot[index].first += Int32(dense.count) }
        self.dense = dense
        self.hot = hot
        encodedIndex = denseIndex + hotIndex
        width = encodedIndex.count
        var starts = [0]
        for chunk in part.chunks { starts.append(starts.last! + chunk.rows) }
        self.starts = starts
    }

    var rows: Int { part.rows }

    /// From packed to encoded order.
    func encoded(_ packed: some Collection<Double>) -> [Double] {
        var result = [Double](repeating: 0, count: width)
        for (index, value) in packed.enumerated() { result[encodedIndex[index]] = value }
        return result
    }

    /// Encodes all rows, tile by tile, on `threads` lanes; each lane walks its own run of chunks in order, so that sums made
    /// lane by lane depend on the number of threads only. `isCancelled` is asked before every chunk.
    /// - Returns: the lanes' results, in order.
    func forEachTile<Lane>(
        threads: Int, observer: any TrainingObserver, make: () -> Lane,
        _ body: (EncodedTile, inout Lane) -> Void
    ) throws -> [Lane] {
        let chunks = part.chunks.count
        let lanes = max(1, min(threads, chunks))
        var results = [Lane?](repeating: nil, count: lanes)
        results.withUnsafeMutableBufferPointer { buffer in
            inParallel(lanes, threads: lanes) { lane in
                var result = make()
                let tile = EncodedTile(self)
                for chunk in chunks * lane / lanes..<chunks * (lane + 1) / lanes {
                    if observer.isCancelled { break }
                    let rows = part.chunks[chunk].rows
                    for first in stride(from: 0, to: rows, by: Self.tileRows) {
                        tile.load(chunk, first, min(Self.tileRows, rows - first), firstRow: starts[chunk] + first)
                        body(tile, &result)
                    }
                }
                buffer[lane] = result
            }
        }
        if observer.isCancelled { throw ForgeError(.cancelled, "training was cancelled") }
        return results.map { $0! }
    }
}

/// Some rows of a design, encoded; reused for the next ones.
final class EncodedTile {
    let design: Design
    private(set) var rows = 0
    /// Index of the tile's first row among the part's rows.
    private(set) var firstRow = 0
    /// (rows, dense features) column-major, stride `Design.tileRows`.
    let values: UnsafeMutablePointer<Double>
    /// (rows, one-hot columns) column-major, same stride: packed index of the 1, or -1.
    let ones: UnsafeMutablePointer<Int32>
    /// (rows) for the caller.
    let scratch: UnsafeMutablePointer<Double>

    init(_ design: Design) {
        self.design = design
        values = .allocate(capacity: max(1, design.dense.count * Design.tileRows))
        ones = .allocate(capacity: max(1, design.hot.count * Design.tileRows))
        scratch = .allocate(capacity: Design.tileRows)
    }

    deinit {
        values.deallocate()
        ones.deallocate()
        scratch.deallocate()
    }

    var dense: Tile { Tile(base: values, rows: rows, columns: design.dense.count, stride: Design.tileRows) }

    func load(_ chunk: Int, _ first: Int, _ count: Int, firstRow: Int) {
        rows = count
        self.firstRow = firstRow
        let chunk = design.part.chunks[chunk]
        for (index, feature) in design.dense.enumerated() {
            encode(feature, chunk.float64(feature.column) + first, values + index * Design.tileRows)
        }
        for (index, column) in design.hot.enumerated() {
            encode(column, chunk.codes(column.column) + first, ones + index * Design.tileRows)
        }
    }

    /// The arithmetic of ForgeModel's encoder, for a column at a time.
    private func encode(_ feature: Design.Dense, _ source: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>) {
        switch feature.kind {
        case .value:
            let (fill, shift, scale) = (feature.fill, feature.shift, feature.scale)
            for row in 0..<rows {
                let value = source[row]
                out[row] = ((value.isNaN ? fill : value) - shift) / scale
            }
        case .indicator:
            for row in 0..<rows { out[row] = source[row].isNaN ? 1 : 0 }
        }
    }

    private func encode(_ column: Design.Hot, _ source: UnsafePointer<UInt32>, _ out: UnsafeMutablePointer<Int32>) {
        column.codeMap.withUnsafeBufferPointer { map in
            for row in 0..<rows {
                let code = source[row]
                let index = code == missingCode ? column.nullIndex : map[Int(code)]
                out[row] = index < 0 ? -1 : column.first + index
            }
        }
    }

    /// `result[row] += Σ_j vector[j] · x[row, j]`. vector: (width) packed; result: (rows).
    func addProduct(_ vector: UnsafePointer<Double>, to result: UnsafeMutablePointer<Double>) {
        BLAS.addProduct(of: dense, vector, to: result)
        for index in design.hot.indices {
            let ones = ones + index * Design.tileRows
            for row in 0..<rows where ones[row] >= 0 { result[row] += vector[Int(ones[row])] }
        }
    }

    /// `result[j] += Σ_row x[row, j] · vector[row]`. vector: (rows); result: (width) packed.
    func addTransposedProduct(_ vector: UnsafePointer<Double>, to result: UnsafeMutablePointer<Double>) {
        BLAS.addTransposedProduct(of: dense, vector, to: result)
        for index in design.hot.indices {
            let ones = ones + index * Design.tileRows
            for row in 0..<rows where ones[row] >= 0 { result[Int(ones[row])] += vector[row] }
        }
    }

    /// `gram += Σ_row weights[row] · x[row] · x[row]ᵀ`, lower triangle in packed order, plain sums where a one-hot feature is
    /// involved. Overwrites the dense values with their rows' square roots of weights multiplied in.
    func addGram(weights: UnsafePointer<Double>?, to gram: UnsafeMutablePointer<Double>) {
        let width = design.width
        for index in design.hot.indices {
            let ones = ones + index * Design.tileRows
            for feature in 0..<design.dense.count {
                let values = values + feature * Design.tileRows
                let target = gram + feature * width  // column `feature`, rows of the one-hot features
                if let weights {
                    for row in 0..<rows where ones[row] >= 0 { target[Int(ones[row])] += weights[row] * values[row] }
                } else {
                    for row in 0..<rows where ones[row] >= 0 { target[Int(ones[row])] += values[row] }
                }
            }
            for other in 0...index {  // `other` comes first in packed order: its features are the columns
                let others = self.ones + other * Design.tileRows
                for row in 0..<rows where ones[row] >= 0 && others[row] >= 0 {
                    gram[Int(others[row]) * width + Int(ones[row])] += weights?[row] ?? 1
                }
            }
        }
        if let weights { scaleRows(by: weights) }
        guard design.dense.count > 0 else { return }
        BLAS.addGram(of: dense, to: gram, stride: width)
    }

    private func scaleRows(by weights: UnsafePointer<Double>) {
        for row in 0..<rows { scratch[row] = weights[row].squareRoot() }
        for feature in 0..<design.dense.count {
            let column = values + feature * Design.tileRows
            for row in 0..<rows { column[row] *= scratch[row] }
        }
    }
}
