import CForgeABI
import Testing

@testable import ForgeModel

/// Damaged artifacts: whatever bytes come, the decoder answers with an error or with a model that can be used. A trap would
/// end the test process. The same under the address sanitizer, for longer: scripts/fuzz.sh.
struct DamageTests {
    /// Decodes as the extension does; when that works, scores and explains a row. Returns the SQLSTATE, nil when it worked.
    @discardableResult
    static func use(_ bytes: Bytes) -> String? {
        do {
            let scorer = try Scorer(artifact: bytes)
            let model = try DecodedModel(bytes)
            let cells = (0..<scorer.columns).map { index -> ForgeCell in
                ForgeCell(number: Double(index) - 1.5, bytes: nil, length: 0)
            }
            _ = model.featureNames
            try cells.withUnsafeBufferPointer { cells in
                _ = try scorer.score(cells)
                _ = try scorer.explain(cells)
                if scorer.isClustering { _ = try scorer.cluster(cells) }
                if scorer.transformed > 0 { _ = try scorer.transform(cells) }
                if scorer.trainingRows > 0 { _ = try scorer.neighbors(cells, count: 5) }
            }
            return model.byteCount > 0 ? nil : "nothing"
        } catch let error as ForgeError {
            #expect(!error.message.isEmpty && error.hint != nil)
            return error.code.text
        } catch {
            return "unexpected \(error)"
        }
    }

    static func small(_ seed: UInt64) throws -> [Bytes] {
        var make = RandomModels(seed: seed)
        let documents = [
            make.linear(columns: 2, classes: 3),
            make.trees(columns: 2, trees: 2, depth: 3, classes: 2),
            make.trees(columns: 1, trees: 2, depth: 2, classes: 3, shares: true, vector: true),
            make.network(columns: 2, hidden: [3, 2], classes: 3, activation: .gelu),
            make.linear(columns: 4, classes: 0, prepared: true),
            make.trees(columns: 4, trees: 2, depth: 3, classes: 0, prepared: true),
            make.interventional(make.trees(columns: 2, trees: 2, depth: 3, classes: 3, vector: true)),
            make.interventional(make.linear(columns: 3, classes: 0, prepared: true)),
            make.ensemble(columns: 2, classes: 2),
            make.grouped(make.linear(columns: 2, classes: 3)),
            make.grouped(make.trees(columns: 2, trees: 2, depth: 3, classes: 3, shares: true, vector: true)),
        ] + make.unsupervised(columns: 2) + make.neighbors(columns: 2)
        return try documents.map { try $0.encoded() }
    }

    static let acceptable: Set<String?> = [nil, "FG015", "FG013", "FG012", "FG028"]

    /// One bit of every byte here; all of them, and more, in scripts/fuzz.sh.
    @Test(arguments: 0..<UInt64(22))
    func everyDamagedByteGivesAnErrorOrAUsableModel(_ seed: UInt64) throws {
        let artifact = try DamageTests.small(3)[Int(seed)]
        for place in artifact.indices {
            var damaged = artifact
            damaged[place] ^= 1 << UInt8((place + Int(seed)) % 8)
            let outcome = DamageTests.use(damaged)
            #expect(DamageTests.acceptable.contains(outcome), "byte \(place): \(outcome ?? "")")
        }
    }

    @Test func everyTruncationIsRefused() throws {
        for artifact in try DamageTests.small(4) {
            for length in 0..<artifact.count {
                #expect(DamageTests.use(Bytes(artifact[..<length])) == "FG015", "length \(length)")
            }
            #expect(DamageTests.use(artifact + [0]) == "FG015")
        }
    }

