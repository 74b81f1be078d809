import ForgeModel

/// A cluster as the registry shows it.
struct FoundCluster: Sendable {
    /// Training rows, or their weight.
    var rows: Double
    /// Its share of a mixture; else its share of the rows.
    var share: Double
    /// (encoded) its centre; empty for the rows of no cluster.
    var center: [Double]
}

/// A component as the registry shows it.
struct FoundComponent: Sendable {
    /// (encoded) what each feature weighs in it.
    var loadings: [Double]
    /// Variance of the training rows along it, and its share of the whole; nil where that is not defined.
    var variance: Double?
    var share: Double?
    var singularValue: Double?
}

extension Manifest {
    /// Beyond so many numbers, centres and loadings are not written out for people to read.
    static let shownNumbers = 200_000

    /// [{"cluster", "rows", "share", "center": {"feature": number}}], numbers in the units of the data.
    var clusters: JSONValue {
        guard !fitted.clusters.isEmpty else { return nil }
        let shows = fitted.clusters.count * plan.width <= Self.shownNumbers
        return .array(fitted.clusters.enumerated().map { index, cluster in
            [
                "cluster": .integer(Int64(cluster.center.isEmpty ? -1 : index)), "rows": .shortest(cluster.rows),
                "share": .number(cluster.share),
                "center": cluster.center.isEmpty || !shows ? nil : named(plan.inUnits(cluster.center)),
            ]
        })
    }

    /// [{"component", "explained_variance", "explained_variance_ratio", "singular_value", "loadings": {"feature":
    /// number}}]
    var components: JSONValue {
        guard !fitted.components.isEmpty else { return nil }
        let shows = fitted.components.count * plan.width <= Self.shownNumbers
        return .array(fitted.components.enumerated().map { index, component in
            [
                "component": .integer(Int64(index)), "explained_variance": JSONValue(component.variance),
                "explained_variance_ratio": JSONValue(component.share),
                "singular_value": JSONValue(component.singularValue),
                "loadings": shows ? named(component.loadings) : nil,
            ]
        })
    }

    private func named(_ values: [Double]) -> JSONValue {
        var object = JSONObject()
        for (name, value) in zip(plan.encoder.featureNames, values) { object[name] = .number(value) }
        return .object(object)
    }
}

extension EncodingPlan {
    /// (encoded) scaled numbers as they are in the source; other features stay as they are encoded.
    func inUnits(_ features: [Double]) -> [Double] {
        var result = features
        for column in columns {
            guard case .number(_, _, let shift, let scale) = column.schema.encoding else { continue }
            result[column.offset] = features[column.offset] * scale + shift
        }
        return result
    }
}
