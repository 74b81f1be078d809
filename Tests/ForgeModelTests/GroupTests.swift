import CForgeMath
import Foundation
import Testing

@testable import ForgeModel

/// Models of groups in one artifact, each against an artifact with its form alone.
struct GroupTests {
    static func documents(_ seed: UInt64) -> [ModelDocument] {
        var make = RandomModels(seed: seed &+ 4_000)
        let columns = make.int(1...6)
        let plain = [
            make.linear(columns: columns, classes: 0), make.linear(columns: columns, classes: 3, prepared: true),
            make.trees(columns: columns, trees: make.int(1...30), depth: 6, classes: 0),
            make.trees(columns: columns, trees: 20, depth: 3, classes: 2, categories: false),
            make.trees(columns: columns, trees: 5, depth: 5, classes: 4, shares: true, vector: true),
            make.network(columns: columns, hidden: [9, 4], classes: 3, activation: .gelu),
            make.interventional(make.trees(columns: columns, trees: 6, depth: 5, classes: 3, prepared: true)),
        ]
        return plain.map { make.grouped($0, groups: make.int(1...20)) }
    }

    /// The group of a row, by looking through all keys; nil: it has no model of its own.
    private func group(_ document: ModelDocument, _ rows: [ColumnValues], _ row: Int) -> Int? {
        guard let groups = document.groups, case .codes(let codes, let texts) = rows[0],
            case .numbers(let years) = rows[rows.count - 1], case .groupLevel(let shops) = document.columns[0].encoding
        else { return nil }
        let shop = codes[row] == ColumnValues.missingCode ? shops.count : shops.firstIndex(of: texts[Int(codes[row])]) ?? 99
        return groups.forms.indices.first { index in
            let (key, year) = (groups.keys[2 * index], groups.keys[2 * index + 1])
            return key == Double(shop) && (year == years[row] || year.isNaN && years[row].isNaN)
        }
    }

