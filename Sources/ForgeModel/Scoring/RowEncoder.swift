import CForgeMath

/// The encoding of rows written plainly: what `ColumnEncoding` says, feature by feature. The scoring kernels fold it into their
/// coefficients and the fits encode tile by tile; tests hold both to this.
public struct RowEncoder: Sendable {
    public let columns: [ColumnSchema]
    public let width: Int

    public init(_ columns: [ColumnSchema]) {
        self.columns = columns
        width = columns.reduce(0) { $0 + $1.encoding.width }
    }

    /// The encoded features of `rows` (all when nil) as (rows, width), row-major. A missing value that its column does not
    /// fill is NaN.
    public func rowMajor(_ values: [ColumnValues], rows: [Int]? = nil) -> [Double] {
        let count = rows?.count ?? values.first?.count ?? 0
        var out = [Double](repeating: 0, count: count * width)
        encode(values, rows, count) { row, feature, value in out[row * width + feature] = value }
        return out
    }

    /// The same as (width, rows): every feature contiguous.
    public func columnMajor(_ values: [ColumnValues], rows: [Int]? = nil) -> [Double] {
        let count = rows?.count ?? values.first?.count ?? 0
        var out = [Double](repeating: 0, count: count * width)
        encode(values, rows, count) { row, feature, value in out[feature * count + row] = value }
        return out
    }

    /// The same for trees, rounded to Float32 (NaN = missing): every feature contiguous. Refuses a value that rounds to infinity.
    public func floatColumns(_ values: [ColumnValues], rows: [Int]? = nil) throws -> [[Float]] {
        let count = rows?.count ?? values.first?.count ?? 0
        var out = [[Float]](repeating: [], count: width)
        for c in columns.indices {
            let first = firstFeature(c)
            var features = [[Float]](repeating: [Float](repeating: 0, count: count), count: columns[c].encoding.width)
            encode(c, values[c], rows, count) { row, feature, value in features[feature][row] = Float(value) }
            for feature in features.indices {
                if let row = features[feature].firstIndex(where: \.isInfinite) {
                    throw RowEncoder.outOfRange(columns[c], values[c], rows?[row] ?? row)
                }
                out[first + feature] = features[feature]
            }
        }
        return out
    }

    /// Where a column's features start.
    public func firstFeature(_ column: Int) -> Int { columns[..<column].reduce(0) { $0 + $1.encoding.width } }

    private func encode(_ values: [ColumnValues], _ rows: [Int]?, _ count: Int, _ store: (Int, Int, Double) -> Void) {
        var first = 0
        for c in columns.indices {
            encode(c, values[c], rows, count) { store($0, first + $1, $2) }
            first += columns[c].encoding.width
        }
    }

    /// Hands `store` the features (row, feature within the column, value) that are not 0.
    private func encode(
        _ column: Int, _ values: ColumnValues, _ rows: [Int]?, _ count: Int, _ store: (Int, Int, Double) -> Void
    ) {
        switch (columns[column].encoding, values) {
        case (.number(let fill, let indicator, let shift, let scale), .numbers(let numbers)):
            for i in 0..<count {
                let value = numbers[rows?[i] ?? i]
                store(i, 0, forge_encode_number(value, fill == nil ? 0 : 1, fill ?? 0, shift, scale))
                if indicator, value.isNaN { store(i, 1, 1) }
            }
        case (.oneHot(let levels, let nullLevel, let otherLevel), .codes(let codes, let texts)):
            let nullFeature = nullLevel ? levels.count : nil
            let otherFeature = otherLevel ? levels.count + (nullLevel ? 1 : 0) : nil
            let features = RowEncoder.match(texts, levels)
            for i in 0..<count {
                let code = codes[rows?[i] ?? i]
                let feature = code == ColumnValues.missingCode ? nullFeature : features[Int(code)] ?? otherFeature
                if let feature { store(i, feature, 1) }
            }
        case (.native(let levels), .codes(let codes, let texts)):
            let features = RowEncoder.match(texts, levels)
            for i in 0..<count {
                let code = codes[rows?[i] ?? i]
                let level = code == ColumnValues.missingCode ? nil : features[Int(code)]
                store(i, 0, level.map(Double.init) ?? .nan)
            }
        default: preconditionFailure("column \(column) has values of another kind than its encoding")
        }
    }

    /// Per text its index in `levels`.
    private static func match(_ texts: [Bytes], _ levels: [Bytes]) -> [Int?] {
        let places = Dictionary(zip(levels, levels.indices), uniquingKeysWith: { first, _ in first })
        return texts.map { places[$0] }
    }

    private static func outOfRange(_ column: ColumnSchema, _ values: ColumnValues, _ row: Int) -> ForgeError {
        var text = "a value"
        if case .numbers(let numbers) = values { text = "the value \(numbers[row])" }
        return ForgeError(
            .valueOutOfRange,
            "column \"\(String(decoding: column.name, as: UTF8.self))\" has \(text), which is beyond the range of real",
            hint: "replace it by NULL, or by a finite value that a real can hold")
    }
}

extension ColumnValues {
    public var count: Int {
        switch self {
        case .numbers(let numbers): numbers.count
        case .codes(let codes, _): codes.count
        }
    }
}
