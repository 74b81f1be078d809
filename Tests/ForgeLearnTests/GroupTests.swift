import ForgeModel
import Testing

@testable import ForgeLearn

/// A model for each group, against models of the group's rows alone.
struct GroupTests {
    /// Rows of shops whose slopes differ, shop by shop or mixed; `sizes` by shop, nil being NULL.
    static func table(_ sizes: [(shop: String?, rows: Int)], seed: UInt64 = 1, labels: Bool = false) -> Table {
        var random = Random(seed)
        var rows = sizes.enumerated().flatMap { index, group in Array(repeating: (group.shop, Double(index)), count: group.rows) }
        for last in stride(from: rows.count - 1, to: 0, by: -1) { rows.swapAt(last, random.index(last + 1)) }
        let x = rows.map { _ in random.normal() }
        let z = rows.map { _ in random.uniform() < 0.1 ? nil : random.normal() }
        let y = rows.indices.map { (rows[$0].1 - 1.5) * 2 * x[$0] + (z[$0] ?? 0) + 10 * rows[$0].1 + 0.3 * random.normal() }
        var table = Table()
        table.add("shop", rows.map(\.0), role: .modelGroup)
        table.add("x", x)
        table.add("z", z)
        table.add("colour", rows.indices.map { _ in ["red", "green", "blue"][random.index(3)] })
        if labels {
            table.add("y", y.indices.map { y[$0] > 10 * rows[$0].1 ? "high" : "low" }, role: .target)
        } else {
            table.add("y", y, role: .target)
        }
        return table
    }

    static let shops: [(shop: String?, rows: Int)] = [("a", 120), (nil, 90), ("b", 150), ("tiny", 3)]

    static func rows(of shop: String?, in table: Table) -> [Int] {
        table.columns[0].cells.indices.filter {
            if case .text(let text) = table.columns[0].cells[$0] { text == shop } else { shop == nil }
        }
    }

    private func list(_ outcome: TrainingOutcome) -> [JSONValue] { outcome.manifest["group_models"]?.arrayValue ?? [] }

    /// Without scaling or levels that a group lacks, the encodings of all rows are the group's own.
    @Test func groupIsFittedAsAloneByRidge() throws {
        let table = Self.table(Self.shops)
        var run = Run(table: table, algorithm: "ridge", task: "regression", preprocess: ["*": ["scale": "none"], "z": ["impute": "constant", "value": 0]])
        let outcome = try run.train()
        let scores = try run.scores(of: outcome)
        var alone = table
        alone.columns.removeFirst()
        for shop in ["a", nil, "b"] {
            let rows = Self.rows(of: shop, in: table)
            run.table = alone.rows(rows)
            let expected = try run.scores(of: run.train())
            #expect(zip(rows, expected).allSatisfy { abs(scores[$0][0] - $1[0]) < 1e-9 }, "\(shop ?? "NULL")")
        }
        run.table = alone
        let whole = try run.scores(of: run.train())
        let tiny = Self.rows(of: "tiny", in: table)
        #expect(tiny.allSatisfy { scores[$0] == whole[$0] }, "a group that is too small is scored by the model of all rows")
        let unseen = Self.table([("never seen", 5)])
        run.table = table
        let global = try run.scores(of: outcome, on: unseen)
        run.table = alone
        #expect(zip(global, try run.scores(of: run.train(), on: unseen)).allSatisfy { abs($0[0] - $1[0]) < 1e-9 })
    }

    @Test func everyAlgorithmHasModelsOfGroups() throws {
        for algorithm in AlgorithmRegistry.all
        where ![.ensemble, .neighbors].contains(algorithm.form) && algorithm.tasks.contains(where: { [.regression, .classification].contains($0) }) {
            let task: LearningTask = algorithm.tasks.contains(.regression) ? .regression : .classification
            var table = Self.table(Self.shops, labels: task == .classification)
            if ["poisson", "gamma", "tweedie"].contains(algorithm.name) {
                table.columns[4].cells = table.columns[4].cells.map { if case .number(let y) = $0 { .number(abs(y) + 0.1) } else { $0 } }
            }
            if algorithm.name == "multinomial_nb" {
                for column in 1...2 {
                    table.columns[column].cells = table.columns[column].cells.map {
                        if case .number(let x) = $0 { .number(x * x) } else { .number(0.5) }
                    }
                }
            }
            let small: JSONValue =
                switch algorithm.name {
                case "gradient_boosting", "random_forest": ["n_estimators": 5]
                case "mlp": ["max_iter": 5, "hidden_layer_sizes": [4]]
                default: [:]
                }
            let run = Run(
                table: table, algorithm: algorithm.name, task: task.rawValue, params: small,
                preprocess: algorithm.name == "multinomial_nb" ? ["*": ["scale": "none"]] : nil,
                split: ["method": "random", "test": 0.2])
            let outcome = try run.train()
            let document = try ModelDocument(artifact: outcome.artifact)
            #expect(document.groups?.forms.count == 3, "\(algorithm.name): \(outcome.manifest["data_report"]?.serialized ?? "")")
            let list = list(outcome)
            #expect(list.count == 4 && list.prefix(3).allSatisfy { $0["metrics"]?.objectValue?.isEmpty == false }, "\(algorithm.name)")
            #expect(outcome.artifact == (try run.train()).artifact, "\(algorithm.name) is reproducible")
            var plain = run
            plain.table.columns.removeFirst()
            let scores = try run.scores(of: outcome)
            let whole = try plain.scores(of: plain.train())
            let own = Self.rows(of: "b", in: table)
            #expect(own.contains { abs(scores[$0][0] - whole[$0][0]) > 1e-3 }, "\(algorithm.name): the group's own model differs")
        }
    }

