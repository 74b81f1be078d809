import CForgeMath

/// A tree form, its nodes renumbered breadth first so that siblings are neighbours and a leaf can be its own child;
/// shallow trees of numbers again as complete ones.
extension ArenaDecoder {
    /// The tensors of a tree form, in the file's numbering.
    struct TreeTensors {
        var roots: Elements<Int32>
        var outputs: Elements<Int32>
        var features: Elements<Int32>
        var thresholds: Elements<Float>
        var left: Elements<Int32>
        var right: Elements<Int32>
        var defaultLeft: Elements<UInt8>
        var covers: Elements<Float>
        var categoryOffsets: Elements<Int32>
        var categoryBits: Elements<UInt32>
        var leafVectors: Elements<Float>
        var leafRows: Int
    }

    /// The arena's side.
    struct TreeRegions {
        var intercepts: Region<Double>
        var bases: Region<Double>
        var roots: Region<UInt32>  // padded to whole groups of FORGE_INTERLEAVED, as are the depths
        var depths: Region<Int32>
        var outputs: Region<Int32>
        var leafVectors: Region<Float>
        var plainNumbers: Region<ForgePlain>
        var otherColumns: Region<Int32>
        var quadrature: Region<Double>
        var splits: Region<ForgeSplit>
        var leaves: Region<Float>
        var nodes: Region<ForgeNode>
        var fractions: Region<Double>
        var words: Region<UInt32>
        var wordsUsed = 1  // word 0 is zero: it says of numbers that no category goes right
    }

    mutating func decodeTrees() throws(Refusal) {
        let tensors = try readTreeTensors()
        let baseScores = sliced(
            try artifact.vector(.baseScores, Double.self, count: slices &* description.outputs), description.outputs)
        try require(!artifact.has(.coefficients) && !artifact.has(.networkLayers), "it has two forms")
        arena.max_depth = 0
        arena.categorical = 0
        var regions = try reserveTrees(tensors)
        if builder.measuring { return }

        for o in upTo(description.outputs) {
            try require(baseScores[o].isFinite, "a number is not finite")
            regions.intercepts.store(baseScores[o], at: o)
            regions.bases.store(baseScores[o], at: o)
        }
        for i in upTo(tensors.leafVectors.count) {
            try require(tensors.leafVectors[i].isFinite, "a number is not finite")
            regions.leafVectors.store(tensors.leafVectors[i], at: i)
        }
        storeRowPlan(regions.plainNumbers, regions.otherColumns)
        for tree in upTo(tensors.roots.count) { try decodeTree(tree, tensors, &regions) }
        // The last node in breadth-first order is a leaf.
        let lastNode = UInt32(truncatingIfNeeded: tensors.features.count &- 1)
        for i in upTo(regions.roots.count &- tensors.roots.count) {
            regions.roots.store(lastNode, at: tensors.roots.count &+ i)
        }
        storeQuadrature(regions.quadrature)
        storeExpectations(trees: tensors.roots.count, regions.bases)
        storeCompleteTrees(regions.bases)
    }

    private mutating func reserveTrees(_ tensors: TreeTensors) throws(Refusal) -> TreeRegions {
        let outputs = description.outputs
        let trees = tensors.roots.count
        let nodes = tensors.features.count
        let columns = Int(arena.columns)
        let encoded = Int(arena.encoded)
        let group = Int(FORGE_INTERLEAVED)
        let padded = (trees &+ group &- 1) / group &* group
        let points = (min(ModelLimits.treeDepth, encoded) &+ 1) / 2
        // Complete trees have room when the average tree is at least a quarter full.
        let complete = min(2 &* (nodes &+ trees), trees << Int(FORGE_COMPLETE_DEPTH))
        // Every categorical node has at least one word, and one of zeros behind them.
        let (words, overflow) = tensors.categoryBits.count.multipliedReportingOverflow(by: 2)
        guard !overflow, words < Int(UInt32.max) else { throw .tooLarge("the model has too many categories") }
        let regions = TreeRegions(
            intercepts: try builder.reserve(Double.self, count: outputs),
            bases: try builder.reserve(Double.self, count: outputs),
            roots: try builder.reserve(UInt32.self, count: padded),
            depths: try builder.reserve(Int32.self, count: padded),
            outputs: try builder.reserve(Int32.self, count: trees),
            leafVectors: try builder.reserve(Float.self, count: tensors.leafVectors.count),
            plainNumbers: try builder.reserve(ForgePlain.self, count: columns),
            otherColumns: try builder.reserve(Int32.self, count: columns),
            quadrature: try builder.reserve(Double.self, count: 2 &* points),
            splits: try builder.reserve(ForgeSplit.self, count: complete),
            leaves: try builder.reserve(Float.self, count: complete),
            nodes: try builder.reserve(ForgeNode.self, count: nodes),
            fractions: try builder.reserve(Double.self, count: nodes),
            words: try builder.reserve(UInt32.self, count: words &+ 1))
        arena.intercepts = regions.intercepts.span
        arena.bases = regions.bases.span
        arena.roots = regions.roots.prefix(trees).span
        arena.depths = regions.depths.prefix(trees).span
        arena.tree_outputs = regions.outputs.span
        arena.leaf_vectors = regions.leafVectors.span
        arena.splits = regions.splits.span
        arena.leaves = regions.leaves.span
        arena.nodes = regions.nodes.span
        arena.fractions = regions.fractions.span
        arena.category_words = regions.words.span
        return regions
    }

