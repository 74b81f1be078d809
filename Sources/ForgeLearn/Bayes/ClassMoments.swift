import ForgeModel
import Glibc

/// Weighted sums of the encoded features, by class. Packed order of the design throughout.
struct ClassMoments {
    let width: Int
    /// (classes) weight of the class's rows.
    let weights: [Double]
    /// (classes, width) row-major.
    let sums: [Double]
    /// (classes, width) row-major: weighted sums of squared deviations from the class's mean; empty unless asked for.
    private(set) var squares: [Double] = []

    var classes: Int { weights.count }
    func sum(_ label: Int, _ feature: Int) -> Double { sums[label * width + feature] }
    func mean(_ label: Int, _ feature: Int) -> Double { sum(label, feature) / weights[label] }
    /// Population variance.
    func variance(_ label: Int, _ feature: Int) -> Double { squares[label * width + feature] / weights[label] }

    init(
        _ design: Design, labels: [Int32], classes: Int, weights rows: [Double]?, squares asked: Bool,
        _ input: borrowing FitInput
    ) throws {
        let width = design.width
        var weights = [Double](repeating: 0, count: classes)
        for (row, label) in labels.enumerated() { weights[Int(label)] += rows?[row] ?? 1 }
        self.weights = weights
        self.width = width
        sums = try Self.walk(design, labels, rows, classes, input) { value, _ in value }
        guard asked else { return }
        let means = (0..<classes * width).map { [sums] in sums[$0] / weights[$0 / width] }
        squares = try Self.walk(design, labels, rows, classes, input) { ($0 - means[$1]) * ($0 - means[$1]) }
        // Of 0/1 features the walk meets the ones only: Σ w (x - p)² is W p (1 - p).
        for label in 0..<classes {
            for feature in design.dense.count..<max(width, design.dense.count) {
                let place = label * width + feature
                squares[place] = weights[label] * means[place] * (1 - means[place])
            }
        }
    }

    /// Sums `term(value, place)` by class and feature, places as in `sums`; one-hot features count their ones.
    private static func walk(
        _ design: Design, _ labels: [Int32], _ rows: [Double]?, _ classes: Int, _ input: borrowing FitInput,
        _ term: (Double, Int) -> Double
    ) throws -> [Double] {
        let width = design.width
        let lanes = try design.forEachTile(threads: input.threads, observer: input.observer) {
            [Double](repeating: 0, count: classes * width)
        } _: { tile, lane in
            for feature in 0..<design.dense.count {
                let values = tile.values + feature * Design.tileRows
                for row in 0..<tile.rows {
                    let place = Int(labels[tile.firstRow + row]) * width + feature
                    lane[place] += (rows?[tile.firstRow + row] ?? 1) * term(values[row], place)
                }
            }
            for column in design.hot.indices {
                let ones = tile.ones + column * Design.tileRows
                for row in 0..<tile.rows where ones[row] >= 0 {
                    let place = Int(labels[tile.firstRow + row]) * width + Int(ones[row])
                    lane[place] += rows?[tile.firstRow + row] ?? 1
                }
            }
        }
        return lanes.dropFirst().reduce(lanes[0]) { zip($0, $1).map(+) }
    }
}

extension Design {
    /// (width) packed: where a feature stands on the scale of its source, `value · scale + shift`; 1 and 0 where it was
    /// not scaled.
    func sourceScales(_ plan: EncodingPlan) -> [(scale: Double, shift: Double)] {
        var scales = [(scale: Double, shift: Double)](repeating: (1, 0), count: width)
        let scalings = plan.columns.flatMap(\.schema.encoding.scalings)
        for (packed, feature) in encodedIndex.enumerated() where feature >= 0 && feature < scalings.count {
            scales[packed] = (scalings[feature].scale, scalings[feature].shift)
        }
        return scales
    }

    /// Whether a feature is 0 or 1 in every row.
    func isZeroOrOne(_ feature: Int) -> Bool {
        guard feature < dense.count else { return true }
        if case .indicator = dense[feature] { return true }
        return false
    }

    /// (width) packed: false for features of columns that are constant in the training rows.
    func varying(_ plan: EncodingPlan) -> [Bool] {
        encodedIndex.map { index in plan.column(of: index).map { plan.columns[$0].varies } ?? true }
    }
}

extension ClassMoments {
    /// (width) packed: share of each feature's variance that lies between the classes' means, given its whole
    /// variances.
    func separation(_ variances: [Double]) -> [Double] {
        let total = weights.reduce(0, +)
        return variances.indices.map { feature in
            guard variances[feature] > 0 else { return 0 }
            let center = (0..<classes).reduce(0) { $0 + sum($1, feature) } / total
            let between = (0..<classes).reduce(0) { result, label in
                let gap = mean(label, feature) - center
                return result + weights[label] / total * gap * gap
            }
            return between / variances[feature]
        }
    }

    /// Logarithms of the classes' shares: those asked for, else those of the rows, or even ones.
    func logPriors(_ asked: JSONValue, even: Bool, _ classes: Classes, named name: String) throws -> [Double] {
        guard let object = asked.objectValue else {
            let total = weights.reduce(0, +)
            return weights.map { log(even ? 1 / Double(weights.count) : $0 / total) }
        }
        var shares = [Double](repeating: 0, count: classes.count)
        for member in object {
            let share = member.value.doubleValue ?? 0
            guard let label = classes.labels.firstIndex(of: Bytes(member.key.utf8)), share > 0, share.isFinite else {
                throw ForgeError(
                    .invalidParameter, "\(name) of \"\(member.key)\" is \(member.value.serialized)",
                    hint: "give each label of the training rows a number above 0")
            }
            shares[label] = share
        }
        if let label = shares.firstIndex(of: 0) {
            throw ForgeError(
                .invalidParameter,
                "\(name) says nothing of \"\(String(decoding: classes.labels[label], as: UTF8.self))\"",
                hint: "give each label of the training rows a number above 0")
        }
        let total = shares.reduce(0, +)
        guard abs(total - 1) <= 1e-6 else {
            throw ForgeError(
                .invalidParameter, "\(name) must add up to 1, got \(total)",
                hint: "give the classes' shares: each divided by their sum")
        }
        return shares.map { log($0 / total) }
    }
}

/// The log odds of two classes, or one margin per class, as a linear form.
struct BayesForm {
    /// (classes) and (classes, encoded) row-major.
    var intercepts: [Double]
    var coefficients: [Double]
    var means: [Double]

    func form(_ classes: Classes) -> ModelForm {
        guard classes.isBinary else {
            return .linear(
                LinearForm(outputs: classes.count, coefficients: coefficients, intercepts: intercepts, means: means))
        }
        let (yes, no) = (classes.positive, 1 - classes.positive)
        let odds = means.indices.map { coefficients[yes * means.count + $0] - coefficients[no * means.count + $0] }
        return .linear(
            LinearForm(outputs: 1, coefficients: odds, intercepts: [intercepts[yes] - intercepts[no]], means: means))
    }
}
