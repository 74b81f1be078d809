import ForgeLinalg
import Testing

@testable import ForgeLearn

/// The BLAS and LAPACK calls against plain loops.
@Suite struct LinalgTests {
    private func random(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
        var source = Random(seed)
        return Matrix(rows: rows, columns: columns, values: (0..<rows * columns).map { _ in source.normal() })
    }

    private func withTile<R>(_ matrix: Matrix, _ body: (Tile) throws -> R) rethrows -> R {
        var values = matrix.values
        return try values.withUnsafeMutableBufferPointer { buffer in
            try body(Tile(base: buffer.baseAddress!, rows: matrix.rows, columns: matrix.columns, stride: matrix.rows))
        }
    }

    /// A symmetric positive definite matrix.
    private func definite(_ order: Int, seed: UInt64) -> Matrix {
        var gram = withTile(random(order + 5, order, seed: seed)) { Reference.gram(of: $0) }
        for index in 0..<order { gram[index, index] += 0.1 }
        return gram
    }

    private func largest(_ a: [Double], _ b: [Double]) -> Double {
        zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }

    @Test(arguments: [(1, 1), (7, 3), (100, 20), (3, 9)])
    func gramAndProductsEqualPlainLoops(_ rows: Int, _ columns: Int) {
        withTile(random(rows, columns, seed: 1)) { tile in
            var gram = Matrix(rows: columns, columns: columns)
            BLAS.addGram(of: tile, to: &gram.values, stride: columns)
            gram.symmetrize()
            #expect(largest(gram.values, Reference.gram(of: tile).values) < 1e-12)

            let right = random(columns, 1, seed: 2).values
            var product = [Double](repeating: 0, count: rows)
            BLAS.addProduct(of: tile, right, to: &product)
            #expect(largest(product, Reference.product(of: tile, right)) < 1e-12)

            let left = random(rows, 1, seed: 3).values
            var transposed = [Double](repeating: 0, count: columns)
            BLAS.addTransposedProduct(of: tile, left, to: &transposed)
            #expect(largest(transposed, Reference.transposedProduct(of: tile, left)) < 1e-12)
        }
    }

    @Test(arguments: [1, 2, 10, 60])
    func choleskySolvesAsEliminationDoes(_ order: Int) throws {
        let matrix = definite(order, seed: 4)
        let right = random(order, 1, seed: 5).values
        let factor = try #require(Cholesky(matrix))
        let plain = try #require(Reference.solve(matrix, right))
        #expect(largest(factor.solve(right), plain) < 1e-8)
        #expect(factor.reciprocalCondition() > 1e-8 && factor.reciprocalCondition() < 1.000001)
    }

    @Test func choleskyRefusesWhatIsNotDefinite() {
        #expect(Cholesky(Matrix(rows: 2, columns: 2, values: [1, 2, 2, 1])) == nil)
        #expect(Cholesky(Matrix(rows: 1, columns: 1, values: [.nan])) == nil)
    }

    @Test func eigenvectorsDiagonalise() throws {
        let matrix = definite(12, seed: 6)
        let (values, vectors) = try #require(symmetricEigen(matrix))
        #expect(values == values.sorted())
        for index in 0..<12 {
            let vector = (0..<12).map { vectors[$0, index] }
            let image = (0..<12).map { row in (0..<12).reduce(0) { $0 + matrix[row, $1] * vector[$1] } }
            #expect(largest(image, vector.map { $0 * values[index] }) < 1e-10)
        }
    }

    @Test func minimumNormSolutionIsShortestOfAll() throws {
        // x + y = 2 leaves a line of solutions; (1, 1) is nearest to zero.
        let (solution, rank) = try #require(
            minimumNormSolution(Matrix(rows: 2, columns: 2, values: [1, 1, 1, 1]), [2, 2], doubtful: 1e-8))
        #expect(rank == 1)
        #expect(largest(solution, [1, 1]) < 1e-14)
    }

    @Test func minimumNormSolutionDeclinesNearDependence() {
        let near = Matrix(rows: 2, columns: 2, values: [1, 1, 1, 1 + 1e-10])
        #expect(minimumNormSolution(near, [2, 2], doubtful: 1e-8) == nil)
    }

    @Test(arguments: [(5, 3), (1_024, 4), (3_000, 6), (2, 5)])
    func rowsFoldedOneByOneHaveTheGramOfAllRows(_ rows: Int, _ columns: Int) {
        let matrix = random(rows, columns, seed: 8)
        var qr = RowQR(columns: columns)
        for row in 0..<rows { qr.append { matrix[row, $0] } }
        let triangle = qr.finish()
        let ours = withTile(triangle) { Reference.gram(of: $0) }
        let theirs = withTile(matrix) { Reference.gram(of: $0) }
        #expect(largest(ours.values, theirs.values) < 1e-9 * Double(rows))
        for column in 0..<columns {
            for row in (column + 1)..<max(columns, column + 1) { #expect(triangle[row, column] == 0) }
        }
    }

    @Test func leastSquaresOfDependentColumnsHasMinimumNorm() throws {
        var matrix = random(40, 3, seed: 9)
        for row in 0..<40 { matrix[row, 2] = matrix[row, 0] }
        let right = (0..<40).map { 3 * matrix[$0, 0] - matrix[$0, 1] }
        let (solution, rank) = try #require(minimumNormLeastSquares(matrix, right, tolerance: 1e-12))
        #expect(rank == 2)
        #expect(largest(solution, [1.5, -1, 1.5]) < 1e-12)
    }
}
