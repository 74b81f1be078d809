import CForgeABI
import ForgeSQL
import Testing

@testable import ForgeModel

/// The C interface as the extension uses it.
struct InterfaceTests {
    /// A decoded arena with its exact length, copied once to another address.
    private static func withArena<Result>(
        _ document: ModelDocument, _ body: (UnsafeRawPointer, ForgeModelInfo) throws -> Result
    ) throws -> Result {
        let artifact = try document.encoded()
        var status = ForgeStatus()
        let size = forgeModelMeasure(artifact, Int64(artifact.count), &status)
        try #require(size > 0)
        let decoded = UnsafeMutableRawPointer.allocate(byteCount: Int(size), alignment: 16)
        let copy = UnsafeMutableRawPointer.allocate(byteCount: Int(size), alignment: 16)
        defer { copy.deallocate() }
        try #require(forgeModelDecode(artifact, Int64(artifact.count), decoded, size, &status) == 0)
        copy.copyMemory(from: decoded, byteCount: Int(size))
        decoded.initializeMemory(as: UInt8.self, repeating: 0xAA, count: Int(size))
        decoded.deallocate()
        var info = ForgeModelInfo()
        forgeModelInfo(copy, &info)
        return try body(copy, info)
    }

    private static func text(_ start: UnsafePointer<CChar>?, _ length: Int64) -> Bytes {
        Bytes(UnsafeRawBufferPointer(start: start, count: Int(length)))
    }

    private static func message(_ status: ForgeStatus) -> String { ForgeError(status).description }

    @Test(arguments: 0..<UInt64(10))
    func movedArenaTellsAndScoresTheSame(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed)
        for document in ScoringTests.documents(seed) {
            let scorer = try Scorer(artifact: document.encoded())
            let rows = make.rows(2, of: document.columns)
            try InterfaceTests.withArena(document, { arena, info in
                #expect(info.columns == document.columns.count && info.classes == document.labels.count)
                #expect(info.positive == document.positive && info.outputs == scorer.outputs)
                #expect(document.threshold.map { $0 == info.threshold } ?? info.threshold.isNaN)
                for (index, column) in document.columns.enumerated() {
                    var told = ForgeColumnInfo()
                    #expect(forgeModelColumn(arena, Int32(index), &told) == 0)
                    #expect(InterfaceTests.text(told.name, told.name_length) == column.name)
                    #expect(InterfaceTests.text(told.type, told.type_length) == column.sqlType)
                    #expect(told.kind == column.kind.rawValue)
                }
                let scratch = UnsafeMutableRawPointer.allocate(byteCount: Int(info.scratch), alignment: 8)
                defer { scratch.deallocate() }
                var status = ForgeStatus()
                for row in 0..<2 {
                    var scores = [Double](repeating: 0, count: scorer.scores)
                    try withCells(rows, row: row) { cells in
                        let expected = try scorer.score(cells)
                        #expect(forgeModelScore(arena, cells.baseAddress!, scratch, &scores, &status) == 0)
                        #expect(scores == expected, "seed \(seed)")
                        var value = 0.0
                        let code = forgeModelPredict(arena, cells.baseAddress!, scratch, &value, &status)
                        let isMany = info.classes > 2 || info.classes == 0 && info.clusters == 0 && info.outputs > 1
                        #expect(code == (isMany ? 1 : 0))
                        if code == 0, info.clusters == 0 { #expect(value == expected[max(Int(info.positive), 0)]) }
                        var assignment = ForgeAssignment()
                        let clustered = forgeModelCluster(arena, cells.baseAddress!, scratch, &assignment, &status)
                        #expect(clustered == (info.clusters > 0 ? 0 : 1))
                        if clustered == 0 {
                            let same = try scorer.cluster(cells)
                            #expect(Double(assignment.cluster) == value && assignment.cluster == same.cluster)
                            #expect(assignment.distance == same.distance)
                            #expect(assignment.cluster < 0 || assignment.probability.isNaN
                                || assignment.probability == expected[Int(assignment.cluster)])
                        }
                        var numbers = [Float](repeating: 0, count: Int(info.transform))
                        let transformed = forgeModelTransform(arena, cells.baseAddress!, scratch, &numbers, &status)
                        #expect(transformed == (numbers.isEmpty ? 1 : 0))
                        if info.classes == 0, info.outputs == info.transform, !document.form.isNetwork {
                            #expect(numbers == expected.map { Float($0) })
                        }
                    }
                }
            })
        }
    }

    @Test func labelsAreTheirOwnText() throws {
        var make = RandomModels(seed: 2)
        var document = make.linear(columns: 1, classes: 3)
        document.labels = [[], Bytes("ja".utf8), Bytes("ź".utf8)]
        try InterfaceTests.withArena(document) { arena, _ in
            var start: UnsafePointer<CChar>?
            var length: Int64 = 0
            for (index, label) in document.labels.enumerated() {
                #expect(forgeModelLabel(arena, Int32(index), &start, &length) == 0)
                #expect(InterfaceTests.text(start, length) == label)
            }
            #expect(forgeModelLabel(arena, 3, &start, &length) == -1)
            #expect(forgeModelLabel(arena, -1, &start, &length) == -1)
            var column = ForgeColumnInfo()
            #expect(forgeModelColumn(arena, Int32(document.columns.count), &column) == -1)
        }
    }

    @Test func oneNumberOfManyClassesIsRefused() throws {
        var make = RandomModels(seed: 2)
        let document = make.linear(columns: 0, classes: 3)
        try InterfaceTests.withArena(document) { arena, info in
            let scratch = UnsafeMutableRawPointer.allocate(byteCount: Int(info.scratch), alignment: 8)
            defer { scratch.deallocate() }
            var status = ForgeStatus()
            var value = 0.0
            var cell = ForgeCell(number: 1, bytes: nil, length: 0)
            #expect(forgeModelPredict(arena, &cell, scratch, &value, &status) == 1)
            #expect(
                InterfaceTests.message(status) == """
                    FG016: the model has 3 classes, which one number cannot tell apart
                    HINT: use forge.predict_label or forge.predict_proba
                    """)
        }
    }

    @Test func arenaSmallerThanMeasuredIsRefused() throws {
        var make = RandomModels(seed: 2)
        let artifact = try make.trees(columns: 2, trees: 2, depth: 3, classes: 2).encoded()
        var status = ForgeStatus()
        let size = forgeModelMeasure(artifact, Int64(artifact.count), &status)
        let arena = UnsafeMutableRawPointer.allocate(byteCount: Int(size), alignment: 16)
        defer { arena.deallocate() }
        for short in [0, 8, size - 16] {
            #expect(forgeModelDecode(artifact, Int64(artifact.count), arena, short, &status) == 1)
            #expect(InterfaceTests.message(status).contains("it needs more memory than measured"))
        }
    }

    @Test func longNameIsCutAtACharacter() throws {
        var make = RandomModels(seed: 2)
        var document = make.trees(columns: 0, trees: 1, depth: 1, classes: 0)
        document.columns[0].name = Bytes(String(repeating: "ü", count: 400).utf8)
        let scorer = try Scorer(artifact: document.encoded())
        let error = #expect(throws: ForgeError.self) { try scorer.score([.numbers([.infinity])]) }
        #expect(error?.message == "column \"" + String(repeating: "ü", count: 251) + "\"")
    }
}

extension ModelForm {
    fileprivate var isNetwork: Bool { if case .network = self { true } else { false } }
}
