import ForgeLinalg
import ForgeModel

extension Algorithm {
    /// Ordinary least squares, as scikit-learn's `LinearRegression`.
    static let linearRegression = Algorithm(
        name: "linear_regression", tasks: [.regression], form: .linear,
        description: "Ordinary least squares: a weighted sum of the columns, the fastest to train and to read.",
        parameters: [.fitIntercept, .statistics(Covariance.allCases)],
        fit: { input in try fitLeastSquares(input, alpha: 0, statistics: true) })

    /// Least squares with an L2 penalty on the encoded columns' coefficients, as scikit-learn's `Ridge`.
    static let ridge = Algorithm(
        name: "ridge", tasks: [.regression], form: .linear,
        description:
            "Least squares with an L2 penalty: steadier than linear_regression when columns are many or depend on each other.",
        parameters: [
            .number(
                "alpha", 1, minimum: 0,
                "Strength of the penalty on the squared coefficients of the encoded columns; 0 is linear_regression."
            ).searched(1e-4...1e4, log: true),
            .fitIntercept.fixedByBase, .leastSquaresBase,
        ],
        fit: { input in try fitLeastSquares(input, alpha: input.parameters.number("alpha")) })
}

extension Hyperparameter {
    static let fitIntercept = Hyperparameter.boolean(
        "fit_intercept", true, "Whether to learn a constant term, which no penalty touches.")
}

private func fitLeastSquares(
    _ input: borrowing FitInput, alpha: Double, statistics: Bool = false
) throws -> FittedModel {
    try input.requirePenalty(alpha > 0, remedy: "give alpha a value above 0")
    let design = Design(input.data.training, input.plan)
    let base = try LinearBase(input, design)
    let solution = try NormalEquations(
        design: design, targets: base.residuals(of: input.data.training.targets), weights: input.weights, alpha: alpha,
        fitIntercept: input.parameters.boolean("fit_intercept"), threads: input.threads, observer: input.observer
    ).solve()
    var notes: [String] = []
    // The 0/1 features of a category always add up to one: only what goes beyond is worth a line.
    let unexpected = solution.deficiency - design.hot.count
    if unexpected > 0 {
        notes.append(
            "\(unexpected) encoded columns depend on the others: of all solutions the one with the smallest coefficients is kept"
        )
    }
    var fitted = FittedModel.linear(
        design, solution.moments, coefficients: base.corrected(solution.coefficients, design),
        intercept: base.corrected(intercept: solution.intercept), notes: notes)
    if let covariance = try statistics ? input.covariance(penalised: false) : nil {
        try fitted.addTable(of: solution, design, input, covariance)
    }
    return fitted
}

extension FittedModel {
    /// Student's t for the errors that the model assumes, the normal distribution for robust ones, as statsmodels'.
    fileprivate mutating func addTable(
        of solution: NormalEquations.Solution, _ design: Design, _ input: borrowing FitInput, _ covariance: Covariance
    ) throws {
        let full = Design(input.data.training, input.plan, intercept: input.parameters.boolean("fit_intercept"))
        var point = solution.coefficients
        if let intercept = full.intercept { point.insert(solution.intercept, at: intercept) }
        let margins = try full.margins(of: point, threads: input.threads, observer: input.observer)
        let rows = zip(input.data.training.targets, margins).map { target, margin in
            RowInformation(information: 1, score: target - margin, pearson: (target - margin) * (target - margin))
        }
        coefficients = try Inference(input.context, full, input.moments(of: full)).table(
            point, rows, covariance: covariance, dispersion: true, student: covariance == .nonrobust)
    }
}

extension Design {
    /// (rows) weighted sums of the rows' features.
    func margins(of point: [Double], threads: Int, observer: any TrainingObserver) throws -> [Double] {
        var result = [Double](repeating: 0, count: part.rows)
        try result.withUnsafeMutableBufferPointer { result in
            _ = try forEachTile(threads: threads, observer: observer) {
            } _: { tile, _ in
                point.withUnsafeBufferPointer {
                    tile.addProduct($0.baseAddress!, to: result.baseAddress! + tile.firstRow)
                }
            }
        }
        return result
    }

    /// (width) whether a packed feature is of a column that never varies.
    func constantFeatures(_ plan: EncodingPlan) -> [Bool] {
        var constant = [Bool](repeating: false, count: plan.width)
        for column in plan.columns where !column.varies {
            for index in column.offset..<column.offset + column.schema.encoding.width { constant[index] = true }
        }
        return encodedIndex.map { $0 >= 0 && constant[$0] }
    }

    /// Moves what columns that never vary were given into the intercept, which is the same to every training row:
    /// (width) packed.
    func withoutConstants(_ point: [Double], _ plan: EncodingPlan, _ moments: Moments) -> [Double] {
        guard let intercept else { return point }
        let constant = constantFeatures(plan)
        var result = point
        for index in 0..<width where constant[index] {
            result[intercept] += point[index] * moments.means[index]
            result[index] = 0
        }
        return result
    }
}

extension FittedModel {
    /// What minimising over the design with its intercept came to; point: (width) packed.
    static func linear(
        _ design: Design, _ moments: Design.Moments, _ plan: EncodingPlan, point: [Double], link: Link = .identity,
        notes: [String], iterations: Int
    ) throws -> FittedModel {
        guard point.allSatisfy(\.isFinite) else { throw notFinite() }
        let point = design.withoutConstants(point, plan, moments)
        return .linear(
            design, moments, coefficients: point, intercept: design.intercept.map { point[$0] } ?? 0, link: link,
            notes: notes, iterations: iterations)
    }

    /// A weighted sum of the design's features; coefficients: (width) packed.
    static func linear(
        _ design: Design, _ moments: Design.Moments, coefficients: [Double], intercept: Double, link: Link = .identity,
        notes: [String] = [], iterations: Int? = nil
    ) -> FittedModel {
        let form = LinearForm(
            outputs: 1, coefficients: design.encoded(coefficients), intercepts: [intercept],
            means: design.encoded(moments.means))
        return FittedModel(
            form: .linear(form), link: link,
            importance: zip(form.coefficients, design.encoded(moments.deviations)).map { abs($0 * $1) },
            notes: notes, iterations: iterations)
    }

    /// Log-odds of the positive class (one point), or of every class; points: (width) packed.
    static func linear(
        _ design: Design, _ moments: Design.Moments, points: [[Double]], notes: [String], iterations: Int
    ) -> FittedModel {
        let deviations = design.encoded(moments.deviations)
        var form = LinearForm(
            outputs: points.count, coefficients: [], intercepts: [], means: design.encoded(moments.means))
        var importance = [Double](repeating: 0, count: deviations.count)
        for point in points {
            let encoded = design.encoded(point)
            form.coefficients += encoded
            form.intercepts.append(design.intercept.map { point[$0] } ?? 0)
            for index in encoded.indices {
                importance[index] += abs(encoded[index] * deviations[index]) / Double(points.count)
            }
        }
        return FittedModel(
            form: .linear(form), link: points.count == 1 ? .logistic : .softmax, importance: importance, notes: notes,
            iterations: iterations)
    }
}