    private mutating func decodeTree(
        _ tree: Int, _ tensors: TreeTensors, _ regions: inout TreeRegions
    ) throws(Refusal) {
        let output = Int(tensors.outputs[tree])
        try require(output >= -1 && output < description.outputs, "a tree belongs to no output")
        let nodes = tensors.features.count
        let start = Int(tensors.roots[tree])
        let end = tree &+ 1 < tensors.roots.count ? Int(tensors.roots[tree &+ 1]) : nodes
        try require(start >= 0 && start < end && end <= nodes, "a tree's nodes are not in order")
        let depth = try decodeNodes(tensors, &regions, start, end, vector: output < 0)
        regions.roots.store(UInt32(truncatingIfNeeded: start), at: tree)
        regions.depths.store(depth, at: tree)
        // With one output a vector of leaves is a number like any other.
        regions.outputs.store(description.outputs == 1 ? 0 : tensors.outputs[tree], at: tree)
        arena.max_depth = max(arena.max_depth, depth)
    }

    private func readTreeTensors() throws(Refusal) -> TreeTensors {
        let roots = try artifact.vector(.roots, Int32.self)
        let features = try artifact.vector(.features, Int32.self)
        let bits = try artifact.vector(.categoryBits, UInt32.self)
        let count = features.count
        guard count <= ModelLimits.nodes else { throw .tooLarge("the model has too many tree nodes") }
        let part = try treePart(
            trees: roots.count, nodes: count, words: bits.count, leafRows: artifact.shape(.leafVectors).0)
        let (first, nodes) = (part.nodes.start, part.nodes.count)
        let own = roots.part(from: part.trees.start, count: part.trees.count)
        try require(own.count > 0 && own[0] == 0, "it has no trees")
        let outputs = description.outputs
        return TreeTensors(
            roots: own,
            outputs: try artifact.vector(.treeOutputs, Int32.self, count: roots.count)
                .part(from: part.trees.start, count: part.trees.count),
            features: features.part(from: first, count: nodes),
            thresholds: try artifact.vector(.thresholds, Float.self, count: count).part(from: first, count: nodes),
            left: try artifact.vector(.left, Int32.self, count: count).part(from: first, count: nodes),
            right: try artifact.vector(.right, Int32.self, count: count).part(from: first, count: nodes),
            defaultLeft: try artifact.vector(.defaultLeft, UInt8.self, count: count, as: .bool)
                .part(from: first, count: nodes),
            covers: try artifact.vector(.covers, Float.self, count: count).part(from: first, count: nodes),
            categoryOffsets: try artifact.vector(.categoryOffsets, Int32.self, count: count &+ slices)
                .part(from: first &+ slice, count: nodes &+ 1),
            categoryBits: bits.part(from: part.words.start, count: part.words.count),
            leafVectors: try artifact.matrix(.leafVectors, Float.self, columns: outputs)
                .part(from: part.leafRows.start &* outputs, count: part.leafRows.count &* outputs),
            leafRows: part.leafRows.count)
    }

    /// Renumbers the nodes of one tree into `start..<end`; returns its depth. The output is its own queue: a node that
    /// waits holds its number in the file as `left`.
    private mutating func decodeNodes(
        _ tensors: TreeTensors, _ regions: inout TreeRegions, _ start: Int, _ end: Int, vector: Bool
    ) throws(Refusal) -> Int32 {
        regions.nodes.store(ForgeNode(key: 0, slot: 0, left: UInt32(truncatingIfNeeded: start), categories: 0), at: start)
        regions.fractions.store(1, at: start)
        var tail = start &+ 1
        var levelEnd = tail
        var depth = 0
        var k = start
        while k < tail {
            if k == levelEnd {
                depth &+= 1
                levelEnd = tail
            }
            guard let waiting = regions.nodes.load(k) else { break }
            let source = Int(waiting.left)
            let cover = tensors.covers[source]
            try require(tensors.thresholds[source].isFinite && cover.isFinite && cover >= 0, "a node's number is not valid")
            if tensors.features[source] < 0 {
                regions.nodes.store(try leaf(tensors, source, k, vector: vector), at: k)
            } else {
                let children = (Int(tensors.left[source]), Int(tensors.right[source]))
                try require(
                    children.0 > source && children.1 > source && children.0 < end && children.1 < end
                        && children.0 != children.1 && tail &+ 2 <= end, "a tree's nodes do not form a tree")
                regions.nodes.store(try split(tensors, &regions, source, tail), at: k)
                try queue(children.0, at: tail, under: cover, tensors, regions)
                try queue(children.1, at: tail &+ 1, under: cover, tensors, regions)
                tail &+= 2
            }
            k &+= 1
        }
        try require(tail == end, "a tree has nodes that no path reaches")
        guard depth <= ModelLimits.treeDepth else { throw .tooLarge("the model has a tree that is too deep") }
        return Int32(truncatingIfNeeded: depth)
    }

