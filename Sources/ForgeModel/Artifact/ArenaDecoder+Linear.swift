import CForgeMath

/// A linear form with the encoder folded in: per output and source column one weight, or one row of a level table.
extension ArenaDecoder {
    mutating func decodeLinear() throws(Refusal) {
        let outputs = description.outputs
        let encoded = Int(arena.encoded)
        let coefficients = sliced(
            try artifact.matrix(.coefficients, Double.self, rows: slices &* outputs, columns: encoded), outputs &* encoded)
        let intercepts = sliced(try artifact.vector(.intercepts, Double.self, count: slices &* outputs), outputs)
        let means = sliced(try artifact.vector(.means, Double.self, count: slices &* encoded), encoded)
        try require(!artifact.has(.roots) && !artifact.has(.networkLayers), "it has two forms")
        try requireFilled("a linear model has a natively encoded column", "a number of a linear model has no fill value")
        if arena.prepared != 0 { return try decodePreparedLinear(coefficients, intercepts, means) }

        let padded = Int(arena.padded)
        let cells = outputs &* padded
        let out = (
            intercepts: try builder.reserve(Double.self, count: outputs),
            bases: try builder.reserve(Double.self, count: outputs),
            shifts: try builder.reserve(Double.self, count: padded),
            weights: try builder.reserve(Double.self, count: cells),
            missing: try builder.reserve(Double.self, count: cells),
            centers: try builder.reserve(Double.self, count: cells)
        )
        arena.intercepts = out.intercepts.span
        arena.bases = out.bases.span
        arena.shifts = out.shifts.span
        arena.weights = out.weights.span
        arena.missing = out.missing.span
        arena.centers = out.centers.span
        try reserveContributions()
        if builder.measuring { return }
        try requireFinite(coefficients)
        try requireFinite(intercepts)
        try requireFinite(means)

        for c in upTo(Int(arena.columns)) {
            guard let column = columns.load(c) else { continue }
            out.shifts.store(column.kind == FORGE_NUMBER ? column.shift : 0, at: c)
            for o in upTo(outputs) {
                let row = o &* encoded &+ Int(column.first)
                var center = 0.0
                for f in upTo(Int(column.width)) { center += coefficients[row &+ f] * means[Int(column.first) &+ f] }
                try require(center.isFinite, "its coefficients are out of range")
                out.centers.store(center, at: o &* padded &+ c)
                if column.kind == FORGE_CATEGORY {
                    storeContributions(column, output: o, coefficients, row)
                    continue
                }
                let weight = coefficients[row] / column.scale
                let indicator = column.indicator != 0 ? coefficients[row &+ 1] : 0
                let missing = column.encoded_fill * coefficients[row] + indicator
                try require(weight.isFinite && missing.isFinite, "its coefficients are out of range")
                out.weights.store(weight, at: o &* padded &+ c)
                out.missing.store(missing, at: o &* padded &+ c)
            }
        }
        for o in upTo(outputs) {
            var base = intercepts[o]
            for c in upTo(Int(arena.columns)) { base += out.centers.load(o &* padded &+ c) ?? 0 }
            try require(base.isFinite, "its coefficients are out of range")
            out.intercepts.store(intercepts[o], at: o)
            out.bases.store(base, at: o)
        }
    }

    /// The coefficients as they are, for a row of prepared features.
    private mutating func decodePreparedLinear(
        _ coefficients: Elements<Double>, _ intercepts: Elements<Double>, _ means: Elements<Double>
    ) throws(Refusal) {
        let out = (
            intercepts: try builder.reserve(Double.self, count: intercepts.count),
            bases: try builder.reserve(Double.self, count: intercepts.count),
            coefficients: try builder.reserve(Double.self, count: coefficients.count),
            means: try builder.reserve(Double.self, count: means.count)
        )
        arena.intercepts = out.intercepts.span
        arena.bases = out.bases.span
        arena.coefficients = out.coefficients.span
        arena.means = out.means.span
        if builder.measuring { return }
        try requireFinite(coefficients)
        try requireFinite(intercepts)
        try requireFinite(means)
        for i in upTo(coefficients.count) { out.coefficients.store(coefficients[i], at: i) }
        for i in upTo(intercepts.count) { out.intercepts.store(intercepts[i], at: i) }
        for i in upTo(means.count) { out.means.store(means[i], at: i) }
        guard let head = placeHead(out.bases), let bases = out.bases.base else { return }
        let result = forge_linear_feature_bases(UnsafePointer(head), bases.assumingMemoryBound(to: Double.self))
        try require(result == 0, "its coefficients are out of range")
    }

    /// A table (levels + 2, outputs) for each category column.
    private mutating func reserveContributions() throws(Refusal) {
        var builder = self.builder
        let outputs = description.outputs
        let table = columns
        try description.forEachColumn { index, described throws(Refusal) in
            if described.isNumber { return }
            let rows = try builder.reserve(Double.self, count: (described.categories &+ 2) &* outputs)
            if var column = table.load(index) {
                column.contributions = rows.span
                table.store(column, at: index)
            }
        }
        self.builder = builder
    }

    private func storeContributions(
        _ column: ForgeColumn, output: Int, _ coefficients: Elements<Double>, _ row: Int
    ) {
        let outputs = description.outputs
        let levels = Int(column.levels)
        let table = builder.region(column.contributions, of: Double.self)
        for level in upTo(levels) { table.store(coefficients[row &+ level], at: level &* outputs &+ output) }
        if column.null_feature >= 0 {
            table.store(coefficients[row &+ Int(column.null_feature &- column.first)], at: levels &* outputs &+ output)
        }
        if column.other_feature >= 0 {
            let other = coefficients[row &+ Int(column.other_feature &- column.first)]
            table.store(other, at: (levels &+ 1) &* outputs &+ output)
        }
    }

    func requireFinite(_ values: Elements<Double>) throws(Refusal) {
        for i in upTo(values.count) { try require(values[i].isFinite, "a number is not finite") }
    }

    func requireFinite(_ values: Elements<Float>) throws(Refusal) {
        for i in upTo(values.count) { try require(values[i].isFinite, "a number is not finite") }
    }
}
