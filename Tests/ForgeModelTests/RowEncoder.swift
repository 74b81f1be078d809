import ForgeModel

/// The encoding of rows written plainly: what `ColumnEncoding` says, feature by feature. The oracle of the kernels, which
/// fold it into their coefficients or round it.
struct RowEncoder {
    let columns: [ColumnSchema]
    let width: Int

    init(_ columns: [ColumnSchema]) {
        self.columns = columns
        width = columns.reduce(0) { $0 + $1.encoding.width }
    }

    /// Where a column's features start.
    func firstFeature(_ column: Int) -> Int { columns[..<column].reduce(0) { $0 + $1.encoding.width } }

    /// The encoded features as (rows, width), row-major. A missing value that its column does not fill is NaN.
    func rowMajor(_ values: [ColumnValues]) -> [Double] {
        (0..<(values.first?.count ?? 0)).flatMap { row in
            zip(columns, values).flatMap { RowEncoder.features($0.encoding, $1, row) }
        }
    }

    private static func features(_ encoding: ColumnEncoding, _ values: ColumnValues, _ row: Int) -> [Double] {
        var features = [Double](repeating: 0, count: encoding.width)
        switch (encoding, values) {
        case (.number(let fill, let indicator, let shift, let scale), .numbers(let numbers)):
            let value = numbers[row]
            features[0] = ((value.isNaN ? fill ?? .nan : value) - shift) / scale
            if indicator { features[1] = value.isNaN ? 1 : 0 }
        case (.oneHot(let levels, let nullLevel, let otherLevel), .codes(let codes, let texts)):
            if codes[row] == ColumnValues.missingCode {
                if nullLevel { features[levels.count] = 1 }
            } else if let level = levels.firstIndex(of: texts[Int(codes[row])]) {
                features[level] = 1
            } else if otherLevel {
                features[features.count - 1] = 1
            }
        case (.native(let levels), .codes(let codes, let texts)):
            let level = codes[row] == ColumnValues.missingCode ? nil : levels.firstIndex(of: texts[Int(codes[row])])
            features[0] = level.map(Double.init) ?? .nan
        default: preconditionFailure("the values are of another kind than their column")
        }
        return features
    }
}
