import CForgeMath

/// An ensemble: its members are whole artifacts inside of its own, and become arenas inside of its own.
extension ArenaDecoder {
    mutating func decodeEnsemble() throws(Refusal) {
        let bytes = try artifact.vector(.members, UInt8.self)
        let offsets = try artifact.vector(.memberOffsets, Int64.self)
        try checkOffsets(offsets, bytes: bytes.count)
        let count = offsets.count &- 1
        try require(count > 0 && count <= ModelLimits.members, "its number of members is out of range")
        let weights = try artifact.vector(.memberWeights, Double.self, count: count)
        try checkWeights(weights)
        try checkCells()
        try require(
            !artifact.has(.roots) && !artifact.has(.coefficients) && !artifact.has(.networkLayers), "it has two forms")
        try require(description.link == FORGE_IDENTITY || description.link == FORGE_SHARES, "an ensemble has another link")

        let table = try builder.reserve(ForgeMember.self, count: count)
        arena.members = table.span
        for m in upTo(count) {
            let start = Int(truncatingIfNeeded: offsets[m])
            let length = Int(truncatingIfNeeded: offsets[m &+ 1]) &- start
            var member = ForgeMember()
            member.weight = weights[m]
            try decodeMember((bytes.base + start).assumingMemoryBound(to: UInt8.self), count: length, table, &member)
            table.store(member, at: m)
        }
    }

    private func checkWeights(_ weights: Elements<Double>) throws(Refusal) {
        var sum = 0.0
        for m in upTo(weights.count) {
            try require(weights[m] > 0 && weights[m] <= 1, "a weight of a member is out of range")
            sum += weights[m]
        }
        try require(sum > 1 - 1e-9 && sum < 1 + 1e-9, "the weights of its members do not add up to 1")
    }

    /// An ensemble's columns are not encoded: numbers and vectors as they are, levels of those texts that its
    /// background has.
    private func checkCells() throws(Refusal) {
        try require(arena.products.count == 0, "an ensemble has products")
        for c in upTo(Int(arena.columns)) {
            guard let column = columns.load(c) else { continue }
            let asItIs = column.filled == 0 && column.indicator == 0 && column.shift == 0 && column.scale == 1
            let isPlain =
                column.encoding == FORGE_ENCODE_VECTOR ? column.filled == 0 && isUnscaled(column)
                : column.encoding == FORGE_ENCODE_NATIVE || column.encoding == FORGE_ENCODE_NUMBER && asItIs
            try require(isPlain, "a column of an ensemble is encoded")
        }
    }

    private func isUnscaled(_ vector: ForgeColumn) -> Bool {
        let numbers = builder.region(vector.numbers, of: Double.self)
        for i in upTo(Int(vector.width)) {
            if numbers.load(i) != 0 || numbers.load(Int(vector.width) &+ i) != 1 { return false }
        }
        return true
    }

    private mutating func decodeMember(
        _ bytes: UnsafePointer<UInt8>, count: Int, _ table: Region<ForgeMember>, _ member: inout ForgeMember
    ) throws(Refusal) {
        let measured = try ArenaDecoder.measured(bytes, count: count, isMember: true)
        try require(measured.arena.task == arena.task, "a member of it has another task")
        let memory = try builder.reserve(UInt8.self, count: measured.builder.used)
        let places = try builder.reserve(Int32.self, count: Int(measured.arena.columns))
        member.arena = Int64(memory.offset)
        member.columns = places.span
        guard let base = memory.base, let head = placeHead(table) else { return }
        try ArenaDecoder.decode(bytes, count: count, into: base, capacity: memory.count)
        let model = UnsafePointer(base.assumingMemoryBound(to: ForgeArena.self))
        try require(forge_member_labels_match(head, model) != 0, "a member of it has other classes")
        guard let columns = places.base?.assumingMemoryBound(to: Int32.self) else { return }
        try require(forge_member_columns(head, model, columns) != 0, "a member of it has other columns")
        arena.member_scratch = max(arena.member_scratch, model.pointee.scratch)
    }
}
