import CForgeGrow
import ForgeModel

extension TreeFormBuilder {
    /// A constant beneath all trees of a regression.
    mutating func addBase(_ value: Double) { form.baseScores[0] += value }

    /// Adds a tree that was grown here, its leaves times `share`: the mean of a regression, the positive class's share
    /// of two classes, or a vector of all shares.
    mutating func add(_ tree: ForgeGrownTree, classes: Int, positive: Int, share: Double) throws {
        let count = Int(tree.node_count)
        let shares = classes > 2 ? Int(tree.leaf_count) * classes : 0
        guard let nodes = tree.nodes, bytes(afterNodes: count, shares: shares) <= ModelLimits.artifact else {
            throw ForgeError(
                .tooLarge,
                "the first \(form.roots.count + 1) trees need more than the \(ModelLimits.artifact) bytes of a model",
                detail: classes > 2 ? "Each leaf holds the shares of \(classes) classes." : nil,
                hint: "use a smaller max_depth, a larger min_samples_leaf, or fewer n_estimators")
        }
        let first = Int32(form.features.count)
        form.roots.append(first)
        form.treeOutputs.append(classes > 2 ? -1 : 0)
        for node in UnsafeBufferPointer(start: nodes, count: count) {
            let isLeaf = node.feature < 0
            form.features.append(node.feature)
            form.covers.append(Float(node.weight))
            form.defaultLeft.append(!isLeaf && node.default_left != 0)
            if isLeaf {
                addLeaf(node, tree, classes: classes, positive: positive, share: share)
            } else {
                form.thresholds.append(node.threshold)
                form.left.append(first + node.left)
                form.right.append(first + node.left + 1)
                gains[Int(node.feature)] += node.gain
                let words = UnsafeBufferPointer(start: tree.words, count: Int(tree.word_count))
                form.categoryBits += words[Int(node.words)..<Int(node.words + node.word_count)]
            }
            form.categoryOffsets.append(Int32(form.categoryBits.count))
        }
    }

    /// Of the tensors of the artifact, categories aside.
    private func bytes(afterNodes nodes: Int, shares: Int) -> Int {
        26 * (form.features.count + nodes) + MemoryLayout<Float>.size * (form.leafVectors.count + shares)
    }

    private mutating func addLeaf(
        _ node: ForgeGrownNode, _ tree: ForgeGrownTree, classes: Int, positive: Int, share: Double
    ) {
        form.right.append(0)
        guard classes > 0, let shares = tree.shares else {
            form.thresholds.append(Float(node.value * share))
            form.left.append(0)
            return
        }
        let own = shares + Int(node.left) * classes
        if classes == 2 {
            form.thresholds.append(Float(Double(own[positive]) * share))
            form.left.append(0)
            return
        }
        form.thresholds.append(0)
        form.left.append(Int32(form.leafVectors.count / classes))
        for index in 0..<classes { form.leafVectors.append(Float(Double(own[index]) * share)) }
    }
}
