import ForgeModel
import Testing

@testable import ForgeLearn

/// Naive Bayes beside scikit-learn (Tests/conformance/make_goldens_trees.py), and what it refuses.
@Suite struct BayesTests {
    @Test(arguments: ["iris", "wine", "breast_cancer"], [JSONValue.null, ["*": ["scale": "none"]]])
    func gaussianProbabilitiesAreThoseOfScikitLearn(_ data: String, _ preprocess: JSONValue) throws {
        let test = ConformanceTests.Case(
            golden: "\(data).gaussian_nb", algorithm: "gaussian_nb", task: "classification", preprocess: preprocess,
            tolerance: 1e-9)
        try compare(test)
    }

    @Test(arguments: ["iris", "wine", "breast_cancer"], [JSONValue.null, ["*": ["scale": "none"]]])
    func multinomialProbabilitiesAreThoseOfScikitLearn(_ data: String, _ preprocess: JSONValue) throws {
        let test = ConformanceTests.Case(
            golden: "\(data).multinomial_nb", algorithm: "multinomial_nb", task: "classification",
            params: ["alpha": 0.5], preprocess: preprocess, tolerance: 1e-9)
        try compare(test)
    }

    private func compare(_ test: ConformanceTests.Case) throws {
        let run = try test.run()
        let found = deviation(try run.scores(of: try run.train()), try Conformance.golden(test.golden))
        #expect(found <= test.tolerance, "\(test.golden): \(found)")
    }

    private func table(_ x: [Double?], _ classes: [String]) -> Table {
        var table = Table()
        table.add("x", x)
        table.add("z", x.indices.map { Double($0 % 3) })
        table.add("y", classes, role: .target)
        return table
    }

    private func run(_ algorithm: String, _ table: Table, _ params: JSONValue = [:]) -> Run {
        Run(table: table, algorithm: algorithm, task: "classification", params: params)
    }

    /// Naive Bayes looks at columns as the source has them, whatever they were scaled to.
    @Test(arguments: ["gaussian_nb", "multinomial_nb"])
    func scaledDatesGiveTheProbabilitiesOfPlainOnes(_ algorithm: String) throws {
        var table = table((0..<60).map { Double($0 % 7) }, (0..<60).map { $0 % 4 < 2 ? "a" : "b" })
        table.add("born", (0..<60).map { Double($0 * 30) * 86_400 }, type: "date")
        let scores = try ["standard", "none"].map { scale in
            var run = run(algorithm, table)
            run.preprocess = ["born": ["encode": "date_parts", "parts": ["year", "month"], "scale": .text(scale)]]
            return try run.scores(of: try run.train())
        }
        let found = deviation(scores[0], scores[1])
        #expect(found < 1e-9, "\(found)")
    }

    @Test func countsBelowZeroAreRefused() throws {
        let table = table([1, 2, -3, 4, 5, 6], ["a", "b", "a", "b", "a", "b"])
        let error = try #require(throws: ForgeError.self) { try run("multinomial_nb", table).train() }
        #expect(error.code == .valueOutOfRange)
        #expect(error.message == "column \"x\" goes down to -3.0, multinomial_nb takes counts: none below 0")
    }

    @Test func aClassWithoutVarianceIsRefusedWhenNothingIsSmoothed() throws {
        let table = table([1, 2, 1, 3, 1, 4], ["a", "b", "a", "b", "a", "b"])
        let error = try #require(throws: ForgeError.self) {
            try run("gaussian_nb", table, ["var_smoothing": 0]).train()
        }
        #expect(error.code == .numericalFailure && error.message.contains("class \"a\""), "\(error)")
        _ = try run("gaussian_nb", table).train()
    }

    @Test func priorsMoveTheOddsByTheirRatio() throws {
        let table = table([1, 2, 2, 3, 5, 4], ["a", "b", "a", "b", "a", "b"])
        for (algorithm, name) in [("gaussian_nb", "priors"), ("multinomial_nb", "class_prior")] {
            var asked: JSONValue = [:]
            asked[name] = ["a": 0.2, "b": 0.8]
            let (even, moved) = (run(algorithm, table), run(algorithm, table, asked))
            let (first, second) = (try even.scores(of: try even.train()), try moved.scores(of: try moved.train()))
            for (x, y) in zip(first, second) { #expect(abs(y[1] / y[0] - 4 * x[1] / x[0]) < 1e-9 * y[1] / y[0]) }
            asked[name] = ["a": 0.2]
            let error = try #require(throws: ForgeError.self) { try run(algorithm, table, asked).train() }
            #expect(error.code == .invalidParameter && error.message.contains("says nothing of \"b\""), "\(error)")
        }
    }
}