    @Test func groupsAreListedWithTheirRowsAndReasons() throws {
        let run = Run(
            table: Self.table(Self.shops), algorithm: "ridge", task: "regression", split: ["method": "random", "test": 0.25])
        let outcome = try run.train()
        let list = list(outcome)
        #expect(list.map { $0["group_values"]?["shop"]?.textValue } == ["a", "b", nil, "tiny"])
        #expect(list.map { $0["own_model"]?.boolValue } == [true, true, true, false])
        #expect(list[3]["reason"]?.textValue == "fewer than 30 training rows")
        let rows = list.map { ($0["train_rows"]?.intValue ?? 0) + ($0["test_rows"]?.intValue ?? 0) }
        #expect(rows == [120, 150, 90, 3])
        #expect(outcome.manifest["groups"]?["own_models"]?.intValue == 3)
        let rmse = list.prefix(3).compactMap { $0["metrics"]?["rmse"]?.doubleValue }
        #expect(rmse.count == 3 && rmse.allSatisfy { $0 < 0.6 }, "\(rmse)")
        let terms = outcome.manifest["groups"]?["terms"]?.arrayValue?.compactMap { $0["term"]?.textValue }
        let slope = terms?.firstIndex(of: "x").flatMap { place in list[1]["coefficients"]?.arrayValue?[place].doubleValue }
        #expect(abs((slope ?? 0) - 1) < 0.2, "shop b's slope is 1")
    }

    @Test func threadsDoNotChangeTheModel() throws {
        var run = Run(table: Self.table(Self.shops), algorithm: "ridge", task: "regression")
        let one = try run.train().artifact
        run.threads = 3
        #expect(try run.train().artifact == one)
    }

    @Test func foldsAndCalibrationGoTogetherWithGroups() throws {
        let run = Run(
            table: Self.table(Self.shops, labels: true), algorithm: "logistic_regression", task: "classification",
            split: ["method": "random", "test": 0.2, "folds": 3], decision: ["calibration": "platt", "threshold": "f1"])
        let outcome = try run.train()
        #expect(outcome.manifest["cross_validation"]?.isNull == false)
        #expect(try ModelDocument(artifact: outcome.artifact).groups?.forms.count == 3)
    }

    @Test func columnEncodedByTheTargetKeepsItsFoldsInAGroup() throws {
        let table = Self.table(Self.shops)
        var run = Run(table: table, algorithm: "ridge", task: "regression", preprocess: ["colour": ["encode": "target"]])
        let data = try run.read()
        let plan = try run.plan(data)
        let groups = try #require(plan.groups)
        let picker = RowPicker(data.training)
        let group = groups.large[0]
        let part = picker.part(of: groups.rows.rows(of: group))
        let own = try Self.encoded(part, plan.moved(to: part, seed: try run.job.split.seed))
        let all = try Self.encoded(data.training, plan)
        #expect(own == groups.rows.rows(of: group).map { all[Int($0)] })
        run.params = ["alpha": 0.5]
        #expect(try ModelDocument(artifact: run.train().artifact).groups?.forms.count == 3)
    }

    private static func encoded(_ part: Part, _ plan: EncodingPlan) throws -> [[Double]] {
        let design = Design(part, plan)
        return try design.forEachTile(threads: 1, observer: SilentObserver()) {
            [[Double]]()
        } _: { tile, out in
            var packed = [Double](repeating: 0, count: design.width)
            for row in 0..<tile.rows {
                tile.copyRow(row, to: &packed)
                out.append(packed)
            }
        }.flatMap { $0 }
    }

