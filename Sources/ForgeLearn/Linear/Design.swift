import ForgeLinalg
import ForgeModel

/// The encoded training rows as linear algebra takes them: numbers as dense columns, one-hot columns as the index of their
/// single 1, so that Gram matrices cost what the numbers cost, not what the levels do.
///
/// Packed order: all dense features first (the constant 1 of an intercept, if asked for, at their end), then all one-hot
/// features; `encodedIndex` leads back to the encoder's order.
struct Design {
    struct Dense: Sendable {
        enum Kind { case value, indicator, one }
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
    let encodedIndex: [Int]  // (width) by packed index; -1 for the intercept
    let intercept: Int?  // packed index
    /// First row of each chunk.
    private let starts: [Int]
    /// The chunks to walk: all, unless this is a `sample`.
    private var walked: [Int]

    /// Rows encoded at a time, so that a tile stays in the second-level cache.
    static let tileRows = 1_024

    init(_ part: Part, _ plan: EncodingPlan, intercept: Bool = false) {
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
        if intercept {
            dense.append(Dense(column: -1, kind: .one, fill: 0, shift: 0, scale: 1))
            denseIndex.append(-1)
        }
        self.intercept = intercept ? dense.count - 1 : nil
        for index in hot.indices { hot[index].first += Int32(dense.count) }
        self.dense = dense
        self.hot = hot
        encodedIndex = denseIndex + hotIndex
        width = encodedIndex.count
        var starts = [0]
        for chunk in part.chunks { starts.append(starts.last! + chunk.rows) }
        self.starts = starts
        walked = Array(part.chunks.indices)
    }

    var rows: Int { walked.reduce(0) { $0 + part.chunks[$1].rows } }

    /// Every `step`-th chunk of the same rows.
    func sample(every step: Int) -> Design {
        var result = self
        result.walked = Array(stride(from: 0, to: part.chunks.count, by: step))
        return result
    }

    /// From packed to encoded order, without the intercept.
    func encoded(_ packed: some Collection<Double>) -> [Double] {
        var result = [Double](repeating: 0, count: width - (intercept == nil ? 0 : 1))
        for (index, value) in zip(encodedIndex, packed) where index >= 0 { result[index] = value }
        return result
    }

