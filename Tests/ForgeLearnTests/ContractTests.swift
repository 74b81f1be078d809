import ForgeModel
import Foundation
import Testing

@testable import ForgeLearn

/// What every algorithm of the registry promises, for each of its tasks that have a target; the others:
/// UnsupervisedTests.
@Suite struct ContractTests {
    struct Subject: Sendable, CustomTestStringConvertible {
        var algorithm: String
        var task: String
        var form: Algorithm.Form
        var hasEnsemble: Bool
        var hasStatistics: Bool
        var isLinear: Bool { form == .linear }
        var isRegression: Bool { task == "regression" }
        /// Learns targets above zero only.
        var isPositive: Bool { ["poisson", "gamma", "tweedie"].contains(algorithm) }
        var isClassification: Bool { task == "classification" }
        /// A metric that is 1 at its best.
        var quality: String { isClassification ? "roc_auc" : task == "ranking" ? "ndcg" : "r2" }
        /// Takes counts: no number below 0.
        var takesCounts: Bool { algorithm == "multinomial_nb" }
        func number(_ value: Double) -> Double { takesCounts ? exp(value) : value }
        var testDescription: String { "\(algorithm), \(task)" }
    }

    static let all = AlgorithmRegistry.all.filter { $0.form != .ensemble }.flatMap { algorithm in
        algorithm.tasks.filter(\.hasTarget).map {
            Subject(
                algorithm: algorithm.name, task: $0.rawValue, form: algorithm.form,
                hasEnsemble: algorithm.parameters.contains { $0.name == "n_estimators" },
                hasStatistics: algorithm.parameters.contains { $0.name == "statistics" })
        }
    }

    /// Numbers, one of them with gaps, text with gaps, and a target that depends on all of them.
    func table(_ subject: Subject, rows: Int = 400, seed: UInt64 = 1, classes: Int = 2) -> Table {
        var random = Random(seed)
        let a = (0..<rows).map { _ in random.normal() }
        let b = (0..<rows).map { _ in random.uniform() < 0.15 ? nil : random.normal() * 50 + 1000 }
        let c = (0..<rows).map { _ -> String? in
            random.uniform() < 0.1 ? nil : ["red", "green", "blue", "Äther", ""][random.index(5)]
        }
        let margin = (0..<rows).map { row in
            a[row] + ((b[row] ?? 1100) - 1000) / 50 + (c[row] == "red" ? 1 : 0) + 0.5 * random.normal()
        }
        var table = Table()
        table.add("a", a.map(subject.number))
        table.add("b", b.map { $0.map { subject.takesCounts ? exp((1000 - $0) / 50) : $0 } })
        table.add("c", c)
        addTarget(margin, subject, classes, to: &table)
        return table
    }

    func addTarget(_ margin: [Double], _ subject: Subject, _ classes: Int = 2, to table: inout Table) {
        if subject.isRegression {
            table.add("y", subject.isPositive ? margin.map { exp($0 / 2) } : margin, role: .target)
        } else if subject.task == "ranking" {
            table.add("y", margin.map { max(0, min(4, $0.rounded(.down) + 2)) }, role: .target)
            table.add("query", margin.indices.map { Double($0 % max(1, margin.count / 20)) }, role: .group)
        } else {
            let labels = margin.map { max(0, min(classes - 1, Int($0.rounded(.down)) + classes / 2)) }
            table.add("y", labels.map { "class \($0)" }, role: .target)
        }
    }

    func run(_ subject: Subject, _ table: Table, params: JSONValue = nil) -> Run {
        var small: JSONValue = params.isNull ? [:] : params
        // Penalties that let the data speak: scikit-learn's defaults of 1 are strong for standardised columns.
        if ["lasso", "elastic_net"].contains(subject.algorithm) || subject.isPositive { small["alpha"] = 0.01 }
        if subject.hasEnsemble { small["n_estimators"] = 20 }
        return Run(table: table, algorithm: subject.algorithm, task: subject.task, params: small)
    }

