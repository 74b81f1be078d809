import ForgeModel

/// The hyperparameters of a network, resolved for its rows.
struct NetworkSettings {
    enum Solver: String { case adam, sgd }
    enum Schedule: String { case constant, invscaling, adaptive, cosine }

    var hidden: [Int]
    var activation: Activation
    var dropout: Double
    var alpha: Double
    var solver: Solver
    var schedule: Schedule
    var learningRate: Double
    var powerT: Double
    var momentum: Double
    var nesterov: Bool
    var beta1: Double
    var beta2: Double
    var epsilon: Double
    var batchSize: Int
    var maximumEpochs: Int
    var tolerance: Double
    var patience: Int

    init(_ parameters: Parameters, rows: Int) {
        hidden = parameters.integers("hidden_layer_sizes")
        activation = Activation(rawValue: parameters.text("activation")) ?? .relu
        dropout = parameters.number("dropout")
        alpha = parameters.number("alpha")
        solver = Solver(rawValue: parameters.text("solver")) ?? .adam
        schedule = Schedule(rawValue: parameters.text("learning_rate")) ?? .constant
        learningRate = parameters.number("learning_rate_init")
        powerT = parameters.number("power_t")
        momentum = parameters.number("momentum")
        nesterov = parameters.boolean("nesterovs_momentum")
        beta1 = parameters.number("beta_1")
        beta2 = parameters.number("beta_2")
        epsilon = parameters.number("epsilon")
        batchSize = min(rows, parameters["batch_size"].intValue ?? 200)
        maximumEpochs = parameters.integer("max_iter")
        tolerance = parameters.number("tol")
        patience = parameters.integer("n_iter_no_change")
    }
}