    /// Encodes all rows, tile by tile, on `threads` lanes; each lane walks its own run of chunks in order, so that sums made
    /// lane by lane depend on the number of threads only. `isCancelled` is asked before every chunk.
    /// - Returns: the lanes' results, in order.
    func forEachTile<Lane>(
        threads: Int, observer: any TrainingObserver, make: () -> Lane,
        _ body: (EncodedTile, inout Lane) -> Void
    ) throws -> [Lane] {
        let lanes = max(1, min(threads, walked.count))
        var results = [Lane?](repeating: nil, count: lanes)
        results.withUnsafeMutableBufferPointer { buffer in
            inParallel(lanes, threads: lanes) { lane in
                var result = make()
                let tile = EncodedTile(self)
                for chunk in walked[walked.count * lane / lanes..<walked.count * (lane + 1) / lanes] {
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
    /// (rows, dense features) the same, rows multiplied by the square roots of their weights.
    private let scaled: UnsafeMutablePointer<Double>
    /// (rows) for the caller.
    let scratch: UnsafeMutablePointer<Double>

    init(_ design: Design) {
        self.design = design
        values = .allocate(capacity: max(1, design.dense.count * Design.tileRows))
        scaled = .allocate(capacity: max(1, design.dense.count * Design.tileRows))
        ones = .allocate(capacity: max(1, design.hot.count * Design.tileRows))
        scratch = .allocate(capacity: Design.tileRows)
    }

    deinit {
        values.deallocate()
        scaled.deallocate()
        ones.deallocate()
        scratch.deallocate()
    }

    var dense: Tile { Tile(base: values, rows: rows, columns: design.dense.count, stride: Design.tileRows) }

    func load(_ chunk: Int, _ first: Int, _ count: Int, firstRow: Int) {
        rows = count
        self.firstRow = firstRow
        let chunk = design.part.chunks[chunk]
        for (index, feature) in design.dense.enumerated() {
            let out = values + index * Design.tileRows
            if feature.kind == .one {
                for row in 0..<rows { out[row] = 1 }
            } else {
                encode(feature, chunk.float64(feature.column) + first, out)
            }
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
        case .one: break
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

    /// `gram += Σ_row weights[row] · x[row] · x[row]ᵀ`, lower triangle in packed order. weights: (rows), none negative; nil: all 1.
    /// gram: (width, width).
    func addGram(weights: UnsafePointer<Double>?, to gram: UnsafeMutablePointer<Double>) {
        for index in design.hot.indices {
            addHotDense(index, weights, gram)
            for other in 0...index { addHotHot(index, other, weights, gram) }
        }
        guard let weights else { return BLAS.addGram(of: dense, to: gram, stride: design.width) }
        for row in 0..<rows { scratch[row] = weights[row].squareRoot() }
        for feature in 0..<design.dense.count {
            let (from, to) = (values + feature * Design.tileRows, scaled + feature * Design.tileRows)
            for row in 0..<rows { to[row] = from[row] * scratch[row] }
        }
        BLAS.addGram(
            of: Tile(base: scaled, rows: rows, columns: design.dense.count, stride: Design.tileRows), to: gram,
            stride: design.width)
    }

    /// Products of a one-hot column with all dense features: for each level the sum of its rows.
    private func addHotDense(_ index: Int, _ weights: UnsafePointer<Double>?, _ gram: UnsafeMutablePointer<Double>) {
        let ones = ones + index * Design.tileRows
        for feature in 0..<design.dense.count {
            let values = values + feature * Design.tileRows
            let column = gram + feature * design.width
            if let weights {
                for row in 0..<rows where ones[row] >= 0 { column[Int(ones[row])] += weights[row] * values[row] }
            } else {
                for row in 0..<rows where ones[row] >= 0 { column[Int(ones[row])] += values[row] }
            }
        }
    }

    /// Products of two one-hot columns: how often their levels meet. `other` comes first in packed order.
    private func addHotHot(
        _ index: Int, _ other: Int, _ weights: UnsafePointer<Double>?, _ gram: UnsafeMutablePointer<Double>
    ) {
        let ones = ones + index * Design.tileRows
        let others = self.ones + other * Design.tileRows
        for row in 0..<rows where ones[row] >= 0 && others[row] >= 0 {
            gram[Int(others[row]) * design.width + Int(ones[row])] += weights?[row] ?? 1
        }
    }

    /// Row `index` of the tile in packed order.
    func copyRow(_ index: Int, to row: inout [Double]) {
        for feature in 0..<design.dense.count { row[feature] = values[feature * Design.tileRows + index] }
        for feature in design.dense.count..<max(design.width, design.dense.count) { row[feature] = 0 }
        for column in design.hot.indices {
            let one = ones[column * Design.tileRows + index]
            if one >= 0 { row[Int(one)] = 1 }
        }
    }
}

extension Design {
    struct Moments {
        var weight: Double  // of all rows
        var means: [Double]  // (width) packed
        var deviations: [Double]  // (width) packed: population standard deviations
    }

    /// Weighted mean and deviation of every feature.
    func moments(weights: [Double]?, threads: Int, observer: any TrainingObserver) throws -> Moments {
        struct Lane {
            var weight = 0.0
            var sums: [Double]
            var squares: [Double]
        }
        let lanes = try forEachTile(threads: threads, observer: observer) {
            Lane(sums: Array(repeating: 0, count: width), squares: Array(repeating: 0, count: dense.count))
        } _: { tile, lane in
            for row in 0..<tile.rows {
                tile.scratch[row] = weights?[tile.firstRow + row] ?? 1
                lane.weight += tile.scratch[row]
            }
            lane.sums.withUnsafeMutableBufferPointer { tile.addTransposedProduct(tile.scratch, to: $0.baseAddress!) }
            for feature in 0..<dense.count {
                let values = tile.values + feature * Design.tileRows
                var sum = 0.0
                for row in 0..<tile.rows { sum += tile.scratch[row] * values[row] * values[row] }
                lane.squares[feature] += sum
            }
        }
        let weight = lanes.reduce(0) { $0 + $1.weight }
        let means = lanes.dropFirst().reduce(lanes[0].sums) { zip($0, $1.sums).map(+) }.map { $0 / weight }
        let squares = lanes.dropFirst().reduce(lanes[0].squares) { zip($0, $1.squares).map(+) }.map { $0 / weight }
        let deviations = means.enumerated().map { index, mean in
            (index < dense.count ? max(0, squares[index] - mean * mean) : max(0, mean * (1 - mean))).squareRoot()
        }
        return Moments(weight: weight, means: means, deviations: deviations)
    }
}
