import CForgeNeural
import ForgeLinalg
import ForgeModel

/// One thread's share of a batch on its way forward and back. Reused from batch to batch.
final class NetworkLane {
    private let shape: NetworkShape
    private let activation: Int32
    private let dropout: Double
    private let loss: Int32
    private let inputs: UnsafeMutablePointer<Float>  // (rows, inputs)
    private let sums: [UnsafeMutablePointer<Float>]  // (rows, outputs) per layer, before activation; tanh: after it
    private let values: [UnsafeMutablePointer<Float>]  // after activation and dropout
    private let masks: [UnsafeMutablePointer<Float>]  // per hidden layer, with dropout only
    private let deltas: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>)  // (rows, widest)
    /// Sum of the rows' losses in the last pass.
    private(set) var lossSum = 0.0

    init(_ shape: NetworkShape, _ settings: NetworkSettings, loss: Int32, rows: Int) {
        self.shape = shape
        self.loss = loss
        activation = settings.activation.code
        dropout = settings.dropout
        inputs = .allocate(capacity: rows * shape.inputs)
        sums = shape.layers.map { .allocate(capacity: rows * $0.outputs) }
        values = shape.layers.map { .allocate(capacity: rows * $0.outputs) }
        masks = dropout > 0 ? shape.layers.dropLast().map { .allocate(capacity: rows * $0.outputs) } : []
        deltas = (.allocate(capacity: rows * shape.widest), .allocate(capacity: rows * shape.widest))
    }

    deinit {
        for buffer in [inputs, deltas.0, deltas.1] + sums + values + masks { buffer.deallocate() }
    }

    /// Losses of the rows `order[0..<rows]`, and their slope in every parameter, both summed over the rows.
    /// key: of the step's dropout; first: number of the first row within its batch.
    func pass(
        _ table: FeatureTable, _ target: NetworkTarget, _ order: UnsafePointer<Int32>, rows: Int, first: Int,
        key: UInt64,
        parameters: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>
    ) {
        table.gather(order, count: rows, into: inputs)
        forward(rows, parameters, dropoutKey: dropout > 0 ? key : nil, first: first)
        lossSum = outputLoss(target, order, rows, deltas.0)
        backward(rows, parameters, gradient)
    }

    /// Losses of rows without dropout.
    func lossOf(
        _ table: FeatureTable, _ target: NetworkTarget, _ order: UnsafePointer<Int32>, rows: Int,
        parameters: UnsafePointer<Float>
    ) -> Double {
        table.gather(order, count: rows, into: inputs)
        forward(rows, parameters, dropoutKey: nil, first: 0)
        return outputLoss(target, order, rows, nil)
    }

    private func outputLoss(
        _ target: NetworkTarget, _ order: UnsafePointer<Int32>, _ rows: Int, _ deltas: UnsafeMutablePointer<Float>?
    ) -> Double {
        target.values.withUnsafeBufferPointer { targets in
            func call(_ weights: UnsafePointer<Float>?) -> Double {
                forge_neural_loss(
                    loss, sums[sums.count - 1], targets.baseAddress!, weights, order, Int64(rows), Int64(shape.outputs),
                    deltas)
            }
            return target.weights.map { $0.withUnsafeBufferPointer { call($0.baseAddress) } } ?? call(nil)
        }
    }

    private func forward(_ rows: Int, _ parameters: UnsafePointer<Float>, dropoutKey: UInt64?, first: Int) {
        var below = UnsafePointer(inputs)
        for (index, layer) in shape.layers.enumerated() {
            BLAS.multiply(
                rows: rows, columns: layer.outputs, depth: layer.inputs, below, parameters + layer.weights,
                transposed: true, into: sums[index])
            let isOutput = index == shape.layers.count - 1
            forge_neural_activate(
                isOutput ? -1 : activation, parameters + layer.biases, Int64(rows), Int64(layer.outputs), sums[index],
                values[index])
            if !isOutput, let dropoutKey {
                let count = Int64(rows * layer.outputs)
                let key = splitmix64(dropoutKey &+ UInt64(index))
                forge_neural_dropout(key, Int64(first * layer.outputs), count, dropout, masks[index])
                forge_neural_multiply(values[index], masks[index], count)
            }
            below = UnsafePointer(values[index])
        }
    }

    private func backward(_ rows: Int, _ parameters: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>) {
        var (above, below) = deltas
        for (index, layer) in shape.layers.enumerated().reversed() {
            BLAS.multiplyTransposed(
                rows: layer.outputs, columns: layer.inputs, depth: rows, above, index == 0 ? inputs : values[index - 1],
                into: gradient + layer.weights)
            forge_neural_column_sums(above, Int64(rows), Int64(layer.outputs), gradient + layer.biases)
            guard index > 0 else { return }
            BLAS.multiply(
                rows: rows, columns: layer.inputs, depth: layer.outputs, above, parameters + layer.weights,
                transposed: false, into: below)
            let count = Int64(rows * layer.inputs)
            if dropout > 0 { forge_neural_multiply(below, masks[index - 1], count) }
            forge_neural_slope(activation, sums[index - 1], count, below)
            swap(&above, &below)
        }
    }
}
