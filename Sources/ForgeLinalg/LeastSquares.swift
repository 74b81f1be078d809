import COpenBLAS

/// Eigenvalues (ascending) and vectors (columns) of a symmetric matrix (dsyevd); nil when it does not converge.
public func symmetricEigen(_ matrix: Matrix) -> (values: [Double], vectors: Matrix)? {
    precondition(matrix.rows == matrix.columns, "only a square matrix can be symmetric")
    guard matrix.rows > 0 else { return ([], matrix) }
    guard matrix.values.allSatisfy(\.isFinite) else { return nil }
    var n = Int32(matrix.rows)
    var vectors = matrix
    var values = [Double](repeating: 0, count: matrix.rows)
    var info: Int32 = 0
    var lwork: Int32 = -1
    var liwork: Int32 = -1
    var size = 0.0
    var integerSize: Int32 = 0
    dsyevd_("V", "L", &n, &vectors.values, &n, &values, &size, &lwork, &integerSize, &liwork, &info, 1, 1)
    lwork = Int32(size)
    liwork = integerSize
    var work = [Double](repeating: 0, count: Int(lwork))
    var integers = [Int32](repeating: 0, count: Int(liwork))
    dsyevd_("V", "L", &n, &vectors.values, &n, &values, &work, &lwork, &integers, &liwork, &info, 1, 1)
    return info == 0 ? (values, vectors) : nil
}

/// Minimum-norm `x` of `min ‖a·x − b‖₂` by the singular value decomposition (dgelsd), and the rank.
/// Singular values below `tolerance` times the largest count as zero.
public func minimumNormLeastSquares(_ a: Matrix, _ b: [Double], tolerance: Double) -> (solution: [Double], rank: Int)? {
    precondition(b.count == a.rows, "expected a right side of \(a.rows), got \(b.count)")
    guard a.columns > 0, a.rows > 0 else { return ([Double](repeating: 0, count: a.columns), 0) }
    guard a.values.allSatisfy(\.isFinite), b.allSatisfy(\.isFinite) else { return nil }
    var m = Int32(a.rows)
    var n = Int32(a.columns)
    var one: Int32 = 1
    var ldb = max(m, n)
    var values = a.values
    var x = b + [Double](repeating: 0, count: Int(ldb) - b.count)
    var singular = [Double](repeating: 0, count: Int(min(m, n)))
    var rcond = tolerance
    var rank: Int32 = 0
    var info: Int32 = 0
    var lwork: Int32 = -1
    var size = 0.0
    var integerSize: Int32 = 0
    dgelsd_(&m, &n, &one, &values, &m, &x, &ldb, &singular, &rcond, &rank, &size, &lwork, &integerSize, &info)
    lwork = Int32(size)
    var work = [Double](repeating: 0, count: Int(lwork))
    var integers = [Int32](repeating: 0, count: max(1, Int(integerSize)))
    dgelsd_(&m, &n, &one, &values, &m, &x, &ldb, &singular, &rcond, &rank, &work, &lwork, &integers, &info)
    return info == 0 ? (Array(x[0..<a.columns]), Int(rank)) : nil
}

/// Eigenvalues of a Gram matrix below this share of the largest are rounding errors of zero.
private func rounding(_ order: Int) -> Double { 1e-14 * Double(order) }

/// Unit vectors along which a symmetric positive semidefinite matrix (lower triangle) vanishes but for rounding.
public func nullDirections(_ matrix: Matrix) -> [[Double]] {
    guard let (values, vectors) = symmetricEigen(matrix), let largest = values.last else { return [] }
    return values.indices.filter { values[$0] <= largest * rounding(values.count) }.map {
        Array(vectors.values[$0 * matrix.rows..<($0 + 1) * matrix.rows])
    }
}

/// `x` of minimum norm with `a · x = b`, for a symmetric positive semidefinite `a` (lower triangle), and the rank.
///
/// Eigenvalues below 1e-14 · order of the largest are rounding errors of zero. nil when one lies between that and
/// `doubtful` times the largest: then a sum of products cannot tell a dependence from a near one.
public func minimumNormSolution(_ a: Matrix, _ b: [Double], doubtful: Double) -> (solution: [Double], rank: Int)? {
    precondition(b.count == a.rows, "expected a right side of \(a.rows), got \(b.count)")
    guard let (values, vectors) = symmetricEigen(a), let largest = values.last, largest > 0 else { return nil }
    let zero = largest * rounding(values.count)
    guard !values.contains(where: { $0 > zero && $0 < largest * doubtful }) else { return nil }
    var solution = [Double](repeating: 0, count: b.count)
    var rank = 0
    for (index, value) in values.enumerated() where value > zero {
        rank += 1
        let vector = vectors.values[index * b.count..<(index + 1) * b.count]
        let share = zip(vector, b).reduce(0) { $0 + $1.0 * $1.1 } / value
        for (row, component) in vector.enumerated() { solution[row] += share * component }
    }
    return (solution, rank)
}

/// The triangle R of a tall matrix's QR factorisation, built from blocks of its rows as they come: the sequential TSQR
/// of Demmel et al., "Communication-optimal parallel and sequential QR and LU factorizations" (2012). As accurate as QR
/// of the whole matrix, in the memory of one block.
public struct RowQR {
    public let columns: Int
    private var stack: [Double]  // (columns + block, columns) column-major: R above the rows that wait
    private var waiting = 0
    private let blockRows: Int

    public init(columns: Int, blockRows: Int = 1024) {
        self.columns = columns
        self.blockRows = max(blockRows, columns)
        stack = [Double](repeating: 0, count: (columns + self.blockRows) * columns)
    }

    /// Takes one row by its values.
    public mutating func append(_ value: (Int) -> Double) {
        let height = columns + blockRows
        for column in 0..<columns { stack[column * height + columns + waiting] = value(column) }
        waiting += 1
        if waiting == blockRows { fold() }
    }

    /// R: (columns, columns), upper triangular.
    public mutating func finish() -> Matrix {
        fold()
        var result = Matrix(rows: columns, columns: columns)
        for column in 0..<columns {
            for row in 0...column { result[row, column] = stack[column * (columns + blockRows) + row] }
        }
        return result
    }

    private mutating func fold() {
        guard waiting > 0, columns > 0 else { return }
        let height = columns + blockRows
        var m = Int32(columns + waiting)
        var n = Int32(columns)
        var lda = Int32(height)
        var tau = [Double](repeating: 0, count: columns)
        var info: Int32 = 0
        var lwork: Int32 = -1
        var size = 0.0
        dgeqrf_(&m, &n, &stack, &lda, &tau, &size, &lwork, &info)
        lwork = Int32(size)
        var work = [Double](repeating: 0, count: Int(lwork))
        dgeqrf_(&m, &n, &stack, &lda, &tau, &work, &lwork, &info)
        precondition(info == 0, "dgeqrf: argument \(-info) is wrong")
        for column in 0..<columns {  // LAPACK keeps the reflectors below the diagonal
            for row in (column + 1)..<height { stack[column * height + row] = 0 }
        }
        waiting = 0
    }
}
