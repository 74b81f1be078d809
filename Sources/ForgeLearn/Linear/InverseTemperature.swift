import Glibc

/// The factor that makes margins log-odds: Platt's scaling ("Probabilistic outputs for support vector machines", 1999)
/// with the slope alone, so that decisions stay what they are; of several classes Guo et al.'s temperature ("On
/// calibration of modern neural networks", 2017). Minimises the log loss; targets are smoothed as Platt's, so that
/// separable margins give finite odds.
struct InverseTemperature {
    let margins: [[Double]]  // (outputs)(rows): one output is the log-odds of class 1 of two
    let labels: [Int32]  // (rows)
    let weights: [Double]?

    private var classes: Int { max(2, margins.count) }

    /// From 0.001, for margins that tell nothing or lie, to 1000.
    func solve() -> Double {
        let smoothed = smoothedShares()
        var (low, high) = (1e-3, 1e3)
        if slope(at: low, smoothed) >= 0 { return low }
        if slope(at: high, smoothed) <= 0 { return high }
        // The loss is convex: its slope changes sign once. Bisection of the logarithm.
        for _ in 0..<50 {
            let middle = (low * high).squareRoot()
            if slope(at: middle, smoothed) < 0 { low = middle } else { high = middle }
            if high / low < 1 + 1e-10 { break }
        }
        return (low * high).squareRoot()
    }

    /// (classes) what the rows of a class count as that class: (n + 1) / (n + 2).
    private func smoothedShares() -> [Double] {
        var counts = [Double](repeating: 0, count: classes)
        for (row, label) in labels.enumerated() { counts[Int(label)] += weights?[row] ?? 1 }
        return counts.map { ($0 + 1) / ($0 + 2) }
    }

    /// Derivative of the log loss by the factor: Σ weight · Σ_c (p_c − t_c) · margin_c.
    private func slope(at factor: Double, _ shares: [Double]) -> Double {
        var sum = 0.0
        for row in labels.indices {
            let label = Int(labels[row])
            sum +=
                (weights?[row] ?? 1)
                * (margins.count == 1 ? oneSlope(row, label, factor, shares) : slopes(row, label, factor, shares))
        }
        return sum
    }

    private func oneSlope(_ row: Int, _ label: Int, _ factor: Double, _ shares: [Double]) -> Double {
        let margin = margins[0][row]
        let truth = label == 1 ? shares[1] : 1 - shares[0]
        return (1 / (1 + exp(-factor * margin)) - truth) * margin
    }

    private func slopes(_ row: Int, _ label: Int, _ factor: Double, _ shares: [Double]) -> Double {
        var largest = -Double.infinity
        for output in margins.indices { largest = max(largest, factor * margins[output][row]) }
        var (sum, mean, all) = (0.0, 0.0, 0.0)
        for output in margins.indices {
            let margin = margins[output][row]
            let odds = exp(factor * margin - largest)
            sum += odds
            mean += odds * margin
            all += margin
        }
        let own = margins[label][row]
        let rest = (1 - shares[label]) / Double(classes - 1)
        return mean / sum - (shares[label] * own + rest * (all - own))
    }
}
