import ForgeModel
import Testing

@testable import ForgeLearn

/// Bad input ends in a model of finite numbers, or in an error that says what is wrong and what to do.
extension ContractTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var subject: Subject
        var input: BadInput
        var testDescription: String { "\(subject.testDescription): \(input.name)" }
    }

    static let badCases = all.flatMap { subject in
        BadInput.all.filter { $0.concerns(subject) }.map { Case(subject: subject, input: $0) }
    }

    @Test(arguments: badCases)
    func badInputGivesAModelOfNumbersOrAClearRefusal(_ bad: Case) throws {
        try expect(bad.input.refusal(bad.subject), of: badRun(bad.subject, bad.input.table(bad.subject)))
    }

    /// Sixty-six thousand stand for a million: what lists its levels takes 65,536.
    @Test(arguments: all)
    func tooManyLevelsAreRefusedBeforeTheFit(_ subject: Subject) throws {
        var table = Table()
        table.add("x", (0..<Self.manyLevels.count).map { BadInput.chance($0) })
        table.columns.append(Table.Column(name: "text", type: "text", cells: Self.manyLevels))
        addTarget((0..<table.rows).map { 4 * BadInput.chance($0) - 2 }, subject, to: &table)
        var run = badRun(subject, table)
        run.split = ["method": "none"]
        let observer = Recording()
        run.observer = observer
        try expect(.tooManyLevels, of: run)
        #expect(!observer.phases.contains("fit"))
    }

    private static let manyLevels: [Table.Cell] = (0..<66_000).map { .text("level \($0)") }

    /// All that is reported beside a model, of columns that leave the fit no unique answer.
    @Test(arguments: all)
    func badInputLeavesNoReportedNumberUndefined(_ subject: Subject) throws {
        for input in BadInput.all.prefix(2) {
            var run = badRun(subject, input.table(subject))
            if subject.task != "ranking" { run.split["folds"] = 2 }
            run.evaluation = ["bootstrap": 100]
            if subject.isRegression { run.evaluation["intervals"] = "split" }
            if subject.isClassification { run.decision = ["calibration": "platt", "threshold": "f1"] }
            try expect(nil, of: run)
        }
    }

    /// Without a penalty columns beyond the rows leave no errors to learn from; of copies one is left out.
    @Test(arguments: all.filter { $0.hasStatistics }, ["nonrobust", "HC0"])
    func statisticsAreRefusedOfTooFewRowsAndDefinedOfColumnsThatAreCopies(_ subject: Subject, _ kind: String) throws {
        for (input, refusal) in zip(
            BadInput.all, [subject.isClassification ? ErrorCode.numericalFailure : .notEnoughRows, nil])
        {
            var run = badRun(subject, input.table(subject))
            run.params = ["statistics": .text(kind)]
            if subject.isClassification { run.params["penalty"] = "none" }
            if subject.isPositive { run.params["alpha"] = 0 }
            try expect(refusal, of: run)
        }
    }

    private func badRun(_ subject: Subject, _ table: Table) -> Run {
        var run = run(subject, table)
        run.split = ["method": subject.task == "ranking" ? "group" : "random", "test": 0.3]
        if subject.form == .network { run.params["max_iter"] = 5 }
        return run
    }

    private func expect(_ refusal: ErrorCode?, of run: Run) throws {
        guard let refusal else {
            let outcome = try run.train()
            #expect(placeOfNoNumber(outcome.manifest) == nil)
            #expect(outcome.heldOutScores?.scores.allSatisfy(\.isFinite) == true)
            #expect(try run.scores(of: outcome).joined().allSatisfy(\.isFinite))
            return
        }
        let error = try #require(throws: ForgeError.self) { try run.train() }
        #expect(error.code == refusal, "\(error)")
        #expect(error.hint != nil, "\(error)")
    }

    /// Where a document holds a number that is NaN or infinite; nil: nowhere.
    private func placeOfNoNumber(_ value: JSONValue, _ path: String = "") -> String? {
        switch value {
        case .number(let number): number.isFinite ? nil : path
        case .array(let items): items.indices.lazy.compactMap { placeOfNoNumber(items[$0], "\(path)[\($0)]") }.first
        case .object(let object): object.lazy.compactMap { placeOfNoNumber($0.value, "\(path).\($0.key)") }.first
        default: nil
        }
    }
}
