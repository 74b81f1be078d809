import ForgeModel
import Testing

@testable import ForgeLearn

/// A vector column is as many number columns to everything that learns, and one column of the model.
struct VectorTests {
    private static let rows = 240

    private static func vector(_ row: Int) -> [Float] { (0..<4).map { Float(((row * 31 + $0 * 57) % 97) - 48) / 16 } }

    private static func target(_ row: Int) -> Double {
        let vector = vector(row)
        return Double(2 * vector[0] - vector[2]) + Double(row % 5)
    }

    /// The same values as one vector column, or as four columns of numbers.
    private static func table(asVector: Bool, missing: Set<Int> = []) -> Table {
        var table = Table()
        table.add("size", (0..<rows).map { Double($0 % 5) })
        if asVector {
            table.add("embedding", (0..<rows).map { missing.contains($0) ? nil : vector($0) })
        } else {
            for element in 0..<4 {
                table.add(
                    "embedding[\(element + 1)]",
                    (0..<rows).map { missing.contains($0) ? nil : Double(vector($0)[element]) })
            }
        }
        table.add("y", (0..<rows).map { Optional(target($0)) }, role: .target)
        return table
    }

    /// But for the order of a linear margin's sum, which takes prepared features one by one.
    private func expectSame(_ one: [[Double]], _ four: [[Double]]) {
        #expect(one.count == four.count)
        #expect(zip(one, four).allSatisfy { abs($0[0] - $1[0]) <= 1e-12 * max(1, abs($1[0])) })
    }

    @Test(arguments: ["ridge", "gradient_boosting", "random_forest", "mlp"])
    func aVectorIsLearnedFromAsItsElementsAre(_ algorithm: String) throws {
        let params: JSONValue = algorithm == "mlp" ? ["max_iter": 10] : [:]
        let one = Run(table: Self.table(asVector: true), algorithm: algorithm, task: "regression", params: params)
        let four = Run(table: Self.table(asVector: false), algorithm: algorithm, task: "regression", params: params)
        let (vector, numbers) = (try one.train(), try four.train())
        expectSame(try one.scores(of: vector), try four.scores(of: numbers))
        let document = try ModelDocument(artifact: vector.artifact)
        #expect(document.columns.map(\.kind) == [.number, .vector])
        #expect(document.columns[1].encoding.width == 4)
    }

    @Test(arguments: ["ridge", "gradient_boosting"])
    func aMissingVectorIsMissingInAllOfItsElements(_ algorithm: String) throws {
        let missing: Set = [0, 1, 17, 200]
        let preprocess: JSONValue = ["*": ["indicator": false]]
        let one = Run(
            table: Self.table(asVector: true, missing: missing), algorithm: algorithm, task: "regression",
            preprocess: preprocess, blockRows: 1)
        let four = Run(
            table: Self.table(asVector: false, missing: missing), algorithm: algorithm, task: "regression",
            preprocess: preprocess)
        let vector = try one.train()
        expectSame(try one.scores(of: vector), try four.scores(of: four.train()))
        #expect(vector.manifest["data_report"]?["missing"]?["embedding"]?.intValue == 4)
    }

    @Test func anEnsembleOfVectorsIsThatOfTheirElementsWithOneColumnForThem() throws {
        let missing: Set = [0, 1, 17, 200]
        func found(asVector: Bool) throws -> (run: Run, outcome: TrainingOutcome) {
            var run = Run(
                table: Self.table(asVector: asVector, missing: missing), algorithm: "auto", task: "regression",
                preprocess: ["*": ["indicator": false]], split: ["test": 0.25, "seed": 3])
            run.search = ["trials": 7, "folds": 2]
            run.explain = ["background": 9]
            return (run, try train(run.job, run.read(), champion: nil, trials: MemoryBoard(), observer: SilentObserver()))
        }
        let (one, four) = (try found(asVector: true), try found(asVector: false))
        expectSame(try one.run.scores(of: one.outcome), try four.run.scores(of: four.outcome))
        let document = try ModelDocument(artifact: one.outcome.artifact)
        guard case .ensemble(let form) = document.form else {
            Issue.record("no ensemble")
            return
        }
        #expect(form.members.count > 1 && form.members.allSatisfy { $0.columns.contains { $0.kind == .vector } })
        #expect(document.columns.map(\.kind) == [.number, .vector] && document.columns[1].encoding.width == 4)
        let importance = one.outcome.manifest["feature_importance"]?.arrayValue?.compactMap { $0["feature"]?.textValue }
        #expect(importance == ["embedding", "size"])
        let scorer = try Scorer(artifact: one.outcome.artifact)
        let columns = document.columns.map { one.run.table.values(String(decoding: $0.name, as: UTF8.self)) }
        let rows = [0, 2, 17]
        let (margins, explained) = (try scorer.margins(columns, rows: rows), try scorer.explain(columns, rows: rows))
        for row in rows.indices {
            #expect(abs(explained[row * 3..<row * 3 + 3].reduce(0, +) - margins[row]) < 1e-9)
            #expect(explained[row * 3 + 2] != 0)
        }
    }