    func expectFinite(_ scores: [[Double]], _ subject: Subject) {
        #expect(!scores.joined().contains { !$0.isFinite })
        guard subject.isClassification else { return }
        for row in scores {
            #expect(row.allSatisfy { $0 >= 0 && $0 <= 1 } && abs(row.reduce(0, +) - 1) < 1e-9, "\(row)")
        }
    }

    // MARK: - Data as it comes

    @Test(arguments: all)
    func learnsFromNumbersTextAndGaps(_ subject: Subject) throws {
        var run = run(subject, table(subject, rows: 2_000))
        run.split = ["test": 0.3]
        let outcome = try run.train()
        let quality = outcome.manifest["metrics"]?[subject.quality]?.doubleValue
        #expect(quality ?? 0 > 0.75 || subject.task == "ranking")
        #expect(outcome.manifest["metrics_part"] == "test")
        expectFinite(try run.scores(of: outcome), subject)
    }

    @Test(arguments: all)
    func scoresMissingValuesAndLevelsNeverSeen(_ subject: Subject) throws {
        let run = run(subject, table(subject))
        let outcome = try run.train()
        var strange = Table()
        strange.add("a", [nil, 0, .nan])
        strange.add("b", [nil, nil, subject.isPositive ? 1500 : 1e6])  // exp(…) of a million is no number
        strange.add("c", ["never seen", nil, "never seen"])
        expectFinite(try run.scores(of: outcome, on: strange), subject)
    }

    @Test(arguments: all)
    func treatsNaNAsNull(_ subject: Subject) throws {
        let table = table(subject)
        var withNaN = table
        withNaN.columns[1].cells = table.columns[1].cells.map { $0 == .null ? .number(.nan) : $0 }
        let (first, second) = (try run(subject, table).train(), try run(subject, withNaN).train())
        #expect(first.artifact == second.artifact)
    }

    @Test(arguments: all)
    func refusesOneRowAndNoRows(_ subject: Subject) throws {
        for rows in 0...1 {
            let run = run(subject, table(subject).rows(Array(0..<rows)))
            let error = try #require(throws: ForgeError.self) { try run.train() }
            #expect(error.code == .notEnoughRows)
            #expect(error.hint != nil)
        }
    }

    @Test(arguments: all)
    func learnsFromTwoRows(_ subject: Subject) throws {
        var table = Table()
        table.add("a", [0, 1])
        addTarget([-1, 1], subject, to: &table)
        let run = run(subject, table, params: subject.form == .neighbors ? ["n_neighbors": 2] : nil)
        expectFinite(try run.scores(of: try run.train()), subject)
    }

    @Test(arguments: all)
    func learnsFromOneFeature(_ subject: Subject) throws {
        for name in ["a", "c"] {
            var table = table(subject)
            table.columns.removeAll { $0.role == .feature && $0.name != name }
            let run = run(subject, table)
            expectFinite(try run.scores(of: try run.train()), subject)
        }
    }

    @Test(arguments: all)
    func givesConstantAndEmptyColumnsNoEffect(_ subject: Subject) throws {
        let plain = table(subject)
        var table = plain
        table.add("same", [Double?](repeating: 3.5, count: plain.rows))
        table.add("empty", [Double?](repeating: nil, count: plain.rows))
        table.add("word", [String?](repeating: "same", count: plain.rows))
        table.add("nothing", [String?](repeating: nil, count: plain.rows))
        let run = run(subject, table)
        let outcome = try run.train()
        let notes = outcome.manifest["data_report"]?["notes"]?.arrayValue?.compactMap(\.textValue) ?? []
        // A constant count is a part of every row's total: it stays, as in scikit-learn.
        let idle = ["empty", "nothing"] + (subject.algorithm == "multinomial_nb" ? [] : ["same", "word"])
        for name in idle {
            #expect(notes.contains { $0.contains("\"\(name)\"") && $0.contains("no effect") }, "\(name): \(notes)")
            let importance = outcome.manifest["feature_importance"]?.arrayValue?.first {
                $0["feature"]?.textValue == name
            }
            #expect(importance == nil)
        }
        var other = table
        for index in 4..<8 where idle.contains(other.columns[index].name) {
            other.columns[index].cells = other.columns[index].cells.map { _ in
                other.columns[index].isCategory ? "new" : 77
            }
        }
        guard subject.form != .trees else { return }  // a tree never splits on them: the importances above say so
        let found = deviation(try run.scores(of: outcome), try run.scores(of: outcome, on: other))
        #expect(found < 1e-9, "\(found)")
    }

