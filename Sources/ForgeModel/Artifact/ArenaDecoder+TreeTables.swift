import CForgeMath

/// What scoring and explaining trees need beside the nodes.
extension ArenaDecoder {
    /// Parts the columns into runs of numbers that trees take as they are, and the rest.
    mutating func storeRowPlan(_ plainNumbers: Region<ForgePlain>, _ otherColumns: Region<Int32>) {
        var run = ForgePlain(column: 0, feature: 0, count: 0)
        var runs = 0
        var others = 0
        for c in upTo(Int(arena.columns)) {
            guard let column = columns.load(c) else { continue }
            let plain =
                column.encoding == Int32(FORGE_ENCODE_NUMBER) && column.filled == 0 && column.indicator == 0 && column.shift == 0
                && column.scale == 1
            if !plain {
                otherColumns.store(Int32(truncatingIfNeeded: c), at: others)
                others &+= 1
            } else if run.count > 0, run.column &+ run.count == Int32(truncatingIfNeeded: c) {
                run.count &+= 1
                plainNumbers.store(run, at: runs &- 1)
            } else {
                run = ForgePlain(column: Int32(truncatingIfNeeded: c), feature: column.first, count: 1)
                plainNumbers.store(run, at: runs)
                runs &+= 1
            }
        }
        arena.plain_numbers = plainNumbers.prefix(runs).span
        arena.other_columns = otherColumns.prefix(others).span
    }

    /// Enough points to integrate the path polynomials exactly: half as many as features can meet on a path.
    mutating func storeQuadrature(_ region: Region<Double>) {
        let points = max((min(arena.max_depth, arena.encoded) &+ 1) / 2, 1)
        guard let base = region.base, Int(points) &* 2 <= region.count else { return }
        let abscissae = base.assumingMemoryBound(to: Double.self)
        forge_gauss_legendre(points, abscissae, abscissae + Int(points))
        arena.quadrature = region.prefix(2 &* Int(points)).span
    }

    /// Adds what each tree gives on average to the bases.
    func storeExpectations(trees: Int, _ bases: Region<Double>) {
        guard let head = placeHead(bases), let pointer = bases.base else { return }
        for tree in upTo(trees) {
            forge_tree_expectation(
                UnsafePointer(head), Int32(truncatingIfNeeded: tree), pointer.assumingMemoryBound(to: Double.self))
        }
    }

    mutating func storeCompleteTrees(_ bases: Region<Double>) {
        guard let head = placeHead(bases) else { return }
        forge_complete_trees(head)
        arena.complete_depth = head.pointee.complete_depth
    }

    /// The kernels want the arena's head in its place. `region` is any of the arena.
    func placeHead<Element>(_ region: Region<Element>) -> UnsafeMutablePointer<ForgeArena>? {
        guard let pointer = region.base else { return nil }
        let head = pointer + (0 &- region.offset)
        head.storeBytes(of: arena, as: ForgeArena.self)
        return head.assumingMemoryBound(to: ForgeArena.self)
    }
}
