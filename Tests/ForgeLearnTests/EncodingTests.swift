import ForgeModel
import Testing

@testable import ForgeLearn

/// What is learned about columns before a fit, and the sums over their encoded rows.
@Suite struct EncodingTests {
    private func table(rows: Int = 300) -> Table {
        var random = Random(3)
        var table = Table()
        table.add("a", (0..<rows).map { _ in random.uniform() < 0.2 ? nil : random.normal() * 3 + 7 })
        table.add(
            "c", (0..<rows).map { _ in random.uniform() < 0.1 ? nil : ["x", "yy", "", "é", "Z"][random.index(5)] })
        table.add("b", (0..<rows).map { _ in random.normal() })
        table.add("d", (0..<rows).map { _ in ["one", "two"][random.index(2)] })
        table.add("y", (0..<rows).map { _ in random.normal() }, role: .target)
        return table
    }

    @Test func designProductsEqualPlainLoops() throws {
        var table = table(rows: 5_000)
        var random = Random(8)
        table.add("w", (0..<5_000).map { _ in random.uniform() + 0.1 }, role: .weight)
        let run = Run(table: table, algorithm: "ridge", task: "regression")
        let data = try run.read()
        let plan = try run.plan(data)
        let design = Design(data.training, plan, intercept: true)
        let width = design.width
        let x = try Served(run.train().artifact).features(of: table).map { row in
            design.encodedIndex.map { $0 < 0 ? 1 : row[$0] }
        }
        let weights = data.training.weights
        let sums = try design.forEachTile(threads: 1, observer: SilentObserver()) {
            (gram: [Double](repeating: 0, count: width * width), vector: [Double](repeating: 0, count: width))
        } _: { tile, sums in
            weights.withUnsafeBufferPointer { weights in
                let own = weights.baseAddress! + tile.firstRow
                tile.addGram(weights: own, to: &sums.gram)
                tile.addTransposedProduct(own, to: &sums.vector)
            }
        }
        for i in 0..<width {
            let plain = x.indices.reduce(0) { $0 + weights[$1] * x[$1][i] }
            #expect(abs(sums[0].vector[i] - plain) < 1e-8)
            for j in 0...i {
                let plain = x.indices.reduce(0) { $0 + weights[$1] * x[$1][i] * x[$1][j] }
                #expect(abs(sums[0].gram[j * width + i] - plain) < 1e-7, "\(i) \(j)")
            }
        }
    }

    @Test func rareLevelsBeyondTheLimitShareOneFeature() throws {
        let levels = EncodingPlan.oneHotLimit + 5
        var table = Table()
        let texts = (0..<levels).flatMap { level in Array(repeating: "level \(level)", count: level < 5 ? 1 : 2) }
        table.add("c", texts)
        table.add("y", texts.indices.map { Double($0 % 7) }, role: .target)
        let run = Run(
            table: table, algorithm: "ridge", task: "regression", preprocess: ["c": ["encode": "one_hot"]])
        let data = try run.read()
        let plan = try run.plan(data)
        guard case .oneHot(let kept, let nullLevel, let other) = plan.columns[0].schema.encoding else {
            Issue.record("not one-hot")
            return
        }
        #expect(kept.count == EncodingPlan.oneHotLimit && other && !nullLevel)
        #expect(!kept.contains(Bytes("level 0".utf8)) && kept.contains(Bytes("level 5".utf8)))
        #expect(plan.notes.contains { $0.contains("most frequent of 1005 levels") })
        #expect(try run.train().manifest["columns"]?[0]?["unseen"] == "level")
    }

    @Test func manifestListsTheFirstHundredLevelsAndCutsLongOnes() throws {
        var table = Table()
        let levels = (0..<150).map { "level \($0)" } + [String(repeating: "ä", count: 61), String(repeating: "ö", count: 60)]
        let texts = levels + levels
        table.add("many", texts)
        table.add("few", texts.indices.map { $0 % 2 == 0 ? levels[150] : levels[151] })
        table.add("y", texts.indices.map { Double($0 % 7) }, role: .target)
        let columns = try Run(table: table, algorithm: "ridge", task: "regression").train().manifest["columns"]
        let many = columns?[0]?["first_levels"]?.arrayValue
        #expect(columns?[0]?["levels"] == 152)
        #expect(many?.count == 100)
        #expect(many?.prefix(3) == ["level 0", "level 1", "level 10"])
        #expect(columns?[1]?["first_levels"] == [.text(String(repeating: "ä", count: 59) + "…"), .text(levels[151])])
    }

    @Test func tooWideARowIsRefusedWithTheWidestColumns() throws {
        var random = Random(2)
        var table = Table()
        for column in 0..<5 { table.add("c\(column)", (0..<3_000).map { _ in "level \(random.index(900))" }) }
        table.add("y", (0..<3_000).map { Double($0) }, role: .target)
        let run = Run(table: table, algorithm: "ridge", task: "regression")
        let error = try #require(throws: ForgeError.self) { try run.train() }
        #expect(error.code == .tooLarge)
        #expect(error.detail?.contains("\"c") == true)
    }

    @Test func statisticsComeFromTrainingRowsOnly() throws {
        var table = Table()
        table.add("x", (0..<100).map { $0 < 50 ? Double($0) : 1e6 })
        table.add("part", (0..<100).map { $0 < 50 ? "train" : "test" }, role: .part)
        table.add("y", (0..<100).map { Double($0) }, role: .target)
        let run = Run(
            table: table, algorithm: "ridge", task: "regression", split: ["method": "column", "column": "part"])
        let outcome = try run.train()
        #expect(outcome.manifest["preprocess"]?["x"]?["value"] == 24.5)
    }

    @Test func medianOfManyRowsIsThatOfTheSortedRows() throws {
        var random = Random(6)
        let rows = 150_001
        for kind in 0..<4 {
            var table = Table()
            let values = (0..<rows).map { row -> Double? in
                switch kind {
                case 0: random.normal()
                case 1: random.uniform() < 0.9 ? 0 : random.normal()  // most are ties
                case 2: Double(row)  // sorted
                default: random.uniform() < 0.3 ? nil : (random.normal() * 1e3).rounded()
                }
            }
            table.add("x", values)
            table.add("y", (0..<rows).map { Double($0) }, role: .target)
            let data = try Run(table: table, algorithm: "ridge", task: "regression").read()
            var plain = values.compactMap { $0 }
            #expect(data.training.median(0) == median(&plain), "\(kind)")
        }
    }
}
