import CForgeMath

/// The rows that explanations compare with, their products beside them, so that a row of the arena is an encoded row.
extension ArenaDecoder {
    mutating func decodeBackground() throws(Refusal) {
        try require(artifact.has(.background) == artifact.has(.explanation), "its background is not whole")
        guard artifact.has(.background) else {
            return try require(!isOpaque, "it has no background")
        }
        let width = Int(arena.encoded) &- Int(arena.products.count)
        let rows = artifact.shape(.background).0
        let features = try artifact.matrix(.background, Double.self, columns: width)
        let settings = try artifact.vector(.explanation, Int64.self, count: 2)
        try require(rows > 0 && rows <= ModelLimits.backgroundRows, "its background has no rows, or too many")
        let count = rows &* Int(arena.encoded)
        guard count <= ModelLimits.backgroundValues else { throw .tooLarge("the background is too large") }
        arena.seed = settings[0]
        arena.samples = settings[1]
        let valid = arena.samples >= 0 && arena.samples <= Int64(ModelLimits.coalitions)
        try require(valid, "its number of coalitions is out of range")
        let table = try builder.reserve(Double.self, count: count)
        arena.background = table.span
        if builder.measuring { return }
        for row in upTo(rows) { try copyRow(row, features, table) }
        guard let head = placeHead(table), let base = table.base?.assumingMemoryBound(to: Double.self) else { return }
        for row in upTo(rows) { forge_prepare_products(UnsafePointer(head), base + row &* Int(arena.encoded)) }
        arena.sampled = isOpaque || description.form == FORGE_TREES && hasCrosses ? 1 : 0
    }

    /// Explained by coalitions of columns only.
    private var isOpaque: Bool { description.form != FORGE_LINEAR && description.form != FORGE_TREES }

    /// Products of features of several columns, in which no path through a tree decides on one column at a time.
    private var hasCrosses: Bool {
        let sources = builder.region(arena.feature_columns, of: Int32.self)
        for feature in upTo(sources.count) where (sources.load(feature) ?? 0) < 0 { return true }
        return false
    }

    private func copyRow(_ row: Int, _ features: Elements<Double>, _ table: Region<Double>) throws(Refusal) {
        let width = Int(arena.encoded) &- Int(arena.products.count)
        for c in upTo(Int(arena.columns)) {
            guard let column = columns.load(c) else { continue }
            if description.form == FORGE_ENSEMBLE && column.encoding == FORGE_ENCODE_VECTOR {
                try copyVector(column, features, row &* width &+ Int(column.first), row, table)
                continue
            }
            for f in upTo(Int(column.width)) {
                let feature = Int(column.first) &+ f
                let value = features[row &* width &+ feature]
                try require(takes(value, column), "a number of its background is not valid")
                table.store(value, at: row &* Int(arena.encoded) &+ feature)
            }
        }
    }

    /// A cell of an ensemble: float4s, in the room of as many doubles; all NaN is a missing one.
    private func copyVector(
        _ column: ForgeColumn, _ features: Elements<Double>, _ place: Int, _ row: Int, _ table: Region<Double>
    ) throws(Refusal) {
        let slot = row &* Int(arena.encoded) &+ Int(column.first)
        let start = table.offset &+ slot &* MemoryLayout<Double>.stride
        let vector = builder.region(ForgeSpan(offset: Int64(start), count: Int64(column.width)), of: Float.self)
        let isMissing = features[place].isNaN
        for i in upTo(vector.count) {
            let element = Float(features[place &+ i])
            let isValid = isMissing ? element.isNaN : element.isFinite && Double(element) == features[place &+ i]
            try require(isValid, "a number of its background is not valid")
            vector.store(element, at: i)
        }
    }

    /// What the kernels of the form can read without a further look.
    private func takes(_ value: Double, _ column: ForgeColumn) -> Bool {
        if description.form == FORGE_LINEAR { return value.isFinite }
        if value.isNaN { return description.form != FORGE_NETWORK && description.form != FORGE_NEIGHBORS }
        if column.encoding == FORGE_ENCODE_NATIVE { return value >= 0 && value < Double(column.levels) }
        return description.form == FORGE_ENSEMBLE ? value.isFinite : Float(value).isFinite
    }
}
