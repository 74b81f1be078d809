import ForgeLinalg
import ForgeModel

extension Algorithm {
    /// Dense feed-forward networks, as scikit-learn's `MLPClassifier` and `MLPRegressor`.
    static let mlp = Algorithm(
        name: "mlp", tasks: [.classification, .regression], form: .network,
        description:
            "A neural network of dense layers: learns smooth non-linear relations of many columns; wants thousands of rows.",
        parameters: [
            .integers(
                "hidden_layer_sizes", [100], minimum: 1, maximum: ModelLimits.hiddenWidth,
                most: ModelLimits.hiddenLayers,
                "Neurons of each hidden layer, from the first to the last; [] is a linear model."
            ).searched([[32], [64], [100], [128], [256], [32, 32], [64, 64], [128, 128], [256, 256], [128, 64], [128, 64, 32]])
                .fixedByBase,
            .choice(
                "activation", "relu", of: Activation.allCases.map(\.rawValue), "What a hidden neuron makes of its sum."
            ).searched(["relu", "gelu", "tanh"]).fixedByBase,
            .number(
                "dropout", 0, minimum: 0, maximum: 0.95,
                "Share of the hidden neurons that each step leaves out, at random; none are when scoring."
            ).searched(0...0.5),
            .choice("solver", "adam", of: ["adam", "sgd"], "How the gradient becomes a step."),
            .number("learning_rate_init", 0.001, above: 0, maximum: 100, "Size of the steps at the start.")
                .searched(1e-4...0.03, log: true),
            .choice(
                "learning_rate", "constant", of: ["constant", "invscaling", "adaptive", "cosine"],
                "How steps shrink: not at all, with the number of rows seen, to a fifth when the loss no longer falls, or to 0 along a cosine."
            ),
            .number("power_t", 0.5, minimum: 0, maximum: 10, "Exponent of invscaling."),
            .number("momentum", 0.9, minimum: 0, maximum: 0.999, "Share of the last step that sgd takes again."),
            .boolean("nesterovs_momentum", true, "Whether sgd looks at the gradient where the momentum leads."),
            .number("beta_1", 0.9, minimum: 0, maximum: 0.9999, "Decay of adam's mean of gradients."),
            .number("beta_2", 0.999, minimum: 0, maximum: 0.999999, "Decay of adam's mean of squared gradients."),
            .number("epsilon", 1e-8, above: 0, maximum: 1, "Keeps adam from dividing by zero."),
            .number("alpha", 1e-4, minimum: 0, "Strength of the L2 penalty on the weights.")
                .searched(1e-7...1, log: true),
            .integer(
                "batch_size", nil, minimum: 1, maximum: 1_000_000,
                "Rows of a step; by default 200, or all when they are fewer."
            ),
            .integer("max_iter", 200, minimum: 1, maximum: 100_000, "Most epochs, each of which sees every row once."),
            .number(
                "tol", 1e-4, minimum: 0, maximum: 1,
                "Least fall of the loss that counts; of a regression it is measured in variances of the target."),
            .integer(
                "n_iter_no_change", 10, minimum: 1, maximum: 100_000,
                "Epochs in a row without such a fall after which training stops."),
            .boolean(
                "early_stopping", false,
                "Whether the loss of rows set apart decides when to stop, and which epoch's weights are kept."),
            .number(
                "validation_fraction", 0.1, above: 0, maximum: 0.9,
                "Share of the training rows that early_stopping sets apart."),
            .baseModel(
                of: ["mlp"],
                "Version whose weights training starts from, as model, model@alias or model/version."),
            .positiveClass, .classWeight,
        ],
        fit: fitNetwork)
}

private func fitNetwork(_ input: borrowing FitInput) throws -> FittedModel {
    let settings = NetworkSettings(input.parameters, rows: input.rows)
    let target = try NetworkTarget(input)
    let table = try FeatureTable(input.data.training, input)
    let validation = try validationRows(input, target)
    if input.data.evaluatesHeldOut { input.data.training.releaseChunks() }
    input.observer.progress(0.2, phase: "fit")
    let shape = NetworkShape([table.width] + settings.hidden + [target.outputs])
    try checkSize(shape)
    let outcome = try NetworkTrainer(
        shape: shape, settings: settings, table: table, target: target, validation: validation,
        start: input.base.map { try startingWeights($0, shape, table, target) }, threads: input.threads, seed: UInt64(bitPattern: Int64(input.seed)),
        observer: input.observer
    ).run()
    let form = try networkForm(outcome.parameters, shape, settings.activation, table, target)
    let notes =
        outcome.converged || settings.tolerance == 0
        ? [] : ["mlp did not converge in \(outcome.epochs) epochs: raise max_iter, or tol"]
    return FittedModel(
        form: .network(form), link: target.link, importance: connectionWeights(form), notes: notes,
        iterations: outcome.epochs)
}

