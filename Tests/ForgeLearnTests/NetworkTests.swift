import CForgeNeural
import ForgeLinalg
import ForgeModel
import Testing

@testable import ForgeLearn

/// Networks: that gradients are those of the loss, that training finds what theory says, and that its parts are what
/// they say.
@Suite struct NetworkTests {
    /// Numbers, a category, weights and a target for one of the three losses.
    private func table(_ task: String, classes: Int, rows: Int = 40, weighted: Bool = false) -> Table {
        var random = Random(3)
        var table = Table()
        let a = (0..<rows).map { _ in random.normal() }
        table.add("a", a)
        table.add("b", (0..<rows).map { _ in random.uniform() < 0.2 ? nil : random.normal() })
        table.add("c", (0..<rows).map { _ in ["red", "green", "blue"][random.index(3)] })
        if weighted { table.add("w", (0..<rows).map { Double(1 + $0 % 3) }, role: .weight) }
        if task == "regression" {
            table.add("y", a.map { 3 * $0 + random.normal() }, role: .target)
        } else {
            table.add("y", a.map { "class \(max(0, min(classes - 1, Int(($0 + 1).rounded(.down)))))" }, role: .target)
        }
        return table
    }

    /// The start of a training: a network with its table and target.
    private func prepared(_ run: Run) throws -> (NetworkShape, NetworkSettings, FeatureTable, NetworkTarget) {
        let (job, data) = (try run.job, try run.read())
        let target = try data.resolveTarget(job)
        let input = FitInput(
            parameters: job.parameters, data: data, plan: try EncodingPlan(data, job, target), target: target,
            weights: try data.fitWeights(target, job), threads: 1, seed: 1, observer: SilentObserver())
        let settings = NetworkSettings(job.parameters, rows: input.rows)
        let (rows, networkTarget) = (try FeatureTable(data.training, input), try NetworkTarget(input))
        return (NetworkShape([rows.width] + settings.hidden + [networkTarget.outputs]), settings, rows, networkTarget)
    }

    struct GradientCase: Sendable {
        var activation: Activation
        var task: String
        var classes = 2
        var dropout = 0.0
    }

    static let gradientCases = Activation.allCases.flatMap { activation in
        [
            GradientCase(activation: activation, task: "regression"),
            GradientCase(activation: activation, task: "classification"),
            GradientCase(activation: activation, task: "classification", classes: 3),
            GradientCase(activation: activation, task: "regression", dropout: 0.4),
        ]
    }

    /// Central differences in float32: errors of about 1e-3 of sums over 40 rows. A ReLU that opens within the step
    /// bends the line, so its step is small and its differences less exact.
    @Test(arguments: gradientCases)
    func gradientsAreTheSlopesOfTheLoss(_ test: GradientCase) throws {
        let run = Run(
            table: table(test.task, classes: test.classes, weighted: true), algorithm: "mlp", task: test.task,
            params: [
                "hidden_layer_sizes": [5, 4], "activation": .text(test.activation.rawValue), "dropout": .number(test.dropout),
            ])
        let (shape, settings, table, target) = try prepared(run)
        let lane = NetworkLane(shape, settings, loss: target.loss, rows: table.rows)
        let order = (0..<Int32(table.rows)).map { $0 }
        var parameters = shape.initial(seed: 7, active: table.isActive)
        var gradient = [Float](repeating: 0, count: shape.count)
        func loss(_ parameters: [Float], _ gradient: inout [Float]) -> Double {
            lane.pass(
                table, target, order, rows: table.rows, first: 0, key: 11, parameters: parameters, gradient: &gradient)
            return lane.lossSum
        }
        _ = loss(parameters, &gradient)
        var unused = gradient
        let (step, share): (Float, Double) = test.activation == .relu ? (2e-4, 0.05) : (1e-2, 0.01)
        for index in parameters.indices {
            let kept = parameters[index]
            parameters[index] = kept + step
            let above = loss(parameters, &unused)
            parameters[index] = kept - step
            let below = loss(parameters, &unused)
            parameters[index] = kept
            let slope = (above - below) / Double(2 * step)
            let tolerance = share * max(1, abs(slope))
            #expect(abs(Double(gradient[index]) - slope) < tolerance, "parameter \(index): \(gradient[index]), slope \(slope)")
        }
    }

