import CForgeMath

/// Points of clusters, with the precisions of a mixture; and the factors of a non-negative factorisation.
extension ArenaDecoder {
    mutating func decodeCentroids() throws(Refusal) {
        let width = Int(arena.encoded)
        let memberships = try artifact.vector(.memberships, Int32.self)
        let points = memberships.count
        let centers = try artifact.matrix(.centers, Double.self, rows: points, columns: width)
        let constants = try artifact.vector(.intercepts, Double.self, count: description.outputs)
        try require(!artifact.has(.roots) && !artifact.has(.coefficients), "it has two forms")
        try requireFilled("a clustering has a natively encoded column", "a number of a clustering has no fill value")
        let isMixture = description.precisions != FORGE_NO_PRECISIONS
        try require(points >= description.outputs, "a cluster has no point")
        try require(!isMixture || points == description.outputs, "a mixture has not one point for each cluster")

        arena.points = try copy(centers).span
        arena.intercepts = try copy(constants).span
        let table = try builder.reserve(Int32.self, count: points)
        arena.memberships = table.span
        try decodePrecisions(points: points, width: width)
        try decodeRadius(isMixture: isMixture)
        if builder.measuring { return }
        for point in upTo(points) {
            let cluster = memberships[point]
            // The first points are of the clusters in turn: so each has one.
            let valid = point < description.outputs
                ? Int(cluster) == point : cluster >= 0 && Int(cluster) < description.outputs
            try require(valid, "a point is of no cluster")
            table.store(cluster, at: point)
        }
    }

    private mutating func decodePrecisions(points: Int, width: Int) throws(Refusal) {
        arena.precision = Int32(truncatingIfNeeded: description.precisions)
        try require(
            artifact.has(.precisions) == (description.precisions != FORGE_NO_PRECISIONS), "its precisions are not whole")
        guard artifact.has(.precisions) else { return }
        let (square, squareOverflow) = width.multipliedReportingOverflow(by: width)
        let shares =
            description.precisions == FORGE_SPHERICAL ? (points, 1) : description.precisions == FORGE_DIAGONAL
            ? (points, width) : description.precisions == FORGE_FULL ? (points, square) : (1, square)
        let (count, overflow) = shares.0.multipliedReportingOverflow(by: shares.1)
        guard !overflow, !squareOverflow else { throw .tooLarge("the model is too large") }
        arena.precisions = try copy(artifact.vector(.precisions, Double.self, count: count)).span
    }

    private mutating func decodeRadius(isMixture: Bool) throws(Refusal) {
        arena.radius = .infinity
        guard artifact.has(.clusterRadius) else { return }
        let radius = try artifact.vector(.clusterRadius, Double.self, count: 1)[0]
        try require(!isMixture && radius >= 0 && radius.isFinite, "its radius is not valid")
        arena.radius = radius
    }

    mutating func decodeNonnegative() throws(Refusal) {
        let outputs = description.outputs
        let width = Int(arena.encoded)
        guard outputs <= ModelLimits.nonnegativeFactors else { throw .tooLarge("the model has too many factors") }
        let factors = try artifact.matrix(.coefficients, Double.self, rows: outputs, columns: width)
        try require(!artifact.has(.roots) && !artifact.has(.centers), "it has two forms")
        try requireFilled("a factorisation has a natively encoded column", "a number of a factorisation has no fill value")
        arena.coefficients = try copy(factors).span
        let gram = try builder.reserve(Double.self, count: outputs &* outputs)
        arena.gram = gram.span
        if builder.measuring { return }
        for i in upTo(factors.count) { try require(factors[i] >= 0, "a factor is negative") }
        for a in upTo(outputs) {
            for b in upTo(outputs) {
                var sum = 0.0
                for f in upTo(width) { sum += factors[a &* width &+ f] * factors[b &* width &+ f] }
                try require(sum.isFinite, "its factors are out of range")
                gram.store(sum, at: a &* outputs &+ b)
            }
        }
    }

    /// Numbers as they are, all of them finite.
    private mutating func copy(_ values: Elements<Double>) throws(Refusal) -> Region<Double> {
        let region = try builder.reserve(Double.self, count: values.count)
        if builder.measuring { return region }
        try requireFinite(values)
        for i in upTo(values.count) { region.store(values[i], at: i) }
        return region
    }
}
