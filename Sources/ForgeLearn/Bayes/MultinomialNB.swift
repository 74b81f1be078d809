import ForgeModel
import Glibc

extension Algorithm {
    /// Multinomial naive Bayes (Manning, Raghavan and Schütze 2008, chapter 13), as scikit-learn's `MultinomialNB`.
    static let multinomialNB = Algorithm(
        name: "multinomial_nb", tasks: [.classification], form: .linear,
        description: "Each class a distribution over words or other counts: the usual first model for text.",
        parameters: [
            .number(
                "alpha", 1, above: 0, maximum: 1e9,
                "Count that is added to every column in every class, so that nothing is impossible."
            ).searched(1e-3...100, log: true),
            .boolean("fit_prior", true, "Whether classes are as frequent as in the rows; otherwise all are alike.")
                .searched([true, false]),
            Hyperparameter(
                name: "class_prior", kind: .object, defaultValue: nil, choices: [],
                sentence: "Shares of the classes, which add up to 1, as {\"label\": share}, in place of fit_prior."),
            .positiveClass, .classWeight,
        ],
        fit: fitMultinomialNB)
}

/// Numbers count as the source has them: where they were scaled for other models, coefficients take it back.
private func fitMultinomialNB(_ input: borrowing FitInput) throws -> FittedModel {
    let rows = try NaiveBayesRows(input, squares: false)
    let (classes, design, moments, scales, varying) = (
        rows.classes, rows.design, rows.moments, rows.scales, rows.varying
    )
    try checkCounts(design, scales, input)
    let alpha = input.parameters.number("alpha")
    let width = input.plan.width
    var form = BayesForm(
        intercepts: try moments.logPriors(
            input.parameters["class_prior"], even: !input.parameters.boolean("fit_prior"), classes, named: "class_prior"
        ),
        coefficients: Array(repeating: 0, count: classes.count * width), means: design.encoded(rows.whole.means))
    for label in 0..<classes.count {
        let counts = (0..<design.width).map { feature in
            max(0, moments.sum(label, feature) * scales[feature].scale + moments.weights[label] * scales[feature].shift)
                + alpha
        }
        let total = log(counts.reduce(0, +))
        for feature in 0..<design.width where varying[feature] {
            let weight = log(counts[feature]) - total
            form.coefficients[label * width + design.encodedIndex[feature]] = weight * scales[feature].scale
            form.intercepts[label] += weight * scales[feature].shift
        }
    }
    return rows.fitted(form)
}

private func checkCounts(
    _ design: Design, _ scales: [(scale: Double, shift: Double)], _ input: borrowing FitInput
) throws {
    let none = [Double](repeating: .infinity, count: design.dense.count)
    let lanes = try design.forEachTile(threads: input.threads, observer: input.observer) {
        none
    } _: { tile, lane in
        for feature in 0..<design.dense.count {
            let values = tile.values + feature * Design.tileRows
            for row in 0..<tile.rows { lane[feature] = min(lane[feature], values[row]) }
        }
    }
    let lowest = lanes.dropFirst().reduce(lanes[0]) { zip($0, $1).map(min) }
    for feature in 0..<design.dense.count {
        let (scale, shift) = scales[feature]
        let value = lowest[feature] * scale + shift
        // What scaling and its undoing leave of a zero.
        guard value < -1e-12 * abs(shift) else { continue }
        let column = input.plan.column(of: design.encodedIndex[feature])
        let name = column.map { String(decoding: input.plan.columns[$0].schema.name, as: UTF8.self) } ?? "a product"
        throw ForgeError(
            .valueOutOfRange, "column \"\(name)\" goes down to \(value), multinomial_nb takes counts: none below 0",
            hint: "use gaussian_nb, exclude the column, or encode it one_hot, hashed or as bins")
    }
}