    @Test(arguments: 0..<UInt64(30))
    func randomEditsGiveAnErrorOrAUsableModel(_ seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let pieces = ["{", "}", "[", "]", ",", ":", "\"", "\\u0000", "-1", "99999999999999999999", "1e9", "null", "true", "0"]
        for artifact in try DamageTests.small(seed) {
            for _ in 0..<60 {
                var damaged = artifact
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let place = Int.random(in: 0..<damaged.count, using: &random)
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: damaged[place] = UInt8.random(in: 0...255, using: &random)
                    case 1: damaged.remove(at: place)
                    case 2: damaged.insert(contentsOf: Bytes(pieces.randomElement(using: &random)!.utf8), at: place)
                    default:
                        let other = Int.random(in: 0..<damaged.count, using: &random)
                        damaged.replaceSubrange(
                            place..<min(place + 8, damaged.count), with: damaged[other..<min(other + 8, damaged.count)])
                    }
                }
                // The header's length fits again, so that the edit is met and not only the length.
                if let end = damaged.dropFirst(8).lastIndex(of: UInt8(ascii: "}")), seed % 2 == 0 {
                    withUnsafeBytes(of: UInt64(end - 7)) { damaged.replaceSubrange(0..<min(8, damaged.count), with: $0) }
                }
                let outcome = DamageTests.use(damaged)
                #expect(DamageTests.acceptable.contains(outcome), "seed \(seed): \(outcome ?? "")")
            }
        }
    }

    // MARK: - What a document must not say

    private static func refusal(_ change: (inout ModelDocument, inout TreeForm) -> Void) -> String? {
        var make = RandomModels(seed: 21)
        var document = make.trees(columns: 2, trees: 3, depth: 4, classes: 0, grow: 1)
        guard case .trees(var form) = document.form else { return "not trees" }
        change(&document, &form)
        document.form = .trees(form)
        do {
            _ = try document.encoded()
            return nil
        } catch {
            return (error as? ForgeError)?.message
        }
    }

    @Test func treesThatAreNoTreesAreRefused() {
        let prefix = "the model's artifact is corrupt: "
        #expect(DamageTests.refusal { _, _ in } == nil)
        #expect(DamageTests.refusal { $1.left[0] = 0 } == prefix + "a tree's nodes do not form a tree")
        #expect(DamageTests.refusal { $1.right[0] = $1.left[0] } == prefix + "a tree's nodes do not form a tree")
        #expect(DamageTests.refusal { $1.left[0] = Int32($1.features.count) } == prefix + "a tree's nodes do not form a tree")
        #expect(DamageTests.refusal { $1.left[0] = -5 } == prefix + "a tree's nodes do not form a tree")
        #expect(DamageTests.refusal { $1.features[0] = 99 } == prefix + "a split is on a feature that is not there")
        #expect(DamageTests.refusal { $1.roots[1] = 0 } == prefix + "a tree's nodes are not in order")
        #expect(DamageTests.refusal { $1.treeOutputs[2] = 1 } == prefix + "a tree belongs to no output")
        #expect(DamageTests.refusal { $1.thresholds[0] = .infinity } == prefix + "a node's number is not valid")
        #expect(DamageTests.refusal { $1.covers[1] = -1 } == prefix + "a node's number is not valid")
        #expect(DamageTests.refusal { $1.baseScores = [.nan] } == prefix + "a number is not finite")
        #expect(DamageTests.refusal { $1.categoryOffsets[1] = 9999 } == prefix + "a split's categories are not in order")
        #expect(DamageTests.refusal { $1.covers.removeLast() } == prefix + "a tensor has another shape than expected")
        #expect(DamageTests.refusal { document, _ in document.link = .logistic }
            == prefix + "its task, link, outputs and classes do not fit each other")
        #expect(DamageTests.refusal { document, _ in document.positive = 1 } == prefix + "its positive class is not one")
        #expect(DamageTests.refusal { document, _ in document.threshold = 0.5 } == prefix + "its decision threshold is not valid")
        #expect(DamageTests.refusal { document, _ in document.columns[0].name = document.columns[1].name }
            == "two feature columns have the same name")
    }

    @Test func treeDeeperThanTheLimitIsRefused() {
        var make = RandomModels(seed: 1)
        let document = make.chains(depths: [ModelLimits.treeDepth + 1])
        let error = #expect(throws: ForgeError.self) { try document.encoded() }
        #expect(error?.code == .tooLarge)
        #expect(error?.message == "the model has a tree that is too deep")
    }

    @Test func sixteenHundredColumnsWithLongNamesFit() throws {
        let columns = (0..<1_600).map { index in
            let name = "\(index)" + String(repeating: "\"", count: 63 - "\(index)".utf8.count)
            return ColumnSchema(
                name: Bytes(name.utf8), sqlType: Bytes("timestamp(3) without time zone".utf8), kind: .number,
                encoding: .number(fill: 0, indicator: true, shift: 0, scale: 1))
        }
        let width = 3_200
        let document = ModelDocument(
            task: "regression", algorithm: "linear_regression", link: .identity, columns: columns, labels: [], positive: -1,
            form: .linear(
                LinearForm(
                    outputs: 1, coefficients: [Double](repeating: 1, count: width), intercepts: [0],
                    means: [Double](repeating: 0, count: width))))
        let bytes = try document.encoded()
        #expect(try ModelDocument(artifact: bytes) == document)
    }

    @Test func moreColumnsThanAFitCanSeeAreRefused() {
        let columns = (0..<6_001).map { index in
            ColumnSchema(
                name: Bytes("c\(index)".utf8), sqlType: Bytes("real".utf8), kind: .number,
                encoding: .number(fill: 0, indicator: false, shift: 0, scale: 1))
        }
        let zeros = [Double](repeating: 0, count: 6_001)
        let document = ModelDocument(
            task: "regression", algorithm: "ridge", link: .identity, columns: columns, labels: [], positive: -1,
            form: .linear(LinearForm(outputs: 1, coefficients: zeros, intercepts: [0], means: zeros)))
        #expect(throws: ForgeError.self) { try document.encoded() }
    }

    @Test func newerFormatAsksForAnUpgrade() throws {
        let artifact = try DamageTests.small(1)[0]
        let old = Bytes("\\\"format\\\":1".utf8)
        let place = try #require(artifact.indices.first { artifact[$0...].starts(with: old) })
        var newer = artifact
        newer[place + old.count - 1] = UInt8(ascii: "2")
        let error = #expect(throws: ForgeError.self) { try ModelDocument(artifact: newer) }
        #expect(error?.code == .versionMismatch)
        #expect(error?.hint == "upgrade the forge extension and library to the version that wrote the model")
    }
}
