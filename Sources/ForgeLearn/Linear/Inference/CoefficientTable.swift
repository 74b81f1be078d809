import ForgeModel

/// The coefficients of a linear form in the units of the data, as the manifest carries them.
struct CoefficientTable {
    struct Row {
        var term: String
        /// The class that a coefficient of several outputs speaks for.
        var label: Bytes?
        var coefficient: Double
        var standardError: Double?
        /// Coefficient over its standard error: t or z.
        var statistic: Double?
        var pValue: Double?
        /// The 95 % confidence interval.
        var lower: Double?
        var upper: Double?
        /// Variance inflation: by how much the other terms make the coefficient's variance larger.
        var vif: Double?
    }

    var rows: [Row]
    /// Of the encoded design that was fitted, the intercept's column included; nil: not asked for.
    var conditionNumber: Double?
    /// Terms left out of the table, since the others determine them: levels of reference first.
    var references: [String] = []

    /// Numbers that are not finite are left out: an exact fit has no standard errors.
    var json: JSONValue {
        func finite(_ value: Double?) -> JSONValue? { value.flatMap { $0.isFinite ? .number($0) : nil } }
        return .array(
            rows.map { row in
                var entry: JSONValue = ["term": .text(row.term), "coefficient": finite(row.coefficient) ?? .null]
                entry["class"] = row.label.map { .text(String(decoding: $0, as: UTF8.self)) }
                entry["std_error"] = finite(row.standardError)
                entry["statistic"] = finite(row.statistic)
                entry["p_value"] = finite(row.pValue)
                entry["lower"] = finite(row.lower)
                entry["upper"] = finite(row.upper)
                entry["vif"] = finite(row.vif)
                return entry
            })
    }
}

extension CoefficientTable {
    /// Every encoded feature's coefficient, levels of reference and all, without inference. `products`: what the
    /// algorithm put behind the plan's features.
    init(_ form: LinearForm, _ plan: EncodingPlan, products: [FeatureProduct], labels: [Bytes], hasIntercept: Bool) {
        let units = DataUnits(plan, products: products)
        let width = units.terms.count
        rows = []
        for output in 0..<form.outputs {
            let coefficients = Array(form.coefficients[output * width..<(output + 1) * width])
            let (intercept, terms) = units.apply(form.intercepts[output], coefficients)
            let label = form.outputs > 1 ? labels[output] : nil
            if hasIntercept { rows.append(Row(term: "(intercept)", label: label, coefficient: intercept)) }
            rows += zip(units.terms, terms).map { Row(term: $0, label: label, coefficient: $1) }
        }
    }
}

/// What the encoded features are called, and how their coefficients become those of the columns as the data has them.
struct DataUnits {
    /// (encoded)
    let terms: [String]
    /// (encoded) What one unit of a feature's coefficient adds to the coefficients of terms; -1 is the intercept.
    let shares: [[(term: Int, factor: Double)]]

    init(_ plan: EncodingPlan, products added: [FeatureProduct] = []) {
        var terms: [String] = []
        var shares: [[(term: Int, factor: Double)]] = []
        for column in plan.columns {
            let name = String(decoding: column.schema.name, as: UTF8.self)
            terms += column.schema.encoding.featureNames(of: name)
            shares += Self.shares(column.schema.encoding, column.offset)
        }
        let made = plan.products + added
        let products = Products(made, first: terms.count)
        for (place, product) in made.enumerated() {
            let (left, right) = (Int(product.left), Int(product.right))
            if let expanded = products.expand(shares[left], shares[right]) {
                terms.append("\(terms[left]) * \(terms[right])")
                shares.append(expanded)
            } else {
                terms.append("encoded(\(terms[left])) * encoded(\(terms[right]))")
                shares.append([(products.first + place, 1)])
            }
        }
        self.terms = terms
        self.shares = shares
    }

    /// Which terms are products of two others.
    private struct Products {
        private struct Pair: Hashable {
            var low, high: Int
            init(_ a: Int, _ b: Int) { (low, high) = (min(a, b), max(a, b)) }
        }

        let first: Int
        private var places: [Pair: Int] = [:]

        init(_ products: [FeatureProduct], first: Int) {
            self.first = first
            for (place, product) in products.enumerated() {
                places[Pair(Int(product.left), Int(product.right))] = first + place
            }
        }