    @Test func withoutHiddenLayersItIsLeastSquares() throws {
        let table = table("regression", classes: 0, rows: 200, weighted: true)
        let linear = Run(table: table, algorithm: "linear_regression", task: "regression")
        let network = Run(
            table: table, algorithm: "mlp", task: "regression",
            params: [
                "hidden_layer_sizes": [], "alpha": 0, "batch_size": 200, "learning_rate_init": 0.1, "max_iter": 3_000,
                "solver": "sgd", "n_iter_no_change": 3_000,
            ])
        let found = deviation(try network.scores(of: try network.train()), try linear.scores(of: try linear.train()))
        #expect(found < 2e-3, "\(found)")
    }

    @Test(arguments: [2, 3]) func withoutHiddenLayersItIsLogisticRegression(_ classes: Int) throws {
        let table = table("classification", classes: classes, rows: 200)
        // scikit-learn's C is one over the penalty of the sum of losses, alpha that of the mean: C = 1 / alpha.
        let logistic = Run(table: table, algorithm: "logistic_regression", task: "classification", params: ["C": 0.1])
        let network = Run(
            table: table, algorithm: "mlp", task: "classification",
            params: [
                "hidden_layer_sizes": [], "alpha": 10, "batch_size": 200, "learning_rate_init": 0.02, "max_iter": 3_000,
                "learning_rate": "cosine", "n_iter_no_change": 3_000,
            ])
        let found = deviation(try network.scores(of: try network.train()), try logistic.scores(of: try logistic.train()))
        #expect(found < 2e-3, "\(found)")
    }

    @Test(arguments: ["adam", "sgd"])
    func learnsWhatNoLinearModelCan(_ solver: String) throws {
        var random = Random(5)
        let (x, y) = ((0..<1_500).map { _ in random.normal() }, (0..<1_500).map { _ in random.normal() })
        var table = Table()
        table.add("x", x)
        table.add("y", y)
        table.add("t", zip(x, y).map { $0 * $1 > 0 ? "same" : "other" }, role: .target)
        var run = Run(
            table: table, algorithm: "mlp", task: "classification",
            params: [
                "hidden_layer_sizes": [16, 8], "solver": .text(solver), "batch_size": 50,
                "learning_rate_init": solver == "sgd" ? 0.05 : 0.005, "learning_rate": "adaptive", "max_iter": 60,
            ])
        run.split = ["test": 0.3]
        let accuracy = try run.train().manifest["metrics"]?["accuracy"]?.doubleValue ?? 0
        #expect(accuracy > 0.93, "\(accuracy)")
    }

    @Test func anyNumberOfThreadsLearnsTheSameButForRounding() throws {
        var run = Run(
            table: table("regression", classes: 0, rows: 3_000), algorithm: "mlp", task: "regression",
            params: ["hidden_layer_sizes": [64, 64], "max_iter": 3, "dropout": 0.2, "batch_size": 512])
        let alone = try run.scores(of: try run.train())
        run.threads = 2
        let found = deviation(alone, try run.scores(of: try run.train()))
        #expect(found < 1e-3, "\(found)")
    }

    @Test func stopsEarlyAndKeepsTheBestEpoch() throws {
        let heard = Recording()
        var run = Run(
            table: table("regression", classes: 0, rows: 120), algorithm: "mlp", task: "regression",
            params: [
                "early_stopping": true, "validation_fraction": 0.25, "learning_rate_init": 0.01, "max_iter": 500,
                "n_iter_no_change": 5,
            ])
        run.observer = heard
        let outcome = try run.train()
        let epochs = outcome.manifest["data_report"]?["iterations"]?.intValue ?? 0
        let watched = (heard.curves["validation_loss"] ?? []).map(\.value)
        #expect(epochs < 500 && epochs == watched.count && heard.curves["train_loss"]?.count == epochs)
        let best = watched.firstIndex(of: watched.min()!)!
        var shorter = run
        shorter.params["max_iter"] = .integer(Int64(best + 1))
        #expect(try shorter.train().artifact == outcome.artifact)
    }

    @Test func aLossThatDivergesIsAnErrorWithAHint() throws {
        let run = Run(
            table: table("regression", classes: 0), algorithm: "mlp", task: "regression",
            params: ["solver": "sgd", "learning_rate_init": 100, "momentum": 0])
        let error = try #require(throws: ForgeError.self) { try run.train() }
        #expect(error.code == .numericalFailure && error.hint?.contains("learning_rate_init") == true)
    }

    @Test func aTargetFarFromZeroKeepsItsDigits() throws {
        var table = table("regression", classes: 0, rows: 300)
        let index = table.columns.firstIndex { $0.role == .target }!
        table.columns[index].cells = table.columns[index].cells.map { cell in
            if case .number(let value) = cell { .number(value + 1e12) } else { cell }
        }
        let r2 = try Run(table: table, algorithm: "mlp", task: "regression").train().manifest["metrics"]?["r2"]?.doubleValue
        #expect(r2 ?? 0 > 0.8)
    }

