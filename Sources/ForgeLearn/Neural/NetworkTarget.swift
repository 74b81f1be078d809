import CForgeNeural
import ForgeModel

/// The column to learn as the loss takes it, and the weights of the rows.
struct NetworkTarget {
    /// (rows) standardised value, 1 for the positive class and 0 for the other, or the class's number.
    let values: [Float]
    /// (rows) with mean 1; nil: all 1.
    let weights: [Float]?
    let outputs: Int
    let loss: Int32
    let link: Link
    /// Of a regression: the target is `mean + scale · value`.
    let mean: Double
    let scale: Double

    init(_ input: borrowing FitInput) throws {
        let total = input.weights?.reduce(0, +) ?? Double(input.rows)
        let unit = total / Double(input.rows)
        weights = input.weights?.map { Float($0 / unit) }
        switch input.target {
        case .values, .none:
            let targets = input.data.training.targets
            (mean, scale) = Self.moments(targets, input.weights, total)
            values = Self.standardised(targets, mean, scale)
            (outputs, loss, link) = (1, Int32(FORGE_NEURAL_SQUARED), .identity)
        case .classes(let classes):
            values = Self.labels(classes.training, classes)
            outputs = classes.isBinary ? 1 : classes.count
            loss = Int32(classes.isBinary ? FORGE_NEURAL_LOGISTIC : FORGE_NEURAL_SOFTMAX)
            link = classes.isBinary ? .logistic : .softmax
            (mean, scale) = (0, 1)
        }
    }

    /// The rows to watch, on the scale of `training`. nil when none of them counts.
    init?(_ rows: ValidationRows, _ input: borrowing FitInput, like training: NetworkTarget) {
        guard rows.part.rows > 0, rows.weights?.contains(where: { $0 > 0 }) ?? true else { return nil }
        weights = rows.weights?.map { Float($0) }
        switch input.target {
        case .values, .none: values = Self.standardised(rows.part.targets, training.mean, training.scale)
        case .classes(let classes): values = Self.labels(rows.classes.map { max(0, $0) }, classes)
        }
        (outputs, loss, link) = (training.outputs, training.loss, training.link)
        (mean, scale) = (training.mean, training.scale)
    }

    /// Weight of all rows.
    var total: Double { weights?.reduce(0) { $0 + Double($1) } ?? Double(values.count) }

    private static func standardised(_ targets: [Double], _ mean: Double, _ scale: Double) -> [Float] {
        targets.map { Float(($0 - mean) / scale) }
    }

    private static func labels(_ labels: [Int32], _ classes: Classes) -> [Float] {
        let positive = Int32(classes.positive)
        return labels.map { classes.isBinary ? ($0 == positive ? 1 : 0) : Float($0) }
    }

    /// Weighted mean and standard deviation; of targets whose weighted rows are all equal the deviation is taken as 1.
    private static func moments(_ values: [Double], _ weights: [Double]?, _ total: Double) -> (Double, Double) {
        var mean = 0.0
        for (row, value) in values.enumerated() { mean += (weights?[row] ?? 1) / total * value }
        var square = 0.0
        for (row, value) in values.enumerated() {
            square += (weights?[row] ?? 1) / total * (value - mean) * (value - mean)
        }
        return (mean, square > 0 && square.isFinite ? square.squareRoot() : 1)
    }
}
