import CForgeMath
import Testing

@testable import ForgeModel

/// Shallow trees are kept twice: as nodes with pointers, and as complete trees, which score faster.
struct CompleteTreesTests {
    /// Margins of a row by complete trees if the model has them, by nodes side by side, and one node after the other.
    private static func margins(_ model: DecodedModel, _ rows: [ColumnValues], row: Int) -> [[Double]] {
        let arena = UnsafeMutablePointer(mutating: model.arena)
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: Int(arena.pointee.scratch), alignment: 16)
        let keys = UnsafeMutableRawPointer.allocate(byteCount: Int(forge_tree_row_size(arena)), alignment: 16)
            .assumingMemoryBound(to: UInt32.self)
        defer { scratch.deallocate(); keys.deallocate() }
        let values = forge_scratch_values(arena, scratch)
        withCells(rows, row: row) { forge_values_from_cells(arena, $0.baseAddress!, values) }
        #expect(forge_tree_row(arena, values, keys) == -1)
        let depth = arena.pointee.complete_depth
        var found: [[Double]] = []
        for kernel in [forge_tree_margins, forge_tree_margins, forge_tree_margins_reference] {
            var margins = [Double](repeating: .nan, count: Int(arena.pointee.outputs))
            kernel(arena, keys, &margins)
            found.append(margins)
            arena.pointee.complete_depth = -1
        }
        arena.pointee.complete_depth = depth
        return found
    }

    private static func expectEqualKernels(_ document: ModelDocument, _ make: inout RandomModels, _ name: String) throws {
        let model = try DecodedModel(document.encoded())
        let rows = make.rows(30, of: document.columns)
        for row in 0..<30 {
            let bits = margins(model, rows, row: row).map { $0.map(\.bitPattern) }
            #expect(bits[0] == bits[2] && bits[1] == bits[2], "\(name), row \(row)")
        }
    }

    private static func completeDepth(_ document: ModelDocument) throws -> Int32 {
        let model = try DecodedModel(document.encoded())
        return withExtendedLifetime(model) { model.arena.pointee.complete_depth }
    }

    @Test(arguments: 0..<UInt64(20))
    func completeTreesEqualTheReferenceKernelBitForBit(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed)
        for trees in [1, 9, 10, 11, 20, 37, 100] {
            for (classes, grow) in [(0, 1.0), (2, 0.97), (3, 0.95)] {
                let depth = make.int(0...8)
                let document = make.trees(
                    columns: 12, trees: trees, depth: depth, classes: classes, categories: false, grow: grow)
                if grow == 1, trees >= 10 { #expect(try CompleteTreesTests.completeDepth(document) == Int32(depth)) }
                try CompleteTreesTests.expectEqualKernels(document, &make, "seed \(seed), \(trees) trees of \(depth)")
            }
        }
    }

    @Test func treesOfOneLeafAreCompleteTreesOfDepthZero() throws {
        var make = RandomModels(seed: 7)
        let document = make.trees(columns: 2, trees: 11, depth: 0, classes: 0, categories: false)
        #expect(try CompleteTreesTests.completeDepth(document) == 0)
        try CompleteTreesTests.expectEqualKernels(document, &make, "leaves")
    }

    @Test func vectorLeavesOfOneOutputAreLeavesLikeAnyOther() throws {
        var make = RandomModels(seed: 8)
        let document = make.trees(
            columns: 4, trees: 12, depth: 3, classes: 2, categories: false, shares: true, vector: true, grow: 1)
        #expect(try CompleteTreesTests.completeDepth(document) == 3)
        try CompleteTreesTests.expectEqualKernels(document, &make, "vectors")
    }

    @Test func deepOrFewTreesVectorLeavesAndCategoriesKeepTheirNodesOnly() throws {
        var make = RandomModels(seed: 9)
        let deep = make.trees(columns: 4, trees: 10, depth: 9, classes: 0, categories: false, grow: 1)
        let vectors = make.trees(
            columns: 4, trees: 12, depth: 3, classes: 3, categories: false, shares: true, vector: true, grow: 1)
        let few = make.trees(columns: 4, trees: 9, depth: 3, classes: 0, categories: false, grow: 1)
        var categories = make.trees(columns: 0, trees: 10, depth: 1, classes: 0, categories: false, grow: 1)
        guard case .trees(var form) = categories.form else { return }
        categories.columns = [
            ColumnSchema(
                name: Bytes("c".utf8), sqlType: Bytes("text".utf8), kind: .category,
                encoding: .native(levels: [Bytes("a".utf8), Bytes("b".utf8)]))
        ]
        form.categoryBits = Array(repeating: 1, count: 10)
        form.categoryOffsets = form.features.indices.map { Int32(($0 + 2) / 3) } + [10]
        categories.form = .trees(form)
        for document in [deep, vectors, few, categories] {
            #expect(try CompleteTreesTests.completeDepth(document) == -1)
            try CompleteTreesTests.expectEqualKernels(document, &make, "\(document.form)")
        }
    }

    /// Complete, 64 such trees would take 2^8 places each for the sake of one path.
    @Test func treesThatAreMostlyHolesKeepTheirNodesOnly() throws {
        var make = RandomModels(seed: 10)
        let chains = make.chains(depths: Array(repeating: 8, count: 64))
        #expect(try CompleteTreesTests.completeDepth(chains) == -1)
        try CompleteTreesTests.expectEqualKernels(chains, &make, "chains")
    }

    @Test func raggedTreesOfUnequalDepthShareTheGreatest() throws {
        var make = RandomModels(seed: 11)
        let chains = make.chains(depths: (0..<40).map { $0 % 4 == 1 ? 1 : 3 })
        #expect(try CompleteTreesTests.completeDepth(chains) == 3)
        try CompleteTreesTests.expectEqualKernels(chains, &make, "chains")
    }

    /// 40,000 features of one column have slots beyond 16 bits.
    @Test func slotsBeyondSixteenBitsAreReached() throws {
        var make = RandomModels(seed: 12)
        var document = make.trees(columns: 0, trees: 10, depth: 4, classes: 0, categories: false, grow: 1)
        guard case .trees(var form) = document.form else { return }
        let levels = (0..<40_000).map { Bytes(String($0 + 100_000).utf8) }
        document.columns.insert(
            ColumnSchema(
                name: Bytes("wide".utf8), sqlType: Bytes("text".utf8), kind: .category,
                encoding: .oneHot(levels: levels, nullLevel: false, otherLevel: false)), at: 0)
        for i in form.features.indices where form.features[i] >= 0 {
            form.features[i] = Int32(make.int(39_000...40_000))
            form.thresholds[i] = Float(make.double(0.1...0.9))
        }
        document.form = .trees(form)
        #expect(try CompleteTreesTests.completeDepth(document) == 4)
        try CompleteTreesTests.expectEqualKernels(document, &make, "wide")
    }

    @Test func keysAreInTheOrderOfTheFloats() {
        let floats: [Float] = [
            -.infinity, -.greatestFiniteMagnitude, -1.5, -1, -.leastNormalMagnitude, -.leastNonzeroMagnitude, -0.0, 0,
            .leastNonzeroMagnitude, .leastNormalMagnitude, 1, 1.5, .greatestFiniteMagnitude, .infinity,
        ]
        for a in floats {
            for b in floats { #expect((a < b) == (forge_float_key(a) < forge_float_key(b)), "\(a), \(b)") }
            #expect(forge_float_key(a) > 0 && forge_float_key(a) < .max, "\(a): the ends mean missing")
        }
    }
}