    @Test(arguments: 0..<UInt64(30))
    func rowsAreScoredAndExplainedByTheFormOfTheirGroup(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed)
        var own = 0
        for document in GroupTests.documents(seed) {
            let scorer = try Scorer(artifact: document.encoded())
            let alone = try ((document.groups?.forms ?? []) + [document.form]).map { form in
                var single = document
                (single.form, single.groups) = (form, nil)
                return try Scorer(artifact: single.encoded())
            }
            let rows = make.rows(40, of: document.columns)
            for row in 0..<40 {
                let place = group(document, rows, row)
                own += place == nil ? 0 : 1
                let expected = alone[place ?? alone.count - 1]
                #expect(try scorer.margins(rows, rows: [row]) == expected.margins(rows, rows: [row]), "seed \(seed)")
                #expect(try scorer.score(rows, rows: [row]) == expected.score(rows, rows: [row]), "seed \(seed)")
                if row < 8 {
                    #expect(try scorer.explain(rows, rows: [row]) == expected.explain(rows, rows: [row]), "seed \(seed)")
                }
                let one = try withCells(rows, row: row) { try scorer.score($0) }
                #expect(one == (try scorer.score(rows, rows: [row])), "seed \(seed)")
            }
        }
        #expect(own > 0, "seed \(seed): no row is of a group")
    }

    @Test(arguments: 0..<UInt64(30))
    func artifactOfGroupsReadsBackAsTheSameDocument(_ seed: UInt64) throws {
        for document in GroupTests.documents(seed) {
            let bytes = try document.encoded()
            let read = try ModelDocument(artifact: bytes)
            #expect(read.groups == document.groups && read.form == document.form && read.columns == document.columns)
            #expect(try read.encoded() == bytes, "seed \(seed)")
        }
    }

    private func refusal(_ change: (inout ModelDocument, inout ModelGroups) -> Void) -> String? {
        var make = RandomModels(seed: 6)
        var document = make.grouped(make.trees(columns: 2, trees: 3, depth: 3, classes: 0), groups: 3)
        guard var groups = document.groups else { return "no groups" }
        change(&document, &groups)
        document.groups = groups
        do {
            _ = try document.encoded()
            return nil
        } catch {
            return (error as? ForgeError)?.message
        }
    }

    @Test func groupsThatAreNoneAreRefused() {
        let prefix = "the model's artifact is corrupt: "
        #expect(refusal { _, _ in } == nil)
        #expect(refusal { $1.keys = [0, 1, 0, 0, 1, 1] } == prefix + "its groups are not in order")
        #expect(refusal { $1.keys = [0, 1, 0, 1, 1, 1] } == prefix + "its groups are not in order")
        #expect(refusal { $1.keys = [0, .nan, 0, 1, 1, 1] } == prefix + "its groups are not in order")
        #expect(refusal { $1.keys = [0, 1, 1, 1, 4, 1] } == prefix + "a group is of a value that is not there")
        #expect(refusal { $1.keys = [0, 1, 1, 1, 1.5, 1] } == prefix + "a group is of a value that is not there")
        #expect(refusal { $1.keys = [0, 1, 1, 1, .nan, 1] } == prefix + "a group is of a value that is not there")
        #expect(refusal { $1.keys = [0, 1, 1, 1, 1, .infinity] } == prefix + "a group is of a value that is not there")
        #expect(refusal { $1 = ModelGroups(keys: [], forms: []) } == prefix + "a tensor has another shape than expected")
        #expect(refusal { document, _ in document.columns.removeFirst(); document.columns.removeLast() }
            == prefix + "it has groups without columns")
        #expect(refusal { _, groups in
            groups.forms[1] = .linear(LinearForm(outputs: 1, coefficients: [], intercepts: [0], means: []))
        } == "the forms of a model's groups are of no kind that groups have, or of different ones")
        #expect(refusal { _, groups in
            let many = 0..<ModelLimits.groups + 1
            groups = ModelGroups(keys: many.flatMap { [0, Double($0)] }, forms: many.map { _ in groups.forms[0] })
        } == "the model has 65537 groups, more than 65536")
    }

    /// The fuzzer starts from these bytes too. FORGE_WRITE_GENERATED=1 writes them.
    @Test func artifactsOfGroupsKeepTheirBytes() throws {
        func column(_ name: String, _ encoding: ColumnEncoding) -> ColumnSchema {
            ColumnSchema(
                name: Bytes(name.utf8), sqlType: Bytes((encoding.kind == .number ? "real" : "text").utf8), kind: encoding.kind,
                encoding: encoding)
        }
        let columns = [
            column("x", .number(fill: 0, indicator: false, shift: 0, scale: 1)), column("shop", .groupLevel(levels: [[97], [98]])),
            column("year", .groupNumber),
        ]
        func linear(_ slope: Double) -> ModelForm {
            .linear(LinearForm(outputs: 1, coefficients: [slope], intercepts: [1], means: [0.5]))
        }
        func tree(_ leaf: Float) -> ModelForm {
            .trees(
                TreeForm(
                    outputs: 1, baseScores: [0], roots: [0], treeOutputs: [0], features: [0, -1, -1], thresholds: [0.5, leaf, -leaf],
                    left: [1, 0, 0], right: [2, 0, 0], defaultLeft: [true, false, false], covers: [9, 4, 5],
                    categoryOffsets: [0, 0, 0, 0], categoryBits: [], leafVectors: []))
        }
        let keys = [0, 2020, 1, .nan, 2, 2020]
        for (name, forms) in [("groups_linear", (0...3).map { linear(Double($0)) }), ("groups_trees", (0...3).map { tree(Float($0)) })] {
            let document = ModelDocument(
                task: "regression", algorithm: "test", link: .identity, columns: columns, labels: [], positive: -1,
                form: forms[0], groups: ModelGroups(keys: keys, forms: Array(forms.dropFirst())))
            let file = GoldenTests.folder.appendingPathComponent("\(name).safetensors")
            let bytes = try document.encoded()
            if ProcessInfo.processInfo.environment["FORGE_WRITE_GENERATED"] != nil { try Data(bytes).write(to: file) }
            #expect(try Bytes(Data(contentsOf: file)) == bytes)
        }
    }
}
