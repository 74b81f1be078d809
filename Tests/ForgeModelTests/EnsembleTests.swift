import CForgeABI
import Testing

@testable import ForgeModel

/// Ensembles: the weighted mean of what their members say, explained by coalitions of columns; and what the decoder
/// refuses. Damage: DamageTests.
struct EnsembleTests {
    private static func parts(_ document: ModelDocument) -> EnsembleForm {
        guard case .ensemble(let form) = document.form else { return EnsembleForm(members: [], weights: []) }
        return form
    }

    /// The member's own columns of the ensemble's rows.
    private static func columns(_ rows: [ColumnValues], of member: ModelDocument, in document: ModelDocument) -> [ColumnValues] {
        member.columns.map { column in rows[document.columns.firstIndex { $0.name == column.name }!] }
    }

    private static func margins(_ document: ModelDocument, _ rows: [ColumnValues]) throws -> [Double] {
        let form = parts(document)
        let width = max(document.labels.count, 1)
        var sums = [Double](repeating: 0, count: rows[0].count * form.outputs)
        for (member, weight) in zip(form.members, form.weights) {
            let scores = try Scorer(artifact: member.encoded()).score(columns(rows, of: member, in: document))
            for row in 0..<rows[0].count {
                for output in 0..<form.outputs {
                    let place = document.positive >= 0 ? document.positive : output
                    sums[row * form.outputs + output] += weight * scores[row * width + place]
                }
            }
        }
        return sums
    }

