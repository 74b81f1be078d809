import CForgeNeural
import ForgeModel

/// Encoded rows in Float32, row after row, so that a batch of any rows is gathered fast: numbers less their origin,
/// of each one-hot column the feature that is 1. A row costs 4 bytes per number and per category column, not per level.
///
/// Features are in the design's packed order, numbers first. Those of columns that do not vary are 0 in every row.
final class FeatureTable {
    let rows: Int
    let width: Int
    /// Encoder's index of each feature.
    let encodedIndex: [Int]
    /// (width) false: 0 in every row.
    let isActive: [Bool]
    let numeric: Int
    let hot: Int
    let numbers: UnsafeMutablePointer<Float>  // (rows, numeric)
    /// (rows, hot) packed feature that is 1; -1: none.
    let ones: UnsafeMutablePointer<Int32>
    /// (width) what was taken from a number before it was rounded; 0 of one-hot features.
    let origin: [Double]

    convenience init(_ part: Part, _ input: borrowing FitInput) throws {
        try self.init(part, input.plan, threads: input.threads, observer: input.observer)
    }

    /// `centred`: numbers less their means, which keeps what rounding would lose of numbers far from 0.
    init(
        _ part: Part, _ plan: EncodingPlan, centred: Bool = false, threads: Int, observer: any TrainingObserver
    ) throws {
        let design = Design(part, plan)
        var origin = [Double](repeating: 0, count: design.width)
        if centred {
            let means = try design.moments(weights: nil, threads: threads, observer: observer).means
            origin.replaceSubrange(0..<design.dense.count, with: means[0..<design.dense.count])
        }
        self.origin = origin
        rows = design.rows
        width = design.width
        encodedIndex = design.encodedIndex
        let still = Set(plan.columns.filter { !$0.varies }.flatMap { column in
            column.offset..<column.offset + column.schema.encoding.width
        })
        isActive = design.encodedIndex.map { !still.contains($0) }
        numeric = design.dense.count
        hot = design.hot.count
        numbers = .allocate(capacity: max(1, rows * numeric))
        ones = .allocate(capacity: max(1, rows * hot))
        let outcomes = try design.forEachTile(threads: threads, observer: observer) {
            [Bool](repeating: true, count: numeric)
        } _: { tile, finite in
            load(tile, &finite)
        }
        for feature in 0..<numeric where !outcomes.allSatisfy({ $0[feature] }) {
            throw Self.beyondFloat32(design.encodedIndex[feature], plan)
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
            let origin = origin[feature]
            if origin != 0 { for row in 0..<tile.rows { from[row] -= origin } }
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

    static func beyondFloat32(_ feature: Int, _ plan: EncodingPlan) -> ForgeError {
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
