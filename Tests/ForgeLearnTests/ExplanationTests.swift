import ForgeModel
import Testing

@testable import ForgeLearn

/// Which training rows a model keeps, and what explanations that compare with them say.
@Suite struct ExplanationTests {
    private func run(_ algorithm: String, explain: JSONValue = nil, preprocess: JSONValue = nil, seed: UInt64 = 3) -> Run {
        var random = Random(seed)
        var table = Table()
        let x = (0..<600).map { _ in random.normal() }
        let z = (0..<600).map { _ in random.normal() }
        table.add("x", x)
        table.add("z", z)
        table.add("plan", (0..<600).map { ["gold", "silver", nil][$0 % 3] })
        table.add("y", zip(x, z).map { 2 * $0 + $1 * $0 + 0.1 * random.normal() }, role: .target)
        return Run(
            table: table, algorithm: algorithm, task: "regression",
            params: algorithm == "mlp" ? ["hidden_layer_sizes": [6], "max_iter": 5] : [:],
            preprocess: preprocess, split: ["test": 0.5], explain: explain)
    }

    private func document(_ run: Run) throws -> ModelDocument { try ModelDocument(artifact: try run.train().artifact) }

    /// Margins, and (rows, columns + 1) contributions of the first rows of the table.
    private func explained(_ run: Run, _ artifact: [UInt8]) throws -> (margins: [Double], contributions: [Double]) {
        let scorer = try Scorer(artifact: artifact)
        let values = ["x", "z", "plan"].map(run.table.values)
        return (try scorer.margins(values, rows: Array(0..<5)), try scorer.explain(values, rows: Array(0..<5)))
    }

    @Test func aNetworkKeepsTrainingRowsAndNoHeldOutOnes() throws {
        let run = run("mlp", preprocess: ["*": ["scale": "none"]])
        let document = try document(run)
        let background = try #require(document.background)
        #expect(background.rows == 100 && background.seed == 42 && background.samples == 0)
        let width = document.encodedWidth
        let data = try run.read()
        let trained = Set(data.training.chunks.flatMap { chunk in (0..<chunk.rows).map { chunk.number(0, $0) } })
        let kept = (0..<100).map { background.features[$0 * width] }
        #expect(kept.allSatisfy(trained.contains) && Set(kept).count == 100)
    }

    @Test(arguments: ["mlp", "gradient_boosting", "ridge"])
    func theBaseIsTheMeanOverTheBackground(_ algorithm: String) throws {
        let run = run(algorithm, explain: ["method": "interventional", "background": 1_000])
        let (margins, contributions) = try explained(run, run.train().artifact)
        let data = try run.read()
        let trained = try Scorer(artifact: run.train().artifact).margins(["x", "z", "plan"].map(run.table.values))
        let inTraining = Set(data.training.targets)
        let targets = run.table.columns[3].cells.map { if case .number(let y) = $0 { y } else { Double.nan } }
        let chosen = targets.indices.filter { inTraining.contains(targets[$0]) }
        let mean = chosen.reduce(0) { $0 + trained[$1] } / Double(chosen.count)
        for row in 0..<5 {
            let own = contributions[row * 4..<(row + 1) * 4]
            #expect(abs(own.first! - mean) < 1e-5, "row \(row)")  // training keeps numbers for trees as float32
            #expect(abs(own.reduce(0, +) - margins[row]) < 1e-9, "row \(row)")
        }
    }

    @Test func treesKeepRowsOnlyIfAsked() throws {
        let (plain, asked) = (run("gradient_boosting"), run("gradient_boosting", explain: ["background": 30]))
        #expect(try document(plain).background == nil)
        let background = try #require(try document(asked).background)
        #expect(background.rows == 30)
        let outcome = try asked.train()
        #expect(outcome.manifest["background"] == ["rows": 30, "seed": 42, "samples": nil])
        #expect(try plain.train().manifest["background"]?.isNull == true)
        let (first, second) = (try explained(plain, plain.train().artifact), try explained(asked, outcome.artifact))
        #expect(first.margins == second.margins && first.contributions != second.contributions)
    }

    @Test func aLinearModelKeepsMeansAndItsProductsRows() throws {
        let plain = try document(run("ridge", explain: ["background": 40]))
        #expect(plain.background == nil)
        let crossed = try document(
            run("ridge", explain: ["background": 40], preprocess: ["@cross": [["x", "z"]]]))
        let background = try #require(crossed.background)
        #expect(background.rows == 40 && !crossed.products.isEmpty)
        guard case .linear(let form) = crossed.form, case .linear(let other) = plain.form else { return }
        let width = crossed.encodedWidth - crossed.products.count
        let mean = (0..<40).reduce(0) { $0 + background.features[$1 * width] } / 40
        #expect(abs(form.means[0] - mean) < 1e-12 && abs(other.means[0] - mean) < 1e-12)
    }

    @Test func theSeedChoosesTheRows() throws {
        let first = try document(run("mlp", explain: ["background": 20, "seed": 1, "samples": 500]))
        let second = try document(run("mlp", explain: ["background": 20, "seed": 2, "samples": 500]))
        #expect(first == (try document(run("mlp", explain: ["background": 20, "seed": 1, "samples": 500]))))
        #expect(first.background?.features != second.background?.features && first.form == second.form)
        #expect(first.background?.samples == 500)
    }

    @Test func allProblemsOfARequestComeTogether() {
        let asked: JSONValue = ["method": "kernel", "background": 1_001, "seed": "x", "samples": 99, "rows": 3]
        let error = #expect(throws: ForgeError.self) { try run("mlp", explain: asked).job }
        #expect(error?.code == .invalidParameter && error?.detail?.split(separator: "\n").count == 5)
        #expect(throws: ForgeError.self) { try run("mlp", explain: 5).job }
    }
}
