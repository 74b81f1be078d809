import ForgeLinalg

/// Minimises a smooth convex function plus `l1 · Σ |x_j|` over the points that are penalised, by proximal Newton steps
/// (Lee, Sun and Saunders, "Proximal Newton-type methods for minimizing composite functions", 2014; Friedman et al.
/// 2010): coordinate descent on the quadratic model, then a halving line search. Ends when no component of the smallest
/// subgradient is above `tolerance`.
struct ProximalNewton<Objective: SmoothObjective> {
    let objective: Objective
    let l1: Double
    /// (size)
    let isPenalised: [Bool]
    let maximumIterations: Int
    let tolerance: Double
    let report: (Int, Double) -> Void

    func minimize(from start: [Double]) throws -> Minimizer<Objective>.Outcome {
        var point = start
        var value = try objective.evaluate(point, hessian: hasHessian)
        var scale = 1.0
        for iteration in 0..<maximumIterations {
            guard value.loss.isFinite else { throw notFinite() }
            report(iteration, value.loss + norm(point))
            if isOptimal(point, value.gradient) {
                return Minimizer.Outcome(point: point, value: value, iterations: iteration, converged: true)
            }
            let target = hasHessian ? modelMinimum(point, value) : shrunk(point, value.gradient, scale)
            guard let next = try search(point, value, target, &scale) else {
                return Minimizer.Outcome(point: point, value: value, iterations: iteration, converged: false)
            }
            (point, value) = next
        }
        return Minimizer.Outcome(
            point: point, value: value, iterations: maximumIterations, converged: isOptimal(point, value.gradient))
    }

    /// Beyond, gradient steps: a Hessian would not fit.
    private var hasHessian: Bool { objective.size <= newtonLimit }

    private func norm(_ point: [Double]) -> Double {
        point.indices.reduce(0) { isPenalised[$1] ? $0 + l1 * abs(point[$1]) : $0 }
    }

    private func isOptimal(_ point: [Double], _ gradient: [Double]) -> Bool {
        point.indices.allSatisfy { j in
            let slope = gradient[j]
            guard isPenalised[j] else { return abs(slope) <= tolerance }
            if point[j] == 0 { return abs(slope) <= l1 + tolerance }
            return abs(slope + (point[j] > 0 ? l1 : -l1)) <= tolerance
        }
    }

    private func soften(_ value: Double, _ by: Double) -> Double {
        abs(value) <= by ? 0 : value - (value > 0 ? by : -by)
    }

    /// Where a gradient step of length `scale` and the soft threshold lead.
    private func shrunk(_ point: [Double], _ gradient: [Double], _ scale: Double) -> [Double] {
        point.indices.map { j in
            let moved = point[j] - scale * gradient[j]
            return isPenalised[j] ? soften(moved, scale * l1) : moved
        }
    }

    /// Where the quadratic model plus the penalty is least.
    private func modelMinimum(_ point: [Double], _ value: ObjectiveValue) -> [Double] {
        let hessian = value.hessian!.symmetric
        let count = point.count
        var target = point
        var slopes = value.gradient  // of the model at `target`
        hessian.values.withUnsafeBufferPointer { hessian in
            for _ in 0..<10_000 {
                var largest = 0.0
                for j in 0..<count {
                    // A direction without curvature is left to the line search of later steps.
                    let curvature = hessian[j * count + j]
                    guard curvature > 0 else { continue }
                    let pull = curvature * target[j] - slopes[j]
                    let new = (isPenalised[j] ? soften(pull, l1) : pull) / curvature
                    let change = new - target[j]
                    guard change != 0 else { continue }
                    target[j] = new
                    for i in 0..<count { slopes[i] += change * hessian[j * count + i] }
                    largest = max(largest, abs(change) * curvature)
                }
                if largest <= 0.1 * tolerance { break }
            }
        }
        return target
    }

    /// The first of the points 1, ½, ¼, … of the way to `target` that lowers the function enough; nil when none does.
    /// Gradient steps are made anew, shorter.
    private func search(
        _ point: [Double], _ value: ObjectiveValue, _ target: [Double], _ scale: inout Double
    ) throws -> (point: [Double], value: ObjectiveValue)? {
        var direction = zip(target, point).map(-)
        var decrease = point.indices.reduce(0) { $0 + value.gradient[$1] * direction[$1] } + norm(target) - norm(point)
        guard decrease < 0 else { return nil }
        let now = value.loss + norm(point)
        var length = 1.0
        for _ in 0..<60 {
            let candidate = zip(point, direction).map { $0 + length * $1 }
            let found = try objective.evaluate(candidate, hessian: hasHessian)
            if found.loss.isFinite, found.loss + norm(candidate) <= now + 1e-4 * length * decrease + 1e-15 * abs(now) {
                if !hasHessian, length == 1 { scale *= 1.5 }
                return (candidate, found)
            }
            if hasHessian {
                length /= 2
            } else {
                scale /= 2
                direction = zip(shrunk(point, value.gradient, scale), point).map(-)
                decrease =
                    point.indices.reduce(0) { $0 + value.gradient[$1] * direction[$1] }
                    + norm(zip(point, direction).map(+)) - norm(point)
            }
        }
        return nil
    }
}
