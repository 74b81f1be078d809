import ForgeLinalg
import ForgeModel
import Glibc

extension Algorithm {
    /// As scikit-learn's `GaussianMixture`, begun by k-means.
    static let gaussianMixture = Algorithm(
        name: "gaussian_mixture", tasks: [.clustering], form: .centroids,
        description: "A mixture of normal distributions: clusters of different sizes and shapes, with a probability for each.",
        parameters: [
            .integer("n_components", 1, minimum: 1, maximum: ModelLimits.classes, "Normal distributions in the mixture."),
            .choice(
                "covariance_type", "full", of: MixtureCovariance.allCases.map(\.rawValue),
                "full: each has a covariance of its own; tied: all share one; diag: columns do not depend on each other; spherical: one variance each."),
            .number("reg_covar", 1e-6, minimum: 0, "Added to every variance, which keeps them from vanishing."),
            .integer("max_iter", 100, minimum: 1, maximum: 100_000, "Steps of one start, at most."),
            .integer("n_init", 1, minimum: 1, maximum: 1_000, "Starts; the likeliest is kept."),
            .number("tol", 1e-3, minimum: 0, "A start ends when the mean log-likelihood rises by less."),
        ],
        fit: fitMixture)
}

enum MixtureCovariance: String, CaseIterable { case full, tied, diag, spherical }

private func fitMixture(_ input: borrowing FitInput) throws -> FittedModel {
    let parameters = input.parameters
    let count = parameters.integer("n_components")
    try input.requireRows(max(2, count), for: "components")
    let design = Design(input.data.training, input.plan)
    let kind = MixtureCovariance(rawValue: parameters["covariance_type"].textValue ?? "") ?? .full
    if kind == .full || kind == .tied, (kind == .full ? count : 1) * design.width * design.width > Mixture.covarianceLimit {
        throw ForgeError(
            .tooLarge, "\(count) covariances of \(design.width) encoded features are too large",
            hint: "use covariance_type diag, or fewer columns")
    }
    let rows = ClusterTable(
        try FeatureTable(input.data.training, input.plan, centred: true, threads: input.threads, observer: input.observer),
        weights: input.weights, threads: input.threads, observer: input.observer)
    let means = try design.moments(weights: nil, threads: input.threads, observer: input.observer).means
    let fit = MixtureFit(
        design: design, origin: means, kind: kind, floor: parameters.number("reg_covar"), weights: input.weights,
        threads: input.threads, observer: input.observer)
    var best: MixtureFit.Solution?
    for start in 0..<parameters.integer("n_init") {
        let clusters = KMeansFit(
            rows: rows, starts: 1, iterations: 300, tolerance: 1e-4, batchRows: nil, seed: input.seed, firstStart: start)
        let solution = try fit.run(
            from: try clusters.solution(of: count).nearest, count: count, iterations: parameters.integer("max_iter"),
            tolerance: parameters.number("tol"))
        if solution.likelihood > best?.likelihood ?? -.infinity { best = solution }
    }
    guard let best else { throw MixtureFit.failure }
    return try best.fitted(design, origin: means, rows: rows.totalWeight)
}

/// The parameters of a mixture, in packed features less their means.
struct Mixture {
    /// Numbers that all covariances may have.
    static let covarianceLimit = 1 << 27

    var kind: MixtureCovariance
    var weights: [Double]  // (k)
    var means: [[Double]]  // (k, width)
    /// full: one (width, width) each; tied: one; diag: (width, 1) each; spherical: (1, 1) each.
    var covariances: [Matrix]
    /// Their factors P, Σ⁻¹ = P · Pᵀ, in the same shapes.
    var factors: [Matrix]

    func factor(_ component: Int) -> Matrix { factors[kind == .tied ? 0 : component] }

    /// ln of weight and of the density's constant.
    func constant(_ component: Int) -> Double {
        let factor = factor(component)
        let width = Double(means[component].count)
        let determinant: Double =
            switch kind {
            case .spherical: width * log(factor.values[0])
            case .diag: factor.values.reduce(0) { $0 + log($1) }
            case .full, .tied: (0..<factor.rows).reduce(0) { $0 + log(factor[$1, $1]) }
            }
        return log(weights[component]) + determinant - width / 2 * log(2 * .pi)
    }

