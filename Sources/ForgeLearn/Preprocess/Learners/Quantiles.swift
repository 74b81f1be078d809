import ForgeModel

extension Part {
    /// The values of a number column that are there, in the order of the rows, and the weight of each (1 without
    /// weights).
    func presentValues(_ column: Int) -> (values: [Double], weights: [Double]?) {
        var values: [Double] = []
        var kept: [Double] = []
        values.reserveCapacity(rows)
        var first = 0
        for chunk in chunks {
            for row in 0..<chunk.rows {
                let value = chunk.number(column, row)
                guard !value.isNaN else { continue }
                values.append(value)
                if !weights.isEmpty { kept.append(weights[first + row]) }
            }
            first += chunk.rows
        }
        return (values, weights.isEmpty ? nil : kept)
    }

    /// The codes of a category column, by row.
    func codes(_ column: Int) -> [UInt32] {
        chunks.flatMap { UnsafeBufferPointer(start: $0.codes(column), count: $0.rows) }
    }
}

/// Of a column's values, sorted.
struct SortedValues {
    let values: [Double]

    init(_ values: [Double]) { self.values = values.sorted() }

    /// Between the two neighbouring values: NumPy's and scikit-learn's default.
    func linearQuantile(_ share: Double) -> Double {
        let place = share * Double(values.count - 1)
        let below = Int(place)
        guard below + 1 < values.count else { return values[values.count - 1] }
        return values[below] + (values[below + 1] - values[below]) * (place - Double(below))
    }

    /// A value of the column, or the mean of two where the share falls between them: NumPy's `averaged_inverted_cdf`,
    /// the default of scikit-learn's `KBinsDiscretizer`.
    func steppedQuantile(_ share: Double) -> Double {
        let place = share * Double(values.count)
        let whole = place.rounded(.down)
        let upper = min(values.count - 1, Int(whole))
        let lower = place == whole ? max(0, Int(whole) - 1) : upper
        return values[lower] == values[upper] ? values[lower] : (values[lower] + values[upper]) / 2
    }

    /// The value that comes most often, the smallest of equals.
    var mostFrequent: Double? {
        var best: (value: Double, count: Int)?
        var start = 0
        while start < values.count {
            var end = start + 1
            while end < values.count, values[end] == values[start] { end += 1 }
            if end - start > best?.count ?? 0 { best = (values[start], end - start) }
            start = end
        }
        return best?.value
    }
}

/// Inner edges of intervals, as scikit-learn's `KBinsDiscretizer` finds them.
enum BinEdges {
    private static let smallestWidth = 1e-8

    /// Strictly rising; empty for a constant column.
    static func learn(_ bins: ColumnPreprocess.Bins, _ values: [Double]) -> [Double] {
        guard let low = values.min(), let high = values.max(), low < high else { return [] }
        if !bins.isQuantile {
            let step = (high - low) / Double(bins.count)
            return rising((1..<bins.count).map { Double($0) * step + low })
        }
        let sorted = SortedValues(values)
        var edges: [Double] = []
        for index in 0...bins.count {
            let edge = sorted.steppedQuantile(Double(index) / Double(bins.count))
            if edges.isEmpty || edge - edges.last! > smallestWidth { edges.append(edge) }
        }
        // Two edges left and one of them the only other value: all rows would fall into one interval.
        return Array(edges.dropFirst().dropLast())
    }

    private static func rising(_ edges: [Double]) -> [Double] {
        edges.enumerated().filter { $0 == 0 || $1 > edges[$0 - 1] }.map(\.element)
    }
}