    private func queue(
        _ source: Int, at index: Int, under cover: Float, _ tensors: TreeTensors, _ regions: TreeRegions
    ) throws(Refusal) {
        let own = tensors.covers[source]
        try require(own.isFinite && own >= 0, "a node's number is not valid")
        let node = ForgeNode(key: 0, slot: 0, left: UInt32(truncatingIfNeeded: source), categories: 0)
        regions.nodes.store(node, at: index)
        regions.fractions.store(cover > 0 ? min(Double(own) / Double(cover), 1) : 0.5, at: index)
    }

    private func leaf(_ tensors: TreeTensors, _ source: Int, _ index: Int, vector: Bool) throws(Refusal) -> ForgeNode {
        var key = tensors.thresholds[source].bitPattern
        if vector {
            let row = Int(tensors.left[source])
            try require(row >= 0 && row < tensors.leafRows, "a leaf has no vector")
            key = description.outputs == 1 ? tensors.leafVectors[row].bitPattern : UInt32(truncatingIfNeeded: row)
        }
        return ForgeNode(
            key: key, slot: UInt32(bitPattern: arena.encoded) &* 2, left: UInt32(truncatingIfNeeded: index &- 1),
            categories: 0)
    }

    private mutating func split(
        _ tensors: TreeTensors, _ regions: inout TreeRegions, _ source: Int, _ left: Int
    ) throws(Refusal) -> ForgeNode {
        let feature = tensors.features[source]
        try require(feature < arena.encoded, "a split is on a feature that is not there")
        try require(tensors.defaultLeft[source] <= 1, "a default direction is neither left nor right")
        var node = ForgeNode(
            key: forge_float_key(tensors.thresholds[source]), slot: UInt32(bitPattern: feature) &* 2,
            left: UInt32(truncatingIfNeeded: left), categories: 0)
        if tensors.defaultLeft[source] == 0 { node.slot &+= 1 }
        let first = Int(tensors.categoryOffsets[source])
        let last = Int(tensors.categoryOffsets[source &+ 1])
        try require(first >= 0 && last >= first && last <= tensors.categoryBits.count, "a split's categories are not in order")
        if last == first {
            let column = columns.load(Int(featureColumn(feature)))
            try require(column?.encoding != Int32(FORGE_ENCODE_NATIVE), "a split compares a category as a number")
        } else {
            node.categories = UInt32(truncatingIfNeeded: regions.wordsUsed)
            node.key = UInt32(truncatingIfNeeded: last &- first)
            try storeCategories(tensors, &regions, feature, first, last)
        }
        return node
    }

    private mutating func storeCategories(
        _ tensors: TreeTensors, _ regions: inout TreeRegions, _ feature: Int32, _ first: Int, _ last: Int
    ) throws(Refusal) {
        guard let column = columns.load(Int(featureColumn(feature))), column.encoding == Int32(FORGE_ENCODE_NATIVE) else {
            throw .corrupt("a split tests categories of a column without")
        }
        let words = last &- first
        try require(words <= Int(column.levels &+ 31) / 32, "a split tests a category that is not there")
        let used = UInt32(truncatingIfNeeded: column.levels & 31)
        if used != 0, words == Int(column.levels &+ 31) / 32 {
            try require(tensors.categoryBits[last &- 1] >> used == 0, "a split tests a category that is not there")
        }
        try require(regions.wordsUsed &+ words < regions.words.count, "its categories overlap")
        for i in upTo(words) { regions.words.store(tensors.categoryBits[first &+ i], at: regions.wordsUsed &+ i) }
        regions.wordsUsed &+= words &+ 1
        arena.categorical = 1
    }

    private func featureColumn(_ feature: Int32) -> Int32 {
        builder.region(arena.feature_columns, of: Int32.self).load(Int(feature)) ?? 0
    }
}
