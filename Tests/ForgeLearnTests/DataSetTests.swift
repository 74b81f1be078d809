import ForgeModel
import Testing

@testable import ForgeLearn

@Suite struct DataSetTests {
    private func table(rows: Int = 500, seed: UInt64 = 1) -> Table {
        var random = Random(seed)
        var table = Table()
        table.add("x", (0..<rows).map { _ in random.normal() })
        table.add("c", (0..<rows).map { _ in random.uniform() < 0.1 ? nil : "level \(random.index(9))" })
        table.add("y", (0..<rows).map { _ in random.normal() }, role: .target)
        return table
    }

    private func run(_ table: Table, split: JSONValue = nil, sample: JSONValue = nil) -> Run {
        Run(table: table, algorithm: "ridge", task: "regression", split: split, sample: sample)
    }

    private func targets(_ data: DataSet) -> (training: [Double], heldOut: [Double]) {
        (data.training.targets, data.heldOut.targets)
    }

    // MARK: - Split and sample

    @Test func splitFollowsTheDocumentedFormula() throws {
        let table = table()
        let data = try run(table, split: ["test": 0.3, "seed": 7]).read()
        let seed = splitmix64(7)
        let held = (0..<table.rows).filter { Double(splitmix64(table.key($0) ^ seed)) / 0x1p64 < 0.3 }
        let expected = held.map { row -> Double in
            if case .number(let value) = table.columns[2].cells[row] { value } else { Double.nan }
        }
        #expect(data.heldOut.targets == expected)
        #expect(held.count > 100 && held.count < 200)
    }

    @Test func heldOutRowsOfTreesTakeTheRoomOfDoublesOnlyForAChampion() throws {
        var run = run(table(), split: ["test": 0.3])
        run.algorithm = "gradient_boosting"
        #expect(try run.read().heldOut.layout.storages == [.float32, .codes])
        let outcome = try run.train()
        run.champion = ChampionModel(
            version: 1, metric: nil, manifest: outcome.manifest, artifact: outcome.artifact)
        #expect(try run.read().heldOut.layout.storages == [.float64, .codes])
    }

    @Test func splitmixIsTheReferenceGenerator() {
        // First outputs of splitmix64.c (Vigna) from the states 0 and 1234567.
        #expect(splitmix64(0) == 0xE220_A839_7B1D_CDAF)
        #expect(splitmix64(1_234_567) == 6_457_827_717_110_365_317)
    }

    @Test func aRowKeepsItsPlaceWhateverRowsComeBesideIt() throws {
        let table = table()
        let whole = try targets(run(table).read())
        let shuffled = try targets(run(table.rows((0..<500).map { ($0 * 173) % 500 })).read())
        #expect(Set(whole.heldOut) == Set(shuffled.heldOut))
        let half = try targets(run(table.rows(Array(0..<250))).read())
        #expect(Set(half.heldOut).isSubset(of: Set(whole.heldOut)))
        #expect(Set(half.training).isSubset(of: Set(whole.training)))
    }

    @Test func aPartColumnSplitsAndOtherWordsAreReported() throws {
        var table = table(rows: 6)
        table.add("part", ["train", "test", "train", nil, "holdout", "train"], role: .part)
        let run = run(table, split: ["method": "column", "column": "part"])
        let data = try run.read()
        #expect(data.trainingRows == 3 && data.heldOutRows == 1)
        #expect(data.dropped.map(\.reason) == ["part is neither train, test nor validation"] && data.dropped[0].rows == 2)
    }

    @Test(arguments: [1, 10, 250, 499])
    func aSampleOfRowsHasExactlyThemWhateverTheirOrder(_ rows: Int) throws {
        let table = table()
        func sampled(_ table: Table) throws -> Set<Double> {
            var run = run(table, split: ["method": "none"], sample: ["rows": .integer(Int64(rows))])
            run.blockRows = 64
            let data = try run.read()
            #expect(data.trainingRows == rows && data.sampledOut == 500 - rows && data.rowsRead == 500)
            return Set(data.training.targets)
        }
        #expect(try sampled(table) == sampled(table.rows((0..<500).reversed())))
    }

    @Test func aSampleLargerThanTheSourceIsTheSource() throws {
        let data = try run(table(), split: ["method": "none"], sample: ["rows": 10_000]).read()
        #expect(data.trainingRows == 500 && data.sampledOut == 0)
    }

    @Test func aSampleOfManyRowsIsTrimmedOnTheWay() throws {
        let table = table(rows: 60_000)
        let data = try run(table, split: ["test": 0.5], sample: ["rows": 1_000]).read()
        #expect(data.trainingRows + data.heldOutRows == 1_000 && data.sampledOut == 59_000)
        let levels = data.training.chunks.flatMap { chunk in (0..<chunk.rows).map { chunk.codes(1)[$0] } }
        #expect(levels.count == data.trainingRows)
    }