    /// Numbers that are learned.
    var parameters: Int {
        let (k, d) = (means.count, means[0].count)
        let covariance =
            switch kind {
            case .full: k * d * (d + 1) / 2
            case .tied: d * (d + 1) / 2
            case .diag: k * d
            case .spherical: k
            }
        return covariance + k * d + k - 1
    }

    /// nil when a covariance is not positive definite.
    static func factors(_ covariances: [Matrix], _ kind: MixtureCovariance) -> [Matrix]? {
        var factors: [Matrix] = []
        for covariance in covariances {
            switch kind {
            case .full, .tied:
                guard let inverse = Cholesky(covariance)?.lower.transposed.upperInverse else { return nil }
                factors.append(inverse)
            case .diag, .spherical:
                guard covariance.values.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
                factors.append(
                    Matrix(rows: covariance.rows, columns: 1, values: covariance.values.map { 1 / $0.squareRoot() }))
            }
        }
        return factors
    }
}

/// Expectation maximisation (Dempster, Laird and Rubin 1977).
private struct MixtureFit {
    let design: Design
    let origin: [Double]
    let kind: MixtureCovariance
    let floor: Double
    let weights: [Double]?
    let threads: Int
    let observer: any TrainingObserver

    static let failure = ForgeError(
        .numericalFailure, "a covariance of the mixture is not positive definite",
        hint: "raise reg_covar, use covariance_type diag, or ask for fewer components")

    struct Solution {
        var mixture: Mixture
        /// Mean over the rows.
        var likelihood: Double
        var iterations: Int
        var isAtRest: Bool
        /// (k) the rows that are likeliest of each.
        var rows: [Double]
    }

    func run(from labels: [Int32], count: Int, iterations: Int, tolerance: Double) throws -> Solution {
        var mixture = try walk(count) { tile, shares, _ in
            for row in 0..<tile.rows { shares[Int(labels[tile.firstRow + row]) * Design.tileRows + row] = 1 }
            return 0
        }.mixture(kind, floor)
        var (likelihood, isAtRest, iteration) = (-Double.infinity, false, 0)
        var rows = [Double](repeating: 0, count: count)
        while iteration < iterations, !isAtRest {
            iteration += 1
            let sums = try walk(count) { tile, shares, block in expect(mixture, tile, shares, block) }
            let next = sums.likelihood / sums.total
            observer.metric(step: iteration, name: "log_likelihood", value: next)
            isAtRest = abs(next - likelihood) < tolerance
            likelihood = next
            rows = sums.rows
            mixture = try sums.mixture(kind, floor)
        }
        return Solution(mixture: mixture, likelihood: likelihood, iterations: iteration, isAtRest: isAtRest, rows: rows)
    }

    struct Sums {
        let kind: MixtureCovariance
        let width: Int
        var total = 0.0
        var likelihood = 0.0
        var rows: [Double]  // (k) of which it is the likeliest
        var weights: [Double]  // (k)
        var sums: [[Double]]  // (k, width)
        var products: [Matrix]  // full: (k); tied: one; else (width, 1) squares

        init(_ count: Int, _ width: Int, _ kind: MixtureCovariance) {
            self.kind = kind
            self.width = width
            rows = Array(repeating: 0, count: count)
            weights = rows
            sums = Array(repeating: Array(repeating: 0, count: width), count: count)
            let matrix = Matrix(rows: width, columns: kind == .full || kind == .tied ? width : 1)
            products = Array(repeating: matrix, count: kind == .tied ? 1 : count)
        }

        mutating func add(_ other: Sums) {
            total += other.total
            likelihood += other.likelihood
            for index in weights.indices {
                rows[index] += other.rows[index]
                weights[index] += other.weights[index]
                for feature in 0..<width { sums[index][feature] += other.sums[index][feature] }
            }
            for index in products.indices {
                for place in products[index].values.indices { products[index].values[place] += other.products[index].values[place] }
            }
        }

