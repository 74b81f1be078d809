import ForgeModel
import Glibc

extension NumberTransform {
    /// As `forge_transform` computes it in a row.
    func callAsFunction(_ x: Double) -> Double {
        switch self {
        case .identity: x
        case .log1p: copysign(Glibc.log1p(abs(x)), x)
        case .sqrt: copysign(abs(x).squareRoot(), x)
        case .yeoJohnson(let lambda): YeoJohnson.transform(x, lambda)
        }
    }
}

/// Yeo and Johnson, "A new family of power transformations to improve normality or symmetry" (Biometrika 2000).
enum YeoJohnson {
    /// More rows than these are thinned evenly before λ is sought.
    static let rows = 100_000
    private static let range = (low: -5.0, high: 5.0)

    static func transform(_ x: Double, _ lambda: Double) -> Double {
        if x >= 0 {
            return abs(lambda) < 2.220446049250313e-16 ? log1p(x) : expm1(lambda * log1p(x)) / lambda
        }
        let mirrored = 2 - lambda
        return abs(mirrored) < 2.220446049250313e-16 ? -log1p(-x) : -expm1(mirrored * log1p(-x)) / mirrored
    }

    /// The λ of greatest likelihood (their equation 3.1), between -5 and 5; 1, which changes nothing, for a constant
    /// column.
    static func lambda(of all: [Double]) -> Double {
        let step = max(1, all.count / rows)
        let values = step == 1 ? all : stride(from: 0, to: all.count, by: step).map { all[$0] }
        guard let low = values.min(), let high = values.max(), low < high else { return 1 }
        let logs = values.reduce(0) { $0 + copysign(log1p(abs($1)), $1) }
        return minimum(in: range) { lambda in
            let variance = variance(values.map { transform($0, lambda) })
            let likelihood = -Double(values.count) / 2 * log(variance) + (lambda - 1) * logs
            return likelihood.isNaN ? .infinity : -likelihood
        }
    }

    private static func variance(_ values: [Double]) -> Double {
        let mean = values.reduce(0, +) / Double(values.count)
        return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    }

    /// Brent's method: parabolas where they help, golden sections where they do not.
    private static func minimum(in range: (low: Double, high: Double), _ f: (Double) -> Double) -> Double {
        let golden = (3 - 5.0.squareRoot()) / 2
        let tolerance = 1e-9
        var (a, b) = (range.low, range.high)
        var x = a + golden * (b - a)
        var (w, v) = (x, x)
        var fx = f(x)
        var (fw, fv) = (fx, fx)
        var (step, before) = (0.0, 0.0)
        for _ in 0..<200 {
            let middle = (a + b) / 2
            let near = tolerance * abs(x) + 1e-10
            if abs(x - middle) <= 2 * near - (b - a) / 2 { break }
            var usesParabola = false
            if abs(before) > near {
                let r = (x - w) * (fx - fv)
                var q = (x - v) * (fx - fw)
                var p = (x - v) * q - (x - w) * r
                q = 2 * (q - r)
                if q > 0 { p = -p }
                q = abs(q)
                if abs(p) < abs(q * before / 2), p > q * (a - x), p < q * (b - x), p.isFinite, q > 0 {
                    (before, step) = (step, p / q)
                    usesParabola = true
                }
            }
            if !usesParabola {
                before = x < middle ? b - x : a - x
                step = golden * before
            }
            let u = x + (abs(step) >= near ? step : step > 0 ? near : -near)
            let fu = f(u)
            if fu <= fx {
                if u < x { b = x } else { a = x }
                (v, fv, w, fw, x, fx) = (w, fw, x, fx, u, fu)
            } else {
                if u < x { a = u } else { b = u }
                if fu <= fw || w == x {
                    (v, fv, w, fw) = (w, fw, u, fu)
                } else if fu <= fv || v == x || v == w {
                    (v, fv) = (u, fu)
                }
            }
        }
        return x
    }
}
