import ForgeLinalg
import ForgeModel
import Glibc

extension FittedModel {
    /// Log-odds against the first class, as statsmodels' `Logit` (two classes: the positive one) and `MNLogit`.
    mutating func addTable(
        ofLogistic points: [[Double]], _ design: Design, _ input: borrowing FitInput, _ classes: Classes,
        _ covariance: Covariance
    ) throws {
        let inference = try Inference(input.context, design, input.moments(of: design))
        let margins = try points.map { try design.margins(of: $0, threads: input.threads, observer: input.observer) }
        guard points.count > 1 else {
            let positive = Int32(classes.positive)
            let rows = zip(classes.training, margins[0]).map { label, margin in
                let share = 1 / (1 + exp(-margin))
                return RowInformation(information: share * (1 - share), score: (label == positive ? 1 : 0) - share)
            }
            coefficients = try inference.table(
                points[0], rows, covariance: covariance, dispersion: false, student: false)
            return
        }
        let against = points.dropFirst().map { zip($0, points[0]).map(-) }
        coefficients = try inference.table(
            zip(classes.labels.dropFirst(), against).map { ($0, $1) }, shares: Self.shares(margins))
    }

    /// (classes)(rows) probabilities.
    private static func shares(_ margins: [[Double]]) -> [[Double]] {
        var result = margins
        for row in margins[0].indices {
            let largest = margins.reduce(-Double.infinity) { max($0, $1[row]) }
            let sum = margins.reduce(0) { $0 + exp($1[row] - largest) }
            for output in margins.indices { result[output][row] = exp(margins[output][row] - largest) / sum }
        }
        return result
    }
}

extension Inference {
    /// Several linear predictors against a first class: information blocks `p_a ([a = b] − p_b)`.
    func table(_ classes: [(label: Bytes?, point: [Double])], shares: [[Double]]) throws -> CoefficientTable {
        let probe = CenteredRows(design: design, moments: moments, input: input)
        let size = kept.count
        var information = Matrix(rows: classes.count * size, columns: classes.count * size)
        for a in 1..<shares.count {
            for b in 1...a {
                let weights = shares[a].indices.map {
                    (input.weights?[$0] ?? 1) * shares[a][$0] * (a == b ? 1 - shares[a][$0] : shares[b][$0])
                }
                let block = try probe.gram(weights, of: kept).symmetric
                for column in 0..<size {
                    for row in 0..<size {
                        information[(a - 1) * size + row, (b - 1) * size + column] =
                            a == b ? block[row, column] : -block[row, column]
                    }
                }
            }
        }
        let covariances = try inverse(ofInformation: information.symmetric)
        return try assemble(classes, covariances, try inflation(probe), degrees: .infinity, probe)
    }

    private func inverse(ofInformation information: Matrix) throws -> Matrix {
        let units = information.units(Array(0..<information.rows))
        var scaled = information
        for column in units.indices { for row in units.indices { scaled[row, column] *= units[row] * units[column] } }
        guard let factor = Cholesky(scaled) else {
            throw ForgeError(
                .numericalFailure, "the columns depend on each other too closely for standard errors",
                hint: "leave one of them out, or leave statistics out")
        }
        var result = Matrix(rows: units.count, columns: units.count)
        for column in units.indices {
            var one = [Double](repeating: 0, count: units.count)
            one[column] = 1
            for (row, value) in factor.solve(one).enumerated() {
                result[row, column] = value * units[row] * units[column]
            }
        }
        return result
    }
}
