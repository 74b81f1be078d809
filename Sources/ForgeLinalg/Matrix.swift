/// A dense matrix of doubles, column-major, as BLAS and LAPACK lay it out.
public struct Matrix: Sendable, Equatable {
    public let rows: Int
    public let columns: Int
    public var values: [Double]  // (rows, columns) column-major

    public init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        values = [Double](repeating: 0, count: rows * columns)
    }

    public init(rows: Int, columns: Int, values: [Double]) {
        precondition(values.count == rows * columns, "expected \(rows) × \(columns) values, got \(values.count)")
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    public subscript(row: Int, column: Int) -> Double {
        get { values[column * rows + row] }
        set { values[column * rows + row] = newValue }
    }

    /// Copies the lower triangle over the upper one.
    public mutating func symmetrize() {
        precondition(rows == columns, "only a square matrix can be symmetric")
        for column in 0..<columns {
            for row in (column + 1)..<max(rows, column + 1) { self[column, row] = self[row, column] }
        }
    }
}

/// Rows of a design matrix on their way through BLAS: a borrowed column-major block.
public struct Tile {
    public let base: UnsafeMutablePointer<Double>
    public let rows: Int
    public let columns: Int
    /// Distance between the starts of two columns, at least `rows`.
    public let stride: Int

    public init(base: UnsafeMutablePointer<Double>, rows: Int, columns: Int, stride: Int) {
        precondition(
            stride >= rows && rows >= 0 && columns >= 0, "stride \(stride) is shorter than a column of \(rows)")
        self.base = base
        self.rows = rows
        self.columns = columns
        self.stride = stride
    }
}
