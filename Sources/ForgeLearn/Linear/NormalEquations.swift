import ForgeLinalg
import ForgeModel

/// Weighted least squares over an encoded design: `min Σ w (y − b − x·c)² + alpha ‖c‖²`, the intercept `b` free of
/// penalty.
///
/// 1. Means of all encoded features and of the target.
/// 2. Gram matrix and right side of the centred rows; centring first keeps what would cancel.
/// 3. Cholesky when it is well conditioned. Else the eigenvalues tell exact dependences (a column twice, one-hot
///    features that sum to one), which get the solution of minimum norm, from near ones, which get QR of the rows
///    themselves.
struct NormalEquations {
    /// Below this reciprocal condition the Gram matrix has lost half the digits.
    static let wellConditioned = 1e-8

    struct Solution {
        var coefficients: [Double]  // (width) packed
        var intercept: Double
        var moments: Design.Moments
        var method: Method
        /// Features that depend on the others.
        var deficiency: Int
    }

    enum Method: String {
        case cholesky
        case minimumNorm = "minimum norm"
        case qr
    }

    let design: Design
    /// nil: sums of the rows alone.
    let targets: [Double]?
    let weights: [Double]?
    let alpha: Double
    let fitIntercept: Bool
    let threads: Int
    let observer: any TrainingObserver

    /// The sums that all least squares are made of, of rows moved so that their means are zero.
    struct Centered {
        var moments: Design.Moments
        var origin: [Double]  // (width) packed: what was taken from the features, zero without an intercept
        var center: Double  // what was taken from the target
        var sums: Sums

        /// The constant of a model with `coefficients` (width).
        func intercept(of coefficients: [Double]) -> Double {
            center - zip(coefficients, origin).reduce(0) { $0 + $1.0 * $1.1 }
        }
    }

    func centered() throws -> Centered {
        let moments = try design.moments(weights: weights, threads: threads, observer: observer)
        let origin = fitIntercept ? moments.means : [Double](repeating: 0, count: design.width)
        let center = fitIntercept ? targetMean(moments.weight) : 0
        observer.progress(0.3, phase: "fit")
        let sums = try centeredSums(around: origin, center)
        observer.progress(0.6, phase: "fit")
        return Centered(moments: moments, origin: origin, center: center, sums: sums)
    }

    func solve() throws -> Solution {
        let centered = try centered()
        let active = centered.sums.gram.activeIndexes
        let (solved, method, rank) = try solve(centered.sums, active, centered.origin, centered.center)
        var coefficients = [Double](repeating: 0, count: design.width)
        for (index, value) in zip(active, solved) { coefficients[index] = value }
        guard coefficients.allSatisfy(\.isFinite) else {
            throw ForgeError(
                .numericalFailure, "least squares gave coefficients that are not finite",
                hint: "scale the columns (preprocess scale standard) or use ridge")
        }
        return Solution(
            coefficients: coefficients, intercept: centered.intercept(of: coefficients), moments: centered.moments,
            method: method, deficiency: active.count - rank)
    }

    // MARK: - Passes over the rows

    private func targetMean(_ weight: Double) -> Double {
        guard let targets else { return 0 }
        guard let weights else { return targets.reduce(0, +) / weight }
        return zip(weights, targets).reduce(0) { $0 + $1.0 * $1.1 } / weight
    }

    private struct Lane {
        var weight = 0.0
        var vector: [Double]
        var gram: [Double]
    }

    struct Sums {
        var gram: Matrix  // (width, width) lower triangle
        var right: [Double]  // (width)
        var weight: Double
    }

    private func centeredSums(around origin: [Double], _ center: Double) throws -> Sums {
        let width = design.width
        let lanes = try design.forEachTile(threads: threads, observer: observer) {
            Lane(vector: Array(repeating: 0, count: width), gram: Array(repeating: 0, count: width * width))
        } _: { tile, lane in
            centerDense(tile, origin)
            let scratch = tile.scratch
            for row in 0..<tile.rows {
                let weight = weights?[tile.firstRow + row] ?? 1
                lane.weight += weight
                scratch[row] = weight * ((targets?[tile.firstRow + row] ?? center) - center)
            }
            lane.vector.withUnsafeMutableBufferPointer { tile.addTransposedProduct(scratch, to: $0.baseAddress!) }
            lane.gram.withUnsafeMutableBufferPointer { gram in
                if let weights {
                    weights.withUnsafeBufferPointer {
                        tile.addGram(weights: $0.baseAddress! + tile.firstRow, to: gram.baseAddress!)
                    }
                } else {
                    tile.addGram(weights: nil, to: gram.baseAddress!)
                }
            }
        }
        var sums = Sums(
            gram: Matrix(rows: width, columns: width, values: lanes[0].gram), right: lanes[0].vector,
            weight: lanes[0].weight)
        for lane in lanes.dropFirst() {
            for index in lane.gram.indices { sums.gram.values[index] += lane.gram[index] }
            for index in lane.vector.indices { sums.right[index] += lane.vector[index] }
            sums.weight += lane.weight
        }
        centerHot(&sums, origin)
        return sums
    }

    private func centerDense(_ tile: EncodedTile, _ origin: [Double]) {
        for feature in 0..<design.dense.count {
            let column = tile.values + feature * Design.tileRows
            let mean = origin[feature]
            for row in 0..<tile.rows { column[row] -= mean }
        }
    }

