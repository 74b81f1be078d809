import CForgeNeural
import ForgeModel
import Glibc

/// Adam or gradient descent with momentum over one vector of parameters, with their schedules.
final class NetworkOptimizer {
    private let settings: NetworkSettings
    private let shape: NetworkShape
    private let first: UnsafeMutablePointer<Float>  // moments, or velocities
    private let second: UnsafeMutablePointer<Float>
    /// Steps in all, for the cosine.
    private let plannedSteps: Int
    private var steps = 0
    /// What the schedule has made of learning_rate_init.
    private(set) var rate: Double

    init(_ shape: NetworkShape, _ settings: NetworkSettings, plannedSteps: Int) {
        self.shape = shape
        self.settings = settings
        self.plannedSteps = plannedSteps
        rate = settings.learningRate
        first = .allocate(capacity: shape.count)
        second = .allocate(capacity: shape.count)
        first.initialize(repeating: 0, count: shape.count)
        second.initialize(repeating: 0, count: shape.count)
    }

    deinit {
        first.deallocate()
        second.deallocate()
    }

    /// Adds up the lanes' gradients over `rows` rows, and moves the parameters. The penalty alpha is on weights only.
    func step(_ parameters: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>, lanes: Int, rows: Int)
    {
        if settings.schedule == .cosine {
            rate = settings.learningRate * (1 + cos(.pi * Double(steps) / Double(plannedSteps))) / 2
        }
        steps += 1
        for layer in shape.layers {
            let decay = settings.alpha / Double(rows)
            move(layer.weights..<layer.biases, decay, parameters, gradients, lanes, rows)
            move(layer.biases..<layer.end, 0, parameters, gradients, lanes, rows)
        }
    }

    private func move(
        _ range: Range<Int>, _ decay: Double, _ parameters: UnsafeMutablePointer<Float>,
        _ gradients: UnsafeMutablePointer<Float>, _ lanes: Int, _ rows: Int
    ) {
        var step = ForgeNeuralStep(
            lanes: Int64(lanes), stride: Int64(shape.count), scale: Float(1 / Double(rows)), decay: Float(decay),
            rate: Float(rate))
        let (start, count) = (range.lowerBound, Int64(range.count))
        switch settings.solver {
        case .adam:
            let correction =
                (1 - pow(settings.beta2, Double(steps))).squareRoot() / (1 - pow(settings.beta1, Double(steps)))
            step.rate = Float(rate * correction)
            forge_neural_adam(
                &step, Float(settings.beta1), Float(settings.beta2), Float(settings.epsilon), gradients + start, count,
                parameters + start, first + start, second + start)
        case .sgd:
            forge_neural_sgd(
                &step, Float(settings.momentum), settings.nesterov ? 1 : 0, gradients + start, count,
                parameters + start,
                first + start)
        }
    }

    /// After an epoch of `rows` rows, the `epoch`-th (from 1 on).
    func endEpoch(_ epoch: Int, rows: Int) {
        guard settings.schedule == .invscaling else { return }
        rate = settings.learningRate / pow(Double(epoch * rows + 1), settings.powerT)
    }

    /// The loss no longer falls: true when a smaller rate is worth a try.
    func slowDown() -> Bool {
        guard settings.schedule == .adaptive, rate > 1e-6 else { return false }
        rate /= 5
        return true
    }
}
