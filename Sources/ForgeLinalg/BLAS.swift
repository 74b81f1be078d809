import COpenBLAS

/// The BLAS calls that Forge makes, shape-checked. Each has a plain loop of the same meaning in `Reference`.
public enum BLAS {
    /// `gram += tileᵀ · tile`, lower triangle only. gram: (columns, columns), its columns `stride` apart.
    public static func addGram(of tile: Tile, to gram: UnsafeMutablePointer<Double>, stride: Int) {
        precondition(
            stride >= tile.columns, "a Gram matrix of \(tile.columns) columns does not fit a stride of \(stride)")
        guard tile.rows > 0, tile.columns > 0 else { return }
        cblas_dsyrk(
            CblasColMajor, CblasLower, CblasTrans, Int32(tile.columns), Int32(tile.rows), 1, tile.base,
            Int32(tile.stride), 1,
            gram, Int32(stride))
    }

    /// `result = tile · vector + result`. vector: (columns), result: (rows).
    public static func addProduct(
        of tile: Tile, _ vector: UnsafePointer<Double>, to result: UnsafeMutablePointer<Double>
    ) {
        guard tile.rows > 0, tile.columns > 0 else { return }
        cblas_dgemv(
            CblasColMajor, CblasNoTrans, Int32(tile.rows), Int32(tile.columns), 1, tile.base, Int32(tile.stride),
            vector, 1,
            1, result, 1)
    }

    /// `result = tileᵀ · vector + result`. vector: (rows), result: (columns).
    public static func addTransposedProduct(
        of tile: Tile, _ vector: UnsafePointer<Double>, to result: UnsafeMutablePointer<Double>
    ) {
        guard tile.rows > 0, tile.columns > 0 else { return }
        cblas_dgemv(
            CblasColMajor, CblasTrans, Int32(tile.rows), Int32(tile.columns), 1, tile.base, Int32(tile.stride), vector,
            1,
            1, result, 1)
    }

    /// `result = left · right`, all row-major. left: (rows, depth); right: (depth, columns), or (columns, depth) when
    /// `transposed`; result: (rows, columns).
    public static func multiply(
        rows: Int, columns: Int, depth: Int, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, transposed: Bool,
        into result: UnsafeMutablePointer<Float>
    ) {
        guard rows > 0, columns > 0, depth > 0 else { return }
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans, Int32(rows), Int32(columns), Int32(depth), 1,
            left, Int32(depth), right, Int32(transposed ? depth : columns), 0, result, Int32(columns))
    }

    /// `result = leftᵀ · right`, all row-major. left: (depth, rows); right: (depth, columns); result: (rows, columns).
    public static func multiplyTransposed(
        rows: Int, columns: Int, depth: Int, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>,
        into result: UnsafeMutablePointer<Float>
    ) {
        guard rows > 0, columns > 0, depth > 0 else { return }
        cblas_sgemm(
            CblasRowMajor, CblasTrans, CblasNoTrans, Int32(rows), Int32(columns), Int32(depth), 1, left, Int32(rows), right,
            Int32(columns), 0, result, Int32(columns))
    }

    /// Threads of later BLAS and LAPACK calls. Forge parallelises over rows itself and leaves 1 to BLAS while it does.
    public static func setThreads(_ count: Int) { openblas_set_num_threads(Int32(max(1, count))) }

    /// The kernel family that OpenBLAS picked for this processor, such as `SkylakeX`: results may differ in the last
    /// bits between them.
    public static var coreName: String { String(cString: openblas_get_corename()) }

    /// Such as `0.3.21`.
    public static var version: String {
        let words = String(cString: openblas_get_config()).split(separator: " ")
        return words.count > 1 ? String(words[1]) : ""
    }
}

/// Plain loops with the meaning of the BLAS calls: the oracle of their tests.
public enum Reference {
    public static func gram(of tile: Tile) -> Matrix {
        var gram = Matrix(rows: tile.columns, columns: tile.columns)
        for i in 0..<tile.columns {
            for j in 0..<tile.columns {
                for row in 0..<tile.rows {
                    gram[i, j] += tile.base[i * tile.stride + row] * tile.base[j * tile.stride + row]
                }
            }
        }
        return gram
    }

    public static func product(of tile: Tile, _ vector: [Double]) -> [Double] {
        precondition(vector.count == tile.columns)
        return (0..<tile.rows).map { row in
            (0..<tile.columns).reduce(0) { $0 + tile.base[$1 * tile.stride + row] * vector[$1] }
        }
    }

    public static func transposedProduct(of tile: Tile, _ vector: [Double]) -> [Double] {
        precondition(vector.count == tile.rows)
        return (0..<tile.columns).map { column in
            (0..<tile.rows).reduce(0) { $0 + tile.base[column * tile.stride + $1] * vector[$1] }
        }
    }

    /// Gaussian elimination with partial pivoting; nil when a pivot vanishes.
    public static func solve(_ a: Matrix, _ b: [Double]) -> [Double]? {
        precondition(a.rows == a.columns && b.count == a.rows)
        var a = a
        var b = b
        let n = b.count
        for k in 0..<n {
            let pivot = (k..<n).max { abs(a[$0, k]) < abs(a[$1, k]) }!
            guard a[pivot, k] != 0 else { return nil }
            for column in 0..<n {
                (a[k, column], a[pivot, column]) = (a[pivot, column], a[k, column])
            }
            b.swapAt(k, pivot)
            for row in (k + 1)..<max(n, k + 1) {
                let factor = a[row, k] / a[k, k]
                for column in k..<n { a[row, column] -= factor * a[k, column] }
                b[row] -= factor * b[k]
            }
        }
        for k in stride(from: n - 1, through: 0, by: -1) {
            for column in (k + 1)..<max(n, k + 1) { b[k] -= a[k, column] * b[column] }
            b[k] /= a[k, k]
        }
        return b
    }
}

extension Matrix {
    /// `self · other`.
    public func times(_ other: Matrix) -> Matrix {
        precondition(columns == other.rows, "\(rows) × \(columns) times \(other.rows) × \(other.columns)")
        var result = Matrix(rows: rows, columns: other.columns)
        guard rows > 0, columns > 0, other.columns > 0 else { return result }
        cblas_dgemm(
            CblasColMajor, CblasNoTrans, CblasNoTrans, Int32(rows), Int32(other.columns), Int32(columns), 1, values,
            Int32(rows), other.values, Int32(columns), 0, &result.values, Int32(rows))
        return result
    }
}