    @Test(arguments: all)
    func refusesWhenNoFeatureVaries(_ subject: Subject) throws {
        var table = table(subject)
        table.columns.removeAll { $0.role == .feature }
        table.add("same", [Double?](repeating: 1, count: 400))
        table.add("nothing", [String?](repeating: nil, count: 400))
        let error = try #require(throws: ForgeError.self) { try run(subject, table).train() }
        #expect(error.code == .missingColumn)
        #expect(error.message.contains("all 2 are constant or NULL"))
    }

    @Test(arguments: all)
    func learnsFromMoreColumnsThanRows(_ subject: Subject) throws {
        var random = Random(9)
        var table = Table()
        for column in 0..<60 { table.add("x\(column)", (0..<25).map { _ in subject.number(random.normal()) }) }
        addTarget((0..<25).map { _ in random.normal() }, subject, to: &table)
        let run = run(subject, table)
        expectFinite(try run.scores(of: try run.train()), subject)
    }

    @Test(arguments: all)
    func learnsFromColumnsThatDependOnEachOther(_ subject: Subject) throws {
        var table = table(subject)
        let a = table.columns[0].cells.map { if case .number(let value) = $0 { value } else { 0.0 } }
        table.add("twice", a.map { 2 * $0 })
        table.add("nearly", a.enumerated().map { $1 + ($0 % 2 == 0 ? 1e-5 : -1e-5) })
        let run = run(subject, table)
        let scores = try run.scores(of: try run.train())
        expectFinite(scores, subject)
        if subject.algorithm == "linear_regression" {
            let notes = try run.train().manifest["data_report"]?["notes"]?.serialized ?? ""
            #expect(notes.contains("1 encoded columns depend on the others"), "\(notes)")
            let plain = self.run(subject, self.table(subject))
            let found = deviation(scores, try plain.scores(of: try plain.train()))
            #expect(found < 0.1, "\(found)")
        }
    }

    @Test(arguments: all)
    func learnsFromFourteenHundredColumns(_ subject: Subject) throws {
        var random = Random(4)
        var table = Table()
        for column in 0..<1_400 { table.add("x\(column)", (0..<30).map { _ in subject.number(random.normal()) }) }
        addTarget((0..<30).map { _ in random.normal() }, subject, to: &table)
        let run = run(subject, table)
        expectFinite(try run.scores(of: try run.train()), subject)
    }

    // MARK: - Weights, order, repetition

    @Test(arguments: all)
    func weightsOfOneChangeNothing(_ subject: Subject) throws {
        let plain = table(subject)
        var weighted = plain
        weighted.add("w", [Double?](repeating: 1, count: plain.rows), role: .weight)
        let plainRun = run(subject, plain)
        let weightedRun = run(subject, weighted)
        let found = deviation(
            try weightedRun.scores(of: try weightedRun.train()), try plainRun.scores(of: try plainRun.train()))
        #expect(found < (subject.isLinear ? 1e-12 : 1e-6), "\(found)")
    }

