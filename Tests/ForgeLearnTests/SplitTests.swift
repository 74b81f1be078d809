import ForgeModel
import Testing

@testable import ForgeLearn

/// Where rows go: the sides of every split, the folds, and that nothing crosses over.
@Suite struct SplitTests {
    /// Rows whose target says which row they are.
    private func table(rows: Int = 600, classes: Int = 0) -> Table {
        var random = Random(3)
        var table = Table()
        table.add("x", (0..<rows).map { _ in random.normal() })
        table.add("row", (0..<rows).map { Double($0) })
        table.add("when", (0..<rows).map { Double(($0 * 173) % rows / 2) }, type: "timestamp", role: .time)
        table.add("who", (0..<rows).map { "user \($0 % 37)" }, role: .group)
        if classes > 0 {
            table.add("y", (0..<rows).map { "class \($0 % 100 < 80 ? 0 : $0 % classes)" }, role: .target)
        } else {
            table.add("y", (0..<rows).map { Double($0) }, role: .target)
        }
        return table
    }

    private func read(_ table: Table, _ split: JSONValue, params: JSONValue = [:]) throws -> DataSet {
        let isText = table.columns.first { $0.role == .target }!.isCategory
        return try Run(
            table: table, algorithm: isText ? "logistic_regression" : "ridge",
            task: isText ? "classification" : "regression", params: params, split: split
        ).read()
    }

    /// The numbers of a part's rows.
    private func rows(_ part: Part) -> [Int] {
        part.chunks.flatMap { chunk in (0..<chunk.rows).map { Int(chunk.number(1, $0)) } }
    }

    private func time(_ table: Table, _ row: Int) -> Double {
        if case .number(let time) = table.columns[2].cells[row] { time } else { .nan }
    }

    static let methods: [JSONValue] = [
        ["method": "random"], ["method": "stratified"], ["method": "group"], ["method": "time"],
        ["method": "time", "gap": 9], ["method": "time", "gap": "20 seconds", "gap_seconds": 20], ["method": "none"],
    ]

    @Test(arguments: methods)
    func everyRowIsOnOneSideAndInOneFold(_ method: JSONValue) throws {
        let isStratified = method["method"] == "stratified"
        let table = table(classes: isStratified ? 3 : 0)
        var split = method
        split["folds"] = 4
        split["validation"] = 0.15
        let data = try read(table, split)
        let hasTest = method["method"] != "none"
        #expect(hasTest == (data.heldOut.rows > 0) && data.validation!.rows > 0)
        let dropped = data.dropped.reduce(0) { $0 + $1.rows }
        let all = rows(data.training) + rows(data.heldOut) + rows(data.validation!)
        #expect(Set(all).count == all.count && all.count + dropped == 600)
        var tested: [Int] = []
        for fold in data.folds {
            let subset = data.subset(fold)!
            #expect(Set(rows(subset.training)).isDisjoint(with: rows(subset.heldOut)))
            #expect(Set(rows(subset.training)).isSubset(of: rows(data.training)))
            if method["method"] != "time" {
                #expect(subset.training.rows + subset.heldOut.rows == data.training.rows)
            }
            tested += rows(subset.heldOut)
        }
        #expect(Set(tested).count == tested.count)
        #expect(method["method"] == "time" || tested.count == data.training.rows)
    }