    @Test(arguments: 0..<UInt64(40))
    func marginsAreTheWeightedMeansOfTheMembersScoresToTheBit(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed)
        for classes in [0, 2, 3] {
            let document = make.ensemble(columns: make.int(1...6), classes: classes)
            let rows = make.rows(9, of: document.columns)
            let scorer = try Scorer(artifact: document.encoded())
            #expect(try scorer.margins(rows) == EnsembleTests.margins(document, rows), "seed \(seed), classes \(classes)")
        }
    }

    @Test(arguments: 0..<UInt64(40))
    func oneRowOfCellsHasTheBitsOfTheBatch(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed)
        for classes in [0, 2, 3] {
            let document = make.ensemble(columns: make.int(1...6), classes: classes)
            let rows = make.rows(5, of: document.columns)
            let scorer = try Scorer(artifact: document.encoded())
            let scores = try scorer.score(rows)
            let explained = try scorer.explain(rows)
            for row in 0..<5 {
                let one = try withCells(rows, row: row) { try scorer.score($0) }
                #expect(one == Array(scores[row * scorer.scores..<(row + 1) * scorer.scores]))
                let width = scorer.outputs * (scorer.columns + 1)
                let contributions = try withCells(rows, row: row) { try scorer.explain($0) }
                #expect(contributions == Array(explained[row * width..<(row + 1) * width]), "seed \(seed)")
            }
        }
    }

    @Test(arguments: 0..<UInt64(20))
    func encodedTwiceTheBytesAreTheSameAndReadBackTheDocumentIs(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed)
        let document = make.ensemble(columns: 4, classes: [0, 2, 3][Int(seed) % 3])
        let bytes = try document.encoded()
        let read = try ModelDocument(artifact: bytes)
        #expect(try read.encoded() == bytes)  // NaN of the background equals nothing, so bytes are compared
        #expect(read.columns == document.columns && EnsembleTests.parts(read) == EnsembleTests.parts(document))
    }

    /// Shapley values by their definition: all coalitions, each over all rows of the background.
    private static func shapley(_ document: ModelDocument, _ rows: [ColumnValues], row: Int) throws -> [Double] {
        let background = document.background!
        let columns = document.columns.count
        let outputs = parts(document).outputs
        let worth = try (0..<1 << columns).map { coalition -> [Double] in
            let mixed = document.columns.indices.map { column in
                mixture(rows[column], row, document, column, isOwn: coalition & 1 << column != 0)
            }
            let margins = try margins(document, mixed)
            return (0..<outputs).map { output in
                (0..<background.rows).reduce(0) { $0 + margins[$1 * outputs + output] } / Double(background.rows)
            }
        }
        var out = [Double](repeating: 0, count: outputs * (columns + 1))
        for output in 0..<outputs {
            out[output * (columns + 1)] = worth[0][output]
            for column in 0..<columns {
                for coalition in 0..<1 << columns where coalition & 1 << column == 0 {
                    let gain = worth[coalition | 1 << column][output] - worth[coalition][output]
                    out[output * (columns + 1) + column + 1] += BruteForce.weight(coalition.nonzeroBitCount, columns) * gain
                }
            }
        }
        return out
    }

    /// A column of as many rows as the background has: the explained row's value throughout, or the background's.
    private static func mixture(
        _ own: ColumnValues, _ row: Int, _ document: ModelDocument, _ column: Int, isOwn: Bool
    ) -> ColumnValues {
        let background = document.background!
        let widths = document.columns.map(\.encoding.width)
        let first = widths[..<column].reduce(0, +)
        let starts = (0..<background.rows).map { $0 * widths.reduce(0, +) + first }
        let others = starts.map { background.features[$0] }
        switch own {
        case .numbers(let numbers): return .numbers(isOwn ? others.map { _ in numbers[row] } : others)
        case .codes(let codes, let levels):
            if isOwn { return .codes(others.map { _ in codes[row] }, levels: levels) }
            return .codes(
                others.map { $0.isNaN ? ColumnValues.missingCode : UInt32($0) },
                levels: document.columns[column].encoding.levels ?? [])
        case .vectors(let elements, let dimensions):
            let mixed = starts.flatMap { start in
                (0..<dimensions).map { isOwn ? elements[row * dimensions + $0] : Float(background.features[start + $0]) }
            }
            return .vectors(mixed, dimensions: dimensions)
        }
    }

    @Test(arguments: 0..<UInt64(20))
    func contributionsOfFewColumnsAreTheShapleyValues(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed)
        for classes in [0, 2, 3] {
            let document = make.ensemble(columns: make.int(1...5), classes: classes, rows: 3, samples: 0)
            let rows = make.rows(2, of: document.columns)
            let scorer = try Scorer(artifact: document.encoded())
            let explained = try scorer.explain(rows)
            let width = scorer.outputs * (scorer.columns + 1)
            for row in 0..<2 {
                let expected = try EnsembleTests.shapley(document, rows, row: row)
                for (index, value) in expected.enumerated() {
                    let got = explained[row * width + index]
                    #expect(abs(got - value) <= 1e-10 * max(1, abs(value)), "seed \(seed), value \(index): \(got), \(value)")
                }
            }
        }
    }

    @Test func preparedFeaturesAreTheMembersOneAfterTheOtherNamedByTheirNumber() throws {
        var make = RandomModels(seed: 5)
        let document = make.ensemble(columns: 3, classes: 0)
        let members = EnsembleTests.parts(document).members
        let expected = try members.enumerated().flatMap { number, member in
            try DecodedModel(member.encoded()).featureNames.map { "\(number + 1):\($0)" }
        }
        #expect(members.count > 1)
        #expect(try DecodedModel(document.encoded()).featureNames == expected)
    }

    @Test func aMembersRefusalNamesTheEnsemblesColumn() throws {
        var make = RandomModels(seed: 6)
        let cells = ["b", "a"].map {
            ColumnSchema(
                name: Bytes($0.utf8), sqlType: Bytes("real".utf8), kind: .number,
                encoding: .number(fill: nil, indicator: false, shift: 0, scale: 1))
        }
        let members = [make.trees(over: [cells[1]], trees: 2, depth: 2, classes: 0)]
        let document = ModelDocument(
            task: "regression", algorithm: "test", link: .identity, columns: cells, labels: [], positive: -1,
            background: Background(features: [0, 0], rows: 1, seed: 0),
            form: .ensemble(EnsembleForm(members: members, weights: [1])))
        let scorer = try Scorer(artifact: document.encoded())
        let error = #expect(throws: ForgeError.self) { try scorer.score([.numbers([0]), .numbers([1e39])]) }
        #expect(error?.code == .valueOutOfRange)
        #expect(error?.message == "column \"a\" has the value 1e+39, which is beyond the range of real")
        #expect(try scorer.score([.numbers([1e39]), .numbers([0])]).count == 1)
    }

    private static func refusal(
        classes: Int = 3, _ change: (inout ModelDocument, inout EnsembleForm) -> Void
    ) -> String? {
        var make = RandomModels(seed: 3)
        var document = make.ensemble(columns: 3, classes: classes)
        var form = parts(document)
        change(&document, &form)
        document.form = .ensemble(form)
        do {
            _ = try document.encoded()
            return nil
        } catch {
            return (error as? ForgeError)?.message
        }
    }

    @Test func ensemblesThatDoNotFitThemselvesAreRefused() {
        let prefix = "the model's artifact is corrupt: "
        #expect(EnsembleTests.refusal { _, _ in } == nil)
        #expect(
            EnsembleTests.refusal { $1.members[0].labels[1] = Bytes("other".utf8) } == prefix + "a member of it has other classes")
        #expect(
            EnsembleTests.refusal(classes: 2) { $1.members[0].positive = 0 } == prefix + "a member of it has other classes")
        #expect(
            EnsembleTests.refusal(classes: 0) { $1.members[0].task = "decomposition" } == prefix + "a member of it has another task")
        let columns = prefix + "a member of it has other columns"
        #expect(EnsembleTests.refusal { $1.members[0].columns[0].name += [65] } == columns)
        #expect(EnsembleTests.refusal { $1.members[0].columns[0].sqlType += [65] } == columns)
        #expect(
            EnsembleTests.refusal { $1.weights[0] *= 0.5 } == prefix + "the weights of its members do not add up to 1")
        #expect(EnsembleTests.refusal { $1.weights[0] = 0 } == prefix + "a weight of a member is out of range")
        #expect(EnsembleTests.refusal { $1.weights[0] = .nan } == prefix + "a weight of a member is out of range")
        #expect(EnsembleTests.refusal { $1.weights.append(1) } == prefix + "a tensor has another shape than expected")
        #expect(EnsembleTests.refusal { document, _ in document.background = nil } == prefix + "it has no background")
        #expect(EnsembleTests.refusal { document, _ in document.link = .softmax } == prefix + "an ensemble has another link")
        #expect(
            EnsembleTests.refusal { document, _ in
                document.columns[1].kind = .number
                document.columns[1].encoding = .number(fill: 1, indicator: false, shift: 0, scale: 1)
            } == prefix + "a column of an ensemble is encoded")
        #expect(
            EnsembleTests.refusal { document, form in
                form.members = [document]
                form.weights = [1]
            } == prefix + "a member of it is an ensemble")
        #expect(
            EnsembleTests.refusal { _, form in
                form.members = Array(repeating: form.members[0], count: 65)
                form.weights = Array(repeating: 1 / 65, count: 65)
            } == prefix + "its number of members is out of range")
    }
}