    @Test(arguments: all.filter(\.isLinear))
    func aRowOfWeightTwoIsTheRowTwice(_ subject: Subject) throws {
        let plain = table(subject).rows((0..<400).filter { $0 % 7 != 0 })
        var weighted = plain
        weighted.add("w", (0..<plain.rows).map { $0 % 3 == 0 ? 2 : 1 }, role: .weight)
        let repeated = plain.rows((0..<plain.rows).flatMap { $0 % 3 == 0 ? [$0, $0] : [$0] })
        // The median counts rows, not weights: a constant fill keeps it out of the comparison.
        var (first, second) = (run(subject, weighted), run(subject, repeated))
        first.preprocess = ["b": ["impute": "constant", "value": 1000]]
        second.preprocess = first.preprocess
        let one = try first.scores(of: try first.train(), on: plain)
        let other = try second.scores(of: try second.train(), on: plain)
        guard subject.algorithm != "quantile_regression" else {
            // Several lines may have the same, smallest, sum of absolute errors.
            func error(_ scores: [[Double]]) -> Double {
                zip(scores, plain.columns.first { $0.role == .target }!.cells).enumerated().reduce(0) { sum, entry in
                    guard case .number(let truth) = entry.element.1 else { return sum }
                    return sum + abs(entry.element.0[0] - truth) * (entry.offset % 3 == 0 ? 2 : 1)
                }
            }
            #expect(abs(error(one) - error(other)) < 1e-9 * error(one), "\(error(one)) \(error(other))")
            return
        }
        let found = deviation(one, other)
        #expect(found < 1e-6, "\(found)")
    }

    @Test(arguments: all)
    func trainingTwiceGivesTheSameBytes(_ subject: Subject) throws {
        var run = run(subject, table(subject, rows: 40_000))  // several chunks
        run.threads = 2
        run.split = ["test": 0.25]
        if subject.hasEnsemble { run.params["n_estimators"] = 5 }
        if subject.form == .network { run.params["max_iter"] = 2 }
        let (first, second) = (try run.train(), try run.train())
        #expect(first.artifact == second.artifact)
        #expect(first.manifest == second.manifest)
    }

    @Test(arguments: all)
    func blockSizesChangeNothing(_ subject: Subject) throws {
        var run = run(subject, table(subject))
        let whole = try run.train().artifact
        run.blockRows = 37
        #expect(try run.train().artifact == whole)
    }

    /// Trees break ties between equally good splits by the column's number: they keep their quality only.
    @Test(arguments: all)
    func permutedColumnsGiveTheSamePredictions(_ subject: Subject) throws {
        let plain = table(subject)
        var permuted = plain
        permuted.columns = [2, 1, 3, 0].map { plain.columns[$0] } + plain.columns[4...]
        let (first, second) = (run(subject, plain), run(subject, permuted))
        let (one, other) = (try first.train(), try second.train())
        if subject.isLinear {
            let found = deviation(try first.scores(of: one), try second.scores(of: other))
            #expect(found < 1e-6, "\(found)")
        } else {
            let metric = subject.quality
            let (a, b) = (
                one.manifest["metrics"]?[metric]?.doubleValue ?? 0, other.manifest["metrics"]?[metric]?.doubleValue ?? 1
            )
            #expect(abs(a - b) < 0.02, "\(a) \(b)")
        }
    }

    // MARK: - Classes

    @Test(arguments: all.filter(\.isClassification))
    func learnsFourClasses(_ subject: Subject) throws {
        var run = run(subject, table(subject, rows: 2_000, classes: 4))
        run.split = ["test": 0.3]
        let outcome = try run.train()
        #expect(outcome.manifest["labels"] == ["class 0", "class 1", "class 2", "class 3"])
        #expect(outcome.manifest["positive"] == .null)
        #expect(outcome.manifest["outputs"] == 4)
        // The one-hot features of a level are anything but independent bell curves.
        let least = subject.algorithm == "gaussian_nb" ? 0.35 : 0.6
        #expect(outcome.manifest["metrics"]?["accuracy"]?.doubleValue ?? 0 > least)
        #expect(outcome.manifest["metrics"]?["roc_auc"] == nil)
        expectFinite(try run.scores(of: outcome), subject)
    }