    @Test(arguments: methods)
    func sidesAndFoldsDoNotDependOnTheOrderOfTheRows(_ method: JSONValue) throws {
        let table = table(classes: method["method"] == "stratified" ? 3 : 0)
        var split = method
        split["folds"] = 3
        let (one, other) = (try read(table, split), try read(table.rows((0..<600).map { ($0 * 7 + 5) % 600 }), split))
        #expect(Set(rows(one.heldOut)) == Set(rows(other.heldOut)))
        for index in 0..<3 {
            let parts = try [one, other].map { try #require($0.subset($0.folds[index])).heldOut }
            #expect(Set(rows(parts[0])) == Set(rows(parts[1])))
        }
    }

    @Test(arguments: [0, 5])
    func stratifiedSidesAndFoldsHaveTheClassesShares(_ outer: Int) throws {
        let table = table(classes: 3)
        let data = try read(
            table, ["method": "stratified", "test": 0.25, "folds": 5, "outer_folds": .integer(Int64(outer))])
        func counts(_ part: Part) -> [Int] {
            rows(part).reduce(into: [0, 0, 0]) { $0[$1 % 100 < 80 ? 0 : $1 % 3] += 1 }
        }
        let whole = (0..<600).reduce(into: [0, 0, 0]) { $0[$1 % 100 < 80 ? 0 : $1 % 3] += 1 }
        #expect(counts(data.heldOut) == whole.map { Int((0.25 * Double($0)).rounded()) })
        let training = counts(data.training)
        for fold in data.folds {
            let found = counts(data.subset(fold)!.heldOut)
            for (a, b) in zip(found, training) { #expect(abs(Double(a) - Double(b) / 5) <= Double(max(1, outer))) }
        }
    }

    @Test func aStratifiedRowKeepsItsSideWhenOthersGo() throws {
        let table = table(classes: 3)
        let whole = Set(rows(try read(table, ["method": "stratified"]).heldOut))
        let most = Array(0..<600).filter { $0 % 10 != 3 }
        let fewer = Set(rows(try read(table.rows(most), ["method": "stratified"]).heldOut))
        let stayed = whole.filter { $0 % 10 != 3 }
        #expect(fewer.symmetricDifference(stayed).count <= 12, "\(fewer.symmetricDifference(stayed).count)")
    }

    @Test(arguments: [0, 3])
    func groupsAreNeverParted(_ outer: Int) throws {
        let table = table()
        let data = try read(
            table,
            [
                "method": "group", "folds": 3, "validation": 0.1, "outer_folds": .integer(Int64(outer)),
            ])
        func users(_ part: Part) -> Set<Int> { Set(rows(part).map { $0 % 37 }) }
        let sides = [data.training, data.heldOut, data.validation!].map(users)
        #expect(sides.allSatisfy { !$0.isEmpty } && sides.reduce(0) { $0 + $1.count } == 37)
        for fold in data.folds + data.outerFolds {
            let subset = data.subset(fold)!
            #expect(users(subset.training).isDisjoint(with: users(subset.heldOut)))
        }
        let sizes = data.folds.map { data.subset($0)!.heldOut.rows }
        #expect(sizes.max()! - sizes.min()! <= 2 * (outer + 1) * 17, "\(sizes)")
    }

    @Test func twoGroupsGiveOneToTrainOnAndOneToTest() throws {
        var table = table(rows: 40)
        table.columns[3].cells = (0..<40).map { $0 < 30 ? "a" : "b" }
        for seed in 0..<8 {
            let data = try read(table, ["method": "group", "seed": .integer(Int64(seed))])
            #expect([10, 30].contains(data.heldOut.rows) && data.training.rows + data.heldOut.rows == 40)
        }
        table.columns[3].cells = (0..<40).map { _ in "a" }
        let error = try #require(throws: ForgeError.self) { try read(table, ["method": "group"]) }
        #expect(error.code == .notEnoughRows && error.message.contains("1 groups are too few"))
    }

    @Test(arguments: [JSONValue.integer(0), 25, "40 seconds"])
    func testedRowsComeAfterAllTheirTrainingRowsAndTheGap(_ gap: JSONValue) throws {
        let table = table()
        var split: JSONValue = ["method": "time", "test": 0.2, "folds": 4, "outer_folds": 2, "gap": gap]
        if gap.textValue != nil { split["gap_seconds"] = 40 }
        let data = try read(table, split)
        func check(_ training: Part, _ heldOut: Part) {
            let last = rows(training).map { time(table, $0) }.max()!
            let first = rows(heldOut).map { time(table, $0) }.min()!
            #expect(last < first)
            if gap.textValue != nil { #expect(first - last >= 40, "\(first) \(last)") }
            if let count = gap.intValue {
                let between = (0..<600).count { time(table, $0) > last && time(table, $0) < first }
                #expect(between >= count && between <= count + 2, "\(between)")
            }
        }
        check(data.training, data.heldOut)
        #expect((data.dropped.first { $0.reason == "in the gap of the split" } != nil) == (gap != 0))
        #expect(abs(data.heldOut.rows - 120) <= 2)
        for fold in data.folds + data.outerFolds {
            let subset = try #require(data.subset(fold))
            check(subset.training, subset.heldOut)
        }
        for fold in data.outerFolds.flatMap(\.inner) {  // the gap may leave the first one nothing to train on
            if let subset = data.subset(fold) { check(subset.training, subset.heldOut) }
        }
    }

    @Test func rowsWithoutATimeAreLeftOutOfASplitByTime() throws {
        var table = table()
        for row in 0..<10 { table.columns[2].cells[row] = .null }
        let data = try read(table, ["method": "time"])
        #expect(data.dropped.first?.reason == "time is NULL" && data.dropped.first?.rows == 10)
    }

    @Test func duplicatesStayTogetherInEveryFold() throws {
        var table = table()
        table.keys = (0..<600).map { splitmix64(UInt64($0 / 3)) }
        for method in ["random", "none"] {
            let data = try read(table, ["method": .text(method), "folds": 7, "validation": 0.1])
            let parts = [data.heldOut, data.validation!] + data.folds.map { data.subset($0)!.heldOut }
            let places = parts.map { Set(rows($0).map { $0 / 3 }) }
            #expect(Set(places.joined()).count == places.reduce(0) { $0 + $1.count }, "\(method)")
        }
    }

    @Test func aPartColumnNamesValidationRowsToo() throws {
        var table = table(rows: 9)
        table.add("part", (0..<9).map { ["train", "test", "validation"][$0 % 3] }, role: .part)
        let data = try read(table, ["method": "column", "column": "part"])
        #expect([data.training.rows, data.heldOut.rows, data.validation?.rows] == [3, 3, 3])
    }

    @Test func regressionHasNoClassesToStratifyBy() throws {
        let error = try #require(throws: ForgeError.self) { try read(table(), ["method": "stratified"]) }
        #expect(error.code == .invalidParameter && error.message.contains("regression has no classes"))
    }

    @Test func fewerRowsThanFoldsAreRefused() throws {
        let error = try #require(throws: ForgeError.self) {
            try read(table(rows: 6), ["method": "none", "folds": 10])
        }
        #expect(error.code == .notEnoughRows && error.message.contains("fill 6 of 10 folds"), "\(error)")
    }

    @Test func everythingWrongWithASplitIsSaidAtOnce() throws {
        let error = try #require(throws: ForgeError.self) {
            try read(
                table(),
                [
                    "method": "random", "test": 0.7, "validation": 0.4, "folds": 1, "outer_folds": 3, "gap": "1 day",
                    "stratify": true,
                ])
        }
        for part in ["must leave rows", "split.folds must be 0 or", "split.gap must be", "unknown split entry"] {
            #expect(error.detail?.contains(part) == true, "\(part) \(error)")
        }
    }

    // MARK: - Rankings

    private func ranking(_ table: Table, _ split: JSONValue, sample: JSONValue = nil) throws -> DataSet {
        var table = table
        for row in 0..<table.rows { table.columns[4].cells[row] = .number(Double(row % 5)) }
        return try Run(
            table: table, algorithm: "gradient_boosting", task: "ranking", params: ["early_stopping_rounds": 3],
            split: split, sample: sample
        ).read()
    }

    /// A ranking is split by group unless it says otherwise, and whatever its split, no query is parted.
    @Test(
        arguments: [[:], ["method": "none"], ["method": "column", "column": "part"], ["method": "time"]] as [JSONValue])
    func aRankingPartsWholeQueries(_ method: JSONValue) throws {
        var table = table()
        for row in 0..<600 { table.columns[2].cells[row] = .number(Double(row % 37)) }
        table.add("part", (0..<600).map { $0 % 37 < 8 ? "test" : "train" }, role: .part)
        var split = method
        split["folds"] = 3
        let data = try ranking(table, split)
        #expect((data.heldOut.rows > 0) == (method["method"] != "none"))
        func queries(_ part: Part?) -> Set<Int> { Set(rows(part!).map { $0 % 37 }) }
        for set in [data] + data.folds.compactMap(data.subset) {
            let sides = [set.training, set.stopping, set.heldOut].map(queries)
            #expect(sides[0].isDisjoint(with: sides[1]) && sides[0].isDisjoint(with: sides[2]))
            #expect(sides[1].isDisjoint(with: sides[2]) && !sides[1].isEmpty)
        }
    }

    @Test func aSplitThatPartsQueriesIsRefused() throws {
        var table = table()
        table.add("part", (0..<600).map { $0 == 3 ? "test" : "train" }, role: .part)
        for (split, words) in [
            (["method": "random"], "parts rows"), (["method": "time"], "parts the rows of 33 of 37 queries"),
            (["method": "column", "column": "part"], "parts the rows of 1 of 37 queries"),
        ] as [(JSONValue, String)] {
            let error = try #require(throws: ForgeError.self) { try ranking(table, split) }
            #expect(error.code == .invalidParameter && error.message.contains(words), "\(error)")
        }
    }

    @Test(arguments: [["rows": 100], ["fraction": 0.3]] as [JSONValue])
    func theSampleOfARankingTakesWholeQueries(_ sample: JSONValue) throws {
        let data = try ranking(table(), ["method": "none"], sample: sample)
        let taken = rows(data.training) + rows(data.stopping!)
        let whole = (0..<600).filter { row in taken.contains { $0 % 37 == row % 37 } }
        #expect(Set(whole) == Set(taken) && taken.count >= 100 && taken.count < 300, "\(taken.count)")
    }

    @Test func theSplitWithoutFoldsHasNoCells() throws {
        let data = try read(table(), ["test": 0.2])
        #expect(data.folds.isEmpty && data.validation == nil && data.stopping == nil)
    }
}
