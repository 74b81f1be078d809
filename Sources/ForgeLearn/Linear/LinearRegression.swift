import ForgeLinalg
import ForgeModel

extension Algorithm {
    /// Ordinary least squares, as scikit-learn's `LinearRegression`.
    static let linearRegression = Algorithm(
        name: "linear_regression", tasks: [.regression], form: .linear,
        description: "Ordinary least squares: a weighted sum of the columns, the fastest to train and to read.",
        parameters: [.fitIntercept],
        fit: { input in try fitLeastSquares(input, alpha: 0) })

    /// Least squares with an L2 penalty on the encoded columns' coefficients, as scikit-learn's `Ridge`.
    static let ridge = Algorithm(
        name: "ridge", tasks: [.regression], form: .linear,
        description:
            "Least squares with an L2 penalty: steadier than linear_regression when columns are many or depend on each other.",
        parameters: [
            .number(
                "alpha", 1, minimum: 0,
                "Strength of the penalty on the squared coefficients of the encoded columns; 0 is linear_regression."),
            .fitIntercept,
        ],
        fit: { input in try fitLeastSquares(input, alpha: input.parameters.number("alpha")) })
}

extension Hyperparameter {
    static let fitIntercept = Hyperparameter.boolean(
        "fit_intercept", true, "Whether to learn a constant term, which no penalty touches.")
}

private func fitLeastSquares(_ input: borrowing FitInput, alpha: Double) throws -> FittedModel {
    let design = Design(input.data.training, input.plan)
    let solution = try NormalEquations(
        design: design, targets: input.data.training.targets, weights: input.weights, alpha: alpha,
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
    return .linear(
        design, solution.moments, coefficients: solution.coefficients, intercept: solution.intercept, notes: notes)
}

extension FittedModel {
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
}