    @Test func aFractionIsDrawnByKey() throws {
        let table = table(rows: 5_000)
        let data = try run(table, split: ["method": "none"], sample: ["fraction": 0.1]).read()
        #expect(data.trainingRows > 400 && data.trainingRows < 600)
        #expect(data.trainingRows + data.sampledOut == 5_000)
    }

    // MARK: - Groups and times

    @Test func groupsAndTimesComeWithTheirRowsAndAreNoFeatures() throws {
        var table = table(rows: 300)
        table.add("when", (0..<300).map { $0 % 7 == 0 ? nil : Double($0) }, type: "timestamp", role: .time)
        table.add("who", (0..<300).map { "user \($0 % 11)" }, role: .group)
        table.add("where", (0..<300).map { Double($0 % 3) }, role: .group)
        var run = run(table, split: ["test": 0.3])
        run.blockRows = 64
        let data = try run.read()
        #expect(data.features.map(\.name) == [Bytes("x".utf8), Bytes("c".utf8)])
        for part in [data.training, data.heldOut] {
            #expect(part.times.count == part.rows && part.groups.count == part.rows)
        }
        var rowOf: [Double: Int] = [:]  // by target
        for (row, cell) in table.columns[2].cells.enumerated() { if case .number(let y) = cell { rowOf[y] = row } }
        var seen: [UInt64: Int] = [:]
        for (place, target) in data.training.targets.enumerated() {
            let row = rowOf[target]!
            #expect(row % 7 == 0 ? data.training.times[place].isNaN : data.training.times[place] == Double(row))
            #expect(seen.updateValue(row % 33, forKey: data.training.groups[place]) ?? row % 33 == row % 33)
        }
        #expect(seen.count == 33)
    }

    // MARK: - Rows left out

