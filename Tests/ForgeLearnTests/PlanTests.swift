import ForgeModel
import Testing

@testable import ForgeLearn

/// Which encoding a column gets, and which columns a model reads.
@Suite struct PlanTests {
    private let names = ["north", "south", "east", "west", "islands"]

    private func table(rows: Int = 1_000, seed: UInt64 = 5) -> Table {
        var random = Random(seed)
        let x = (0..<rows).map { _ in random.normal() }
        let city = (0..<rows).map { _ in Int(random.uniform() * random.uniform() * 40) }
        var table = Table()
        table.add("x", x)
        table.add("noise", (0..<rows).map { _ in random.normal() })
        table.add("city", city.map { "city \($0)" })
        table.add("region", (0..<rows).map { _ in random.uniform() < 0.1 ? nil : names[random.index(5)] })
        table.add("day", (0..<rows).map { Double($0) * 86_400 }, type: "date")
        let target = (0..<rows).map { row -> Double in
            let fromCity = Double(city[row] % 7)
            return 3 * x[row] + fromCity + 0.3 * random.normal()
        }
        table.add("y", target, role: .target)
        return table
    }

    private func plan(
        _ preprocess: JSONValue, algorithm: String = "ridge", table: Table? = nil, task: String = "regression"
    ) throws -> EncodingPlan {
        let run = Run(table: table ?? self.table(), algorithm: algorithm, task: task, preprocess: preprocess)
        return try run.plan(try run.read())
    }

    private func encoding(_ plan: EncodingPlan, _ name: String) throws -> ColumnEncoding {
        try #require(plan.columns.first { $0.shownName == name }).schema.encoding
    }

    private func dateParts(_ plan: EncodingPlan, _ name: String) throws -> [ScaledDatePart] {
        if case .dateParts(let parts) = try encoding(plan, name) { parts } else { [] }
    }

    // MARK: - The choice where the request makes none

    @Test func plainColumnsAreScaledAndOneHotForLinearModelsAndLeftAloneForTrees() throws {
        let (linear, trees) = (try plan([:]), try plan([:], algorithm: "gradient_boosting"))
        guard case .number(.some, false, _, let scale) = try encoding(linear, "x"), scale != 1,
            case .oneHot(let levels, true, false) = try encoding(linear, "region"), levels.count == 5,
            case .number(nil, false, 0, 1) = try encoding(trees, "x"),
            case .native = try encoding(trees, "region")
        else {
            Issue.record("\(linear.columns.map(\.schema.encoding))")
            return
        }
    }

    @Test func datesBecomeTheirPartsForLinearModelsUnlessAskedToBeNumbers() throws {
        let linear = try plan([:])
        #expect(try dateParts(linear, "day").map(\.part) == [.year, .monthCycle, .dayOfWeekCycle])
        #expect(linear.notes.contains { $0.contains("\"day\"") && $0.contains("month_cycle") }, "\(linear.notes)")
        guard case .number = try encoding(try plan(["day": ["scale": "standard"]]), "day"),
            case .number = try encoding(try plan([:], algorithm: "gradient_boosting"), "day")
        else {
            Issue.record("a date that is no number")
            return
        }
    }

