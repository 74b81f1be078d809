import ForgeModel
import Foundation
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

    /// A column twice, and a constant one: scikit-learn counts them all, by 1e-12 what the formula says.
    @Test(arguments: ["gaussian_nb", "multinomial_nb"])
    func copiesAndConstantsCountAsInScikitLearn(_ algorithm: String) throws {
        let classes = (0..<60).map { $0 % 3 == 0 ? "a" : "b" }
        var table = table((0..<60).map { Double($0 % 7) }, classes)
        table.columns.insert(table.columns[0], at: 1)
        table.columns[1].name = "copy"
        table.columns.insert(Table.Column(name: "four", type: "integer", cells: Array(repeating: 4, count: 60)), at: 0)
        let run = run(algorithm, table)
        let outcome = try run.train()
        let read = outcome.manifest["data_report"]?["notes"]?.arrayValue?.compactMap(\.textValue) ?? []
        #expect(read.count == (algorithm == "gaussian_nb" ? 1 : 0), "\(read)")
        let columns = [0, 1, 2, 3].map { index in
            table.columns[index].cells.map { if case .number(let value) = $0 { value } else { 0.0 } }
        }
        let found = deviation(
            try run.scores(of: outcome),
            algorithm == "gaussian_nb" ? gaussian(columns, classes) : multinomial(columns, classes))
        #expect(found < 1e-8, "\(found)")
        // The request still decides.
        var without = run
        without.preprocess = ["@drop": ["constant": true, "duplicates": true]]
        #expect(try ModelDocument(artifact: try without.train().artifact).columns.count == 2)
    }

    /// (rows, classes) probabilities by the formulas of the page, with scikit-learn's defaults.
    private func multinomial(_ columns: [[Double]], _ classes: [String]) -> [[Double]] {
        posterior(columns, classes) { mine in
            let counts = columns.map { column in mine.reduce(1) { $0 + column[$1] } }
            let total = counts.reduce(0, +)
            return { row in zip(columns, counts).reduce(0) { $0 + $1.0[row] * log($1.1 / total) } }
        }
    }

    private func gaussian(_ columns: [[Double]], _ classes: [String]) -> [[Double]] {
        func moments(_ column: [Double], _ rows: [Int]) -> (mean: Double, variance: Double) {
            let mean = rows.reduce(0) { $0 + column[$1] } / Double(rows.count)
            return (mean, rows.reduce(0) { $0 + (column[$1] - mean) * (column[$1] - mean) } / Double(rows.count))
        }
        let smoothing = 1e-9 * columns.map { moments($0, Array($0.indices)).variance }.max()!
        return posterior(columns, classes) { mine in
            let bells = columns.map { moments($0, mine) }
            return { row in
                zip(columns, bells).reduce(0) { sum, pair in
                    let (variance, gap) = (pair.1.variance + smoothing, pair.0[row] - pair.1.mean)
                    return sum - (log(2 * Double.pi * variance) + gap * gap / variance) / 2
                }
            }
        }
    }

    private func posterior(
        _ columns: [[Double]], _ classes: [String], _ likelihood: ([Int]) -> (Int) -> Double
    ) -> [[Double]] {
        let margins = ["a", "b"].map { label in
            let mine = classes.indices.filter { classes[$0] == label }
            let (prior, of) = (log(Double(mine.count) / Double(classes.count)), likelihood(mine))
            return classes.indices.map { prior + of($0) }
        }
        return zip(margins[0], margins[1]).map { [1 / (1 + exp($1 - $0)), 1 / (1 + exp($0 - $1))] }
    }

    /// The bell curves are linear in the columns and their squares: what the table says, added up, is the model.
    @Test(arguments: ["gaussian_nb", "multinomial_nb"], ["standard", "none"])
    func coefficientsOfThreeClassesGiveBackTheProbabilities(_ algorithm: String, _ scale: String) throws {
        var run = run(algorithm, table((0..<60).map { Double($0 * $0 % 11) }, (0..<60).map { ["a", "b", "c"][$0 % 7 % 3] }))
        run.preprocess = ["*": ["scale": .text(scale)]]
        let outcome = try run.train()
        var margins = [[Double]](repeating: [0, 0, 0], count: 60)
        for row in try #require(outcome.manifest["coefficients"]?.arrayValue) {
            let output = try #require(["a", "b", "c"].firstIndex(of: row["class"]?.textValue))
            let (term, coefficient) = (row["term"]!.textValue!, row["coefficient"]!.doubleValue!)
            for place in 0..<60 {
                let (x, z) = (Double(place * place % 11), Double(place % 3))
                let values = ["(intercept)": 1, "x": x, "z": z, "x * x": x * x, "z * z": z * z]
                margins[place][output] += coefficient * (try #require(values[term], "\(term)"))
            }
        }
        let shares = margins.map { row in
            let odds = row.map { exp($0 - row.max()!) }
            return odds.map { $0 / odds.reduce(0, +) }
        }
        let found = deviation(try run.scores(of: outcome), shares)
        #expect(found < 1e-9, "\(found)")
    }

    @Test(arguments: [("gaussian_nb", "priors"), ("multinomial_nb", "class_prior")])
    func sharesThatDoNotAddUpToOneAreRefused(_ algorithm: String, _ name: String) throws {
        let table = table((0..<12).map(Double.init), (0..<12).map { $0 % 2 == 0 ? "a" : "b" })
        let error = try #require(throws: ForgeError.self) {
            try run(algorithm, table, .object([name: ["a": 0.5, "b": 0.6]])).train()
        }
        #expect(error.code == .invalidParameter && error.message == "\(name) must add up to 1, got 1.1")
        _ = try run(algorithm, table, .object([name: ["a": 0.1, "b": 0.9]])).train()
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