    @Test func oneHotColumnsAreGatheredAsEncoded() throws {
        let run = Run(table: table("regression", classes: 0), algorithm: "mlp", task: "regression")
        let (_, _, rows, _) = try prepared(run)
        #expect(rows.width == 6)  // a; b and its indicator; three colours
        var matrix = [Float](repeating: -1, count: 2 * rows.width)
        rows.gather([7, 3], count: 2, into: &matrix)
        let order = rows.encodedIndex
        for (place, row) in [7, 3].enumerated() {
            let own = Array(matrix[place * rows.width..<(place + 1) * rows.width])
            let colours = order.indices.filter { order[$0] >= 3 }.map { own[$0] }
            #expect(colours.reduce(0, +) == 1 && colours.allSatisfy { $0 == 0 || $0 == 1 })
            let isMissing = run.table.columns[1].cells[row] == .null
            #expect(own[order.firstIndex(of: 2)!] == (isMissing ? 1 : 0))
        }
    }

    @Test func shufflesArePermutationsThatDependOnTheKeyAlone() {
        func shuffled(_ key: UInt64) -> [Int32] {
            var order = [Int32](repeating: 0, count: 1_000)
            forge_neural_shuffle(&order, 1_000, key)
            return order
        }
        #expect(shuffled(1).sorted() == (0..<1_000).map(Int32.init))
        #expect(shuffled(1) == shuffled(1) && shuffled(1) != shuffled(2) && shuffled(1) != shuffled(1).sorted())
    }

    @Test func dropoutDropsItsShareAndKeepsTheMean() {
        var mask = [Float](repeating: 0, count: 100_000)
        forge_neural_dropout(9, 0, 100_000, 0.3, &mask)
        let dropped = mask.count { $0 == 0 }
        #expect(abs(Double(dropped) / 100_000 - 0.3) < 0.01)
        #expect(mask.allSatisfy { $0 == 0 || $0 == Float(1 / 0.7) })
        var tail = [Float](repeating: 0, count: 40)
        forge_neural_dropout(9, 60, 40, 0.3, &tail)
        #expect(tail == Array(mask[60..<100]))
    }

    @Test(arguments: [false, true]) func singlePrecisionProductsEqualPlainLoops(_ transposed: Bool) {
        var random = Random(2)
        let (rows, columns, depth) = (7, 5, 9)
        let left = (0..<rows * depth).map { _ in Float(random.normal()) }
        let right = (0..<depth * columns).map { _ in Float(random.normal()) }
        var result = [Float](repeating: .nan, count: rows * columns)
        BLAS.multiply(rows: rows, columns: columns, depth: depth, left, right, transposed: transposed, into: &result)
        var other = [Float](repeating: .nan, count: depth * columns)
        BLAS.multiplyTransposed(rows: depth, columns: columns, depth: rows, left, result, into: &other)
        for row in 0..<rows {
            for column in 0..<columns {
                let sum = (0..<depth).reduce(Float(0)) {
                    $0 + left[row * depth + $1] * (transposed ? right[column * depth + $1] : right[$1 * columns + column])
                }
                #expect(abs(result[row * columns + column] - sum) < 1e-5)
            }
        }
        for row in 0..<depth {
            for column in 0..<columns {
                let sum = (0..<rows).reduce(Float(0)) { $0 + left[$1 * depth + row] * result[$1 * columns + column] }
                #expect(abs(other[row * columns + column] - sum) < 1e-4)
            }
        }
    }

    @Test func arrayParametersAreCheckedItemByItem() throws {
        let table = table("regression", classes: 0)
        for (value, words) in [
            (JSONValue.array([0]), "items must be at least 1"), ([16_385], "items must be at most 16384"), (["64"], "must be an array of integers"),
            ([1.5], "must be an array of integers"), (64, "must be an array of integers"), (nil, "must not be null"),
            (.array(Array(repeating: 4, count: 33)), "must have at most 32 items"),
        ] {
            let run = Run(table: table, algorithm: "mlp", task: "regression", params: ["hidden_layer_sizes": value])
            let error = try #require(throws: ForgeError.self) { try run.job }
            #expect(error.code == .invalidParameter && "\(error)".contains("params.hidden_layer_sizes \(words)"), "\(error)")
        }
    }
}
