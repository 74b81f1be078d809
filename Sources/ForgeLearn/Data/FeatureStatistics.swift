import ForgeModel

/// What a column looks like in the training rows, as `forge.feature_statistics` keeps it: what LIME draws from, and what
/// later rows can be compared with.
struct FeatureStatistics: Sendable, Equatable {
    /// Of more rows, one of each of so many equal slices is looked at.
    static let rowLimit = 10_000
    /// Intervals of a number, of equally many rows unless values tie.
    static let steps = 20
    /// Rarer and longer levels are not kept.
    static let levelLimits = (count: 100, bytes: 200)

    var rows: Int
    var missing = 0
    /// (steps + 1) of a number, smallest and largest included; empty without a value.
    var quantiles: [Double] = []
    /// (steps) rows above one quantile up to the next, the first with its lower end; or of each level.
    var counts: [Int] = []
    var means: [Double] = []  // (steps) 0 without rows
    var deviations: [Double] = []  // (steps) population standard deviation
    /// Of a category: the most frequent first, of equally frequent ones in byte order.
    var levels: [Bytes]?

    init(_ values: ColumnValues) {
        rows = values.count
        switch values {
        case .numbers(let numbers): describe(numbers)
        case .codes(let codes, let levels): describe(codes, levels)
        case .vectors(let elements, let dimensions):
            missing = stride(from: 0, to: elements.count, by: max(dimensions, 1)).count { elements[$0].isNaN }
        }
    }

    private mutating func describe(_ numbers: [Double]) {
        let sorted = SortedValues(numbers.filter { !$0.isNaN })
        missing = rows - sorted.values.count
        guard !sorted.values.isEmpty else { return }
        quantiles = (0...Self.steps).map { sorted.linearQuantile(Double($0) / Double(Self.steps)) }
        var first = 0
        for step in 1...Self.steps {
            var end = first
            while end < sorted.values.count, sorted.values[end] <= quantiles[step] || step == Self.steps { end += 1 }
            describe(sorted.values[first..<end])
            first = end
        }
        guard (quantiles + means + deviations).allSatisfy(\.isFinite) else {
            (quantiles, counts, means, deviations) = ([], [], [], [])  // the values are too far apart to subtract
            return
        }
    }

    private mutating func describe(_ interval: ArraySlice<Double>) {
        let count = Double(interval.count)
        let mean = interval.isEmpty ? 0 : interval.reduce(0) { $0 + $1 / count }
        let squares = interval.reduce(0) { $0 + ($1 - mean) * ($1 - mean) / count }
        counts.append(interval.count)
        means.append(mean)
        deviations.append(squares.squareRoot())
    }

    private mutating func describe(_ codes: [UInt32], _ texts: [Bytes]) {
        var found: [UInt32: Int] = [:]
        for code in codes where code != missingCode { found[code, default: 0] += 1 }
        missing = rows - found.values.reduce(0, +)
        let kept = found.filter { texts[Int($0.key)].count <= Self.levelLimits.bytes }
            .map { (level: texts[Int($0.key)], count: $0.value) }
            .sorted { $0.count != $1.count ? $0.count > $1.count : $0.level.lexicographicallyPrecedes($1.level) }
            .prefix(Self.levelLimits.count)
        levels = kept.map(\.level)
        counts = kept.map(\.count)
    }

    func json(_ feature: Bytes) -> JSONValue {
        func numbers(_ values: [Double]) -> JSONValue { quantiles.isEmpty ? nil : .array(values.map(JSONValue.number)) }
        return [
            "feature": .text(String(decoding: feature, as: UTF8.self)), "rows": .integer(Int64(rows)),
            "missing": .integer(Int64(missing)), "quantiles": numbers(quantiles),
            "counts": .array(counts.map { .integer(Int64($0)) }), "means": numbers(means), "deviations": numbers(deviations),
            "levels": levels.map { .array($0.map { .text(String(decoding: $0, as: UTF8.self)) }) } ?? nil,
        ]
    }
}

extension DataSet {
    /// Of every feature, by a sample of the training rows.
    func featureStatistics(threads: Int) -> [FeatureStatistics] {
        let rows = training.spreadRows(FeatureStatistics.rowLimit)
        let levels = features.map(\.levels)
        var results = [FeatureStatistics?](repeating: nil, count: features.count)
        results.withUnsafeMutableBufferPointer { buffer in
            inParallel(buffer.count, threads: threads) { column in
                // Of a vector it is told how often it is missing, once; no distribution of vectors is kept.
                let isElement = features[column].element != nil
                buffer[column] = FeatureStatistics(
                    training.values(isElement ? .vector([column]) : .feature(column), rows: rows, levels: levels))
            }
        }
        return results.map { $0! }
    }
}

extension Part {
    /// At most `limit` rows, rising: one of each equal slice, at a place that a hash picks, so that no period of the rows
    /// is met.
    func spreadRows(_ limit: Int) -> [Int] {
        guard rows > limit else { return Array(0..<rows) }
        return (0..<limit).map { slice in
            let (first, end) = (slice * rows / limit, (slice + 1) * rows / limit)
            return first + Int(splitmix64(UInt64(slice)).multipliedFullWidth(by: UInt64(end - first)).high)
        }
    }

    /// A column's values in `rows`, which rise.
    func values(_ column: Int, rows: [Int], levels: [Bytes]) -> ColumnValues {
        layout.storages[column] == .codes
            ? .codes(gather(rows) { $0.codes(column)[$1] }, levels: levels)
            : .numbers(gather(rows) { $0.number(column, $1) })
    }

    private func gather<Value>(_ rows: [Int], _ value: (Chunk, Int) -> Value) -> [Value] {
        var (first, index) = (0, 0)
        return rows.map { row in
            while row - first >= chunks[index].rows {
                first += chunks[index].rows
                index += 1
            }
            return value(chunks[index], row - first)
        }
    }
}
