@testable import ForgeModel

extension Reference {
    /// All rows sorted by distance, then by their place.
    static func margins(_ form: NeighborForm, _ features: [Double], positive: Int) -> [Double] {
        let query = features.map { Double(Float($0)) }
        let distances = form.targets.indices.map { row in
            distance(form.metric, form.rows[row * query.count..<(row + 1) * query.count].map(Double.init), query)
        }
        let nearest = distances.indices.sorted { (distances[$0], $0) < (distances[$1], $1) }.prefix(form.count)
        let isOn = distances[nearest[0]] == 0
        let votes = nearest.map { row in
            (form.weights?[row] ?? 1) * (!form.byDistance ? 1 : isOn ? distances[row] == 0 ? 1 : 0 : 1 / distances[row])
        }
        let total = votes.reduce(0, +)
        let targets = nearest.map { form.targets[$0] }
        if form.classes == 0 { return [zip(votes, targets).reduce(0) { $0 + $1.0 * $1.1 } / total] }
        let classes = form.classes == 2 ? [positive] : Array(0..<form.classes)
        return classes.map { label in
            zip(votes, targets).reduce(0) { $0 + ($1.1 == Double(label) ? $1.0 : 0) } / total
        }
    }

    static func distance(_ metric: NeighborForm.Metric, _ a: [Double], _ b: [Double]) -> Double {
        switch metric {
        case .euclidean: return zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        case .manhattan: return zip(a, b).reduce(0) { $0 + abs($1.0 - $1.1) }
        case .cosine:
            func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
            let lengths = (product(a, a) * product(b, b)).squareRoot()
            return lengths > 0 ? max(0, 1 - product(a, b) / lengths) : 1
        }
    }
}
