import ForgeLinalg
import ForgeModel

/// How much of the encoded features' variance the components tell: that of their best linear map of the components, whose
/// scale and rotation therefore do not matter.
struct ProjectedRows {
    private let part: Part
    private let plan: EncodingPlan
    private let scores: PartScores  // (rows, components)
    private let place: [Int]?  // (rows) among the scores; -1: not looked at. nil: all are
    private let threads: Int

    init(_ part: Part, _ plan: EncodingPlan, _ scores: PartScores, rows: [Int]?, threads: Int) {
        self.part = part
        self.plan = plan
        self.scores = scores
        self.threads = threads
        place = rows.map { rows in
            var place = [Int](repeating: -1, count: part.rows)
            for (index, row) in rows.enumerated() { place[row] = index }
            return place
        }
    }

    func measure() -> [Measured] {
        let count = scores.values.count / scores.width
        guard count > scores.width + 1 else {
            return [
                Measured(
                    "explained_variance", nil, else: "\(count) rows are too few to say what \(scores.width) components tell")
            ]
        }
        guard let sums = try? self.sums(), let share = sums.explained else {
            return [Measured("explained_variance", nil, else: "the features of these rows do not vary, or not in a finite way")]
        }
        return [Measured("explained_variance", share)]
    }

    /// Sums of products of centred numbers.
    fileprivate struct Sums {
        var components: Matrix  // (k, k)
        var mixed: Matrix  // (k, width)
        var total: Double

        /// Σ_j c_jᵀ · C⁻¹ · c_j over Σ_j x_jᵀ x_j.
        var explained: Double? {
            guard total > 0, total.isFinite else { return nil }
            guard let (values, vectors) = symmetricEigen(components), let largest = values.last, largest > 0 else {
                return 0
            }
            let k = components.rows
            var explained = 0.0
            for (index, value) in values.enumerated() where value > largest * 1e-12 {
                for column in 0..<mixed.columns {
                    var projected = 0.0
                    for row in 0..<k { projected += vectors[row, index] * mixed[row, column] }
                    explained += projected * projected / value
                }
            }
            return explained / total
        }
    }

    fileprivate struct Lane {
        var weight = 0.0
        var scores: [Double]
        var features: [Double]
        var squares: [Double]
        var products: [Double]  // (k, k) then (k, width)
    }

    private func sums() throws -> Sums {
        let design = Design(part, plan)
        let (k, width) = (scores.width, design.width)
        let shift = (0..<k).map { index in scores.values[index] }  // near the scores: their products keep their digits
        let means = try design.moments(weights: nil, threads: threads, observer: SilentObserver()).means
        let lanes = try design.forEachTile(threads: threads, observer: SilentObserver()) {
            Lane(
                scores: Array(repeating: 0, count: k), features: Array(repeating: 0, count: width),
                squares: Array(repeating: 0, count: width), products: Array(repeating: 0, count: k * (k + width)))
        } _: { tile, lane in
            var row = [Double](repeating: 0, count: width)
            for index in 0..<tile.rows {
                let place = place.map { $0[tile.firstRow + index] } ?? tile.firstRow + index
                if place < 0 { continue }
                tile.copyRow(index, to: &row)
                lane.weight += 1
                for feature in 0..<width {
                    row[feature] -= means[feature]
                    lane.features[feature] += row[feature]
                    lane.squares[feature] += row[feature] * row[feature]
                }
                for a in 0..<k {
                    let score = scores.values[place * k + a] - shift[a]
                    lane.scores[a] += score
                    for b in 0..<k { lane.products[a * k + b] += score * (scores.values[place * k + b] - shift[b]) }
                    let start = k * k + a * width
                    for feature in 0..<width { lane.products[start + feature] += score * row[feature] }
                }
            }
        }
        let whole = lanes.dropFirst().reduce(into: lanes[0]) { $0.add($1) }
        return whole.centred(k, width)
    }
}

extension ProjectedRows.Lane {
    fileprivate mutating func add(_ other: Self) {
        weight += other.weight
        for index in scores.indices { scores[index] += other.scores[index] }
        for index in features.indices { features[index] += other.features[index] }
        for index in squares.indices { squares[index] += other.squares[index] }
        for index in products.indices { products[index] += other.products[index] }
    }

    fileprivate func centred(_ k: Int, _ width: Int) -> ProjectedRows.Sums {
        var components = Matrix(rows: k, columns: k)
        var mixed = Matrix(rows: k, columns: width)
        for a in 0..<k {
            for b in 0..<k { components[a, b] = products[a * k + b] - scores[a] * scores[b] / weight }
            for feature in 0..<width {
                mixed[a, feature] = products[k * k + a * width + feature] - scores[a] * features[feature] / weight
            }
        }
        let total = features.indices.reduce(0) { $0 + squares[$1] - features[$1] * features[$1] / weight }
        return ProjectedRows.Sums(components: components, mixed: mixed, total: total)
    }
}