        /// What maximises the likelihood.
        func mixture(_ kind: MixtureCovariance, _ floor: Double) throws -> Mixture {
            let least = 10 * Double.ulpOfOne
            let counts = weights.map { $0 + least }
            let means = sums.indices.map { index in sums[index].map { $0 / counts[index] } }
            var covariances: [Matrix]
            switch kind {
            case .full:
                covariances = products.indices.map { products[$0].centred(counts[$0], [(means[$0], counts[$0])]) }
            case .tied: covariances = [products[0].centred(total, Array(zip(means, counts)))]
            case .diag, .spherical:
                covariances = products.indices.map { index in
                    let variances = (0..<width).map { feature in
                        max(0, products[index].values[feature] / counts[index] - means[index][feature] * means[index][feature])
                    }
                    return kind == .diag ? Matrix(rows: width, columns: 1, values: variances)
                        : Matrix(rows: 1, columns: 1, values: [variances.reduce(0, +) / Double(width)])
                }
            }
            for index in covariances.indices {
                for row in 0..<covariances[index].rows {
                    covariances[index][row, covariances[index].columns == 1 ? 0 : row] += floor
                }
            }
            guard let factors = Mixture.factors(covariances, kind) else { throw MixtureFit.failure }
            let all = counts.reduce(0, +)
            return Mixture(
                kind: kind, weights: counts.map { $0 / all }, means: means, covariances: covariances, factors: factors)
        }
    }

    private typealias Block = UnsafeMutablePointer<Double>

    /// Sums over the rows by their shares (k, rows of the tile), which `share` fills, returning the log-likelihood.
    private func walk(
        _ count: Int, _ share: (EncodedTile, UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>) -> Double
    ) throws -> Sums {
        let width = design.width
        let lanes = try design.forEachTile(threads: threads, observer: observer) {
            Sums(count, width, kind)
        } _: { tile, sums in
            let stride = Design.tileRows
            withUnsafeTemporaryAllocation(of: Double.self, capacity: stride * (2 * width + count)) { memory in
                let block = memory.baseAddress!
                let (scaled, shares) = (block + stride * width, block + 2 * stride * width)
                tile.unpack(less: origin, into: block)
                shares.update(repeating: 0, count: stride * count)
                sums.likelihood += share(tile, shares, block)
                for row in 0..<tile.rows {
                    let weight = weights?[tile.firstRow + row] ?? 1
                    sums.total += weight
                    var likeliest = 0
                    for index in 0..<count where shares[index * stride + row] > shares[likeliest * stride + row] {
                        likeliest = index
                    }
                    sums.rows[likeliest] += weight
                    if weight != 1 { for index in 0..<count { shares[index * stride + row] *= weight } }
                }
                for index in 0..<count { add(tile, block, shares + index * stride, scaled, index, &sums) }
                if kind == .tied {
                    for row in 0..<tile.rows { shares[row] = weights?[tile.firstRow + row] ?? 1 }
                    addProducts(tile, block, shares, scaled, &sums.products[0])
                }
            }
        }
        return lanes.dropFirst().reduce(into: lanes[0]) { $0.add($1) }
    }

    private func add(
        _ tile: EncodedTile, _ block: Block, _ shares: UnsafePointer<Double>, _ scaled: Block, _ index: Int,
        _ sums: inout Sums
    ) {
        let stride = Design.tileRows
        for row in 0..<tile.rows { sums.weights[index] += shares[row] }
        for feature in 0..<design.width {
            let column = block + feature * stride
            var (sum, square) = (0.0, 0.0)
            for row in 0..<tile.rows {
                let part = shares[row] * column[row]
                sum += part
                square += part * column[row]
            }
            sums.sums[index][feature] += sum
            if kind == .diag || kind == .spherical { sums.products[index].values[feature] += square }
        }
        if kind == .full { addProducts(tile, block, shares, scaled, &sums.products[index]) }
    }

    private func addProducts(
        _ tile: EncodedTile, _ block: Block, _ shares: UnsafePointer<Double>, _ scaled: Block, _ products: inout Matrix
    ) {
        let stride = Design.tileRows
        for feature in 0..<design.width {
            for row in 0..<tile.rows {
                scaled[feature * stride + row] = block[feature * stride + row] * shares[row].squareRoot()
            }
        }
        BLAS.addGram(
            of: Tile(base: scaled, rows: tile.rows, columns: design.width, stride: stride), to: &products.values,
            stride: design.width)
    }

    /// Fills the shares with the probabilities of the components; returns the weighted log-likelihood.
    private func expect(
        _ mixture: Mixture, _ tile: EncodedTile, _ shares: Block, _ block: Block
    ) -> Double {
        let stride = Design.tileRows
        for index in mixture.means.indices {
            let squares = squaredDistances(mixture, index, tile.rows, block)
            let constant = mixture.constant(index)
            for row in 0..<tile.rows { shares[index * stride + row] = constant - squares[row] / 2 }
        }
        var total = 0.0
        for row in 0..<tile.rows {
            var highest = -Double.infinity
            for index in mixture.means.indices { highest = max(highest, shares[index * stride + row]) }
            var sum = 0.0
            for index in mixture.means.indices {
                let part = exp(shares[index * stride + row] - highest)
                shares[index * stride + row] = part
                sum += part
            }
            for index in mixture.means.indices { shares[index * stride + row] /= sum }
            total += (highest + log(sum)) * (weights?[tile.firstRow + row] ?? 1)
        }
        return total
    }

