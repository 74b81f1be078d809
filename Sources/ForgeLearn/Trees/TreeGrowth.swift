import CForgeGrow
import ForgeModel

/// How the trees of a decision tree or a forest grow, as their hyperparameters say.
struct TreeGrowth {
    var maxDepth: Int
    var minSamplesSplit: Int
    var minSamplesLeaf: Int
    var minImpurityDecrease: Double
    var tried: Int
    /// Of equal splits a random one, instead of that of the first column: a forest's trees then differ more.
    var shuffled = false
    var entropy: Bool
    var drawn: Int
    var replaced: Bool

    init(_ input: borrowing FitInput, features: Int) {
        let parameters = input.parameters
        maxDepth = parameters["max_depth"].intValue ?? ModelLimits.treeDepth
        minSamplesSplit = parameters.integer("min_samples_split")
        minSamplesLeaf = parameters["min_samples_leaf"].intValue ?? max(1, input.rows / Self.rowsPerLeaf)
        minImpurityDecrease = parameters.number("min_impurity_decrease")
        entropy = parameters["criterion"].textValue.map { $0 != "gini" } ?? false
        tried = features
        drawn = input.rows
        replaced = false
    }

    /// Leaves need not be smaller than a hundred-thousandth of the rows: deeper trees cost much and say little.
    static let rowsPerLeaf = 100_000

    /// Seeds differ in all bits for neighbouring trees.
    func settings(seed: Int, tree: Int) -> ForgeGrowth {
        ForgeGrowth(
            max_depth: Int32(maxDepth), min_split: Int64(minSamplesSplit), min_leaf: Int64(minSamplesLeaf),
            min_decrease: minImpurityDecrease, tried: Int32(tried),
            shuffled: shuffled ? 1 : 0, entropy: entropy ? 1 : 0, drawn: Int64(drawn),
            replaced: replaced ? 1 : 0,
            seed: splitmix64(splitmix64(UInt64(bitPattern: Int64(seed))) &+ UInt64(tree)))
    }
}

/// A grown tree, freed with this object.
final class GrownTree: @unchecked Sendable {
    private(set) var tree = ForgeGrownTree()

    init(_ rows: BinnedRows, _ growth: ForgeGrowth, observer: any TrainingObserver) throws {
        var (table, growth) = (rows.rows, growth)
        let watch = Watch(observer)
        let status = withExtendedLifetime(rows) {
            forge_grow_tree(
                &table, &growth,
                { Unmanaged<Watch>.fromOpaque($0).takeUnretainedValue().observer.isCancelled ? 1 : 0 },
                Unmanaged.passUnretained(watch).toOpaque(), &tree)
        }
        if status > 0 { throw ForgeError(.cancelled, "training was cancelled") }
        if status < 0 {
            throw ForgeError(
                .memoryLimit, "there is no memory for a tree of \(rows.rows.rows) rows",
                hint: "use a smaller max_depth, a larger min_samples_leaf, or a sample")
        }
    }

    deinit { forge_free_tree(&tree) }

    private final class Watch {
        let observer: any TrainingObserver
        init(_ observer: any TrainingObserver) { self.observer = observer }
    }
}

extension FitInput {
    /// Grows `count` trees, `threads` at a time, and averages them.
    func grownForest(_ rows: BinnedRows, _ learned: LearnedTarget, _ growth: TreeGrowth, trees count: Int) throws
        -> FittedModel
    {
        let positive = target.positive
        var builder = TreeFormBuilder(outputs: learned.classes > 2 ? learned.classes : 1, features: plan.width)
        builder.addBase(learned.mean)
        let step = max(1, count / 20 / threads) * threads
        for first in stride(from: 0, to: count, by: step) {
            try checkCancelled()
            let size = min(step, count - first)
            var grown = [Result<GrownTree, any Error>?](repeating: nil, count: size)
            let (seed, observer) = (seed, observer)
            grown.withUnsafeMutableBufferPointer { buffer in
                nonisolated(unsafe) let buffer = buffer
                inParallel(size, threads: threads) { index in
                    buffer[index] = Result {
                        try GrownTree(rows, growth.settings(seed: seed, tree: first + index), observer: observer)
                    }
                }
            }
            for tree in grown {
                try builder.add(
                    try tree!.get().tree, classes: learned.classes, positive: positive, share: 1 / Double(count))
            }
            observer.progress(0.2 + 0.7 * Double(first + size) / Double(count), phase: "fit")
        }
        var fitted = FittedModel(
            form: .trees(builder.built), link: learned.classes > 0 ? .shares : .identity, importance: builder.gains)
        if parameters["min_samples_leaf"].isNull, growth.minSamplesLeaf > 1 {
            fitted.notes.append(
                "min_samples_leaf is \(growth.minSamplesLeaf), a hundred-thousandth of the \(self.rows) training rows")
        }
        return fitted
    }
}
