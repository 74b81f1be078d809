import CForgeMath
import Glibc
import Testing

@testable import ForgeModel

/// Every form, link and encoding, with gaps and unseen levels, against plain loops over the document.
struct ScoringTests {
    static func documents(_ seed: UInt64) -> [ModelDocument] {
        var make = RandomModels(seed: seed)
        let columns = make.int(1...9)
        return [
            make.linear(columns: columns, classes: 0), make.linear(columns: columns, classes: 2),
            make.linear(columns: columns, classes: 4), make.linear(columns: 28, classes: 0, categories: false),
            make.trees(columns: columns, trees: make.int(1...40), depth: 6, classes: 0),
            make.trees(columns: columns, trees: 20, depth: 3, classes: 2, categories: false),
            make.trees(columns: columns, trees: 33, depth: 4, classes: 3),
            make.trees(columns: columns, trees: 9, depth: 12, classes: 2, shares: true),
            make.trees(columns: columns, trees: 5, depth: 5, classes: 5, shares: true, vector: true),
            make.trees(columns: columns, trees: 3, depth: 40, classes: 0, grow: 0.55),
            make.linear(columns: columns, classes: 0, prepared: true), make.linear(columns: columns, classes: 3, prepared: true),
            make.trees(columns: columns, trees: 14, depth: 5, classes: 0, prepared: true),
            make.trees(columns: columns, trees: 12, depth: 7, classes: 3, vector: true, prepared: true),
            ScoringTests.logarithmic(make.linear(columns: columns, classes: 0)),
            ScoringTests.logarithmic(make.trees(columns: columns, trees: 12, depth: 4, classes: 0)),
            make.network(columns: columns, hidden: [make.int(1...40)], classes: 0, activation: .relu),
            make.network(columns: columns, hidden: [16, 5], classes: 2, activation: .gelu),
            make.network(columns: columns, hidden: [7, 33, 9], classes: 4, activation: .tanh),
            make.network(columns: columns, hidden: [9, 8], classes: 0, activation: .tanh, prepared: true),
            make.network(columns: columns, hidden: [], classes: 3, activation: .relu, categories: false),
            make.interventional(make.trees(columns: columns, trees: make.int(1...20), depth: 6, classes: 0)),
            make.interventional(
                make.trees(columns: columns, trees: 5, depth: 5, classes: 5, shares: true, vector: true)),
            make.interventional(make.trees(columns: columns, trees: 9, depth: 5, classes: 3, prepared: true)),
            make.interventional(make.linear(columns: columns, classes: 3)),
            make.interventional(make.linear(columns: columns, classes: 3, prepared: true)),
        ] + make.unsupervised(columns: columns) + make.neighbors(columns: columns)
    }

    @Test(arguments: 0..<UInt64(40))
    func artifactReadsBackAsTheSameDocument(_ seed: UInt64) throws {
        for document in ScoringTests.documents(seed) {
            let bytes = try document.encoded()
            let read = try ModelDocument(artifact: bytes)
            let hasGaps = document.background?.features.contains(where: \.isNaN) ?? false  // NaN equals nothing
            #expect(try read.encoded() == bytes && (hasGaps || read == document), "seed \(seed)")
            #expect(try document.encoded() == bytes, "seed \(seed)")
        }
    }