    private func squaredDistances(_ mixture: Mixture, _ index: Int, _ rows: Int, _ block: Block) -> [Double] {
        let (stride, width) = (Design.tileRows, design.width)
        let (mean, factor) = (mixture.means[index], mixture.factor(index))
        var squares = [Double](repeating: 0, count: rows)
        if factor.columns == 1 {
            for feature in 0..<width {
                let scale = factor.values[factor.rows == 1 ? 0 : feature]
                for row in 0..<rows {
                    let scaled = (block[feature * stride + row] - mean[feature]) * scale
                    squares[row] += scaled * scaled
                }
            }
            return squares
        }
        var centred = Matrix(rows: rows, columns: width)
        for feature in 0..<width {
            for row in 0..<rows { centred.values[feature * rows + row] = block[feature * stride + row] - mean[feature] }
        }
        let projected = centred.times(factor)
        for feature in 0..<width {
            for row in 0..<rows { squares[row] += projected.values[feature * rows + row] * projected.values[feature * rows + row] }
        }
        return squares
    }
}

extension Matrix {
    /// `(self - Σ weight · mean · meanᵀ) / total`, both triangles.
    fileprivate func centred(_ total: Double, _ means: [([Double], Double)]) -> Matrix {
        var result = self
        for column in 0..<columns {
            for row in column..<rows {
                let taken = means.reduce(0) { $0 + $1.1 * $1.0[row] * $1.0[column] }
                result[row, column] = (self[row, column] - taken) / total
            }
        }
        return result.symmetric
    }
}

extension MixtureFit.Solution {
    fileprivate func fitted(_ design: Design, origin: [Double], rows total: Double) throws -> FittedModel {
        let count = mixture.means.count
        let centers = mixture.means.flatMap { mean in design.encoded(zip(mean, origin).map { $0 + $1 }) }
        // The factors are triangular in the order of the features, which is another one in the artifact.
        let covariances = mixture.covariances.map { design.encoded(covariance: $0) }
        guard let factors = Mixture.factors(covariances, mixture.kind) else { throw MixtureFit.failure }
        let values = factors.flatMap(\.values)
        let precisions: CentroidForm.Precisions =
            switch mixture.kind {
            case .full: .full(values)
            case .tied: .tied(values)
            case .diag: .diagonal(values)
            case .spherical: .spherical(values)
            }
        var encoded = mixture
        encoded.factors = factors
        let form = CentroidForm(
            outputs: count, centers: centers, memberships: (0..<count).map { Int32($0) }, precisions: precisions,
            constants: (0..<count).map(encoded.constant))
        var fitted = FittedModel(
            form: .centroids(form), link: .softmax, importance: form.spread(mixture.weights), iterations: iterations)
        fitted.clusters = FoundCluster.list(form, rows)
        for index in 0..<count { fitted.clusters[index].share = mixture.weights[index] }
        let parameters = Double(mixture.parameters)
        fitted.findings["log_likelihood"] = .number(likelihood)
        fitted.findings["aic"] = .number(2 * parameters - 2 * likelihood * total)
        fitted.findings["bic"] = .number(parameters * log(total) - 2 * likelihood * total)
        if !isAtRest {
            fitted.notes.append("the likelihood still rose after \(iterations) iterations; a larger max_iter lets it rest")
        }
        return fitted
    }
}

extension Design {
    /// A covariance with its rows and columns, or its variances, from packed to encoded order.
    fileprivate func encoded(covariance: Matrix) -> Matrix {
        guard covariance.rows > 1 || width == 1 else { return covariance }
        var result = covariance
        for row in 0..<covariance.rows {
            if covariance.columns == 1 {
                result[encodedIndex[row], 0] = covariance[row, 0]
            } else {
                for column in 0..<covariance.columns {
                    result[encodedIndex[row], encodedIndex[column]] = covariance[row, column]
                }
            }
        }
        return result
    }
}
