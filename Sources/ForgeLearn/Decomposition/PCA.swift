import ForgeLinalg
import ForgeModel

extension Algorithm {
    /// As scikit-learn's `PCA`.
    static let pca = Algorithm(
        name: "pca", tasks: [.decomposition], form: .linear,
        description: "Principal components: the directions in which the rows differ most, each at right angles to the others.",
        parameters: [
            .componentCount(nil, "Components to keep; null: all, or as many as explained_variance asks for."),
            .number(
                "explained_variance", 1, above: 0, maximum: 1,
                "Without n_components: as many components are kept as together tell this share of the variance."),
            .boolean("whiten", false, "Whether components are divided by their standard deviation."),
        ],
        defaultFor: [.decomposition],
        fit: { input in
            try fitProjection(input, centred: true, whiten: input.parameters.boolean("whiten")) { eigen, input in
                try input.count(of: eigen, share: input.parameters.number("explained_variance"))
            }
        })

    /// As scikit-learn's `TruncatedSVD`.
    static let truncatedSVD = Algorithm(
        name: "truncated_svd", tasks: [.decomposition], form: .linear,
        description:
            "Principal components of columns that are not centred, as suits counts and tf-idf (latent semantic analysis).",
        parameters: [.componentCount(2, "Components to keep.")],
        fit: { input in
            try fitProjection(input, centred: false, whiten: false) { eigen, input in
                try input.count(of: eigen, share: 1)
            }
        })
}

extension Hyperparameter {
    static func componentCount(_ value: Int?, most: Int = ModelLimits.classes, _ sentence: String) -> Hyperparameter {
        .integer("n_components", value, minimum: 1, maximum: most, sentence)
    }
}

/// Eigenvalues of the rows' sums of products, the largest first, with their vectors: (width) packed each.
struct Eigen {
    var values: [Double]
    var vectors: [[Double]]
}

extension FitInput {
    /// n_components, at most as many as the encoded features and the rows allow; or as many as tell `share` of the whole.
    fileprivate func count(of eigen: Eigen, share: Double) throws -> Int {
        let most = min(eigen.values.count, rows, ModelLimits.classes)
        if let count = parameters["n_components"].intValue {
            guard count <= most else {
                throw ForgeError(
                    .invalidParameter, "params.n_components is \(count), and there can be \(most) components at most",
                    detail: "\(eigen.values.count) encoded features, \(rows) training rows",
                    hint: "ask for fewer components, or give more columns and rows")
            }
            return count
        }
        let total = eigen.values.reduce(0, +)
        var told = 0.0
        for (index, value) in eigen.values.prefix(most).enumerated() where share < 1 {
            told += value
            if told >= share * total { return index + 1 }
        }
        return most
    }
}

/// Eigenvectors of the encoded features' sums of products, which one walk over the rows gives.
private func fitProjection(
    _ input: borrowing FitInput, centred: Bool, whiten: Bool,
    count: (Eigen, borrowing FitInput) throws -> Int
) throws -> FittedModel {
    let design = Design(input.data.training, input.plan)
    let sums = try NormalEquations(
        design: design, targets: nil, weights: input.weights, alpha: 0, fitIntercept: centred, threads: input.threads,
        observer: input.observer
    ).centered()
    BLAS.setThreads(input.threads)
    defer { BLAS.setThreads(1) }
    let eigen = try Eigen(sums.sums.gram)
    let kept = try count(eigen, input)
    return .projection(design, sums, eigen, kept: kept, centred: centred, whiten: whiten)
}

extension Eigen {
    /// Of a symmetric matrix (lower triangle), none of whose eigenvalues is negative but for rounding. A vector's sign is
    /// such that its largest number is positive, as scikit-learn's.
    init(_ gram: Matrix) throws {
        guard let (values, vectors) = symmetricEigen(gram) else {
            throw ForgeError(
                .numericalFailure, "the eigenvalues of the columns' products did not converge",
                hint: "scale the columns (preprocess scale standard) or clip their largest values")
        }
        let order = values.indices.reversed()
        self.values = order.map { max(0, values[$0]) }
        self.vectors = order.map { index in
            let vector = Array(vectors.values[index * gram.rows..<(index + 1) * gram.rows])
            let largest = vector.max { abs($0) < abs($1) } ?? 1
            return largest < 0 ? vector.map { -$0 } : vector
        }
    }
}

extension FittedModel {
    /// `z = (x - mean) · v`, without the mean unless `centred`, divided by its deviation if `whiten`.
    fileprivate static func projection(
        _ design: Design, _ sums: NormalEquations.Centered, _ eigen: Eigen, kept: Int, centred: Bool, whiten: Bool
    ) -> FittedModel {
        let moments = sums.moments
        // Of a sample of rows, as scikit-learn has it.
        let freedom = max(1, moments.weight - 1)
        let variances = centred ? eigen.values.map { $0 / freedom } : design.variances(eigen, moments)
        let total = centred ? variances.reduce(0, +) : moments.deviations.reduce(0) { $0 + $1 * $1 }
        var form = LinearForm(outputs: kept, coefficients: [], intercepts: [], means: design.encoded(moments.means))
        var components: [FoundComponent] = []
        var importance = [Double](repeating: 0, count: form.means.count)
        for index in 0..<kept {
            let loadings = design.encoded(eigen.vectors[index])
            let scale = whiten && variances[index] > 0 ? 1 / variances[index].squareRoot() : 1
            form.coefficients += loadings.map { $0 * scale }
            form.intercepts.append(
                centred ? -scale * zip(loadings, form.means).reduce(0) { $0 + $1.0 * $1.1 } : 0)
            for feature in loadings.indices { importance[feature] += variances[index] * loadings[feature] * loadings[feature] }
            components.append(
                FoundComponent(
                    loadings: loadings, variance: variances[index], share: total > 0 ? variances[index] / total : nil,
                    singularValue: eigen.values[index].squareRoot()))
        }
        var fitted = FittedModel(form: .linear(form), link: .identity, importance: importance)
        fitted.components = components
        return fitted
    }
}

extension Design {
    /// Variance of the rows along each direction, whose mean square is its eigenvalue over the rows.
    fileprivate func variances(_ eigen: Eigen, _ moments: Moments) -> [Double] {
        zip(eigen.values, eigen.vectors).map { value, vector in
            let mean = zip(vector, moments.means).reduce(0) { $0 + $1.0 * $1.1 }
            return max(0, value / moments.weight - mean * mean)
        }
    }
}
