import CForgeMath

/// A network: hidden layers with their weights turned to (in, out) and padded, the last one as doubles.
extension ArenaDecoder {
    mutating func decodeNetwork() throws(Refusal) {
        let sizes = try artifact.vector(.networkLayers, Int32.self)
        let allWeights = try artifact.vector(.networkWeights, Float.self)
        let allBiases = try artifact.vector(.networkBiases, Float.self)
        let allIntercepts = try artifact.vector(.intercepts, Double.self, count: slices &* description.outputs)
        try require(!artifact.has(.roots) && !artifact.has(.coefficients), "it has two forms")
        let counts = try checkSizes(sizes, weights: allWeights.count, biases: allBiases.count)
        let weights = sliced(allWeights, counts.weights)
        let biases = sliced(allBiases, counts.biases)
        let intercepts = sliced(allIntercepts, description.outputs)
        try requireFilled("a network has a natively encoded column", "a number of a network has no fill value")

        let hidden = sizes.count &- 2
        let layers = try builder.reserve(ForgeLayer.self, count: hidden)
        var weight = 0
        var bias = 0
        var widest = padded(Int(sizes[0]))
        for l in upTo(hidden) {
            let (inputs, outputs) = (Int(sizes[l]), Int(sizes[l &+ 1]))
            let layer = try hiddenLayer(weights, weight, biases, bias, inputs: inputs, outputs: outputs)
            layers.store(layer, at: l)
            weight &+= inputs &* outputs
            bias &+= outputs
            widest = max(widest, padded(outputs))
        }
        arena.layers = layers.span
        arena.activation = Int32(truncatingIfNeeded: description.activation)
        arena.widest = Int32(truncatingIfNeeded: widest)
        arena.hidden = hidden > 0 ? sizes[hidden] : 0
        try outputLayer(weights, weight, intercepts, inputs: Int(sizes[hidden]))
        if builder.measuring { return }
        try requireFinite(weights)
        try requireFinite(biases)
        try requireFinite(intercepts)
    }

    /// As many values as whole blocks hold.
    private func padded(_ count: Int) -> Int { (count &+ Int(FORGE_BLOCK) &- 1) & ~(Int(FORGE_BLOCK) &- 1) }

    /// Weights and biases of one network.
    private func checkSizes(
        _ sizes: Elements<Int32>, weights: Int, biases: Int
    ) throws(Refusal) -> (weights: Int, biases: Int) {
        guard sizes.count <= ModelLimits.hiddenLayers &+ 2 else { throw .tooLarge("the network has too many layers") }
        try require(sizes.count >= 2, "a network has no layers")
        try require(sizes[0] == arena.encoded, "a network's inputs are not the encoded features")
        try require(Int(sizes[sizes.count &- 1]) == description.outputs, "a network's last layer is not its outputs")
        var weightCount = 0
        var biasCount = 0
        for l in upTo(sizes.count &- 1) {
            let size = Int(sizes[l &+ 1])
            try require(size > 0, "a layer of a network is empty")
            guard size <= ModelLimits.hiddenWidth else { throw .tooLarge("a layer of the network is too wide") }
            weightCount &+= Int(sizes[l]) &* size  // at most 1e6 times 16,384, 33 times
            if l < sizes.count &- 2 { biasCount &+= size }
        }
        guard slices &* weightCount <= ModelLimits.networkWeights else { throw .tooLarge("the network has too many weights") }
        try require(
            weights == slices &* weightCount && biases == slices &* biasCount, "a tensor has another shape than expected")
        return (weightCount, biasCount)
    }

    private mutating func hiddenLayer(
        _ weights: Elements<Float>, _ weight: Int, _ biases: Elements<Float>, _ bias: Int, inputs: Int, outputs: Int
    ) throws(Refusal) -> ForgeLayer {
        let padded = padded(outputs)
        let table = try builder.reserve(Float.self, count: inputs &* padded)
        let row = try builder.reserve(Float.self, count: padded)
        if !builder.measuring {
            for o in upTo(outputs) {
                row.store(biases[bias &+ o], at: o)
                for i in upTo(inputs) { table.store(weights[weight &+ o &* inputs &+ i], at: i &* padded &+ o) }
            }
        }
        return ForgeLayer(
            weights: table.span, biases: row.span, inputs: Int32(truncatingIfNeeded: inputs),
            padded: Int32(truncatingIfNeeded: padded))
    }

    private mutating func outputLayer(
        _ weights: Elements<Float>, _ weight: Int, _ intercepts: Elements<Double>, inputs: Int
    ) throws(Refusal) {
        let outputs = description.outputs
        let width = padded(inputs)
        let table = try builder.reserve(Double.self, count: outputs &* width)
        let constants = try builder.reserve(Double.self, count: outputs)
        arena.weights = table.span
        arena.intercepts = constants.span
        if builder.measuring { return }
        for o in upTo(outputs) {
            constants.store(intercepts[o], at: o)
            for i in upTo(inputs) { table.store(Double(weights[weight &+ o &* inputs &+ i]), at: o &* width &+ i) }
        }
    }
}