    @Test func rowsWithoutTargetOrWeightAreLeftOutAndReported() throws {
        var table = table(rows: 8)
        table.columns[2].cells[0] = .null
        table.add("w", [1, 0, nil, 2, 1, 1, 1, .nan], role: .weight)
        let outcome = try run(table, split: ["method": "none"]).train()
        #expect(outcome.manifest["rows"] == ["read": 8, "train": 4, "test": 0, "dropped": 4])
        #expect(
            outcome.manifest["data_report"]?["dropped"] == [
                ["reason": "target is NULL", "rows": 1], ["reason": "weight is NULL", "rows": 2],
                ["reason": "weight is zero", "rows": 1],
            ])
    }

    @Test func negativeWeightsAreRefused() throws {
        var table = table(rows: 4)
        table.add("w", [1, -2, -3, 1], role: .weight)
        let error = try #require(throws: ForgeError.self) { try run(table).read() }
        #expect(error.code == .valueOutOfRange)
        #expect(error.message == "weight column \"w\" holds 2 values that are no weights, first -2.0")
    }

    @Test func allColumnsWithBadValuesAreNamedTogether() throws {
        var table = table(rows: 4)
        table.add("z", [1, .infinity, 2, 3])
        table.columns[0].cells[1] = .number(-.infinity)
        let error = try #require(throws: ForgeError.self) { try run(table).read() }
        #expect(
            error.detail
                == "column \"x\" holds 1 infinite values, first -inf\ncolumn \"z\" holds 1 infinite values, first inf")
    }

    @Test func valuesBeyondFloat32AreRefusedForTreesOnly() throws {
        var table = table(rows: 40)
        table.columns[0].cells[3] = .number(1e39)
        var run = run(table, split: ["method": "none"])
        run.algorithm = "gradient_boosting"
        let error = try #require(throws: ForgeError.self) { try run.read() }
        #expect(error.code == .valueOutOfRange)
        #expect(error.message == "column \"x\" holds 1 values beyond float32 (3.4e38), first 1e+39")
        run.algorithm = "ridge"
        #expect(try run.read().trainingRows == 40)
    }

    @Test func aTargetThatIsMissingEverywhereIsNamed() throws {
        var table = table(rows: 4)
        table.columns[2].cells = [.null, .null, .null, .null]
        let error = try #require(throws: ForgeError.self) { try run(table).read() }
        #expect(error.code == .unusableTarget)
        #expect(error.message == "target \"y\" is NULL in all 4 rows")
    }

    // MARK: - Blocks

    @Test func fingerprintFollowsEveryValue() throws {
        let table = table()
        var changed = table
        changed.columns[0].cells[499] = .number(0.25)
        var renamed = table
        renamed.columns[0].name = "X"
        let prints = try [table, changed, renamed].map { try run($0).read().fingerprint }
        #expect(Set(prints).count == 3)
        #expect(try run(table).read().fingerprint == prints[0])
        #expect(prints[0].wholeMatch(of: /[0-9a-f]{32}/) != nil)
    }

    @Test func columnNamesAreComparedAsBytes() throws {
        var table = table(rows: 50)
        table.columns[0].name = "caf\u{E9}"
        table.add("cafe\u{301}", (0..<50).map { Double($0) })
        let run = Run(
            table: table, algorithm: "ridge", task: "regression", preprocess: ["cafe\u{301}": ["scale": "none"]])
        let steps = try run.train().manifest["preprocess"]
        #expect(steps?["caf\u{E9}"]?["scale"] == "standard" && steps?["cafe\u{301}"]?["scale"] == "none")
    }

    private func append(_ bytes: [UInt8]) throws {
        let table = table(rows: 20)
        let builder = try table.header.withUnsafeBytes { try DataSetReader(header: $0, job: run(table).job) }
        try bytes.withUnsafeBytes { try builder.append(block: $0) }
        _ = try builder.finish()
    }

    @Test func everyTruncatedBlockIsRefused() throws {
        let block = table(rows: 20).blocks()[0]
        try append(block)
        // Padding may be missing at the end.
        for length in 0..<block.count - 8 {
            #expect(throws: ForgeError.self, "\(length)") { try append(Array(block[..<length])) }
        }
    }

    @Test func anyFlippedByteGivesRowsOrAnErrorNeverATrap() throws {
        let block = table(rows: 20).blocks()[0]
        for position in block.indices {
            for mask: UInt8 in [0x01, 0x80, 0xFF] {
                var damaged = block
                damaged[position] ^= mask
                do { try append(damaged) } catch is ForgeError {}
            }
        }
    }

    @Test func headersThatAreNoneAreRefused() throws {
        let table = table(rows: 2)
        let job = try run(table).job
        for bytes in [
            "", "FGH", "FGB1{}", "FGH1", "FGH1{", "FGH1{}", #"FGH1{"columns":[]}"#, #"FGH1{"columns":[{"name":"y"}]}"#,
        ] {
            #expect(throws: ForgeError.self, "\(bytes)") {
                try Array(bytes.utf8).withUnsafeBytes { try DataSetReader(header: $0, job: job) }
            }
        }
    }

    // MARK: - Labels

    @Test func labelsAreTheTargetsTextInByteOrder() throws {
        func labels(_ values: [Double], _ type: String) throws -> (JSONValue?, JSONValue?) {
            var table = Table()
            table.add("x", values.indices.map { Double($0) })
            table.add("y", values, type: type, role: .target)
            let manifest = try Run(table: table, algorithm: "logistic_regression", task: "classification").train()
                .manifest
            return (manifest["labels"], manifest["positive"])
        }
        #expect(try labels([0, 1, 1, 0], "boolean") == (["false", "true"], "true"))
        #expect(try labels([2, 10, 2, 10], "integer") == (["10", "2"], "2"))
        #expect(try labels([0, 1, 1, 0], "smallint") == (["0", "1"], "1"))
        #expect(try labels([0.5, -1, 0.5, -1], "double precision") == (["-1", "0.5"], "0.5"))
        #expect(try labels([1, 2, 3, 1], "integer") == (["1", "2", "3"], .null))
    }

    @Test func positiveClassIsTheOneAskedForOrRefused() throws {
        var table = Table()
        table.add("x", (0..<40).map { Double($0) })
        table.add("y", (0..<40).map { $0 < 20 ? "no" : "yes" }, role: .target)
        var run = Run(
            table: table, algorithm: "logistic_regression", task: "classification", params: ["positive_class": "no"])
        let outcome = try run.train()
        #expect(outcome.manifest["positive"] == "no")
        #expect(try Scorer(artifact: outcome.artifact).positive == 0)
        #expect(try run.scores(of: outcome)[0][0] > 0.5)
        run.params = ["positive_class": "maybe"]
        let error = try #require(throws: ForgeError.self) { try run.train() }
        #expect(error.code == .invalidParameter && error.detail == "labels: \"no\", \"yes\"")
    }

    @Test func aDateIsNoClassAndATextIsNoNumber() throws {
        var table = Table()
        table.add("x", [1, 2, 3])
        table.add("y", [1, 2, 3], type: "date", role: .target)
        let error = try #require(throws: ForgeError.self) {
            try Run(table: table, algorithm: "random_forest", task: "classification").train()
        }
        #expect(error.code == .unsupportedType)
        var texts = Table()
        texts.add("x", [1, 2, 3])
        texts.add("y", ["a", "b", "c"], role: .target)
        let other = try #require(throws: ForgeError.self) { try run(texts, split: ["method": "none"]).train() }
        #expect(other.code == .unusableTarget)
    }

    @Test func moreThanAThousandClassesAreRefused() throws {
        var table = Table()
        table.add("x", (0..<1_001).map { Double($0) })
        table.add("y", (0..<1_001).map { Double($0) }, type: "integer", role: .target)
        let error = try #require(throws: ForgeError.self) {
            try Run(table: table, algorithm: "gradient_boosting", task: "classification").train()
        }
        #expect(error.code == .tooManyLevels)
    }
}
