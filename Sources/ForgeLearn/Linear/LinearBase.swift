import ForgeModel

/// What a base model says of the training rows, and its coefficients in the design's order. A fit that starts from it
/// learns a correction beside these margins: the penalty, which is on the correction, pulls towards the base model.
/// Without a base model there are no margins, and the correction is the whole.
struct LinearBase {
    /// (outputs)(width) packed.
    private let points: [[Double]]
    private let intercepts: [Double]  // (outputs)
    /// (outputs)(rows)
    let margins: [[Double]]

    /// unit: what the base model's margins are divided by.
    init(_ input: borrowing FitInput, _ design: Design, unit: Double = 1) throws {
        guard let base = input.base, case .linear(let form) = base.document.form else {
            (points, intercepts, margins) = ([], [], [])
            return
        }
        let features = form.coefficients.count / form.outputs
        let points = (0..<form.outputs).map { output in
            design.packed(form.coefficients[output * features..<(output + 1) * features].map { $0 / unit })
        }
        let intercepts = form.intercepts.map { $0 / unit }
        var margins: [[Double]] = []
        for (point, intercept) in zip(points, intercepts) {
            margins.append(
                try design.margins(of: point, threads: input.threads, observer: input.observer).map { $0 + intercept })
        }
        (self.points, self.intercepts, self.margins) = (points, intercepts, margins)
    }

    var isPresent: Bool { !points.isEmpty }

    /// What is left of the targets (rows) for the correction of one output.
    func residuals(of targets: [Double]) -> [Double] { isPresent ? zip(targets, margins[0]).map(-) : targets }

    /// A correction (width) packed, with what it corrects. The design's intercept, if it has one, is in its place.
    func corrected(_ correction: [Double], output: Int = 0, _ design: Design) -> [Double] {
        guard isPresent else { return correction }
        var sum = zip(points[output], correction).map(+)
        if let intercept = design.intercept { sum[intercept] += intercepts[output] }
        return sum
    }

    /// The same of a constant that is no part of the design.
    func corrected(intercept: Double) -> Double { isPresent ? intercepts[0] + intercept : intercept }
}

extension FitInput {
    /// Without a penalty nothing pulls towards a base model: it would be forgotten at once.
    func requirePenalty(_ isPenalised: Bool, remedy: String) throws {
        guard base != nil, !isPenalised else { return }
        throw ForgeError(
            .invalidParameter, "params.base_model needs a penalty, which pulls the coefficients towards the base model's",
            hint: remedy)
    }
}

extension Hyperparameter {
    /// Of least squares, whose coefficients mean the same whatever found them.
    static let leastSquaresBase = linearBase(["linear_regression", "ridge", "lasso", "elastic_net"])

    static func linearBase(_ algorithms: [String]) -> Hyperparameter {
        .baseModel(
            of: algorithms,
            "Version to start from, as model, model@alias or model/version: the penalty pulls towards its coefficients.")
    }
}
