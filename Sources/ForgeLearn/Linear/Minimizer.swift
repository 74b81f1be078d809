import ForgeLinalg
import ForgeModel

struct ObjectiveValue {
    var loss: Double
    var gradient: [Double]  // (size)
    var hessian: Matrix?  // (size, size), lower triangle
}

/// A convex function of `size` numbers over the rows of a design.
protocol SmoothObjective {
    var design: Design { get }
    var size: Int { get }
    func evaluate(_ point: [Double], hessian: Bool) throws -> ObjectiveValue
    /// The same on every `step`-th chunk of rows, as if these stood for all.
    func sample(every step: Int) -> Self
}

/// Newton's method needs the square of this many doubles; beyond, L-BFGS.
let newtonLimit = 1_024
/// Rows of the sample that the first steps are taken on.
private let sampleRows = 65_536

/// Minimises a smooth convex function to a gradient of at most `tolerance` in every component.
struct Minimizer<Objective: SmoothObjective> {
    struct Outcome {
        var point: [Double]
        var value: ObjectiveValue
        var iterations: Int
        var converged: Bool

        func notes(of name: String) -> [String] {
            converged ? [] : ["\(name) did not converge in \(iterations) iterations: raise max_iter or tol"]
        }
    }

    let objective: Objective
    let maximumIterations: Int
    let tolerance: Double
    /// Hears of the loss after every iteration.
    let report: (Int, Double) -> Void

    /// From `start`, or on many rows from where a tenth or less of them has its optimum, found at a tenth of the cost.
    func minimize(from start: [Double]) throws -> Outcome {
        let step = objective.design.rows / sampleRows
        guard step >= 4 else { return try descend(from: start) }
        let sampled = Minimizer(
            objective: objective.sample(every: step), maximumIterations: 20, tolerance: max(tolerance, 1e-3),
            report: { _, _ in })
        return try descend(from: try sampled.descend(from: start).point)
    }

    func descend(from start: [Double]) throws -> Outcome {
        objective.size <= newtonLimit ? try newton(from: start) : try lbfgs(from: start)
    }

    private func isDone(_ value: ObjectiveValue) -> Bool {
        value.gradient.allSatisfy { abs($0) <= tolerance }
    }

    // MARK: - Newton

    /// Newton's method with a halving line search; the Hessian's Cholesky factor, or its pseudo-inverse when it is
    /// singular.
    func newton(from start: [Double]) throws -> Outcome {
        var point = start
        var value = try objective.evaluate(point, hessian: true)
        for iteration in 0..<maximumIterations {
            try checkFinite(value)
            report(iteration, value.loss)
            if isDone(value) { return Outcome(point: point, value: value, iterations: iteration, converged: true) }
            guard let step = newtonStep(value),
                let next = try search(point, value, step, hessian: true)
            else { return Outcome(point: point, value: value, iterations: iteration, converged: stalled(value)) }
            (point, value) = next
        }
        return Outcome(point: point, value: value, iterations: maximumIterations, converged: isDone(value))
    }

    private func newtonStep(_ value: ObjectiveValue) -> [Double]? {
        guard let hessian = value.hessian else { return nil }
        let right = value.gradient.map { -$0 }
        if let factor = Cholesky(hessian), factor.reciprocalCondition() > 1e-14 { return factor.solve(right) }
        return minimumNormSolution(hessian, right, doubtful: 0)?.solution
    }

    /// No step lowers the loss any more: rounding, when the gradient is near its goal already.
    private func stalled(_ value: ObjectiveValue) -> Bool {
        value.gradient.allSatisfy { abs($0) <= max(100 * tolerance, 1e-9) }
    }

    // MARK: - L-BFGS

    /// Limited-memory BFGS (Nocedal and Wright, "Numerical Optimization", algorithm 7.5) with ten pairs.
    func lbfgs(from start: [Double]) throws -> Outcome {
        var point = start
        var value = try objective.evaluate(point, hessian: false)
        var pairs: [(s: [Double], y: [Double])] = []
        for iteration in 0..<maximumIterations {
            try checkFinite(value)
            report(iteration, value.loss)
            if isDone(value) { return Outcome(point: point, value: value, iterations: iteration, converged: true) }
            let direction = direction(value.gradient, pairs)
            guard let next = try search(point, value, direction, hessian: false) else {
                if pairs.isEmpty {
                    return Outcome(point: point, value: value, iterations: iteration, converged: stalled(value))
                }
                pairs = []  // a bad model of the curvature: start again from the gradient
                continue
            }
            let s = zip(next.point, point).map(-)
            let y = zip(next.value.gradient, value.gradient).map(-)
            if dot(s, y) > 1e-12 * dot(y, y).squareRoot() * dot(s, s).squareRoot() {
                pairs.append((s, y))
                if pairs.count > 10 { pairs.removeFirst() }
            }
            (point, value) = next
        }
        return Outcome(point: point, value: value, iterations: maximumIterations, converged: isDone(value))
    }

    private func direction(_ gradient: [Double], _ pairs: [(s: [Double], y: [Double])]) -> [Double] {
        var q = gradient
        var alphas: [Double] = []
        for pair in pairs.reversed() {
            let alpha = dot(pair.s, q) / dot(pair.y, pair.s)
            alphas.append(alpha)
            for index in q.indices { q[index] -= alpha * pair.y[index] }
        }
        let scale =
            pairs.last.map { dot($0.s, $0.y) / dot($0.y, $0.y) } ?? 1 / max(1, dot(gradient, gradient).squareRoot())
        for index in q.indices { q[index] *= scale }
        for (pair, alpha) in zip(pairs, alphas.reversed()) {
            let beta = dot(pair.y, q) / dot(pair.y, pair.s)
            for index in q.indices { q[index] += (alpha - beta) * pair.s[index] }
        }
        return q.map { -$0 }
    }

    // MARK: - Steps

    /// The first of the steps 1, ½, ¼, … that lowers the loss by Armijo's rule; nil when none does.
    private func search(
        _ point: [Double], _ value: ObjectiveValue, _ direction: [Double], hessian: Bool
    ) throws -> (point: [Double], value: ObjectiveValue)? {
        let slope = dot(value.gradient, direction)
        guard slope < 0 else { return nil }
        var length = 1.0
        for _ in 0..<30 {
            let candidate = zip(point, direction).map { $0 + length * $1 }
            let found = try objective.evaluate(candidate, hessian: hessian)
            if found.loss.isFinite, found.loss <= value.loss + 1e-4 * length * slope + 1e-15 * abs(value.loss) {
                return (candidate, found)
            }
            length /= 2
        }
        return nil
    }

    private func checkFinite(_ value: ObjectiveValue) throws {
        guard value.loss.isFinite, value.gradient.allSatisfy(\.isFinite) else {
            throw ForgeError(
                .numericalFailure, "the loss is not finite", hint: "scale the columns (preprocess scale standard)")
        }
    }
}

private func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
}

/// Shows the loss and moves the progress from `start` towards 0.8.
func fitReport(_ observer: any TrainingObserver, from start: Double = 0.2) -> (Int, Double) -> Void {
    { iteration, loss in
        observer.metric(step: iteration, name: "train_loss", value: loss)
        observer.progress(start + (0.8 - start) * (1 - 1 / Double(iteration + 1)), phase: "fit")
    }
}

func notFinite() -> ForgeError {
    ForgeError(
        .numericalFailure, "the fit did not come to finite coefficients",
        hint: "penalise the coefficients more, or scale the columns (preprocess scale standard)")
}
