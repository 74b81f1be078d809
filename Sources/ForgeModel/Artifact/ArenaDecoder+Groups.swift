import CForgeMath

/// Models of groups of rows: the form's tensors hold one form after the other, the whole's first, and each group's head
/// is the whole's with a form of its own.
extension ArenaDecoder {
    /// Group columns and keys. Without keys all rows are scored by the whole.
    mutating func decodeGroupKeys() throws(Refusal) {
        var width = 0
        let columns = try builder.reserve(Int32.self, count: Int(arena.columns))
        try description.forEachColumn { index, described throws(Refusal) in
            guard described.isGroup else { return }
            columns.store(Int32(truncatingIfNeeded: index), at: width)
            width &+= 1
        }
        arena.group_columns = columns.prefix(width).span
        guard artifact.has(.groupKeys) else { return }
        try require(width > 0, "it has groups without columns")
        let keys = try artifact.matrix(.groupKeys, Double.self, columns: width)
        let groups = artifact.shape(.groupKeys).0
        guard groups <= ModelLimits.groups else { throw .tooLarge("the model has too many groups") }
        try require(groups > 0, "its groups are none")
        slices = groups &+ 1
        let table = try builder.reserve(Double.self, count: keys.count)
        arena.group_keys = table.span
        if builder.measuring { return }
        for i in upTo(keys.count) { table.store(keys[i], at: i) }
        try checkKeys(table, columns, width: width)
    }

    /// Keys rise strictly, so that they can be searched, and are values that their columns can have.
    private func checkKeys(_ keys: Region<Double>, _ group: Region<Int32>, width: Int) throws(Refusal) {
        guard let base = keys.base?.assumingMemoryBound(to: Double.self) else { return }
        for g in upTo(slices &- 2) {
            let order = forge_compare_keys(base + g &* width, base + (g &+ 1) &* width, Int64(width))
            try require(order < 0, "its groups are not in order")
        }
        for g in upTo(slices &- 1) {
            for c in upTo(width) {
                guard let key = keys.load(g &* width &+ c), let index = group.load(c), let column = columns.load(Int(index))
                else { continue }
                let isLevel = key >= 0 && key <= Double(column.levels) && key == key.rounded(.down)
                try require(
                    column.kind == FORGE_CATEGORY ? isLevel : !key.isInfinite, "a group is of a value that is not there")
            }
        }
    }

    mutating func decodeGroups() throws(Refusal) {
        try require(artifact.has(.groupParts) == (slices > 1 && description.form == FORGE_TREES), "its groups are not whole")
        guard slices > 1 else { return }
        let heads = try builder.reserve(ForgeArena.self, count: slices &- 1)
        let whole = arena
        var (scratch, explaining) = (whole.scratch, whole.explain_scratch)
        for g in upTo(slices &- 1) {
            arena = whole
            slice = g &+ 1
            try decodeForm()
            scratch = max(scratch, arena.scratch)
            explaining = max(explaining, arena.explain_scratch)
            arena.origin = Int64(heads.offset &+ g &* MemoryLayout<ForgeArena>.stride)
            arena.group_columns = ForgeSpan()
            arena.group_keys = ForgeSpan()
            heads.store(arena, at: g)
        }
        arena = whole
        arena.group_heads = heads.span
        arena.scratch = scratch
        // What an explanation needs lies behind what scoring needs, which is now as much as any group's.
        arena.explain_scratch = scratch &+ explaining
        for g in upTo(slices &- 1) {
            guard var head = heads.load(g) else { break }
            head.scratch = scratch
            heads.store(head, at: g)
        }
    }

    /// The elements of this slice in a tensor that has `count` for each.
    func sliced<Element: TensorElement>(_ elements: Elements<Element>, _ count: Int) -> Elements<Element> {
        elements.part(from: slice &* count, count: count)
    }

    struct Range {
        var start: Int
        var count: Int
    }

    /// Which trees, nodes, words of categories and vectors of leaves are this slice's. The tensor has for each slice
    /// where its own begin, and at last their numbers.
    func treePart(
        trees: Int, nodes: Int, words: Int, leafRows: Int
    ) throws(Refusal) -> (trees: Range, nodes: Range, words: Range, leafRows: Range) {
        guard slices > 1 else {
            return (
                Range(start: 0, count: trees), Range(start: 0, count: nodes), Range(start: 0, count: words),
                Range(start: 0, count: leafRows)
            )
        }
        let parts = try artifact.matrix(.groupParts, Int64.self, rows: slices &+ 1, columns: 4)
        return (
            try range(parts, 0, total: trees), try range(parts, 1, total: nodes), try range(parts, 2, total: words),
            try range(parts, 3, total: leafRows)
        )
    }

    private func range(_ parts: Elements<Int64>, _ kind: Int, total: Int) throws(Refusal) -> Range {
        let start = parts[slice &* 4 &+ kind]
        let end = parts[(slice &+ 1) &* 4 &+ kind]
        try require(parts[kind] == 0 && parts[slices &* 4 &+ kind] == Int64(total), "its groups do not cover its trees")
        try require(start >= 0 && end >= start && end <= Int64(total), "its groups' trees are not in order")
        return Range(start: Int(truncatingIfNeeded: start), count: Int(truncatingIfNeeded: end &- start))
    }
}
