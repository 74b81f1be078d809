import Glibc

/// Student's t distribution, of `degrees` > 0; the normal one is its limit.
struct StudentT {
    /// `.infinity`: normal.
    let degrees: Double

    /// Probability of a value at least as far from 0 as `statistic`.
    func twoSided(_ statistic: Double) -> Double {
        let square = statistic * statistic
        guard degrees.isFinite else { return erfc(abs(statistic) / 2.0.squareRoot()) }
        guard square.isFinite else { return 0 }
        return incompleteBeta(degrees / 2, square)
    }

    /// The value that a share `share` of the distribution, between ½ and 1, lies below: where `twoSided` is 2(1 − share).
    func quantile(_ share: Double) -> Double {
        let tail = 2 * (1 - share)
        var (low, high) = (0.0, 1.0)
        while twoSided(high) > tail { high *= 2 }
        for _ in 0..<200 {
            let middle = (low + high) / 2
            if middle == low || middle == high { break }
            if twoSided(middle) > tail { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    // MARK: - The incomplete beta function I_x(a, ½) at x = 2a / (2a + square)

    private func incompleteBeta(_ a: Double, _ square: Double) -> Double {
        guard square > 0 else { return 1 }
        let x = degrees / (degrees + square)
        let rest = square / (degrees + square)  // 1 − x without cancellation
        // x^a (1 − x)^½ / B(a, ½)
        let front = exp(-a * log1p(square / degrees)) * rest.squareRoot() * gammaRatio(a) / Double.pi.squareRoot()
        if x < (a + 1) / (a + 2.5) { return front * fraction(a, 0.5, x) / a }
        return 1 - front * fraction(0.5, a, rest) / 0.5
    }

    /// Γ(a + ½) / Γ(a).
    private func gammaRatio(_ a: Double) -> Double {
        guard a >= 40 else { return tgamma(a + 0.5) / tgamma(a) }
        let terms = [
            1, -1.0 / 8, 1.0 / 128, 5.0 / 1_024, -21.0 / 32_768, -399.0 / 262_144, 869.0 / 4_194_304,
            39_325.0 / 33_554_432,
        ]
        return a.squareRoot() * terms.reversed().reduce(0) { $0 / a + $1 }
    }

    /// The continued fraction of I_x(a, b) by Lentz's method (Press et al., "Numerical Recipes", 6.4).
    private func fraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
        let tiny = 1e-300
        func apart(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
        var c = 1.0
        var d = 1 / apart(1 - (a + b) * x / (a + 1))
        var result = d
        for m in 1...100_000 {
            let m = Double(m)
            for numerator in [
                m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
            ] {
                d = 1 / apart(1 + numerator * d)
                c = apart(1 + numerator / c)
                result *= d * c
            }
            if abs(d * c - 1) < 4e-16 { break }
        }
        return result
    }
}

/// The value that a share of the standard normal distribution lies below.
func normalQuantile(_ share: Double) -> Double {
    share < 0.5 ? -StudentT(degrees: .infinity).quantile(1 - share) : StudentT(degrees: .infinity).quantile(share)
}