    // MARK: - Bad input

    private func refusal(_ table: Table, groups: JSONValue = nil, labels: Bool = false) -> ForgeError? {
        #expect(throws: ForgeError.self) {
            try Run(
                table: table, algorithm: labels ? "logistic_regression" : "ridge", task: labels ? "classification" : "regression",
                groups: groups).train()
        }
    }

    @Test func groupsOfOneRowEachAreRefused() {
        let table = Self.table((0..<500).map { ("s\($0)", 1) })
        let error = refusal(table)
        #expect(error?.code == .notEnoughRows)
        #expect(error?.message == "none of 500 groups by \"shop\" can have a model of its own")
        #expect(error?.detail == "500: fewer than 30 training rows")
    }

    @Test func moreGroupsThanAModelHoldsAreRefused() {
        var table = Table()
        let rows = 2 * (ModelLimits.groups + 1)
        table.add("shop", (0..<rows).map { Double($0 / 2) }, type: "integer", role: .modelGroup)
        table.add("x", (0..<rows).map { Double($0 % 7) })
        table.add("y", (0..<rows).map { Double($0 % 5) }, role: .target)
        let error = refusal(table, groups: ["min_rows": 2])
        #expect(error?.code == .tooLarge)
        #expect(error?.message == "65537 of 65537 groups by \"shop\" would have models of their own, the limit is 65536")
    }

    @Test func groupOfOneClassIsScoredByTheModelOfAllRows() throws {
        var table = Self.table(Self.shops, labels: true)
        for row in Self.rows(of: "a", in: table) { table.columns[4].cells[row] = .text("low") }
        let outcome = try Run(table: table, algorithm: "logistic_regression", task: "classification").train()
        let list = list(outcome)
        #expect(list[0]["group_values"]?["shop"]?.textValue == "a" && list[0]["own_model"]?.boolValue == false)
        #expect(list[0]["reason"]?.textValue == "no row of class \"high\"")
        #expect(outcome.manifest["data_report"]?["notes"]?.arrayValue?.contains {
            $0.textValue == "1 of 4 groups are scored by the model of all rows: no row of class \"high\""
        } == true)
    }

    @Test func bigintsThatADoubleCannotTellApartAreRefused() throws {
        func table(_ largest: Double, type: String) -> Table {
            var table = Self.table(Self.shops)
            table.columns.removeFirst()
            table.add("id", (0..<table.rows).map { $0 % 2 == 0 ? 1 : largest }, type: type, role: .modelGroup)
            return table
        }
        let error = refusal(table(0x1p53, type: "bigint"))
        #expect(error?.code == .valueOutOfRange)
        #expect(error?.message.hasPrefix("column \"id\" holds 181 values beyond what a double tells apart (2^53 - 1)") == true)
        #expect(error?.hint == "cast the group column to text in the source")
        #expect(refusal(table(-0x1p60, type: "numeric"))?.code == .valueOutOfRange)
        _ = try Run(table: table(0x1p53 - 1, type: "bigint"), algorithm: "ridge", task: "regression").train()
        _ = try Run(table: table(0x1p60, type: "double precision"), algorithm: "ridge", task: "regression").train()
    }

    @Test func zeroIsOneGroupWhateverItsSign() throws {
        var table = Self.table(Self.shops)
        table.columns.removeFirst()
        let temperatures: [Double?] = [nil, 0.0, -0.0]
        table.add("temperature", (0..<table.rows).map { temperatures[$0 % 3] }, role: .modelGroup)
        let outcome = try Run(table: table, algorithm: "ridge", task: "regression").train()
        #expect(list(outcome).map { $0["train_rows"]?.intValue } == [242, 121])
    }

    @Test func dateAndBooleanGroupsAreListedAsTheirText() throws {
        var table = Self.table([("a", 200)])
        table.columns.removeFirst()
        table.add("day", (0..<200).map { Double($0 % 2) * 86_400 * 366 }, type: "date", role: .modelGroup)
        table.add("open", (0..<200).map { Double($0 / 2 % 2) }, type: "boolean", role: .modelGroup)
        table.add("seen", (0..<200).map { _ in -0.5 }, type: "timestamp without time zone", role: .modelGroup)
        let first = list(try Run(table: table, algorithm: "ridge", task: "regression").train())[3]["group_values"]
        #expect(first?["day"]?.textValue == "2001-01-01" && first?["open"]?.boolValue == true)
        #expect(first?["seen"]?.textValue == "1999-12-31T23:59:59.5")
    }
}