    @Test(arguments: all.filter { $0.isClassification && !$0.takesCounts })
    func separableClassesGiveFiniteProbabilities(_ subject: Subject) throws {
        var table = Table()
        table.add("x", (0..<100).map { Double($0) })
        table.add("y", (0..<100).map { $0 < 50 ? "low" : "high" }, role: .target)
        let run = run(subject, table)
        let scores = try run.scores(of: try run.train())
        expectFinite(scores, subject)
        #expect(scores[0][1] > 0.5 && scores[99][0] > 0.5)  // labels: high, low
    }

    @Test(arguments: all.filter(\.isClassification))
    func classWeightsEqualRowWeights(_ subject: Subject) throws {
        var weighted = table(subject)
        let index = weighted.columns.firstIndex { $0.role == .target }!
        let weights = weighted.columns[index].cells.map { $0 == .text("class 1") ? 3.0 : 1.0 }
        var byClass = run(subject, weighted, params: ["class_weight": ["class 1": 3]])
        weighted.add("w", weights, role: .weight)
        var byRow = run(subject, weighted)
        byClass.preprocess = ["*": ["scale": "none"]]  // the scale is of weighted rows
        byRow.preprocess = byClass.preprocess
        let found = deviation(try byClass.scores(of: try byClass.train()), try byRow.scores(of: try byRow.train()))
        #expect(found < 1e-9, "\(found)")
    }

    @Test(arguments: all)
    func refusesAnUnusableTarget(_ subject: Subject) throws {
        let wrong: [([Double?], ErrorCode)] = [
            (Array(repeating: nil, count: 400), .unusableTarget), (Array(repeating: 2, count: 400), .unusableTarget),
            ((0..<400).map { $0 == 7 ? .infinity : Double($0 % 2) }, .unusableTarget),
            ((0..<400).map { $0 == 7 ? .nan : Double($0 % 2) }, .unusableTarget),
        ]
        for (values, code) in wrong {
            var table = table(subject)
            table.columns.removeAll { $0.role == .target }
            table.add("y", values, role: .target)
            let error = try #require(throws: ForgeError.self) { try run(subject, table).train() }
            #expect(error.code == code, "\(error)")
            #expect(error.message.contains("\"y\"") && error.hint != nil, "\(error)")
        }
    }

    // MARK: - Folds

    @Test(arguments: all)
    func foldsAreScoredByModelsThatNeverSawThem(_ subject: Subject) throws {
        var run = run(subject, table(subject, rows: 1_200))
        run.split = ["method": subject.task == "ranking" ? "group" : "random", "test": 0.3, "folds": 3]
        let outcome = try run.train()
        let found = try #require(outcome.manifest["cross_validation"])
        #expect(found["notes"] == [])
        let values = found["metrics"]?[subject.quality]?["values"]?.arrayValue?.compactMap(\.doubleValue) ?? []
        #expect(values.count == 3 && values.allSatisfy { $0 > 0.5 }, "\(values)")
        #expect(abs((outcome.manifest["metrics"]?[subject.quality]?.doubleValue ?? 9) - values[0]) < 0.35)

        var changed = run
        let heldOut = Set(try run.read().heldOut.keys)
        for row in 0..<1_200 where heldOut.contains(run.table.key(row)) {
            changed.table.columns[0].cells[row] = .number(subject.number(9))
            changed.table.columns[2].cells[row] = "never"
        }
        let other = try changed.train()
        #expect((other.artifact == outcome.artifact) as Bool, "a test row was learned from")
        #expect(other.manifest["cross_validation"] == found)
    }

