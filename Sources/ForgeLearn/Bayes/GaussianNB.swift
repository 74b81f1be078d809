import ForgeModel
import Glibc

extension Algorithm {
    /// Gaussian naive Bayes, as scikit-learn's `GaussianNB`.
    static let gaussianNB = Algorithm(
        name: "gaussian_nb", tasks: [.classification], form: .linear,
        description:
            "Each class a bell curve per column, all columns taken as independent: trains in one look at the data.",
        parameters: [
            .number(
                "var_smoothing", 1e-9, minimum: 0, maximum: 1e6,
                "Share of the largest variance of a column that is added to the variances of all."
            ).searched(1e-12...1, log: true),
            Hyperparameter(
                name: "priors", kind: .object, defaultValue: nil, choices: [],
                sentence:
                    "Shares of the classes, which add up to 1, as {\"label\": share}; by default those of the rows' weights."
            ),
            .positiveClass, .classWeight,
        ],
        fit: fitGaussianNB)
}

/// log p(class) + Σ_j log N(x_j; μ, σ²) is linear in x_j and x_j²: the squares are products behind the encoded
/// features. Of 0/1 features the square is the feature itself.
private func fitGaussianNB(_ input: borrowing FitInput) throws -> FittedModel {
    let rows = try NaiveBayesRows(input, squares: true)
    let (classes, design, moments, whole) = (rows.classes, rows.design, rows.moments, rows.whole)
    let (scales, varying) = (rows.scales, rows.varying)
    // The smoothing of scikit-learn is a share of the largest variance, of columns as the source has them.
    let largest = (0..<design.width).map { pow(whole.deviations[$0] * scales[$0].scale, 2) }.max() ?? 0
    let smoothing = input.parameters.number("var_smoothing") * largest
    let squared = (0..<design.width).filter { varying[$0] && !design.isZeroOrOne($0) }
    let width = input.plan.width
    var form = BayesForm(
        intercepts: try moments.logPriors(input.parameters["priors"], even: false, classes, named: "priors"),
        coefficients: Array(repeating: 0, count: classes.count * (width + squared.count)),
        means: design.encoded(whole.means))
    form.means += squared.map { whole.means[$0] * whole.means[$0] + whole.deviations[$0] * whole.deviations[$0] }
    for label in 0..<classes.count {
        let row = label * (width + squared.count)
        var products = width
        for feature in 0..<design.width where varying[feature] {
            let mean = moments.mean(label, feature)
            let variance =
                moments.variance(label, feature) + smoothing / (scales[feature].scale * scales[feature].scale)
            guard variance > 0 else {
                throw noVariance(input.plan, design.encodedIndex[feature], classes.labels[label])
            }
            form.intercepts[label] -= (log(2 * Double.pi * variance) + mean * mean / variance) / 2
            let place = row + design.encodedIndex[feature]
            form.coefficients[place] = mean / variance
            if design.isZeroOrOne(feature) {
                form.coefficients[place] -= 0.5 / variance
            } else {
                form.coefficients[row + products] = -0.5 / variance
                products += 1
            }
        }
    }
    var fitted = rows.fitted(form)
    fitted.products = squared.map { FeatureProduct(Int32(design.encodedIndex[$0]), Int32(design.encodedIndex[$0])) }
    return fitted
}

private func noVariance(_ plan: EncodingPlan, _ feature: Int, _ label: Bytes) -> ForgeError {
    let column =
        plan.column(of: feature).map { String(decoding: plan.columns[$0].schema.name, as: UTF8.self) } ?? "a product"
    return ForgeError(
        .numericalFailure,
        "column \"\(column)\" has one value only in the rows of class \"\(String(decoding: label, as: UTF8.self))\"",
        hint: "use a var_smoothing above 0, or exclude the column")
}
