import CForgeMath

/// Training rows, turned so that a block of them lies side by side, with what they vote.
extension ArenaDecoder {
    mutating func decodeNeighbors() throws(Refusal) {
        let width = Int(arena.encoded)
        let targets = try artifact.vector(.neighborTargets, Double.self)
        let count = targets.count
        let rows = try artifact.matrix(.neighborRows, Float.self, rows: count, columns: width)
        try require(!artifact.has(.roots) && !artifact.has(.coefficients), "it has two forms")
        try require(slices == 1, "its form has no groups")
        try requireFilled(
            "a model of neighbours has a natively encoded column", "a number of a model of neighbours has no fill value")
        guard rows.count <= ModelLimits.neighborValues else { throw .tooLarge("the model has too many training rows") }
        try require(description.neighbors <= count, "it has fewer training rows than vote")

        arena.neighbors = Int32(truncatingIfNeeded: description.neighbors)
        arena.metric = Int32(truncatingIfNeeded: description.metric)
        arena.votes_by_distance = description.votesByDistance ? 1 : 0
        try copyTargets(targets)
        try copyWeights(count)
        try copyRows(rows, count, width: width)
    }

    private mutating func copyTargets(_ targets: Elements<Double>) throws(Refusal) {
        let table = try builder.reserve(Double.self, count: targets.count)
        arena.neighbor_targets = table.span
        if builder.measuring { return }
        let classes = Double(arena.classes)
        for row in upTo(targets.count) {
            let target = targets[row]
            let valid = classes == 0
                ? target.isFinite : target >= 0 && target < classes && target == target.rounded(.down)
            try require(valid, "a training row's target is not valid")
            table.store(target, at: row)
        }
    }

    private mutating func copyWeights(_ count: Int) throws(Refusal) {
        guard artifact.has(.neighborWeights) else { return }
        let weights = try artifact.vector(.neighborWeights, Double.self, count: count)
        let table = try builder.reserve(Double.self, count: count)
        arena.neighbor_weights = table.span
        if builder.measuring { return }
        for row in upTo(count) {
            try require(weights[row] > 0 && weights[row].isFinite, "a training row's weight is not valid")
            table.store(weights[row], at: row)
        }
    }

    private mutating func copyRows(_ rows: Elements<Float>, _ count: Int, width: Int) throws(Refusal) {
        let block = Int(FORGE_BLOCK)
        let blocks = (count &+ block &- 1) / block
        let table = try builder.reserve(Float.self, count: blocks &* block &* width)
        let norms = try builder.reserve(Double.self, count: description.metric == FORGE_COSINE ? count : 0)
        arena.neighbor_rows = table.span
        arena.neighbor_norms = norms.span
        if builder.measuring { return }
        try requireFinite(rows)
        for row in upTo(count) {
            let first = row / block &* block &* width &+ row % block
            var norm = 0.0
            for feature in upTo(width) {
                let value = rows[row &* width &+ feature]
                table.store(value, at: first &+ feature &* block)
                norm += Double(value) * Double(value)
            }
            norms.store(norm, at: row)
        }
    }
}