        /// The product of two sums of terms, multiplied out; nil when it needs a product that the model does not have.
        func expand(
            _ left: [(term: Int, factor: Double)], _ right: [(term: Int, factor: Double)]
        ) -> [(term: Int, factor: Double)]? {
            var sum: [Int: Double] = [:]
            for a in left {
                for b in right {
                    let alone = a.term < 0 ? b.term : b.term < 0 ? a.term : nil
                    guard let term = alone ?? places[Pair(a.term, b.term)] else { return nil }
                    sum[term, default: 0] += a.factor * b.factor
                }
            }
            return sum.sorted { $0.key > $1.key }.map { ($0.key, $0.value) }
        }
    }

    func apply(_ intercept: Double, _ coefficients: [Double]) -> (intercept: Double, terms: [Double]) {
        var intercept = intercept
        var result = [Double](repeating: 0, count: terms.count)
        for (feature, coefficient) in coefficients.enumerated() {
            for share in shares[feature] {
                if share.term < 0 {
                    intercept += share.factor * coefficient
                } else {
                    result[share.term] += share.factor * coefficient
                }
            }
        }
        return (intercept, result)
    }

    private static func shares(_ encoding: ColumnEncoding, _ offset: Int) -> [[(term: Int, factor: Double)]] {
        var result = encoding.scalings.enumerated().map { place, scaling in
            scaling == Scaling()
                ? [(term: offset + place, factor: 1.0)]
                : [(offset + place, 1 / scaling.scale), (-1, -scaling.shift / scaling.scale)]
        }
        guard case .transformed(_, _, _, let shift, let scale, let degree) = encoding else { return result }
        // ((t − shift) / scale)^k by the binomial theorem.
        for k in 1...degree {
            var binomial = 1.0
            result[k - 1] = []
            for j in stride(from: k, through: 0, by: -1) {
                var factor = binomial
                for _ in 0..<k { factor /= scale }
                for _ in 0..<k - j { factor *= -shift }
                result[k - 1].append((j == 0 ? -1 : offset + j - 1, factor))
                binomial *= Double(j) / Double(k - j + 1)
            }
        }
        return result
    }
}

extension ColumnEncoding {
    /// (width) of a column `name`: "age", "age is null", "plan=gold", "log1p(income)^2".
    func featureNames(of name: String) -> [String] {
        func text(_ bytes: Bytes) -> String { String(decoding: bytes, as: UTF8.self) }
        switch self {
        case .number(_, let indicator, _, _): return [name] + (indicator ? ["\(name) is null"] : [])
        case .oneHot(let levels, let nullLevel, let otherLevel):
            return levels.map { "\(name)=\(text($0))" } + (nullLevel ? ["\(name) is null"] : [])
                + (otherLevel ? ["\(name) is another"] : [])
        case .native: return [name]
        case .transformed(let transform, _, let indicator, _, _, let degree):
            let base = transform == .identity ? name : "\(transform.name)(\(name))"
            return (1...degree).map { $0 == 1 ? base : "\(base)^\($0)" } + (indicator ? ["\(name) is null"] : [])
        case .bins(let edges, let missing, let ordinal):
            if ordinal { return ["bin(\(name))"] }
            let bins = (0...edges.count).map { bin in
                bin == 0
                    ? "\(name) < \(edges.first ?? .infinity)"
                    : "\(name) >= \(edges[bin - 1])" + (bin < edges.count ? " and < \(edges[bin])" : "")
            }
            return bins + (missing ? ["\(name) is null"] : [])
        case .lookup(_, let width, _):
            return (0..<width).map { width == 1 ? "encoded(\(name))" : "encoded(\(name))[\($0)]" }
        case .hashed(let buckets): return (0..<buckets).map { "hash(\(name))=\($0)" }
        case .dateParts(let parts):
            return parts.map(\.part).flatMap { part in
                part.width == 1
                    ? ["\(part.name)(\(name))"] : ["sin(\(part.name)(\(name)))", "cos(\(part.name)(\(name)))"]
            } + ["\(name) is null"]
        case .vector(_, let shifts, _): return (1...shifts.count).map { "\(name)[\($0)]" }
        case .tfidf(let vocabulary, _, _, _): return vocabulary.map { "\(name): \(text($0))" }
        case .groupNumber, .groupLevel: return []
        }
    }
}