private func validationRows(
    _ input: borrowing FitInput, _ training: NetworkTarget
) throws -> (table: FeatureTable, target: NetworkTarget)? {
    guard let rows = input.validation, let target = NetworkTarget(rows, input, like: training) else { return nil }
    return (try FeatureTable(rows.part, input), target)
}

private func checkSize(_ shape: NetworkShape) throws {
    guard shape.count > ModelLimits.networkWeights else { return }
    throw ForgeError(
        .tooLarge, "the network has \(shape.count) parameters, the limit is \(ModelLimits.networkWeights)",
        detail: "encoded features: \(shape.inputs)",
        hint: "use fewer or smaller hidden layers, or leave out wide text columns")
}

/// The parameters in the artifact's order, with the target's mean and scale folded into the last layer.
private func networkForm(
    _ parameters: [Float], _ shape: NetworkShape, _ activation: Activation, _ table: FeatureTable,
    _ target: NetworkTarget
) throws -> NetworkForm {
    var form = NetworkForm(
        activation: activation, layers: [shape.inputs] + shape.layers.map(\.outputs), weights: [], biases: [],
        intercepts: [])
    form.weights.reserveCapacity(shape.count)
    for (index, layer) in shape.layers.enumerated() {
        let isOutput = index == shape.layers.count - 1
        var weights = Array(parameters[layer.weights..<layer.biases])
        let biases = parameters[layer.biases..<layer.end]
        if index == 0 { weights = encoded(weights, layer, table.encodedIndex) }
        if isOutput {
            weights = weights.map { Float(Double($0) * target.scale) }
            form.intercepts = biases.map { target.mean + Double($0) * target.scale }
        } else {
            form.biases += biases
        }
        form.weights += weights
    }
    guard form.weights.allSatisfy(\.isFinite), form.biases.allSatisfy(\.isFinite) else {
        throw ForgeError(
            .numericalFailure, "the network's weights are not finite in float32",
            hint: "divide the target by a constant, or use a smaller learning_rate_init")
    }
    return form
}

/// The base model's parameters as training has them: networkForm's way back.
private func startingWeights(
    _ base: BaseModel, _ shape: NetworkShape, _ table: FeatureTable, _ target: NetworkTarget
) throws -> [Float] {
    guard case .network(let form) = base.document.form, form.layers == [shape.inputs] + shape.layers.map(\.outputs)
    else {
        throw ForgeError(
            .modelMismatch, "base model \"\(base.reference)\" has other layers than its manifest says",
            hint: "train without base_model")
    }
    var parameters = [Float](repeating: 0, count: shape.count)
    var (weight, bias) = (0, 0)
    for (index, layer) in shape.layers.enumerated() {
        let isOutput = index == shape.layers.count - 1
        for output in 0..<layer.outputs {
            for input in 0..<layer.inputs {
                let value = form.weights[weight + output * layer.inputs + (index == 0 ? table.encodedIndex[input] : input)]
                parameters[layer.weights + output * layer.inputs + input] =
                    isOutput ? Float(Double(value) / target.scale) : value
            }
            parameters[layer.biases + output] =
                isOutput ? Float((form.intercepts[output] - target.mean) / target.scale) : form.biases[bias + output]
        }
        weight += layer.inputs * layer.outputs
        if !isOutput { bias += layer.outputs }
    }
    return parameters
}

/// The first layer's weights from the table's to the encoder's order.
private func encoded(_ weights: [Float], _ layer: NetworkShape.Layer, _ encodedIndex: [Int]) -> [Float] {
    var result = weights
    for output in 0..<layer.outputs {
        for (input, index) in encodedIndex.enumerated() {
            result[output * layer.inputs + index] = weights[output * layer.inputs + input]
        }
    }
    return result
}

/// Magnitudes of the ways from each input to the outputs: the product of the layers' absolute weights (Garson 1991, as
/// Olden et al. 2004 write it). Encoded columns are on one scale, so the inputs compare.
private func connectionWeights(_ form: NetworkForm) -> [Double] {
    var ways = [Double](repeating: 1, count: form.outputs)
    var end = form.weights.count
    for (inputs, outputs) in zip(form.layers, form.layers.dropFirst()).reversed() {
        var below = [Double](repeating: 0, count: inputs)
        let start = end - inputs * outputs
        for output in 0..<outputs {
            for input in 0..<inputs {
                below[input] += ways[output] * Double(abs(form.weights[start + output * inputs + input]))
            }
        }
        (ways, end) = (below, start)
    }
    return ways
}