    /// One group has all rows of a class: the fold that holds it out has a model without that class.
    @Test(arguments: all.filter(\.isClassification))
    func aFoldWithoutAClassIsScoredAndAFoldOfOneClassIsPassedOver(_ subject: Subject) throws {
        var table = table(subject, rows: 600)
        table.add("who", (0..<600).map { Double($0 % 12) }, role: .group)
        let target = table.columns.firstIndex { $0.role == .target }!
        for row in 0..<600 where row % 12 == 5 { table.columns[target].cells[row] = "rare" }
        var run = run(subject, table)
        run.split = ["method": "group", "test": 0, "folds": 4]
        let outcome = try run.train()
        #expect(outcome.manifest["labels"] == ["class 0", "class 1", "rare"])
        let accuracy = outcome.manifest["cross_validation"]?["metrics"]?["accuracy"]?["values"]?.arrayValue ?? []
        #expect(accuracy.count == 4 && accuracy.allSatisfy { $0.doubleValue?.isFinite == true }, "\(accuracy)")

        for row in 0..<600 where row % 12 != 5 { table.columns[target].cells[row] = "class 0" }
        run.table = table
        let found = try #require(try run.train().manifest["cross_validation"])
        let values = found["metrics"]?["accuracy"]?["values"]?.arrayValue ?? []
        #expect(values.count { $0 == .null } == 1, "\(values)")
        #expect(
            found["notes"]?.serialized.contains("was not fitted: target \\\"y\\\" has one class only") == true,
            "\(found)")
    }

    // MARK: - Values and the run itself

    @Test(arguments: all)
    func refusesInfinityNamingTheColumnTheCountAndTheValue(_ subject: Subject) throws {
        var table = table(subject)
        table.columns[0].cells[3] = .number(-.infinity)
        table.columns[0].cells[300] = .number(.infinity)
        let error = try #require(throws: ForgeError.self) { try run(subject, table).train() }
        #expect(error.code == .valueOutOfRange)
        #expect(error.message == "column \"a\" holds 2 infinite values, first -inf")
    }

    @Test(arguments: all)
    func refusesNumbersTooLargeToComputeWith(_ subject: Subject) throws {
        var table = table(subject)
        table.columns[0].cells[3] = .number(1e308)
        table.columns[0].cells[4] = .number(-1e308)
        let error = try #require(throws: ForgeError.self) { try run(subject, table).train() }
        #expect(error.code == .valueOutOfRange)
        #expect(error.message.contains("\"a\""))
    }

    @Test(arguments: all.filter(\.isRegression))
    func refusesATargetTooLargeToComputeWith(_ subject: Subject) throws {
        var table = table(subject)
        let index = table.columns.firstIndex { $0.role == .target }!
        table.columns[index].cells[9] = .number(-1e308)
        let error = try #require(throws: ForgeError.self) { try run(subject, table).train() }
        #expect(error.code == .valueOutOfRange && error.message.contains("\"y\""))
    }

    @Test(arguments: all)
    func takesAnySeed(_ subject: Subject) throws {
        for seed in [-1, 0, 1 << 52] {
            var run = run(subject, table(subject))
            run.split = ["seed": .integer(Int64(seed)), "test": 0.3]
            #expect(try run.train().manifest["environment"]?["seed"]?.intValue == seed)
        }
    }

    @Test(arguments: all)
    func stopsWhenCancelled(_ subject: Subject) throws {
        for patience in [0, 1] {
            var run = run(subject, table(subject))
            run.observer = Recording(cancelsAfter: patience)
            let error = try #require(throws: ForgeError.self) { try run.train() }
            #expect(error.code == .cancelled)
        }
    }

    @Test(arguments: all)
    func progressRisesFromZeroToOne(_ subject: Subject) throws {
        let recording = Recording()
        var run = run(subject, table(subject))
        run.observer = recording
        _ = try run.train()
        #expect(recording.fractions.first == 0 && recording.fractions.last == 1)
        #expect(recording.fractions == recording.fractions.sorted())
    }
}
