import ForgeModel
import Testing

@testable import ForgeLearn

/// What is kept of the training rows' columns.
@Suite struct FeatureStatisticsTests {
    private func numbers(_ values: [Double]) -> FeatureStatistics { FeatureStatistics(.numbers(values)) }

    @Test func intervalsHoldTheRowsBetweenTheQuantiles() {
        let values = (0...80).map(Double.init)
        let found = numbers((values + [.nan, .nan]).reversed())
        #expect(found.rows == 83 && found.missing == 2 && found.levels == nil)
        #expect(deviation([found.quantiles], [stride(from: 0, through: 80, by: 4).map(Double.init)]) < 1e-14)
        #expect(found.counts == [5] + Array(repeating: 4, count: 19))
        #expect(found.means[0] == 2 && found.means[1] == 6.5 && found.means[19] == 78.5)
        #expect(abs(found.deviations[1] - 1.25.squareRoot()) < 1e-12)
    }

    @Test func tiesFallBelowTheFirstQuantileThatIsAsLarge() {
        let found = numbers(Array(repeating: 1, count: 60) + Array(repeating: 2, count: 30) + Array(repeating: 3, count: 10))
        #expect(found.counts.reduce(0, +) == 100)
        #expect(found.counts.first == 60 && found.counts.count { $0 > 0 } == 3)
        #expect(found.deviations.allSatisfy { $0 < 1e-12 })
        #expect(found.quantiles.first == 1 && found.quantiles.last == 3)
    }

    @Test func columnsWithoutUsableValuesHaveNoIntervals() {
        for values in [[], [.nan, .nan], [-1e308, 1e308, 1.5e308]] as [[Double]] {
            let found = numbers(values)
            #expect(found.quantiles.isEmpty && found.counts.isEmpty, "\(values)")
        }
    }

    @Test func theMostFrequentLevelsAreKeptInAFixedOrder() {
        let rare = (0..<200).map { "level \($0)" }
        let texts = (["b", "a", "c", String(repeating: "x", count: 201)] + rare).map { Bytes($0.utf8) }
        let frequent: [UInt32] = [0, 0, 1, 1, 2, 3, 3, 3, missingCode]
        let codes = frequent + rare.indices.map { UInt32($0) + 4 }
        let found = FeatureStatistics(.codes(codes, levels: texts))
        #expect(found.rows == 209 && found.missing == 1)
        #expect(found.levels?.prefix(3) == [Bytes("a".utf8), Bytes("b".utf8), Bytes("c".utf8)])
        #expect(found.levels?.count == 100 && found.counts.prefix(3) == [2, 2, 1])
    }

    /// One row of each equal slice, and the same ones again.
    @Test func rowsAreSpreadOverAllChunks() throws {
        var table = Table()
        table.add("x", (0..<25_000).map(Double.init))
        table.add("c", (0..<25_000).map { "level \($0 % 3)" })
        table.add("y", (0..<25_000).map { Double($0 % 7) }, role: .target)
        let run = Run(table: table, algorithm: "ridge", task: "regression")
        let data = try run.read()
        let rows = data.training.spreadRows(10_000)
        #expect(rows.count == 10_000 && zip(rows, rows.dropFirst()).allSatisfy(<) && rows.last! < 25_000)
        #expect(rows.indices.allSatisfy { abs(Double(rows[$0]) - 2.5 * Double($0)) < 3 })
        let statistics = data.featureStatistics(threads: 2)
        #expect(statistics[0].rows == 10_000 && abs(statistics[0].quantiles[10] - 12_500) < 5)
        #expect(statistics[1].counts.reduce(0, +) == 10_000)
        #expect(statistics == data.featureStatistics(threads: 1))
    }

    /// By the names of the table's columns, of those that the model reads.
    @Test func manifestHasThemInTheTablesShape() throws {
        var table = Table()
        table.add("age", (0..<200).map { row -> Double? in row % 20 == 0 ? nil : Double(row) })
        let plan = (0..<200).map { row -> String? in row % 50 == 0 ? nil : row % 3 == 0 ? "free" : "pro" }
        table.add("plan", plan)
        table.add("same", (0..<200).map { _ in Double(1) })
        table.add("y", (0..<200).map { Double($0 % 7) }, role: .target)
        let manifest = try Run(table: table, algorithm: "gradient_boosting", task: "regression").train().manifest
        let found = try #require(manifest["feature_statistics"]?.arrayValue)
        #expect(found.map { $0["feature"]?.textValue } == ["age", "plan"])
        #expect(found[0]["quantiles"]?.arrayValue?.count == 21 && found[0]["missing"]?.intValue == 10)
        #expect(found[0]["levels"] == .null && found[1]["quantiles"] == .null)
        #expect(found[1]["levels"] == ["pro", "free"] && found[1]["missing"]?.intValue == 4)
    }
}
