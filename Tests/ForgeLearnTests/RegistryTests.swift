import ForgeModel
import Foundation
import Testing

@testable import ForgeLearn

@Suite struct RegistryTests {
    @Test func algorithmsInSQLAreThoseOfTheRegistry() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../sql/code/algorithms.sql")
            .standardized
        if ProcessInfo.processInfo.environment["FORGE_WRITE_GENERATED"] == "1" {
            try AlgorithmRegistry.sql.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == AlgorithmRegistry.sql)
    }

    @Test func preprocessRulesInSQLAreThoseOfTheTrainer() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../sql/code/29_preprocess_rules.sql").standardized
        if ProcessInfo.processInfo.environment["FORGE_WRITE_GENERATED"] == "1" {
            try PreprocessRules.sql.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == PreprocessRules.sql)
    }

    @Test func namesAreUniqueAndSQLIdentifiers() {
        let names = AlgorithmRegistry.all.map(\.name)
        #expect(Set(names).count == names.count)
        for name in names { #expect(name.wholeMatch(of: /[a-z][a-z0-9_]*/) != nil, "\(name)") }
    }

    @Test func everyTaskHasOneDefaultAlgorithm() {
        for task in LearningTask.allCases {
            #expect(AlgorithmRegistry.all.filter { $0.defaultFor.contains(task) }.count == 1, "\(task)")
        }
    }

    @Test(arguments: AlgorithmRegistry.all.map(\.name))
    func parametersAreDocumentedAndTheirDefaultsAreInRange(_ name: String) throws {
        let algorithm = AlgorithmRegistry.all.first { $0.name == name }!
        #expect(Set(algorithm.parameters.map(\.name)).count == algorithm.parameters.count)
        for parameter in algorithm.parameters {
            #expect(parameter.refusal(of: parameter.defaultValue) == nil, "\(parameter.name)")
            #expect(parameter.sentence.hasSuffix("."), "\(parameter.name)")
        }
    }

    @Test(arguments: AlgorithmRegistry.all.map(\.name))
    func rangesThatSearchesTryLieWithinTheParametersBounds(_ name: String) throws {
        let algorithm = AlgorithmRegistry.all.first { $0.name == name }!
        for parameter in algorithm.parameters {
            guard let range = parameter.search else { continue }
            let values = (range.choices ?? []) + (0...20).map { range.value(at: Double($0) / 20) }
            for value in values {
                #expect(parameter.refusal(of: value) == nil, "\(parameter.name) \(value.serialized)")
            }
            #expect(SearchRange(json: range.json, isWhole: parameter.kind == .integer) == range, "\(parameter.name)")
        }
        // The rest have nothing that a search could make better.
        let tuned = algorithm.parameters.contains { $0.search != nil }
        let isSupervised = !Set(algorithm.tasks).isDisjoint(with: [.classification, .regression, .ranking])
        #expect(tuned || ["linear_regression", "auto"].contains(name) || !isSupervised)
    }

    @Test func refusesWhatIsUnknownMistypedOrOutOfRangeInOneError() throws {
        var table = Table()
        table.add("x", [1, 2])
        table.add("y", [1, 2], role: .target)
        let run = Run(
            table: table, algorithm: "gradient_boosting", task: "regression",
            params: [
                "max_depth": 0, "learning_rate": "fast", "depth": 3, "class_weight": "balanced", "reg_lambda": nil,
            ],
            preprocess: ["x": ["encode": "native"], "nobody": [:], "*": ["impute": "magic"]], split: ["test": 1.5])
        let error = try #require(throws: ForgeError.self) { try run.job }
        #expect(error.code == .invalidParameter)
        for text in [
            "params.max_depth must be at least 1, got 0", "params.learning_rate must be a number",
            "unknown parameter \"depth\"",
            "unknown parameter \"class_weight\"", "params.reg_lambda must not be null",
            "preprocess.x: encode is for categories",
            "preprocess names \"nobody\"", "preprocess.*.impute must be", "split.test must be",
        ] { #expect(error.detail?.contains(text) == true, "\(text) in \(error.detail ?? "")") }
    }

    @Test func anAlgorithmForAnotherTaskIsRefusedWithThoseThatFit() throws {
        var table = Table()
        table.add("x", [1, 2])
        table.add("y", [1, 2], role: .target)
        let error = try #require(throws: ForgeError.self) {
            try Run(table: table, algorithm: "ridge", task: "classification").job
        }
        #expect(error.code == .unknownAlgorithm)
        #expect(error.hint?.hasPrefix("use one of: logistic_regression, linear_svm, gradient_boosting") == true)
    }
}
