import Glibc

/// Where a network's parameters lie in one vector: per layer its weights (out, in) row-major, then its biases.
struct NetworkShape {
    struct Layer {
        var inputs: Int
        var outputs: Int
        var weights: Int  // first of them
        var biases: Int
        var end: Int { biases + outputs }
    }

    let layers: [Layer]

    init(_ sizes: [Int]) {
        var layers: [Layer] = []
        var place = 0
        for (inputs, outputs) in zip(sizes, sizes.dropFirst()) {
            layers.append(Layer(inputs: inputs, outputs: outputs, weights: place, biases: place + inputs * outputs))
            place = layers[layers.count - 1].end
        }
        self.layers = layers
    }

    var count: Int { layers[layers.count - 1].end }
    var inputs: Int { layers[0].inputs }
    var outputs: Int { layers[layers.count - 1].outputs }
    var widest: Int { layers.reduce(0) { max($0, $1.inputs, $1.outputs) } }

    /// Uniform within ±√(6 / (inputs + outputs)), biases as well (Glorot and Bengio 2010; scikit-learn's choice).
    /// Weights of inputs that are not active are 0, and stay so: nothing pulls on them.
    func initial(seed: UInt64, active: [Bool]) -> [Float] {
        var values = [Float](repeating: 0, count: count)
        for layer in layers {
            let bound = (6 / Double(layer.inputs + layer.outputs)).squareRoot()
            for index in layer.weights..<layer.end {
                let isWeight = index < layer.biases
                if isWeight, layer.weights == 0, !active[(index - layer.weights) % layer.inputs] { continue }
                let uniform = Double(splitmix64(seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15) >> 11) * 0x1p-53
                values[index] = Float(bound * (2 * uniform - 1))
            }
        }
        return values
    }
}
