import CForgeABI
import ForgeModel
import Testing

@testable import ForgeLearn

/// Nearest neighbours: agreement with scikit-learn (Tests/conformance/make_goldens_neighbors.py), and what is refused.
@Suite struct NeighborTests {
    /// Rows 1, 3, 5 … are kept, rows 0, 2, 4 … asked.
    private static func parts(_ name: String, _ params: JSONValue) throws -> (run: Run, asked: Table) {
        let table = try Conformance.table(name)
        let run = Run(
            table: table.rows(Array(stride(from: 1, to: table.rows, by: 2))), algorithm: "knn",
            task: name == "diabetes" ? "regression" : "classification", params: params)
        return (run, table.rows(Array(stride(from: 0, to: table.rows, by: 2))))
    }

    @Test(arguments: ["wine", "breast_cancer", "diabetes"], ["euclidean", "manhattan", "cosine"])
    func votesAreScikitLearns(_ name: String, _ metric: String) throws {
        for weights in ["uniform", "distance"] {
            let (run, asked) = try Self.parts(
                name, ["n_neighbors": 7, "metric": .text(metric), "weights": .text(weights)])
            let found = deviation(
                try run.scores(of: try run.train(), on: asked), try Conformance.golden("\(name).knn_\(metric)_\(weights)"))
            #expect(found < 1e-9, "\(weights): \(found)")
        }
    }

    @Test(arguments: ["wine", "breast_cancer", "diabetes"])
    func neighborsAreScikitLearns(_ name: String) throws {
        let (run, asked) = try Self.parts(name, [:])
        let artifact = try run.train().artifact
        let scorer = try Scorer(artifact: artifact)
        let names = try ModelDocument(artifact: artifact).columns.map { String(decoding: $0.name, as: UTF8.self) }
        let columns = names.map { asked.values($0) }
        for (row, golden) in try Conformance.golden("\(name).kneighbors").enumerated() {
            let cells = columns.map { column -> ForgeCell in
                guard case .numbers(let numbers) = column else { return ForgeCell() }
                return ForgeCell(number: numbers[row], bytes: nil, length: 0)
            }
            let nearest = try cells.withUnsafeBufferPointer { try scorer.neighbors($0, count: 9) }
            #expect(nearest.map { Int($0.row) } == golden[9...].map { Int($0) }, "row \(row)")
            #expect(zip(nearest, golden).allSatisfy { abs($0.distance - $1) < 1e-9 }, "row \(row)")
        }
    }

    private static func line(_ x: [Double], _ y: [Double], weights: [Double]? = nil) -> Table {
        var table = Table()
        table.add("x", x)
        table.add("y", y, role: .target)
        if let weights { table.add("w", weights, role: .weight) }
        return table
    }

    private static func predictions(_ table: Table, _ params: JSONValue, at x: [Double]) throws -> [Double] {
        let run = Run(
            table: table, algorithm: "knn", task: "regression", params: params, preprocess: ConformanceTests.raw)
        var asked = Table()
        asked.add("x", x)
        return try run.scores(of: try run.train(), on: asked).map { $0[0] }
    }

    @Test func earlierRowsWinTiesAndWeightsMultiplyVotes() throws {
        // At 1 the rows at 0 and 2 are equally far; the one that was read first votes.
        #expect(try Self.predictions(Self.line([0, 2, 9], [10, 20, 30]), ["n_neighbors": 1], at: [1]) == [10])
        #expect(try Self.predictions(Self.line([2, 0, 9], [20, 10, 30]), ["n_neighbors": 1], at: [1]) == [20])
        let weighted = Self.line([0, 2, 9], [10, 20, 30], weights: [3, 1, 1])
        #expect(try Self.predictions(weighted, ["n_neighbors": 2], at: [1]) == [12.5])
        let near = try Self.predictions(Self.line([0, 3, 90], [10, 40, 30]), ["n_neighbors": 2, "weights": "distance"], at: [1, 0])
        #expect(abs(near[0] - 20) < 1e-5 && near[1] == 10, "\(near)")
    }

    @Test func moreNeighborsThanRowsAreRefused() throws {
        let error = try #require(throws: ForgeError.self) {
            try Self.predictions(Self.line([0, 2, 9], [10, 20, 30]), ["n_neighbors": 4], at: [1])
        }
        #expect(error.code == .notEnoughRows && error.message == "n_neighbors is 4, more than the 3 training rows")
        #expect(error.hint != nil)
    }

    @Test func anIndexOfMoreFeaturesThanItTakesIsRefused() throws {
        var table = Table()
        table.add("x", (0..<2_100).map { Double($0 % 7) })
        table.add("c", (0..<2_100).map { "level \($0)" })
        table.add("y", (0..<2_100).map { Double($0) }, role: .target)
        var run = Run(
            table: table, algorithm: "knn", task: "regression", params: ["index": "hnsw"],
            preprocess: ["c": ["encode": "one_hot", "max_levels": 5_000]])
        let error = try #require(throws: ForgeError.self) { try run.train() }
        #expect(error.code == .tooLarge && error.message.contains("takes 2000 encoded features"), "\(error)")
        run.params = [:]
        #expect(throws: Never.self) { try run.train() }
    }

    @Test func importanceIsTheShareOfTheDistances() throws {
        let rows = Array(0..<100)
        var table = Self.line(rows.map { Double($0 % 10) }, rows.map { Double($0) })
        table.add("wide", rows.map { row in Double(row % 10 * 3 + row / 10 % 2) })
        var run = Run(table: table, algorithm: "knn", task: "regression")
        run.preprocess = ["*": ["scale": "none"]]
        let importance = try run.train().manifest["feature_importance"]?.arrayValue?[0]
        #expect(importance?["feature"] == "wide" && importance?["importance"]?.doubleValue ?? 0 > 0.85)
    }
}
