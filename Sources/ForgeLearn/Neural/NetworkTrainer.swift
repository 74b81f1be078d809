import CForgeNeural
import ForgeLinalg
import ForgeModel

/// Mini-batch training of a network: each epoch goes through all rows once, in a new order.
///
/// A batch is split over the job's threads in fixed shares whose gradients are added in their order, so equal data,
/// seed and number of threads give equal parameters.
struct NetworkTrainer {
    struct Outcome {
        var parameters: [Float]
        var epochs: Int
        var converged: Bool
    }

    let shape: NetworkShape
    let settings: NetworkSettings
    let table: FeatureTable
    let target: NetworkTarget
    /// Rows that decide when to stop, and which epoch's parameters are kept.
    var validation: (table: FeatureTable, target: NetworkTarget)? = nil
    /// Parameters to start from; nil: random ones.
    var start: [Float]? = nil
    let threads: Int
    let seed: UInt64
    let observer: any TrainingObserver

    /// Multiplications a lane must have in a batch to be worth waking a thread for.
    private static let worthwhile = 500_000

    private var lanes: Int {
        let work = settings.batchSize * shape.count * 3
        return max(1, min(threads, work / Self.worthwhile, settings.batchSize))
    }

    func run() throws -> Outcome {
        let batches = (table.rows + settings.batchSize - 1) / settings.batchSize
        let optimizer = NetworkOptimizer(shape, settings, plannedSteps: batches * settings.maximumEpochs)
        let workspace = Workspace(self, lanes: lanes)
        var parameters = start ?? shape.initial(seed: splitmix64(seed), active: table.isActive)
        var best = parameters
        var stopping = NetworkStopping(tolerance: settings.tolerance, patience: settings.patience)
        for epoch in 1...settings.maximumEpochs {
            var loss = try parameters.withUnsafeMutableBufferPointer {
                try runEpoch(epoch, batches, $0.baseAddress!, optimizer, workspace)
            }
            observer.metric(step: epoch - 1, name: "train_loss", value: loss)
            if validation != nil {
                loss = try validationLoss(epoch, parameters, workspace)
                observer.metric(step: epoch - 1, name: "validation_loss", value: loss)
                if loss < stopping.best { best = parameters }
            }
            observer.progress(0.2 + 0.65 * Double(epoch) / Double(settings.maximumEpochs), phase: "fit")
            optimizer.endEpoch(epoch, rows: table.rows)
            if stopping.isOver(after: loss) {
                guard optimizer.slowDown() else {
                    return Outcome(parameters: validation == nil ? parameters : best, epochs: epoch, converged: true)
                }
                stopping.wait()
            }
        }
        return Outcome(
            parameters: validation == nil ? parameters : best, epochs: settings.maximumEpochs, converged: false)
    }

    /// - Returns: mean loss of the rows, each before its batch's step, with the penalty.
    private func runEpoch(
        _ epoch: Int, _ batches: Int, _ parameters: UnsafeMutablePointer<Float>, _ optimizer: NetworkOptimizer,
        _ workspace: Workspace
    ) throws -> Double {
        forge_neural_shuffle(workspace.order, Int64(table.rows), splitmix64(seed &+ UInt64(epoch) << 20))
        var total = 0.0
        for batch in 0..<batches {
            if observer.isCancelled { throw ForgeError(.cancelled, "training was cancelled") }
            let start = batch * settings.batchSize
            let rows = min(settings.batchSize, table.rows - start)
            let key = splitmix64(seed ^ UInt64(epoch) << 32 ^ UInt64(batch))
            let lanes = min(workspace.lanes.count, rows)
            inParallel(lanes, threads: lanes) { lane in
                let (first, last) = (rows * lane / lanes, rows * (lane + 1) / lanes)
                workspace.lanes[lane].pass(
                    table, target, workspace.order + start + first, rows: last - first, first: first, key: key,
                    parameters: parameters, gradient: workspace.gradients + lane * shape.count)
            }
            for lane in 0..<lanes { total += workspace.lanes[lane].lossSum }
            guard total.isFinite else { throw diverged(epoch) }
            optimizer.step(parameters, gradients: workspace.gradients, lanes: lanes, rows: rows)
        }
        let penalty = shape.layers.reduce(0.0) { sum, layer in
            sum + forge_neural_square_sum(parameters + layer.weights, Int64(layer.inputs * layer.outputs))
        }
        let loss = (total + settings.alpha / 2 * penalty * Double(batches)) / Double(table.rows)
        guard loss.isFinite else { throw diverged(epoch) }
        return loss
    }

    /// Mean loss of the validation rows, without dropout and penalty.
    private func validationLoss(_ epoch: Int, _ parameters: [Float], _ workspace: Workspace) throws -> Double {
        guard let validation else { return .nan }
        let (lanes, rows) = (workspace.lanes.count, validation.table.rows)
        var sums = [Double](repeating: 0, count: lanes)
        sums.withUnsafeMutableBufferPointer { sums in
            parameters.withUnsafeBufferPointer { parameters in
                inParallel(lanes, threads: lanes) { lane in
                    let end = rows * (lane + 1) / lanes
                    for first in stride(from: rows * lane / lanes, to: end, by: workspace.laneRows) {
                        sums[lane] += workspace.lanes[lane].lossOf(
                            validation.table, validation.target, workspace.inOrder + first,
                            rows: min(workspace.laneRows, end - first), parameters: parameters.baseAddress!)
                    }
                }
            }
        }
        let loss = sums.reduce(0, +) / validation.target.total
        guard loss.isFinite else { throw diverged(epoch) }
        return loss
    }

    private func diverged(_ epoch: Int) -> ForgeError {
        ForgeError(
            .numericalFailure, "the training loss is not finite in epoch \(epoch)",
            hint: "use a smaller learning_rate_init, solver adam, or preprocess scale standard")
    }

    /// Buffers of a run.
    private final class Workspace {
        let order: UnsafeMutablePointer<Int32>  // (rows)
        let inOrder: UnsafeMutablePointer<Int32>  // (validation rows) 0, 1, 2, …
        let gradients: UnsafeMutablePointer<Float>  // (lanes, parameters)
        let lanes: [NetworkLane]
        let laneRows: Int

        init(_ trainer: NetworkTrainer, lanes count: Int) {
            order = .allocate(capacity: trainer.table.rows)
            gradients = .allocate(capacity: count * trainer.shape.count)
            let validationRows = trainer.validation?.table.rows ?? 0
            inOrder = .allocate(capacity: max(1, validationRows))
            for row in 0..<validationRows { inOrder[row] = Int32(row) }
            let rows = (trainer.settings.batchSize + count - 1) / count
            laneRows = rows
            lanes = (0..<count).map { _ in
                NetworkLane(trainer.shape, trainer.settings, loss: trainer.target.loss, rows: rows)
            }
        }

        deinit {
            order.deallocate()
            inOrder.deallocate()
            gradients.deallocate()
        }
    }
}

/// scikit-learn's rule: over when the loss has not fallen by `tolerance` for more than `patience` epochs in a row.
struct NetworkStopping {
    let tolerance: Double
    let patience: Int
    private(set) var best = Double.infinity
    private var waited = 0

    init(tolerance: Double, patience: Int) {
        self.tolerance = tolerance
        self.patience = patience
    }

    mutating func isOver(after loss: Double) -> Bool {
        waited = loss > best - tolerance ? waited + 1 : 0
        best = min(best, loss)
        return waited > patience
    }

    /// Gives it as many epochs again.
    mutating func wait() { waited = 0 }
}