    /// One-hot features enter the sums as 0 and 1; their products with centred numbers need no more, those with each
    /// other do.
    private func centerHot(_ sums: inout Sums, _ origin: [Double]) {
        for column in design.dense.count..<max(design.width, design.dense.count) {
            for row in column..<design.width { sums.gram[row, column] -= sums.weight * origin[row] * origin[column] }
        }
    }

    // MARK: - Solving

    private func solve(
        _ sums: Sums, _ active: [Int], _ origin: [Double], _ center: Double
    ) throws -> (solution: [Double], method: Method, rank: Int) {
        guard !active.isEmpty else { return ([], .cholesky, 0) }
        var gram = sums.gram.restricted(to: active)
        let right = active.map { sums.right[$0] }
        for index in active.indices { gram[index, index] += alpha }
        // Unit diagonal: the condition then tells dependence, not units (van der Sluis 1969).
        let units = active.indices.map { 1 / gram[$0, $0].squareRoot() }
        var scaled = gram
        for column in active.indices { for row in active.indices { scaled[row, column] *= units[row] * units[column] } }
        if let factor = Cholesky(scaled), factor.reciprocalCondition() > Self.wellConditioned {
            let solution = factor.solve(zip(right, units).map(*))
            return (zip(solution, units).map(*), .cholesky, active.count)
        }
        if let (solution, rank) = minimumNormSolution(gram, right, doubtful: Self.wellConditioned),
            try rank >= active.count - design.hot.count || dependsExactly(gram, active, origin)
        {
            return (solution, .minimumNorm, rank)
        }
        return try leastSquaresOfRows(active, origin, center, units)
    }

    /// Whether the directions in which the Gram matrix vanishes vanish in the rows: powers of a number, say, may be so
    /// near to dependent that rounding hides in the matrix what the rows still tell.
    private func dependsExactly(_ gram: Matrix, _ active: [Int], _ origin: [Double]) throws -> Bool {
        let directions = nullDirections(gram)
        let points = directions.map { direction in
            var point = [Double](repeating: 0, count: design.width)
            for (index, value) in zip(active, direction) { point[index] = value }
            return point
        }
        let offsets = points.map { point in
            (design.dense.count..<max(design.width, design.dense.count)).reduce(0) { $0 + point[$1] * origin[$1] }
        }
        let lanes = try design.forEachTile(threads: threads, observer: observer) {
            (
                squares: [Double](repeating: 0, count: points.count),
                margins: [Double](repeating: 0, count: Design.tileRows)
            )
        } _: { tile, lane in
            centerDense(tile, origin)
            for (number, point) in points.enumerated() {
                tile.product(point, into: &lane.margins)
                for row in 0..<tile.rows {
                    let margin = lane.margins[row] - offsets[number]
                    lane.squares[number] += (weights?[tile.firstRow + row] ?? 1) * margin * margin
                }
            }
        }
        return directions.indices.allSatisfy { number in
            let size = active.indices.reduce(0) { $0 + gram[$1, $1] * directions[number][$1] * directions[number][$1] }
            return lanes.reduce(0) { $0 + $1.squares[number] } <= 1e-24 * size
        }
    }

    private func leastSquaresOfRows(
        _ active: [Int], _ origin: [Double], _ center: Double, _ units: [Double]
    ) throws -> (solution: [Double], method: Method, rank: Int) {
        BLAS.setThreads(threads)
        defer { BLAS.setThreads(1) }
        let width = active.count
        // One lane: QR of the rows in their order, the target as the last column.
        let lanes = try design.forEachTile(threads: 1, observer: observer) {
            RowQR(columns: width + 1)
        } _: { tile, qr in
            var row = [Double](repeating: 0, count: design.width)
            for index in 0..<tile.rows {
                tile.copyRow(index, to: &row)
                let weight = (weights?[tile.firstRow + index] ?? 1).squareRoot()
                let target = targets?[tile.firstRow + index] ?? center
                qr.append { column in
                    column == width
                        ? weight * (target - center)
                        : weight * (row[active[column]] - origin[active[column]]) * units[column]
                }
            }
        }
        var qr = lanes[0]
        if alpha > 0 {
            for index in 0..<width { qr.append { $0 == index ? alpha.squareRoot() * units[index] : 0 } }
        }
        let triangle = qr.finish()
        let square = triangle.restricted(to: Array(0..<width))
        let right = (0..<width).map { triangle[$0, width] }
        let tolerance = Double.ulpOfOne * Double(max(design.rows, width))
        guard let (solution, rank) = minimumNormLeastSquares(square, right, tolerance: tolerance) else {
            throw ForgeError(.numericalFailure, "the singular value decomposition did not converge", hint: "use ridge")
        }
        return (zip(solution, units).map(*), .qr, rank)
    }
}

extension Matrix {
    /// Features whose centred values are not all zero.
    var activeIndexes: [Int] { (0..<rows).filter { self[$0, $0] > 0 } }

    /// Rows and columns `indexes` of a square matrix.
    func restricted(to indexes: [Int]) -> Matrix {
        var result = Matrix(rows: indexes.count, columns: indexes.count)
        for (column, from) in indexes.enumerated() {
            for (row, source) in indexes.enumerated() { result[row, column] = self[source, from] }
        }
        return result
    }
}
