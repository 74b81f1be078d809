import ForgeLinalg
import ForgeModel

/// Minimises `½‖w‖² + cost · Σ weight · loss` over coefficients and intercept: liblinear's problem, which penalises the
/// intercept too.
///
/// Squared losses by Newton's method (Chapelle, "Training a support vector machine in the primal", 2007), which ends
/// exactly when no row changes sides any more; the others by the interior point method.
struct SupportVectors {
    enum Loss {
        case hinge
        case squaredHinge
        case insensitive(epsilon: Double)
        case squaredInsensitive(epsilon: Double)
    }

    struct Outcome {
        var point: [Double]  // (width) packed
        var iterations: Int
        var converged: Bool
    }

    let design: Design
    let loss: Loss
    let cost: Double
    let maximumIterations: Int
    let tolerance: Double
    let threads: Int
    let observer: any TrainingObserver

    /// targets: (rows) ±1 for the hinges. offsets: (rows) what a base model adds to the margins of the hinges; nil:
    /// nothing. Rows of weight 0 are left out.
    func fit(
        _ targets: [Double], weights: [Double]?, offsets: [Double]? = nil, from start: [Double]? = nil
    ) throws -> Outcome {
        switch loss {
        case .squaredHinge: try newton(SquaredHinge(), targets, weights, offsets, start)
        case .squaredInsensitive(let epsilon):
            try newton(SquaredInsensitive(epsilon: epsilon), targets, weights, nil, start)
        case .hinge:
            // 1 − y (margin + offset) = y (y − offset − margin), since y² is 1.
            try interior(
                offsets.map { zip(targets, $0).map(-) } ?? targets, weights, signs: targets, unit: 1,
                [InteriorPoint.Piece(above: 1, below: 0)])
        case .insensitive(let epsilon):
            try insensitive(targets, weights, epsilon)
        }
    }

    private func newton<L: MarginLoss>(
        _ loss: L, _ targets: [Double], _ weights: [Double]?, _ offsets: [Double]?, _ start: [Double]?
    ) throws -> Outcome {
        let total = weights?.reduce(0, +) ?? Double(targets.count)
        let objective = MarginObjective(
            design: design, targets: targets, weights: weights, loss: loss, penalty: 1 / (cost * total),
            penalisesIntercept: true, offsets: offsets, totalWeight: total, threads: threads, observer: observer)
        let minimizer = Minimizer(
            objective: objective, maximumIterations: maximumIterations, tolerance: tolerance, report: { _, _ in })
        let zero = [Double](repeating: 0, count: design.width)
        let outcome = try start.map(minimizer.descend) ?? minimizer.minimize(from: zero)
        return Outcome(point: outcome.point, iterations: outcome.iterations, converged: outcome.converged)
    }

    private func insensitive(_ targets: [Double], _ weights: [Double]?, _ epsilon: Double) throws -> Outcome {
        let total = weights?.reduce(0, +) ?? Double(targets.count)
        let unit = targetMoments(targets, weights, total, center: false).spread
        let pieces = [1.0, -1.0].map { InteriorPoint.Piece(sign: $0, shift: epsilon / unit, above: 1, below: 0) }
        return try interior(targets.map { $0 / unit }, weights, signs: nil, unit: unit, pieces)
    }

    /// In units of the targets' size, the loss scales with the unit and the penalty with its square.
    private func interior(
        _ targets: [Double], _ weights: [Double]?, signs: [Double]?, unit: Double, _ pieces: [InteriorPoint.Piece]
    ) throws -> Outcome {
        let outcome = try InteriorPoint(
            design: design, targets: targets, signs: signs, weights: weights, pieces: pieces,
            ridge: [Double](repeating: unit / cost, count: design.width),
            lasso: [Double](repeating: 0, count: design.width), active: Array(0..<design.width),
            maximumIterations: maximumIterations, tolerance: tolerance, threads: threads, observer: observer,
            report: { _, _ in }
        ).solve()
        return Outcome(
            point: outcome.point.map { $0 * unit }, iterations: outcome.iterations, converged: outcome.converged)
    }
}

/// `max(0, 1 − y·margin)²` of a target y = ±1.
struct SquaredHinge: MarginLoss {
    func evaluate(margin: Double, target: Double) -> (loss: Double, slope: Double, curvature: Double) {
        let short = 1 - target * margin
        return short > 0 ? (short * short, -2 * target * short, 2) : (0, 0, 0)
    }
}

/// `max(0, |y − margin| − epsilon)²`.
struct SquaredInsensitive: MarginLoss {
    let epsilon: Double

    func evaluate(margin: Double, target: Double) -> (loss: Double, slope: Double, curvature: Double) {
        let beyond = abs(margin - target) - epsilon
        return beyond > 0 ? (beyond * beyond, margin > target ? 2 * beyond : -2 * beyond, 2) : (0, 0, 0)
    }
}
