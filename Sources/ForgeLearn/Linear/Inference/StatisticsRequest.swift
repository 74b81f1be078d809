import ForgeModel

/// How the errors of the rows are taken to vary, for the standard errors of coefficients: statsmodels' `cov_type`.
enum Covariance: String, CaseIterable {
    case nonrobust
    case hc0 = "HC0"
    case hc1 = "HC1"
    case hc2 = "HC2"
    case hc3 = "HC3"
    case cluster

    static let ofLikelihoods: [Covariance] = [.nonrobust, .hc0, .hc1, .cluster]
    static let ofQuantiles: [Covariance] = [.nonrobust, .hc0]
}

extension Hyperparameter {
    static func statistics(_ defined: [Covariance]) -> Hyperparameter {
        let robust = defined.map(\.rawValue).filter { $0.hasPrefix("HC") }.joined(separator: ", ")
        let grouped =
            defined.contains(.cluster) ? ", or to rows that belong together by group_columns (cluster)" : ""
        return .choice(
            "statistics", "none", of: ["none"] + defined.map(\.rawValue),
            "Standard errors, p-values and confidence intervals for forge.coefficients: as the model assumes (nonrobust), robust to unequal spread (\(robust))\(grouped)."
        )
    }
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
