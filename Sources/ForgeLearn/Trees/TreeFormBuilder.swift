import ForgeModel
import Glibc

/// Gathers XGBoost's trees into Forge's flat form.
struct TreeFormBuilder {
    var form: TreeForm
    /// (encoded features) sum of the loss changes of all splits on it.
    var gains: [Double]
    /// Whether the form starts from a base already.
    private var hasBase = false

    init(outputs: Int, features: Int) {
        form = TreeForm(
            outputs: outputs, baseScores: Array(repeating: 0, count: outputs), roots: [], treeOutputs: [], features: [],
            thresholds: [], left: [], right: [], defaultLeft: [], covers: [], categoryOffsets: [0], categoryBits: [],
            leafVectors: [])
        gains = Array(repeating: 0, count: features)
    }

    /// Behind the trees of a form that is there already.
    init(continuing form: TreeForm, features: Int) {
        self.form = form
        gains = Array(repeating: 0, count: features)
        hasBase = true
    }

    var built: TreeForm { form }

    /// Adds the model's first trees, all of them by default, and its base score, as a margin, unless the form has one.
    mutating func add(_ model: UBJSON, link: Link, trees limit: Int = .max) throws {
        guard let learner = model["learner"], let body = learner["gradient_booster"]?["model"],
            let trees = body["trees"]?.items, let treeOutputs = body["tree_info"]?.int32Values,
            treeOutputs.count == trees.count
        else { throw unreadable("its trees") }
        if !hasBase { try addBase(learner, link: link) }
        for (tree, output) in zip(trees, treeOutputs).prefix(limit) {
            guard output >= 0, output < form.outputs else { throw unreadable("tree_info") }
            try add(tree: XGBoostTree(tree), output: output)
        }
    }

    /// `base_score` is in the objective's own space: a probability for logistic, a mean for logarithmic ones, else a
    /// margin.
    private mutating func addBase(_ learner: UBJSON, link: Link) throws {
        guard let text = learner["learner_model_param"]?["base_score"]?.textValue else {
            throw unreadable("base_score")
        }
        let values = text.split { "[],".contains($0) }.compactMap { Float($0) }
        guard values.count == form.outputs || values.count == 1 else { throw unreadable("base_score \(text)") }
        for output in 0..<form.outputs {
            let base = values[values.count == 1 ? 0 : output]
            let margin =
                switch link {
                case .logistic: -logf(1 / base - 1)
                case .log: logf(base)
                default: base
                }
            form.baseScores[output] += Double(margin)
        }
    }

    private mutating func add(tree: XGBoostTree, output: Int32) throws {
        let first = Int32(form.features.count)
        form.roots.append(first)
        form.treeOutputs.append(output)
        // Breadth first: the top of a tree, which every row passes, lies together. Pruned nodes fall away.
        var order: [Int32] = [0]
        var next = 0
        while next < order.count {
            let node = Int(order[next])
            next += 1
            guard order.count <= tree.count else { throw unreadable("a tree with a cycle") }
            let (left, right) = (tree.left[node], tree.right[node])
            let isLeaf = left < 0
            if !isLeaf {
                guard left < tree.count, right >= 0, right < tree.count, tree.features[node] >= 0,
                    Int(tree.features[node]) < gains.count
                else { throw unreadable("node \(node) of a tree") }
                gains[Int(tree.features[node])] += Double(tree.gains[node])
            }
            form.features.append(isLeaf ? -1 : tree.features[node])
            form.thresholds.append(isLeaf || tree.categories[node] == nil ? tree.conditions[node] : 0)
            form.left.append(isLeaf ? 0 : first + Int32(order.count))
            form.right.append(isLeaf ? 0 : first + Int32(order.count) + 1)
            form.defaultLeft.append(!isLeaf && tree.defaultLeft[node] != 0)
            form.covers.append(tree.covers[node])
            form.categoryBits += isLeaf ? [] : tree.categories[node] ?? []
            form.categoryOffsets.append(Int32(form.categoryBits.count))
            if !isLeaf { order += [left, right] }
        }
    }
}

private func unreadable(_ what: String) -> ForgeError {
    ForgeError(.versionMismatch, "unreadable model from XGBoost: \(what)", hint: TrainingJob.releaseHint)
}

/// The arrays of one tree, by node.
private struct XGBoostTree {
    let left: [Int32]
    let right: [Int32]
    let features: [Int32]
    let conditions: [Float]
    let defaultLeft: [Int32]
    let covers: [Float]
    let gains: [Float]
    let categories: [Int: [UInt32]]  // by node: bit c set, category c goes right

    var count: Int { left.count }

    init(_ tree: UBJSON) throws {
        left = try Self.integers(tree, "left_children")
        right = try Self.integers(tree, "right_children")
        features = try Self.integers(tree, "split_indices")
        conditions = try Self.floats(tree, "split_conditions")
        defaultLeft = try Self.integers(tree, "default_left")
        covers = try Self.floats(tree, "sum_hessian")
        gains = try Self.floats(tree, "loss_changes")
        let lengths = [right.count, features.count, conditions.count, defaultLeft.count, covers.count, gains.count]
        let nodes = left.count
        guard nodes > 0, lengths.allSatisfy({ $0 == nodes }) else { throw unreadable("a tree's lengths") }
        categories = try Self.bits(
            nodes: Self.integers(tree, "categories_nodes"), starts: Self.integers(tree, "categories_segments"),
            sizes: Self.integers(tree, "categories_sizes"),
            categories: Self.integers(tree, "categories"))
    }

    private static func integers(_ tree: UBJSON, _ name: String) throws -> [Int32] {
        guard let values = tree[name]?.int32Values else { throw unreadable(name) }
        return values
    }

    private static func floats(_ tree: UBJSON, _ name: String) throws -> [Float] {
        guard let values = tree[name]?.floatValues else { throw unreadable(name) }
        return values
    }

    private static func bits(
        nodes: [Int32], starts: [Int32], sizes: [Int32], categories: [Int32]
    ) throws -> [Int: [UInt32]] {
        guard starts.count == nodes.count, sizes.count == nodes.count else { throw unreadable("a tree's categories") }
        var result: [Int: [UInt32]] = [:]
        for (index, node) in nodes.enumerated() {
            let (start, size) = (Int(starts[index]), Int(sizes[index]))
            guard start >= 0, size >= 0, start + size <= categories.count else {
                throw unreadable("a tree's categories")
            }
            let chosen = categories[start..<start + size]
            guard chosen.allSatisfy({ $0 >= 0 && $0 < 1 << 20 }) else { throw unreadable("a category") }
            var words = [UInt32](repeating: 0, count: Int(chosen.max() ?? 0) / 32 + 1)
            for category in chosen { words[Int(category) / 32] |= 1 << UInt32(category % 32) }
            result[Int(node)] = words
        }
        return result
    }
}
