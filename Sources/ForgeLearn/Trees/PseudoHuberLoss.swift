import ForgeModel

/// `Σ w δ² (√(1 + ((y − c) / δ)²) − 1)` of a constant c. XGBoost starts from one Newton step at 0, which overshoots by
/// orders of magnitude where the loss is nearly linear; its other objectives start from where their loss is least.
struct PseudoHuberLoss {
    let targets: [Double]
    let weights: [Double]?
    let slope: Double

    /// Of a run with objective pseudo_huber, else nil.
    init?(_ input: borrowing FitInput) {
        guard case .values = input.target, input.parameters["objective"].textValue == "pseudo_huber" else { return nil }
        self.init(
            targets: input.data.training.targets, weights: input.weights, slope: input.parameters.number("huber_slope"))
    }

    init(targets: [Double], weights: [Double]?, slope: Double) {
        self.targets = targets
        self.weights = weights
        self.slope = slope
    }

    /// Where the derivative, which never falls, crosses 0: by bisection, to rounding.
    var bestConstant: Double? {
        guard var low = targets.min(), var high = targets.max() else { return nil }
        while true {
            let middle = low + (high - low) / 2
            guard low < middle, middle < high else { return middle }
            if derivative(middle) < 0 { low = middle } else { high = middle }
        }
    }

    private func derivative(_ constant: Double) -> Double {
        var sum = 0.0
        for (row, target) in targets.enumerated() {
            let error = (constant - target) / slope
            sum += (weights?[row] ?? 1) * error / (1 + error * error).squareRoot()
        }
        return sum
    }
}
