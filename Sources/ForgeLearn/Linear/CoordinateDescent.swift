import ForgeLinalg

/// Minimises `½‖y − Xw‖² + l1·‖w‖₁ + l2/2·‖w‖²` by cyclic coordinate descent on the Gram matrix (Friedman, Hastie and
/// Tibshirani, "Regularization paths for generalized linear models via coordinate descent", 2010, section 2.2): the
/// rows are read once, to sum the matrix; a sweep then costs as many operations as there are features times those that
/// changed.
struct CoordinateDescent {
    let gram: Matrix  // (features, features) symmetric: XᵀX
    let right: [Double]  // (features): Xᵀy
    let square: Double  // yᵀy
    let l1: Double
    let l2: Double

    struct Outcome {
        var coefficients: [Double]
        var sweeps: Int
        /// An upper bound of how far the objective lies above its minimum.
        var gap: Double
        var converged: Bool
    }

    /// Sweeps until the duality gap is at most `tolerance · yᵀy`, as scikit-learn stops. `report` hears of every
    /// sweep's gap.
    func solve(maximumSweeps: Int, tolerance: Double, report: (Int, Double) throws -> Void) rethrows -> Outcome {
        var w = [Double](repeating: 0, count: right.count)
        var residual = right  // Xᵀ(y − Xw)
        var gap = self.gap(w, residual)
        for sweep in 0..<maximumSweeps {
            if gap <= tolerance * square {
                return Outcome(coefficients: w, sweeps: sweep, gap: gap, converged: true)
            }
            self.sweep(&w, &residual)
            gap = self.gap(w, residual)
            try report(sweep, gap)
        }
        return Outcome(coefficients: w, sweeps: maximumSweeps, gap: gap, converged: gap <= tolerance * square)
    }

    private func sweep(_ w: inout [Double], _ residual: inout [Double]) {
        let count = w.count
        gram.values.withUnsafeBufferPointer { gram in
            for j in 0..<count where gram[j * count + j] > 0 {
                let curvature = gram[j * count + j]
                let pull = residual[j] + curvature * w[j]
                let new = abs(pull) <= l1 ? 0 : (pull - (pull > 0 ? l1 : -l1)) / (curvature + l2)
                let change = new - w[j]
                guard change != 0 else { continue }
                w[j] = new
                for i in 0..<count { residual[i] -= change * gram[j * count + i] }
            }
        }
    }

    /// Primal minus dual objective at the dual point that scales the residual into the feasible set.
    private func gap(_ w: [Double], _ residual: [Double]) -> Double {
        var (fitted, remaining, squares, absolute, largest) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for j in w.indices {
            fitted += w[j] * right[j]
            remaining += w[j] * residual[j]
            squares += w[j] * w[j]
            absolute += abs(w[j])
            largest = max(largest, abs(residual[j] - l2 * w[j]))
        }
        let residualSquare = max(0, square - fitted - remaining)
        let scale = largest > l1 ? l1 / largest : 1
        return residualSquare * (1 + scale * scale) / 2 + l1 * absolute - scale * (square - fitted)
            + l2 / 2 * (1 + scale * scale) * squares
    }
}
