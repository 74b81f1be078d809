import ForgeModel

/// What is taken off a number, and what it is then divided by.
struct Scaling: Sendable, Equatable {
    var shift = 0.0
    var scale = 1.0

    /// By scikit-learn's StandardScaler, RobustScaler and MinMaxScaler. Mean and deviation are weighted, the others are
    /// not. A column without spread keeps scale 1; `nil` when its spread is not finite.
    static func learn(_ method: ColumnPreprocess.Scale, _ values: [Double], weights: [Double]?) -> Scaling? {
        guard !values.isEmpty else { return Scaling() }
        var scaling = Scaling()
        switch method {
        case .none: return scaling
        case .standard:
            let whole = weights?.reduce(0, +) ?? Double(values.count)
            guard whole > 0 else { return scaling }
            scaling.shift = values.indices.reduce(0) { $0 + (weights?[$1] ?? 1) * values[$1] } / whole
            let squares = values.indices.reduce(0) { sum, row in
                let difference = values[row] - scaling.shift
                return sum + (weights?[row] ?? 1) * difference * difference
            }
            scaling.scale = (squares / whole).squareRoot()
        case .robust:
            let sorted = SortedValues(values)
            scaling.shift = sorted.linearQuantile(0.5)
            scaling.scale = sorted.linearQuantile(0.75) - sorted.linearQuantile(0.25)
        case .minMax:
            scaling.shift = values.min()!
            scaling.scale = values.max()! - scaling.shift
        }
        guard scaling.shift.isFinite, scaling.scale.isFinite else { return nil }
        // A spread of rounding errors is none: scikit-learn's rule.
        if scaling.scale <= 10 * 2.220446049250313e-16 * abs(scaling.shift) || scaling.scale == 0 { scaling.scale = 1 }
        return scaling
    }

    func callAsFunction(_ value: Double) -> Double { (value - shift) / scale }
}

extension ColumnEncoding {
    /// (width) How each feature was scaled; a function of the number counts as the feature.
    var scalings: [Scaling] {
        var result = [Scaling](repeating: Scaling(), count: width)
        switch self {
        case .number(_, _, let shift, let scale): result[0] = Scaling(shift: shift, scale: scale)
        case .dateParts(let parts):
            let features = parts.flatMap {
                Array(repeating: Scaling(shift: $0.shift, scale: $0.scale), count: $0.part.width)
            }
            result.replaceSubrange(0..<features.count, with: features)
        default: break
        }
        return result
    }
}
