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

    /// The value that a share `share` of the distribution, between ½ and 1, lies below: where `twoSided` is 2(1 −
    /// share).
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
        if x < (a + 1) / (a + 2.5) { return front * fraction(a, 0.5, x, rest) }
        return 1 - front * fraction(0.5, a, rest, x)
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

    /// The even part of the continued fraction of I_x(a, b), in terms of x and y = 1 − x, so that neither cancels when
    /// a is large (DiDonato and Morris, "Algorithm 708: Significant digit computation of the incomplete beta function
    /// ratios", 1992, BFRAC).
    private func fraction(_ a: Double, _ b: Double, _ x: Double, _ y: Double) -> Double {
        let c = 1 + (x < y ? a - (a + b) * x : (a + b) * y - b)
        let c1 = 1 + 1 / a
        var (p, s) = (1.0, a + 1)
        var (before, numerator) = (0.0, 1.0)
        var (denominatorBefore, denominator) = (1.0, c / c1)
        var result = c1 / c
        for n in 1...100_000 {
            let n = Double(n)
            let w = n * (b - n) * x
            let alpha = p * (p + b / a) * (a / s) * (a / s) * (w * x)
            let beta = n + w / s + (1 + n / a) / (c1 + 2 * n / a) * (c + n * (y + 1))
            p = 1 + n / a
            s += 2
            (before, numerator) = (numerator, alpha * before + beta * numerator)
            (denominatorBefore, denominator) = (denominator, alpha * denominatorBefore + beta * denominator)
            let found = numerator / denominator
            let isDone = abs(found - result) <= 1e-16 * found
            result = found
            if isDone { break }
            before /= denominator
            denominatorBefore /= denominator
            (numerator, denominator) = (found, 1)
        }
        return result
    }
}

/// The value that a share of the standard normal distribution lies below.
func normalQuantile(_ share: Double) -> Double {
    share < 0.5 ? -StudentT(degrees: .infinity).quantile(1 - share) : StudentT(degrees: .infinity).quantile(share)
}