    @Test(arguments: 0..<UInt64(40))
    func batchScoresEqualCellScoresBitForBit(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed ^ 0xABCD)
        for document in ScoringTests.documents(seed) {
            let scorer = try Scorer(artifact: document.encoded())
            let rows = make.rows(20, of: document.columns)
            let batch = try scorer.score(rows)
            for row in 0..<20 {
                let one = try withCells(rows, row: row) { try scorer.score($0) }
                let same = zip(one, batch[row * scorer.scores..<(row + 1) * scorer.scores])
                    .allSatisfy { $0.bitPattern == $1.bitPattern }
                #expect(same, "seed \(seed), row \(row), \(document.form)")
            }
        }
    }

    @Test(arguments: 0..<UInt64(40))
    func marginsEqualThePlainLoop(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed ^ 0x1234)
        for document in ScoringTests.documents(seed) {
            let scorer = try Scorer(artifact: document.encoded())
            let rows = make.rows(25, of: document.columns)
            let margins = try scorer.margins(rows)
            let expected = Reference(document).margins(rows, count: 25)
            for (index, pair) in zip(margins, expected).enumerated() {
                // Products of many large features lose digits, to which trees are blind.
                let scale = !document.isPrepared ? 1 : document.products.isEmpty ? 1e2 : 1e9
                let tolerance: Double =
                    switch document.form {
                    case .linear: 1e-12 * max(scale, abs(pair.1))
                    case .trees, .ensemble: 0
                    case .network: document.isPrepared ? 1e-4 * max(1, abs(pair.1)) : 0
                    case .centroids: 1e-11 * max(scale, abs(pair.1))
                    case .nonnegative: 1e-6 * max(1, abs(pair.1))
                    case .neighbors: 1e-12
                    }
                #expect(abs(pair.0 - pair.1) <= tolerance, "seed \(seed), margin \(index), \(document.form)")
            }
        }
    }

    @Test(arguments: 0..<UInt64(40))
    func interleavedTreesEqualTheReferenceKernelBitForBit(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed)
        for (trees, categories) in [(1, false), (9, true), (10, false), (11, true), (100, false), (64, true)] {
            let document = make.trees(columns: 12, trees: trees, depth: make.int(0...9), classes: 3, categories: categories)
            let model = try DecodedModel(document.encoded())
            let rows = make.rows(30, of: document.columns)
            let scratch = UnsafeMutableRawPointer.allocate(byteCount: Int(model.arena.pointee.scratch), alignment: 16)
            defer { scratch.deallocate() }
            let doubled = UnsafeMutableRawPointer.allocate(
                byteCount: Int(forge_tree_row_size(model.arena)), alignment: 16
            ).assumingMemoryBound(to: UInt32.self)
            defer { doubled.deallocate() }
            for row in 0..<30 {
                let values = forge_scratch_values(model.arena, scratch)
                withCells(rows, row: row) { forge_values_from_cells(model.arena, $0.baseAddress!, values) }
                #expect(forge_tree_row(model.arena, values, doubled) == -1)
                var fast = [0.0, 0.0, 0.0]
                var plain = fast
                forge_tree_margins(model.arena, doubled, &fast)
                forge_tree_margins_reference(model.arena, doubled, &plain)
                #expect(fast == plain, "seed \(seed), \(trees) trees, row \(row)")
            }
        }
    }

    @Test(arguments: 0..<UInt64(20))
    func probabilitiesSumToOne(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed)
        for document in ScoringTests.documents(seed) where !document.labels.isEmpty {
            let scorer = try Scorer(artifact: document.encoded())
            let scores = try scorer.score(make.rows(10, of: document.columns))
            for row in 0..<10 {
                let own = scores[row * scorer.scores..<(row + 1) * scorer.scores]
                #expect(abs(own.reduce(0, +) - 1) < 1e-12 && own.allSatisfy { $0 >= 0 && $0 <= 1 }, "seed \(seed)")
            }
        }
    }

    @Test(arguments: [0.0, 1, -1, 30, -30, 700, -700, 800, -800, 1e300, -1e300])
    func logisticIsSafeAtAnyMargin(_ margin: Double) throws {
        var make = RandomModels(seed: 1)
        let document = make.linear(columns: 0, classes: 2)
        guard case .linear(var form) = document.form else { return }
        form.coefficients = [1]
        form.intercepts = [0]
        var exact = document
        exact.form = .linear(form)
        exact.calibration = nil
        let scores = try Scorer(artifact: exact.encoded()).score([.numbers([margin])])
        let positive = scores[document.positive]
        #expect(scores.allSatisfy { $0.isFinite })
        #expect(margin == 0 ? positive == 0.5 : (positive > 0.5) == (margin > 0))
        if abs(margin) <= 700 { #expect(min(scores[0], scores[1]) > 0) }
    }

    private static func logarithmic(_ document: ModelDocument) -> ModelDocument {
        var document = document
        document.link = .log
        return document
    }

    /// A linear model whose margin is its one feature.
    private static func passing(_ link: Link) throws -> Scorer {
        var make = RandomModels(seed: 6)
        var document = make.linear(columns: 0, classes: 0)
        document.columns[0].encoding = .number(fill: 0, indicator: false, shift: 0, scale: 1)
        document.form = .linear(LinearForm(outputs: 1, coefficients: [1], intercepts: [0], means: [0]))
        document.link = link
        return try Scorer(artifact: document.encoded())
    }

    @Test(arguments: [0.0, 1, -2.5, 700, 709, -745, -1e300])
    func logarithmicLinkScoresTheExponentialOfTheMargin(_ margin: Double) throws {
        #expect(try ScoringTests.passing(.log).score([.numbers([margin])]) == [exp(margin)])
        #expect(try ScoringTests.passing(.identity).score([.numbers([margin])]) == [margin])
    }

    @Test func exponentialThatOverflowsIsRefused() throws {
        let scorer = try ScoringTests.passing(.log)
        for margin in [709.5, 1e300] {
            let error = #expect(throws: ForgeError.self) { try scorer.score([.numbers([margin])]) }
            #expect(error?.message == "the prediction is beyond the range of double precision")
            #expect(#expect(throws: ForgeError.self) { try scorer.explain([.numbers([margin])]) } == error)
        }
    }

    @Test func evenSharesWhenNoTreeSaysYes() throws {
        var make = RandomModels(seed: 3)
        var document = make.trees(columns: 2, trees: 1, depth: 0, classes: 3, shares: true, vector: true)
        guard case .trees(var form) = document.form else { return }
        form.leafVectors = [0, 0, 0]
        document.form = .trees(form)
        document.calibration = nil
        let scores = try Scorer(artifact: document.encoded()).score(make.rows(1, of: document.columns))
        #expect(scores.allSatisfy { $0 == 1.0 / 3 })
    }

    @Test(arguments: [Double.infinity, -.infinity])
    func infinityIsRefusedWithTheColumnsName(_ value: Double) throws {
        var make = RandomModels(seed: 5)
        for document in [
            make.linear(columns: 3, classes: 0, categories: false), make.linear(columns: 3, classes: 3, categories: false),
            make.trees(columns: 3, trees: 4, depth: 3, classes: 0, categories: false),
        ] {
            let scorer = try Scorer(artifact: document.encoded())
            var rows = make.rows(1, of: document.columns)
            rows = rows.map { _ in .numbers([0.5]) }
            rows[2] = .numbers([value])
            let error = #expect(throws: ForgeError.self) { try scorer.score(rows) }
            #expect(error?.code == .valueOutOfRange)
            #expect(error?.message == "column \"c\"2é\" has the value \(value > 0 ? "" : "-")Infinity, which no model takes")
            #expect(error?.hint != nil)
            let explained = #expect(throws: ForgeError.self) { try scorer.explain(rows) }
            #expect(explained == error)
        }
    }

    @Test func valueBeyondFloat32IsRefusedByTreesOnly() throws {
        var make = RandomModels(seed: 5)
        let trees = make.trees(columns: 0, trees: 4, depth: 3, classes: 0)
        let error = #expect(throws: ForgeError.self) { try Scorer(artifact: trees.encoded()).score([.numbers([1e39])]) }
        #expect(error?.message == "column \"n0\" has the value 1e+39, which is beyond the range of real")
        let linear = make.linear(columns: 0, classes: 0)
        #expect(try Scorer(artifact: linear.encoded()).score([.numbers([1e39])])[0].isFinite)
    }

    /// A stump: -1 to the left, 1 to the right.
    private static func stump(
        _ encoding: ColumnEncoding, defaultLeft: Bool, threshold: Float = 0, categories: [UInt32] = []
    ) throws -> Scorer {
        let column = ColumnSchema(
            name: Bytes("x".utf8), sqlType: Bytes("real".utf8), kind: encoding.kind, encoding: encoding)
        let form = TreeForm(
            outputs: 1, baseScores: [0], roots: [0], treeOutputs: [0], features: [0, -1, -1], thresholds: [threshold, -1, 1],
            left: [1, -1, -1], right: [2, -1, -1], defaultLeft: [defaultLeft, false, false], covers: [2, 1, 1],
            categoryOffsets: [0] + [Int32](repeating: Int32(categories.count), count: 3), categoryBits: categories,
            leafVectors: [])
        let document = ModelDocument(
            task: "regression", algorithm: "test", link: .identity, columns: [column], labels: [], positive: -1,
            form: .trees(form))
        return try Scorer(artifact: document.encoded())
    }

    @Test(arguments: [false, true])
    func valueAtTheThresholdGoesRightAndMissingByDefault(_ defaultLeft: Bool) throws {
        let plain = ColumnEncoding.number(fill: nil, indicator: false, shift: 0, scale: 1)
        let scorer = try ScoringTests.stump(plain, defaultLeft: defaultLeft, threshold: 0.5)
        let below = Double(Float(0.5).nextDown)
        let scores = try scorer.score([.numbers([0.5, below, 0.5 - 1e-12, -3e38, .nan])])
        #expect(scores == [1, -1, 1, -1, defaultLeft ? -1 : 1])
    }

    @Test(arguments: [false, true])
    func categoryGoesRightOnlyWhenItsBitIsSet(_ defaultLeft: Bool) throws {
        let levels = (0..<70).map { Bytes("\(100 + $0)".utf8) }
        let native = ColumnEncoding.native(levels: levels)
        let scorer = try ScoringTests.stump(native, defaultLeft: defaultLeft, categories: [1 << 31 | 1, 1])
        let codes: [UInt32] = [0, 1, 31, 32, 33, 63, 64, 69, 70, ColumnValues.missingCode]
        let scores = try scorer.score([.codes(codes, levels: levels + [Bytes("unseen".utf8)])])
        let missing: Double = defaultLeft ? -1 : 1
        #expect(scores == [1, -1, 1, 1, -1, -1, -1, -1, missing, missing])
    }

    @Test func overflowingMarginIsRefused() throws {
        var make = RandomModels(seed: 6)
        var document = make.linear(columns: 0, classes: 0)
        document.form = .linear(LinearForm(outputs: 1, coefficients: [10], intercepts: [0], means: [0]))
        let scorer = try Scorer(artifact: document.encoded())
        let error = #expect(throws: ForgeError.self) { try scorer.score([.numbers([1e308])]) }
        #expect(error?.code == .valueOutOfRange)
        #expect(error?.message == "the prediction is beyond the range of double precision")
    }

    @Test func batchOfTheWrongKindIsRefused() throws {
        var make = RandomModels(seed: 6)
        let scorer = try Scorer(artifact: make.linear(columns: 0, classes: 0).encoded())
        let error = #expect(throws: ForgeError.self) { try scorer.score([.codes([0], levels: [[65]])]) }
        #expect(error?.code == .wrongColumnType)
    }

    @Test func batchOfAnImpossibleShapeIsRefused() throws {
        var make = RandomModels(seed: 6)
        let columns = [
            ColumnSchema(
                name: Bytes("x".utf8), sqlType: Bytes("integer".utf8), kind: .number,
                encoding: .number(fill: 0.5, indicator: false, shift: 0, scale: 1)),
            ColumnSchema(
                name: Bytes("plan".utf8), sqlType: Bytes("text".utf8), kind: .category,
                encoding: .oneHot(levels: [[65], [66]], nullLevel: false, otherLevel: false)),
        ]
        let form = LinearForm(outputs: 1, coefficients: [1, 2, 3], intercepts: [0], means: [0, 0, 0])
        let scorer = try Scorer(artifact: make.document(columns, classes: 0, link: .identity, .linear(form)).encoded())
        let plans = ColumnValues.codes([0, 1], levels: [[65], [66]])
        #expect(try scorer.score([.numbers([1, 2]), plans], rows: [1]) == [5])
        let refusals: [(columns: [ColumnValues], rows: [Int]?, message: String)] = [
            ([.numbers([1]), plans], nil, "the columns of one batch have 1 and 2 rows"),
            ([.numbers([1, 2]), plans], [0, 2], "row 2 is not among the 2 rows of the batch"),
            ([.numbers([1, 2]), plans], [-1], "row -1 is not among the 2 rows of the batch"),
            ([.numbers([1]), .codes([2], levels: [[65], [66]])], nil, #"column "plan" has code 2, but only 2 levels"#),
        ]
        for refusal in refusals {
            let error = #expect(throws: ForgeError.self) { try scorer.score(refusal.columns, rows: refusal.rows) }
            #expect(error?.code == .modelMismatch)
            #expect(error?.message == refusal.message)
        }
    }
}