    @Test func partsOfDatesAreScaledAsNumbersAre() throws {
        var table = table()
        let yearLength = 365.25 * 86_400
        let seen: [Double?] = (0..<1_000).map { row in row % 5 == 0 ? nil : Double(row % 5) * yearLength + 86_400 }
        table.add("seen", seen, type: "timestamp without time zone")  // 2001 to 2004, as often each
        let year = try dateParts(try plan([:], table: table), "seen")[0]
        #expect(year == ScaledDatePart(.year, shift: 2002.5, scale: 1.25.squareRoot()))
        let asked = try plan(
            ["seen": ["encode": "date_parts", "parts": ["year", "month_cycle"], "scale": "min_max"]], table: table)
        let expected = [ScaledDatePart(.year, shift: 2001, scale: 3), ScaledDatePart(.monthCycle)]
        #expect(try dateParts(asked, "seen") == expected)
        let plain = [
            try plan(["*": ["scale": "none"]]), try plan(["day": ["encode": "date_parts"]], algorithm: "random_forest"),
        ]
        for plan in plain { #expect(try dateParts(plan, "day").allSatisfy { $0.shift == 0 && $0.scale == 1 }) }
    }

    @Test func manyLevelsAreEncodedByTheTargetForLinearModels() throws {
        var random = Random(1)
        var table = Table()
        table.add("c", (0..<4_000).map { _ in "level \(random.index(1_500))" })
        table.add("y", (0..<4_000).map { _ in random.normal() }, role: .target)
        let plan = try plan([:], table: table)
        guard case .lookup(let levels, 1, let values) = plan.columns[0].schema.encoding else {
            Issue.record("\(plan.columns[0].schema.encoding.width)")
            return
        }
        #expect(values.count == levels.count + 2 && plan.overrides.isOverridden(0))
        #expect(plan.notes.contains { $0.contains("mean of the target") })
    }

    @Test(arguments: ["ridge", "gradient_boosting"])
    func freeTextIsEncodedByItsWords(_ algorithm: String) throws {
        var random = Random(2)
        let words = ["good", "bad", "slow", "quick", "late", "early", "cheap", "dear"]
        var table = Table()
        table.add(
            "note",
            (0..<300).map { "order \($0) was " + (0..<6).map { _ in words[random.index(8)] }.joined(separator: " ") })
        table.add("y", (0..<300).map { _ in random.normal() }, role: .target)
        let plan = try plan([:], algorithm: algorithm, table: table)
        guard case .tfidf(let terms, _, false, false) = plan.columns[0].schema.encoding else {
            Issue.record("\(plan.columns[0].schema.encoding.width)")
            return
        }
        #expect(Set(words.map { Bytes($0.utf8) }).isSubset(of: terms))
    }

    // MARK: - Levels

    @Test func rareLevelsAreGrouped() throws {
        var table = Table()
        let counts = ["a": 50, "b": 30, "c": 10, "d": 6, "e": 4]
        table.add("c", counts.sorted { $0.key < $1.key }.flatMap { Array(repeating: $0.key, count: $0.value) })
        table.add("y", (0..<100).map { Double($0 % 9) }, role: .target)
        for (steps, kept) in [
            (["min_frequency": 10], 3), (["min_frequency": 0.06], 4), (["max_levels": 2], 2), (["max_levels": 0.4], 2),
            (["min_frequency": 5, "max_levels": 3], 3), ([:], 5),
        ] as [(JSONValue, Int)] {
            guard case .oneHot(let levels, _, let other) = try encoding(try plan(["c": steps], table: table), "c")
            else {
                Issue.record("not one-hot")
                return
            }
            #expect(levels == ["a", "b", "c", "d", "e"].prefix(kept).map { Bytes($0.utf8) }, "\(steps)")
            #expect(other == (kept < 5))
        }
    }

    @Test func ordinalTakesTheOrderGivenAndRefusesOneThatFitsNoLevel() throws {
        let order: JSONValue = ["islands", "west", "north", "south", "east"]
        let plan = try plan(["region": ["encode": "ordinal", "levels": order]], algorithm: "gradient_boosting")
        guard case .lookup(let levels, 1, let values) = try encoding(plan, "region") else {
            Issue.record("no lookup")
            return
        }
        #expect(levels == levels.sorted { $0.lexicographicallyPrecedes($1) })
        #expect(values[levels.firstIndex(of: Bytes("islands".utf8))!] == 0)
        #expect(values[levels.firstIndex(of: Bytes("east".utf8))!] == 4)
        #expect(values[5] == -1 && values[6] == -1)
        #expect(throws: ForgeError.self) {
            try self.plan(["region": ["encode": "ordinal", "levels": ["up", "down"]]])
        }
    }

    @Test func frequenciesAreSharesOfTheTrainingRows() throws {
        let plan = try plan(["region": ["encode": "frequency", "min_frequency": 0.19]], algorithm: "gradient_boosting")
        guard case .lookup(_, 1, let values) = try encoding(plan, "region") else {
            Issue.record("no lookup")
            return
        }
        #expect(abs(values.reduce(0, +) - 1) < 1e-12)  // levels, NULL, and the group of the rare
    }

    @Test func numbersForLevelsAreStandardisedForLinearModels() throws {
        for encode in ["ordinal", "frequency"] {
            let table = table()
            let run = Run(
                table: table, algorithm: "ridge", task: "regression",
                preprocess: ["region": ["encode": .text(encode)]])
            guard case .lookup(let levels, 1, let values) = try encoding(run.plan(run.read()), "region") else {
                Issue.record("no lookup")
                return
            }
            let seen = table.columns[3].cells.map { cell -> Double in
                guard case .text(let text) = cell else { return values[levels.count] }
                return values[levels.firstIndex(of: Bytes(text.utf8))!]
            }
            let mean = seen.reduce(0, +) / 1_000
            let deviation = (seen.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 1_000).squareRoot()
            #expect(abs(mean) < 1e-12 && abs(deviation - 1) < 1e-12, "\(encode) \(mean) \(deviation)")
        }
    }

    // MARK: - Across columns

