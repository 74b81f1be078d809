/// Values of a column within bounds, and how many lie outside them.
private struct Gathered {
    var values: [Double] = []
    var below = 0
    var above = 0

    /// The median of all values, those outside the bounds included; nil when it is not among those inside.
    mutating func median() -> Double? {
        let count = below + values.count + above
        let upper = count / 2 - below
        let lower = (count - 1) / 2 - below
        guard lower >= 0, upper < values.count else { return nil }
        return values.withUnsafeMutableBufferPointer { buffer in
            select(upper, in: buffer)
            guard lower < upper else { return buffer[upper] }
            let under = buffer[..<upper].max()!
            return under + (buffer[upper] - under) / 2
        }
    }
}

extension Part {
    static let bracketRows = (worthwhile: 65_536, sample: 4_096)

    /// The median of a number column's values, the mean of the middle two when their count is even; nil without any.
    ///
    /// Of many rows a sample brackets the median, so that one pass leaves few values to select from (Floyd and Rivest
    /// 1975).
    func median(_ column: Int) -> Double? {
        if rows >= Self.bracketRows.worthwhile, let (low, high) = bracket(column) {
            var inside = gather(column, low, high)
            if let found = inside.median() { return found }
        }
        var all = gather(column, -.infinity, .infinity)
        return all.median()
    }

    /// Two values of a sample, four standard deviations of the rank to each side of its median.
    private func bracket(_ column: Int) -> (low: Double, high: Double)? {
        var sample: [Double] = []
        for chunk in chunks {
            for row in stride(from: 0, to: chunk.rows, by: rows / Self.bracketRows.sample) {
                let value = chunk.number(column, row)
                if !value.isNaN { sample.append(value) }
            }
        }
        guard sample.count >= 256 else { return nil }
        sample.sort()
        let margin = Int(2 * Double(sample.count).squareRoot())
        return (sample[sample.count / 2 - margin], sample[sample.count / 2 + margin])
    }

    private func gather(_ column: Int, _ low: Double, _ high: Double) -> Gathered {
        var result = Gathered()
        for chunk in chunks {
            switch layout.storages[column] {
            case .float32: Self.gather(chunk.float32(column), chunk.rows, low, high, &result)
            default: Self.gather(chunk.float64(column), chunk.rows, low, high, &result)
            }
        }
        return result
    }

    @inline(__always)
    private static func gather<Value: BinaryFloatingPoint>(
        _ source: UnsafeMutablePointer<Value>, _ rows: Int, _ low: Double, _ high: Double, _ result: inout Gathered
    ) {
        // Without branches, which random values would mispredict every other time.
        withUnsafeTemporaryAllocation(of: Double.self, capacity: rows) { inside in
            var below = 0
            var above = 0
            var count = 0
            for row in 0..<rows {
                let value = Double(source[row])
                let isBelow = value < low ? 1 : 0
                let isAbove = value > high ? 1 : 0
                below &+= isBelow
                above &+= isAbove
                inside[count] = value  // overwritten by the next one unless it counts
                count &+= (value.isNaN ? 0 : 1) & ~(isBelow | isAbove)  // && would branch
            }
            result.below += below
            result.above += above
            result.values += inside[..<count]
        }
    }
}

/// The median of `values`, which it reorders.
/// - Complexity: O(n) on average.
func median(_ values: inout [Double]) -> Double? {
    var all = Gathered(values: values)
    values = []
    return all.median()
}

/// Puts the value of rank `k` in its place, none above it before it and none below it behind: Hoare's selection with
/// the median of three as pivot.
private func select(_ k: Int, in values: UnsafeMutableBufferPointer<Double>) {
    var low = 0
    var high = values.count - 1
    while low < high {
        let a = values[low]
        let b = values[(low + high) / 2]
        let c = values[high]
        let pivot = max(min(a, b), min(max(a, b), c))
        var i = low
        var j = high
        while i <= j {
            while values[i] < pivot { i += 1 }
            while values[j] > pivot { j -= 1 }
            if i <= j {
                values.swapAt(i, j)
                i += 1
                j -= 1
            }
        }
        if k <= j { high = j } else if k >= i { low = i } else { return }
    }
}
