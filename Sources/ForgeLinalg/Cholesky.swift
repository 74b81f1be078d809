import COpenBLAS

/// `a = L · Lᵀ` of a symmetric positive definite matrix (LAPACK dpotrf).
public struct Cholesky: Sendable {
    public let order: Int
    let factor: [Double]  // (order, order) column-major, lower triangle
    let norm: Double  // 1-norm of a

    /// Reads the lower triangle of `matrix`; nil when it is not positive definite in floating point.
    public init?(_ matrix: Matrix) {
        precondition(matrix.rows == matrix.columns, "only a square matrix has a Cholesky factor")
        order = matrix.rows
        norm = Self.oneNorm(ofSymmetric: matrix)
        guard norm.isFinite else { return nil }
        var values = matrix.values
        var n = Int32(order)
        var info: Int32 = 0
        if order > 0 { dpotrf_("L", &n, &values, &n, &info, 1) }
        guard info == 0 else { return nil }
        factor = values
    }

    /// L: lower triangular.
    public var lower: Matrix {
        var result = Matrix(rows: order, columns: order)
        for column in 0..<order {
            for row in column..<order { result[row, column] = factor[column * order + row] }
        }
        return result
    }

    /// `x` with `a · x = b`.
    public func solve(_ b: [Double]) -> [Double] {
        precondition(b.count == order, "expected a right side of \(order), got \(b.count)")
        guard order > 0 else { return [] }
        var x = b
        var n = Int32(order)
        var one: Int32 = 1
        var info: Int32 = 0
        dpotrs_("L", &n, &one, factor, &n, &x, &n, &info, 1)
        precondition(info == 0, "dpotrs: argument \(-info) is wrong")
        return x
    }

    /// Estimate of 1 / condition number in the 1-norm (dpocon): near 1 is good, near 1e-16 is singular.
    public func reciprocalCondition() -> Double {
        guard order > 0 else { return 1 }
        var n = Int32(order)
        var result = 0.0
        var norm = norm
        var info: Int32 = 0
        var work = [Double](repeating: 0, count: 3 * order)
        var integers = [Int32](repeating: 0, count: order)
        dpocon_("L", &n, factor, &n, &norm, &result, &work, &integers, &info, 1)
        precondition(info == 0, "dpocon: argument \(-info) is wrong")
        return result
    }

    private static func oneNorm(ofSymmetric a: Matrix) -> Double {
        var sums = [Double](repeating: 0, count: a.rows)
        for column in 0..<a.columns {
            for row in column..<a.rows {
                let value = abs(a[row, column])
                sums[column] += value
                if row != column { sums[row] += value }
            }
        }
        return sums.reduce(0) { $1.isFinite ? max($0, $1) : .infinity }
    }
}

/// Columns of a positive semidefinite matrix (lower triangle) that span it, largest remaining diagonal first, until
/// none is left above `tolerance` (LAPACK dpstrf).
public func pivots(ofSemidefinite matrix: Matrix, tolerance: Double) -> [Int] {
    precondition(matrix.rows == matrix.columns, "only a square matrix can be semidefinite")
    guard matrix.rows > 0 else { return [] }
    var values = matrix.values
    var n = Int32(matrix.rows)
    var order = [Int32](repeating: 0, count: matrix.rows)
    var rank: Int32 = 0
    var tolerance = tolerance
    var work = [Double](repeating: 0, count: 2 * matrix.rows)
    var info: Int32 = 0
    dpstrf_("L", &n, &values, &n, &order, &rank, &tolerance, &work, &info, 1)
    precondition(info >= 0, "dpstrf: argument \(-info) is wrong")
    return order[..<Int(rank)].map { Int($0) - 1 }
}
