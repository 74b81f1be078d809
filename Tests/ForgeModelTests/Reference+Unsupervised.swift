@testable import ForgeModel

extension Reference {
    static func margins(_ form: CentroidForm, _ features: [Double]) -> [Double] {
        let width = features.count
        let centers = form.memberships.indices.map { Array(form.centers[$0 * width..<($0 + 1) * width]) }
        guard let precisions = form.precisions else {
            return (0..<form.outputs).map { cluster in
                centers.indices.filter { form.memberships[$0] == cluster }.map { point in
                    zip(features, centers[point]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
                }.min()!
            }
        }
        return (0..<form.outputs).map { cluster in
            let difference = zip(features, centers[cluster]).map { $0 - $1 }
            let projected = (0..<width).map { column in
                (0..<width).reduce(0) { $0 + difference[$1] * factor(precisions, cluster, $1, column, width) }
            }
            return form.constants[cluster] - projected.reduce(0) { $0 + $1 * $1 } / 2
        }
    }

    private static func factor(
        _ precisions: CentroidForm.Precisions, _ cluster: Int, _ row: Int, _ column: Int, _ width: Int
    ) -> Double {
        switch precisions {
        case .spherical(let values): row == column ? values[cluster] : 0
        case .diagonal(let values): row == column ? values[cluster * width + row] : 0
        case .full(let values): values[cluster * width * width + column * width + row]
        case .tied(let values): values[column * width + row]
        }
    }

    /// Of all sets of factors that may have a weight the one that is nearest: least squares of each set, tried out.
    static func margins(_ form: NonnegativeForm, _ features: [Double]) -> [Double] {
        let width = features.count
        let factors = (0..<form.outputs).map { Array(form.factors[$0 * width..<($0 + 1) * width]) }
        func error(_ weights: [Double]) -> Double {
            (0..<width).reduce(0) { sum, feature in
                let told = weights.indices.reduce(0) { $0 + weights[$1] * factors[$1][feature] }
                return sum + (features[feature] - told) * (features[feature] - told)
            }
        }
        var best = [Double](repeating: 0, count: form.outputs)
        for set in 1..<1 << form.outputs {
            let chosen = factors.indices.filter { set >> $0 & 1 == 1 }
            guard let solved = leastSquares(chosen.map { factors[$0] }, features), solved.allSatisfy({ $0 >= 0 }) else {
                continue
            }
            var weights = [Double](repeating: 0, count: form.outputs)
            for (place, weight) in zip(chosen, solved) { weights[place] = weight }
            if error(weights) < error(best) { best = weights }
        }
        return best
    }

    /// Gauss' elimination of the normal equations.
    private static func leastSquares(_ rows: [[Double]], _ values: [Double]) -> [Double]? {
        let n = rows.count
        var a = rows.map { row in
            rows.map { other in zip(row, other).reduce(0) { $0 + $1.0 * $1.1 } }
                + [zip(row, values).reduce(0) { $0 + $1.0 * $1.1 }]
        }
        for k in 0..<n {
            let pivot = (k..<n).max { abs(a[$0][k]) < abs(a[$1][k]) }!
            guard abs(a[pivot][k]) > 1e-9 else { return nil }
            a.swapAt(k, pivot)
            for row in 0..<n where row != k {
                let factor = a[row][k] / a[k][k]
                for column in k...n { a[row][column] -= factor * a[k][column] }
            }
        }
        return (0..<n).map { a[$0][n] / a[$0][$0] }
    }
}
