import ForgeLinalg
import ForgeModel

/// The rows of a design with their dense features moved to mean 0 where there is an intercept to take the means up:
/// sums of products then keep the digits that squares of means would take.
struct CenteredRows {
    let design: Design
    let moments: Design.Moments
    let input: Inference.Context

    private func center(_ tile: EncodedTile) {
        guard let intercept = design.intercept else { return }
        for feature in 0..<design.dense.count where feature != intercept {
            let column = tile.values + feature * Design.tileRows
            let mean = moments.means[feature]
            for row in 0..<tile.rows { column[row] -= mean }
        }
    }

    /// Lower triangle of `Σ weight · x·xᵀ` over the features at `indexes`, which ascend. weights: (rows), none
    /// negative.
    func gram(_ weights: [Double]?, of indexes: [Int], centered: Bool = true) throws -> Matrix {
        let width = design.width
        let lanes = try design.forEachTile(threads: input.threads, observer: input.observer) {
            [Double](repeating: 0, count: width * width)
        } _: { tile, gram in
            if centered { center(tile) }
            gram.withUnsafeMutableBufferPointer { gram in
                guard let weights else { return tile.addGram(weights: nil, to: gram.baseAddress!) }
                weights.withUnsafeBufferPointer {
                    tile.addGram(weights: $0.baseAddress! + tile.firstRow, to: gram.baseAddress!)
                }
            }
        }
        var sums = Matrix(rows: width, columns: width, values: lanes[0])
        for lane in lanes.dropFirst() { for index in lane.indices { sums.values[index] += lane[index] } }
        return sums.restricted(to: indexes)
    }

    /// R of the QR factorisation of the rows, each times the root of its weight, their features times `units`.
    func triangle(_ weights: [Double]?, of indexes: [Int], units: [Double]) throws -> Matrix {
        let lanes = try design.forEachTile(threads: 1, observer: input.observer) {
            RowQR(columns: indexes.count)
        } _: { tile, qr in
            center(tile)
            var row = [Double](repeating: 0, count: design.width)
            for place in 0..<tile.rows {
                tile.copyRow(place, to: &row)
                let weight = (weights?[tile.firstRow + place] ?? 1).squareRoot()
                qr.append { weight * row[indexes[$0]] * units[$0] }
            }
        }
        var qr = lanes[0]
        return qr.finish()
    }

    /// Inverse of the Gram matrix, by its Cholesky factor, or where that has lost half its digits by the triangle of
    /// the rows.
    func inverse(_ weights: [Double], of indexes: [Int]) throws -> Matrix {
        let gram = try gram(weights, of: indexes)
        let units = gram.units(Array(indexes.indices))
        var scaled = gram
        for column in indexes.indices {
            for row in indexes.indices { scaled[row, column] *= units[row] * units[column] }
        }
        var inverse: Matrix
        if let factor = Cholesky(scaled), factor.reciprocalCondition() > NormalEquations.wellConditioned {
            inverse = Matrix(rows: indexes.count, columns: indexes.count)
            for column in indexes.indices {
                var one = [Double](repeating: 0, count: indexes.count)
                one[column] = 1
                inverse.values.replaceSubrange(
                    column * indexes.count..<(column + 1) * indexes.count, with: factor.solve(one))
            }
        } else {
            let root = try triangle(weights, of: indexes, units: units).upperInverse
            guard let root else {
                throw ForgeError(
                    .numericalFailure, "the columns depend on each other too closely for standard errors",
                    hint: "leave one of them out, or leave statistics out")
            }
            inverse = root.times(root.transposed)
        }
        for column in indexes.indices {
            for row in indexes.indices { inverse[row, column] *= units[row] * units[column] }
        }
        return inverse
    }

    /// (rows) weight · xᵀ · inverse · x.
    func leverages(_ weights: [Double], _ inverse: Matrix, of indexes: [Int]) throws -> [Double] {
        var result = [Double](repeating: 0, count: design.part.rows)
        try result.withUnsafeMutableBufferPointer { result in
            _ = try design.forEachTile(threads: input.threads, observer: input.observer) {
                [Double](repeating: 0, count: design.width)
            } _: { tile, row in
                center(tile)
                for place in 0..<tile.rows {
                    tile.copyRow(place, to: &row)
                    var sum = 0.0
                    for (i, a) in indexes.enumerated() where row[a] != 0 {
                        var product = 0.0
                        for (j, b) in indexes.enumerated() { product += inverse[j, i] * row[b] }
                        sum += row[a] * product
                    }
                    result[tile.firstRow + place] = weights[tile.firstRow + place] * sum
                }
            }
        }
        return result
    }

    /// `Σ_clusters s·sᵀ` of the sums s of the scores of each cluster's rows, and how many clusters there are.
    func clusterSums(_ scores: [Double], of indexes: [Int]) throws -> (sums: Matrix, clusters: Int) {
        var numbers: [UInt64: Int] = [:]
        for group in input.groups where numbers[group] == nil { numbers[group] = numbers.count }
        guard numbers.count * indexes.count <= 1 << 28 else {
            throw ForgeError(
                .tooLarge,
                "\(numbers.count) groups times \(indexes.count) coefficients are too many for clustered errors",
                hint: "name group_columns with fewer values, or use HC1")
        }
        let lanes = try design.forEachTile(threads: 1, observer: input.observer) {
            (
                sums: [Double](repeating: 0, count: numbers.count * indexes.count),
                row: [Double](repeating: 0, count: design.width)
            )
        } _: { tile, lane in
            center(tile)
            for place in 0..<tile.rows {
                tile.copyRow(place, to: &lane.row)
                let row = tile.firstRow + place
                let first = numbers[input.groups[row]]! * indexes.count
                for (index, feature) in indexes.enumerated() {
                    lane.sums[first + index] += scores[row] * lane.row[feature]
                }
            }
        }
        let sums = Matrix(rows: indexes.count, columns: numbers.count, values: lanes[0].sums)
        return (sums.times(sums.transposed), numbers.count)
    }

    /// Largest over smallest singular value of the encoded rows; nil when a sum of products cannot tell.
    func conditionNumber(of indexes: [Int]) throws -> Double? {
        let gram = try gram(nil, of: indexes, centered: false)
        guard let values = symmetricEigen(gram)?.values, let largest = values.last, let smallest = values.first,
            smallest > largest * 1e-14
        else { return nil }
        return (largest / smallest).squareRoot()
    }
}

extension Matrix {
    /// Inverse roots of the diagonal at `indexes`.
    func units(_ indexes: [Int]) -> [Double] { indexes.map { 1 / self[$0, $0].squareRoot() } }
}
