import Glibc
import ForgeModel

extension Calibration.Sigmoid {
    /// Log-odds of a class as a line in x, by maximum likelihood with Platt's targets, which keep it finite (Platt
    /// 1999; Lin et al. 2007 for the Newton steps).
    init(x: [Double], isPositive: [Bool]) {
        let positives = Double(isPositive.count { $0 })
        let negatives = Double(isPositive.count) - positives
        let targets = isPositive.map { $0 ? (positives + 1) / (positives + 2) : 1 / (negatives + 2) }
        // x in units of its spread, so that the curvature is even in both directions.
        let scale = max(x.reduce(0) { max($0, abs($1)) }, .leastNormalMagnitude)
        let unit = x.map { $0 / scale }

        var (slope, intercept) = (0.0, log((negatives + 1) / (positives + 1)))
        var loss = Self.loss(unit, targets, slope, intercept)
        for _ in 0..<100 {
            let (gradient, curvature) = Self.derivatives(unit, targets, slope, intercept)
            let determinant = curvature.ss * curvature.ii - curvature.si * curvature.si
            let steps = (
                slope: -(curvature.ii * gradient.slope - curvature.si * gradient.intercept) / determinant,
                intercept: -(curvature.ss * gradient.intercept - curvature.si * gradient.slope) / determinant)
            var share = 1.0
            var next = Self.loss(unit, targets, slope + steps.slope, intercept + steps.intercept)
            while !(next <= loss), share > 1e-10 {
                share /= 2
                next = Self.loss(unit, targets, slope + share * steps.slope, intercept + share * steps.intercept)
            }
            guard next <= loss else { break }
            let isDone = loss - next <= 1e-15 * abs(loss)
            (slope, intercept, loss) = (slope + share * steps.slope, intercept + share * steps.intercept, next)
            if isDone { break }
        }
        self.init(slope: slope / scale, intercept: intercept)
    }

    /// -Σ t·ln p + (1 - t)·ln(1 - p), p = 1 / (1 + exp(z)).
    private static func loss(_ x: [Double], _ targets: [Double], _ slope: Double, _ intercept: Double) -> Double {
        var sum = 0.0
        for row in x.indices {
            let z = slope * x[row] + intercept
            sum += z >= 0 ? targets[row] * z + log1p(exp(-z)) : (targets[row] - 1) * z + log1p(exp(z))
        }
        return sum
    }

    private static func derivatives(
        _ x: [Double], _ targets: [Double], _ slope: Double, _ intercept: Double
    ) -> (gradient: (slope: Double, intercept: Double), curvature: (ss: Double, si: Double, ii: Double)) {
        var gradient = (slope: 0.0, intercept: 0.0)
        var curvature = (ss: 1e-12, si: 0.0, ii: 1e-12)
        for row in x.indices {
            let z = slope * x[row] + intercept
            let odds = exp(-abs(z))
            let p = z >= 0 ? odds / (1 + odds) : 1 / (1 + odds)
            let error = targets[row] - p
            let weight = p * (1 - p)
            gradient.slope += error * x[row]
            gradient.intercept += error
            curvature.ss += weight * x[row] * x[row]
            curvature.si += weight * x[row]
            curvature.ii += weight
        }
        return (gradient, curvature)
    }
}
