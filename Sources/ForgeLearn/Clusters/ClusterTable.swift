import CForgeNeural
import ForgeLinalg
import ForgeModel

/// The training rows as k-means walks over them, again and again: in runs whose sums are added in their order, so that
/// equal seeds give equal centres whatever the number of threads.
final class ClusterTable {
    let table: FeatureTable
    let weights: [Double]?
    let threads: Int
    let observer: any TrainingObserver
    /// (rows) Σ x².
    private var norms: [Float]

    var rows: Int { table.rows }
    var width: Int { table.width }

    /// Rows whose distances are computed at a time, so that they stay in the second-level cache.
    static let blockRows = 1_024
    private static let runs = 16
    /// Numbers that the runs' sums may take.
    private static let sumLimit = 1 << 24

    init(_ table: FeatureTable, weights: [Double]?, threads: Int, observer: any TrainingObserver) {
        self.table = table
        self.weights = weights
        self.threads = threads
        self.observer = observer
        norms = [Float](repeating: 0, count: table.rows)
        norms.withUnsafeMutableBufferPointer { norms in
            guard let start = norms.baseAddress else { return }
            inParallel((table.rows + Self.blockRows - 1) / Self.blockRows, threads: threads) { block in
                let first = block * Self.blockRows
                let count = min(Self.blockRows, table.rows - first)
                forge_cluster_norms(
                    table.numbers + first * table.numeric, Int64(count), Int64(table.numeric), start + first)
                guard table.hot > 0 else { return }
                for row in first..<first + count {
                    for column in 0..<table.hot where table.ones[row * table.hot + column] >= 0 { start[row] += 1 }
                }
            }
        }
    }

    /// Weight of a row, and of all.
    func weight(_ row: Int) -> Double { weights?[row] ?? 1 }
    var totalWeight: Double { weights?.reduce(0, +) ?? Double(rows) }

    /// Variance of a feature, on average over the features. Numbers are centred; of a one-hot feature it is p (1 - p).
    var meanVariance: Double {
        var ones = [Double](repeating: 0, count: width)
        for place in 0..<rows * table.hot where table.ones[place] >= 0 { ones[Int(table.ones[place])] += 1 }
        let total = Double(rows)
        let squares = norms.reduce(0.0) { $0 + Double($1) } / total
        return (squares - ones.reduce(0) { $0 + ($1 / total) * ($1 / total) }) / Double(max(1, width))
    }

    /// Row `row` as a centre: (width).
    func row(_ row: Int) -> [Double] {
        var place = Int32(row)
        return [Float](unsafeUninitializedCapacity: width) { buffer, count in
            table.gather(&place, count: 1, into: buffer.baseAddress!)
            count = width
        }.map(Double.init)
    }

    /// Splits the blocks of rows into runs; `body(first block, block after the last)` of each gives what is added up in
    /// their order.
    func inRuns<Result>(sums: Int, _ body: (Range<Int>) -> Result) throws -> [Result] {
        let blocks = (rows + Self.blockRows - 1) / Self.blockRows
        let count = max(1, min(Self.runs, blocks, Self.sumLimit / max(1, sums)))
        var results = [Result?](repeating: nil, count: count)
        results.withUnsafeMutableBufferPointer { buffer in
            inParallel(count, threads: threads) { run in
                guard !observer.isCancelled else { return }
                buffer[run] = body(blocks * run / count..<blocks * (run + 1) / count)
            }
        }
        if observer.isCancelled { throw ForgeError(.cancelled, "training was cancelled") }
        return results.map { $0! }
    }

    private func range(_ block: Int) -> (first: Int, count: Int) {
        let first = block * Self.blockRows
        return (first, min(Self.blockRows, rows - first))
    }

    /// Adds the block's rows to the sums (clusters, width) of the clusters they are of. Those of a block are summed in
    /// float32, in `scratch` (clusters, numeric), those of blocks in double.
    func addRows(
        of block: Int, _ clusters: UnsafePointer<Int32>, _ scratch: inout [Float], to sums: inout [Double]
    ) {
        let (first, count) = range(block)
        let numeric = table.numeric
        for index in scratch.indices { scratch[index] = 0 }
        func add(_ weights: UnsafePointer<Double>?) {
            forge_cluster_add_rows(
                table.numbers + first * numeric, Int64(count), Int64(numeric), clusters, weights, &scratch)
        }
        if let weights { weights.withUnsafeBufferPointer { add($0.baseAddress! + first) } } else { add(nil) }
        for cluster in 0..<sums.count / width {
            for feature in 0..<numeric { sums[cluster * width + feature] += Double(scratch[cluster * numeric + feature]) }
        }
        for row in 0..<count where table.hot > 0 {
            for column in 0..<table.hot {
                let one = table.ones[(first + row) * table.hot + column]
                if one >= 0 { sums[Int(clusters[row]) * width + Int(one)] += weight(first + row) }
            }
        }
    }

    /// Squared distances (rows of the block, centres) into `distances`; returns the block's first row and their number.
    func distances(
        _ block: Int, to centers: CenterSet, into distances: UnsafeMutablePointer<Float>
    ) -> (first: Int, count: Int) {
        let (first, count) = range(block)
        if table.numeric == 0 { distances.update(repeating: 0, count: count * centers.count) }
        BLAS.multiply(
            rows: count, columns: centers.count, depth: table.numeric, table.numbers + first * table.numeric,
            centers.numbers, transposed: true, into: distances)
        if table.hot > 0 {
            forge_cluster_add_ones(
                table.ones + first * table.hot, Int64(count), Int64(table.hot), Int32(table.numeric), centers.tables,
                Int64(centers.count), distances)
        }
        norms.withUnsafeBufferPointer {
            forge_cluster_distances(
                $0.baseAddress! + first, centers.norms, Int64(count), Int64(centers.count), distances)
        }
        return (first, count)
    }
}

/// Centres as the products with rows take them.
struct CenterSet {
    let count: Int
    let values: [Double]  // (count, width) packed
    let numbers: [Float]  // (count, numeric)
    let tables: [Float]  // (one-hot features, count)
    let norms: [Float]  // (count)

    init(_ values: [Double], of table: FeatureTable) {
        let width = table.width
        let count = values.count / width
        self.count = count
        self.values = values
        numbers = (0..<count).flatMap { values[$0 * width..<$0 * width + table.numeric].map { Float($0) } }
        tables = (table.numeric..<width).flatMap { feature in (0..<count).map { Float(values[$0 * width + feature]) } }
        norms = (0..<count).map { center in
            Float(values[center * width..<(center + 1) * width].reduce(0) { $0 + $1 * $1 })
        }
    }

    subscript(index: Int) -> ArraySlice<Double> {
        let width = values.count / count
        return values[index * width..<(index + 1) * width]
    }
}
