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

extension Matrix {
    public func scaled(_ factor: Double) -> Matrix {
        Matrix(rows: rows, columns: columns, values: values.map { $0 * factor })
    }

    public var transposed: Matrix {
        var result = Matrix(rows: columns, columns: rows)
        for column in 0..<columns { for row in 0..<rows { result[column, row] = self[row, column] } }
        return result
    }

    /// The lower triangle and its mirror image.
    public var symmetric: Matrix {
        var result = self
        result.symmetrize()
        return result
    }

    /// Inverse of an upper triangular matrix; nil when its diagonal holds a zero.
    public var upperInverse: Matrix? {
        precondition(rows == columns, "only a square matrix has an inverse")
        guard (0..<rows).allSatisfy({ self[$0, $0] != 0 }) else { return nil }
        var result = Matrix(rows: rows, columns: columns)
        for column in 0..<columns {
            result[column, column] = 1 / self[column, column]
            for row in stride(from: column - 1, through: 0, by: -1) {
                var sum = 0.0
                for k in row + 1...column { sum += self[row, k] * result[k, column] }
                result[row, column] = -sum / self[row, row]
            }
        }
        return result
    }
}
