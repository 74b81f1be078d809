import CForgeNeural
import ForgeModel

/// Encoded rows in Float32, row after row, so that a batch of any rows is gathered fast: numbers as they are,
/// of each one-hot column the feature that is 1. A row costs 4 bytes per number and per category column, not per level.
///
/// Features are in the design's packed order. Those of columns that do not vary are 0 in every row.
final class NetworkTable {
    let rows: Int
    let width: Int
    /// Encoder's index of each feature.
    let encodedIndex: [Int]
    /// (width) false: 0 in every row.
    let isActive: [Bool]
    private let numeric: Int
    private let hot: Int
    private let numbers: UnsafeMutablePointer<Float>  // (rows, numeric)
    private let ones: UnsafeMutablePointer<Int32>  // (rows, hot)

    init(_ part: Part, _ input: borrowing FitInput) throws {
        let design = Design(part, input.plan)
        rows = design.rows
        width = design.width
        encodedIndex = design.encodedIndex
        let still = Set(input.plan.columns.filter { !$0.varies }.flatMap { column in
            column.offset..<column.offset + column.schema.encoding.width
        })
        isActive = design.encodedIndex.map { !still.contains($0) }
        numeric = design.dense.count
        hot = design.hot.count
        numbers = .allocate(capacity: max(1, rows * numeric))
        ones = .allocate(capacity: max(1, rows * hot))
        let outcomes = try design.forEachTile(threads: input.threads, observer: input.observer) {
            [Bool](repeating: true, count: numeric)
        } _: { tile, finite in
            load(tile, &finite)
        }
        for feature in 0..<numeric where !outcomes.allSatisfy({ $0[feature] }) {
            throw Self.beyondFloat32(design.encodedIndex[feature], input.plan)
        }
    }

    deinit {
        numbers.deallocate()
        ones.deallocate()
    }

    private func load(_ tile: EncodedTile, _ finite: inout [Bool]) {
        for feature in 0..<numeric {
            let from = tile.values + feature * Design.tileRows
            let to = numbers + tile.firstRow * numeric + feature
            let largest = forge_neural_transpose(from, Int64(tile.rows), isActive[feature] ? 1 : 0, Int64(numeric), to)
            if !largest.isFinite { finite[feature] = false }
        }
        for column in 0..<hot {
            let from = tile.ones + column * Design.tileRows
            let to = ones + tile.firstRow * hot + column
            for row in 0..<tile.rows {
                to[row * hot] = from[row] >= 0 && isActive[Int(from[row])] ? from[row] : -1
            }
        }
    }

    private static func beyondFloat32(_ feature: Int, _ plan: EncodingPlan) -> ForgeError {
        let column = plan.columns.last { $0.offset <= feature }
        let name = String(decoding: column?.schema.name ?? [], as: UTF8.self)
        return ForgeError(
            .valueOutOfRange, "column \"\(name)\" holds values that float32 cannot hold once encoded",
            hint: "use preprocess scale standard, divide the column by a constant, or clip its values")
    }

    /// The rows `order[0..<count]` as a dense matrix (count, width).
    func gather(_ order: UnsafePointer<Int32>, count: Int, into matrix: UnsafeMutablePointer<Float>) {
        var table = ForgeNeuralTable(
            numbers: numbers, ones: ones, numeric: Int32(numeric), hot: Int32(hot), width: Int32(width))
        forge_neural_gather(&table, order, Int64(count), matrix)
    }
}
