import ForgeLinalg

/// How much nearer rows are to their own cluster than to the next one, from -1 to 1 (Rousseeuw 1987).
struct Silhouette {
    /// Rows that it is computed of, at most: every pair of them is looked at.
    static let rowLimit = 5_000

    private let rows: Int
    private let width: Int
    private let values: [Float]  // (rows, width)
    private let norms: [Float]
    private let threads: Int

    /// The rows `chosen` of a table.
    init(_ table: FeatureTable, _ chosen: [Int], threads: Int) {
        rows = chosen.count
        width = table.width
        self.threads = threads
        let order = chosen.map { Int32($0) }
        values = [Float](unsafeUninitializedCapacity: rows * width) { [rows, width] buffer, count in
            if rows > 0 { table.gather(order, count: rows, into: buffer.baseAddress!) }
            count = rows * width
        }
        norms = (0..<rows).map { [values, width] row in
            values[row * width..<(row + 1) * width].reduce(0) { $0 + $1 * $1 }
        }
    }

    private static let blockRows = 128

    /// Mean over the rows, one of which alone in its cluster counts 0, as scikit-learn's. labels: (rows), 0 or more; nil
    /// where all rows are of one cluster, or each of its own.
    func mean(_ labels: [Int32]) -> Double? {
        var numberOf: [Int32: Int] = [:]
        let clusters = labels.map { label -> Int in
            let number = numberOf[label] ?? numberOf.count
            numberOf[label] = number
            return number
        }
        guard numberOf.count > 1, numberOf.count < rows else { return nil }
        var sizes = [Double](repeating: 0, count: numberOf.count)
        for cluster in clusters { sizes[cluster] += 1 }
        let blocks = (rows + Self.blockRows - 1) / Self.blockRows
        var sums = [Double](repeating: 0, count: blocks)
        sums.withUnsafeMutableBufferPointer { sums in
            inParallel(blocks, threads: threads) { block in sums[block] = sum(block, clusters, sizes) }
        }
        return sums.reduce(0, +) / Double(rows)
    }

    private func sum(_ block: Int, _ clusters: [Int], _ sizes: [Double]) -> Double {
        let first = block * Self.blockRows
        let count = min(Self.blockRows, rows - first)
        var products = [Float](repeating: 0, count: count * rows)
        values.withUnsafeBufferPointer { values in
            BLAS.multiply(
                rows: count, columns: rows, depth: width, values.baseAddress! + first * width, values.baseAddress!,
                transposed: true, into: &products)
        }
        var total = 0.0
        var distances = [Double](repeating: 0, count: sizes.count)
        for row in 0..<count {
            for cluster in sizes.indices { distances[cluster] = 0 }
            for other in 0..<rows where other != first + row {
                let square = norms[first + row] + norms[other] - 2 * products[row * rows + other]
                distances[clusters[other]] += Double(max(0, square).squareRoot())
            }
            let own = clusters[first + row]
            guard sizes[own] > 1 else { continue }
            let within = distances[own] / (sizes[own] - 1)
            var next = Double.infinity
            for cluster in sizes.indices where cluster != own { next = min(next, distances[cluster] / sizes[cluster]) }
            let larger = max(within, next)
            if larger > 0 { total += (next - within) / larger }
        }
        return total
    }
}