    @Test(arguments: ["ridge", "gradient_boosting", "mlp"])
    func modelsOfGroupsReadVectorsAsTheirElements(_ algorithm: String) throws {
        func trained(asVector: Bool) throws -> (run: Run, outcome: TrainingOutcome) {
            var table = Self.table(asVector: asVector)
            table.add("shop", (0..<Self.rows).map { ["a", "b", nil][$0 % 3] }, role: .modelGroup)
            var run = Run(table: table, algorithm: algorithm, task: "regression")
            run.params = algorithm == "mlp" ? ["max_iter": 5] : [:]
            run.groups = ["min_rows": 20]
            return (run, try run.train())
        }
        let (one, four) = (try trained(asVector: true), try trained(asVector: false))
        #expect(try ModelDocument(artifact: one.outcome.artifact).groups?.forms.count == 3)
        expectSame(try one.run.scores(of: one.outcome), try four.run.scores(of: four.outcome))
    }

    @Test func theManifestHasOneColumnOneImportanceAndItsDimensions() throws {
        var run = Run(table: Self.table(asVector: true), algorithm: "ridge", task: "regression")
        run.evaluation = ["importance": ["permutation", "mean_abs_shap"]]
        let manifest = try run.train().manifest
        let column = manifest["columns"]?.arrayValue?.last
        #expect(column?["name"]?.textValue == "embedding")
        #expect(column?["kind"]?.textValue == "vector")
        #expect(column?["dimensions"]?.intValue == 4)
        let features = manifest["feature_importance"]?.arrayValue?.compactMap { $0["feature"]?.textValue }
        #expect(features?.sorted() == ["embedding", "embedding", "embedding", "size", "size", "size"])
        #expect(manifest["feature_statistics"]?.arrayValue?.count == 2)
        let terms = manifest["coefficients"]?.arrayValue?.compactMap { $0["term"]?.textValue } ?? []
        #expect(terms.suffix(4) == ["embedding[1]", "embedding[2]", "embedding[3]", "embedding[4]"])
    }

    @Test func anElementThatDoesNotVaryStaysInItsVector() throws {
        var table = Table()
        table.add("embedding", (0..<60).map { [Float($0 % 7), 3, 3, Float($0 % 7)] })
        table.add("y", (0..<60).map { Optional(Double($0 % 7)) }, role: .target)
        for algorithm in ["linear_regression", "ridge", "gradient_boosting", "mlp"] {
            let outcome = try Run(table: table, algorithm: algorithm, task: "regression").train()
            #expect(try ModelDocument(artifact: outcome.artifact).columns[0].encoding.width == 4, "\(algorithm)")
        }
    }

    @Test func vectorsThatNeverVaryAreLeftOutWhole() throws {
        var table = Table()
        table.add("x", (0..<60).map { Double($0 % 7) })
        table.add("constant", (0..<60).map { _ in [1, 2] })
        table.add("empty", [[Float]?](repeating: nil, count: 60))
        table.add("y", (0..<60).map { Optional(Double($0 % 7)) }, role: .target)
        let outcome = try Run(table: table, algorithm: "ridge", task: "regression").train()
        #expect(try ModelDocument(artifact: outcome.artifact).columns.map(\.name) == [Bytes("x".utf8)])
        let notes = outcome.manifest["data_report"]?["notes"]?.arrayValue?.compactMap(\.textValue) ?? []
        #expect(notes.contains { $0.contains("\"constant\" is constant") })
        #expect(notes.contains { $0.contains("\"empty\" is NULL in all") })
    }

    @Test func aChampionIsComparedByItsVector() throws {
        var run = Run(table: Self.table(asVector: true), algorithm: "ridge", task: "regression")
        run.split = ["method": "random", "test": 0.3, "seed": 1]
        let first = try run.train()
        run.champion = ChampionModel(version: 1, metric: "rmse", manifest: first.manifest, artifact: first.artifact)
        let comparison = try run.train().manifest["comparison"]
        #expect(comparison?["reason"]?.isNull == true)
        #expect(comparison?["champion_value"] == comparison?["challenger_value"])
    }

    @Test func stepsForOtherColumnsAreRefusedOfAVector() throws {
        for step: JSONValue in [["encode": "one_hot"], ["degree": 2], ["bin": [:]], ["indicator": true]] {
            let run = Run(
                table: Self.table(asVector: true), algorithm: "ridge", task: "regression", preprocess: ["embedding": step])
            let error = try #require(throws: ForgeError.self) { try run.train() }
            #expect(error.message.contains("for other columns"), "\(error.message)")
        }
    }

    @Test func aBlockWhoseVectorsDoNotFitIsRefused() throws {
        let run = Run(table: Self.table(asVector: true), algorithm: "ridge", task: "regression")
        let reader = try run.table.header.withUnsafeBytes { try DataSetReader(header: $0, job: run.job) }
        let block = run.table.blocks()[0]
        for cut in [1, 8, 500, 4 * 4 * Self.rows] {
            #expect(throws: ForgeError.self) {
                try Array(block.dropLast(cut)).withUnsafeBytes { try reader.append(block: $0) }
            }
        }
    }
}
