import ForgeModel

/// How the errors of the rows are taken to vary, for the standard errors of coefficients: statsmodels' `cov_type`.
enum Covariance: String, CaseIterable {
    case nonrobust
    case hc0 = "HC0"
    case hc1 = "HC1"
    case hc2 = "HC2"
    case hc3 = "HC3"
    case cluster
}

extension Hyperparameter {
    static let statistics = Hyperparameter.choice(
        "statistics", "none", of: ["none"] + Covariance.allCases.map(\.rawValue),
        "Standard errors, p-values and confidence intervals for forge.coefficients: as the model assumes (nonrobust), robust to unequal spread (HC0, HC1, HC2, HC3), or to rows that belong together by group_columns (cluster)."
    )
}

extension FitInput {
    var context: Inference.Context {
        Inference.Context(
            plan: plan, weights: weights, groups: data.training.groups, threads: threads, observer: observer)
    }

    func moments(of design: Design) throws -> Design.Moments {
        try design.moments(weights: weights, threads: threads, observer: observer)
    }

    /// The covariance asked for; refused where it has no meaning.
    func covariance(penalised: Bool, allows: [Covariance] = Covariance.allCases) throws -> Covariance? {
        guard let kind = Covariance(rawValue: parameters.text("statistics")) else { return nil }
        guard !penalised else {
            throw ForgeError(
                .invalidParameter, "params.statistics \"\(kind.rawValue)\" needs coefficients without a penalty",
                detail: "Penalised coefficients are drawn towards zero: their errors are no standard errors.",
                hint: "set alpha 0 (logistic_regression: penalty \"none\"), or leave statistics out")
        }
        guard allows.contains(kind) else {
            throw ForgeError(
                .invalidParameter, "params.statistics \"\(kind.rawValue)\" is not defined for this model",
                hint: "use one of: \(allows.map(\.rawValue).joined(separator: ", "))")
        }
        if kind == .cluster, data.training.groups.count != data.training.rows {
            throw ForgeError(
                .missingColumn, "params.statistics \"cluster\" needs group_columns",
                hint: "name the columns whose rows belong together, such as group_columns => '{customer}'")
        }
        return kind
    }
}