    @Test func constantAndRepeatedColumnsAreLeftOutUnlessAskedFor() throws {
        var table = table()
        table.add("same", [Double?](repeating: 3, count: 1_000))
        table.columns.append(Table.Column(name: "again", type: "double precision", cells: table.columns[0].cells))
        table.columns.append(Table.Column(name: "region again", type: "text", cells: table.columns[3].cells))
        let names = { (plan: EncodingPlan) in plan.columns.map(\.shownName) }
        let plain = try plan([:], table: table)
        #expect(names(plain) == ["x", "noise", "city", "region", "day"])
        #expect(plain.notes.contains("column \"again\" repeats \"x\" in all training rows and is left out"))
        #expect(
            plain.notes.contains("column \"same\" is constant in the training rows: it has no effect and is left out"))
        let all = try plan(["@drop": ["constant": false, "duplicates": false]], table: table)
        #expect(names(all) == ["x", "noise", "city", "region", "day", "same", "again", "region again"])
        #expect(names(try plan(["again": ["scale": "standard"], "x": ["drop": true]], table: table)).contains("again"))
        #expect(!names(try plan(["x": ["drop": true]], table: table)).contains("x"))
    }

    @Test(arguments: ["mutual_information", "importance"])
    func selectionKeepsTheColumnsThatSayMost(_ method: String) throws {
        let plan = try plan(["@select": ["method": .text(method), "k": 2]])
        #expect(plan.columns.map(\.shownName) == ["x", "city"])
        #expect(plan.notes.contains { $0.hasPrefix("@select keeps 2 of 5 columns") })
        let share = try self.plan(
            ["@select": ["method": .text(method), "fraction": 0.2]], algorithm: "gradient_boosting")
        #expect(share.columns.map(\.shownName) == ["x"])
    }

    @Test func crossesAndInteractionsAreProductsOfEncodedFeatures() throws {
        let plan = try plan([
            "*": ["scale": "none"], "day": ["drop": true], "city": ["drop": true],
            "@cross": [["region", "x"], ["x", "x"]], "@interactions": true,
        ])
        let offset = { (name: String) in Int32(plan.columns.first { $0.shownName == name }!.offset) }
        let (x, noise, region) = (offset("x"), offset("noise"), offset("region"))
        #expect(
            plan.products == (0..<6).map { FeatureProduct(min(region + $0, x), max(region + $0, x)) } + [
                FeatureProduct(x, x), FeatureProduct(x, noise),
            ])
        #expect(plan.width == 2 + 6 + 8)
        let values = (0..<plan.width).map(Double.init)
        let sums = plan.columnSums(of: values)
        #expect(sums.reduce(0, +) == values.reduce(0, +))
    }

    @Test func aCrossOfANativeCategoryIsRefused() throws {
        let error = try #require(throws: ForgeError.self) {
            try plan(["@cross": [["region", "x"]]], algorithm: "gradient_boosting")
        }
        #expect(error.code == .invalidParameter && error.message.contains("native category"))
    }

    /// scikit-learn's order of diabetes' columns, of which several say nearly the same.
    @Test(arguments: ["", "_classes"])
    func mutualInformationOfFewRowsIsThatOfScikitLearn(_ kind: String) throws {
        let classes = kind == "_classes"
        let run = try ConformanceTests.Case(
            golden: "diabetes.mutual_information", algorithm: "ridge", task: classes ? "classification" : "regression",
            target: classes ? "above" : "target", tolerance: 0
        ).run()
        let data = try {
            var run = run
            if classes { run.algorithm = "logistic_regression" }
            return try run.read()
        }()
        var job = run
        if classes { job.algorithm = "logistic_regression" }
        let target = try data.resolveTarget(try job.job)
        let ours = MutualInformation(data: data, target: target, threads: 1).scores(of: Array(0..<10))
        let theirs = try Conformance.golden("diabetes.mutual_information\(kind)").map { $0[0] }
        func ranks(_ values: [Double]) -> [Double] { values.map { value in Double(values.count { $0 < value }) } }
        let squares = zip(ranks(ours), ranks(theirs)).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        #expect(1 - 6 * squares / 990 > 0.8, "\(ours) \(theirs)")
        #expect(zip(ours, theirs).allSatisfy { abs($0 - $1) < 0.05 }, "\(ours) \(theirs)")
    }

    @Test(arguments: [300, 6_000], [false, true])
    func selectionKeepsAFlagBesideNoise(_ rows: Int, _ gaps: Bool) throws {
        var random = Random(11)
        let flag = (0..<rows).map { _ in Double(random.index(2)) }
        var table = Table()
        for name in ["a", "b"] { table.add(name, (0..<rows).map { gaps && $0 % 5 == 0 ? nil : random.normal() }) }
        table.add("flag", flag)
        table.add("y", flag.map { 1.71 * $0 + random.normal() }, role: .target)  // correlation 0.65
        let run = Run(
            table: table, algorithm: "ridge", task: "regression", preprocess: ["@select": ["k": 1]])
        let data = try run.read()
        #expect(try run.plan(data).columns.map(\.shownName) == ["flag"])
        let scores = MutualInformation(data: data, target: try data.resolveTarget(try run.job), threads: 1)
            .scores(of: [0, 1, 2])
        #expect(scores[0] < 0.1 && scores[1] < 0.1 && abs(scores[2] - 0.27) < 0.12, "\(scores)")
    }

    @Test func mutualInformationOfIndependentColumnsIsNearNoneAndOfACopyTheEntropy() {
        var random = Random(4)
        let group = { MutualInformation.Groups(group: $0, count: 4) }
        let a = (0..<20_000).map { _ in Int32(random.index(4)) }
        let b = (0..<20_000).map { _ in Int32(random.index(4)) }
        #expect(MutualInformation.estimate(group(a), group(b)) < 1e-3)
        #expect(abs(MutualInformation.estimate(group(a), group(a)) - 1.3863) < 1e-3)
    }
}
