import ForgeLinalg
import ForgeModel

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
        for (index, hot) in design.hot.enumerated() {
            let out = ones + index * Design.tileRows
            switch hot.places {
            case .levels(let map):
                map.places(of: chunk.codes(hot.column) + first, count: rows, from: hot.first, into: out)
            case .bins(let column):
                design.encoder.bins(column, chunk.float64(hot.column) + first, count: rows, from: hot.first, into: out)
            }
        }
        for (index, feature) in design.dense.enumerated() {
            let out = values + index * Design.tileRows
            switch feature {
            case .value(let column, let encoder): encoder.encode(chunk.float64(column) + first, count: rows, into: out)
            case .indicator(let column): NumberEncoder.indicate(chunk.float64(column) + first, count: rows, into: out)
            case .encoded(let column, let index): encode(column, index, chunk, first, out)
            case .more: break
            case .product(let left, let right): multiply(left, right, out)
            case .one: out.update(repeating: 1, count: rows)
            }
        }
    }

    private func encode(
        _ column: PlannedColumn, _ index: Int, _ chunk: Chunk, _ first: Int, _ out: UnsafeMutablePointer<Double>
    ) {
        let stride = Design.tileRows
        if column.schema.kind == .number {
            design.encoder.encode(index, chunk.float64(column.source) + first, count: rows, into: out, stride: stride)
        } else {
            design.encoder.encode(
                index, chunk.codes(column.source) + first, column.levelMap, count: rows, into: out, stride: stride)
            design.overrides.apply(column, index, chunk, first: first, count: rows, into: out, stride: stride)
        }
    }

    /// The factors are before the product: they are encoded already.
    private func multiply(_ left: Int, _ right: Int, _ out: UnsafeMutablePointer<Double>) {
        for (factor, isFirst) in [(left, true), (right, false)] {
            if factor < design.dense.count {
                let from = values + factor * Design.tileRows
                for row in 0..<rows { out[row] = isFirst ? from[row] : out[row] * from[row] }
            } else {
                let column = design.hot.lastIndex { Int($0.first) <= factor }!
                let ones = ones + column * Design.tileRows
                for row in 0..<rows {
                    let value = Int(ones[row]) == factor ? 1.0 : 0
                    out[row] = isFirst ? value : out[row] * value
                }
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

    /// `gram += Σ_row weights[row] · x[row] · x[row]ᵀ`, lower triangle in packed order. weights: (rows), none negative;
    /// nil: all 1. gram: (width, width).
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
