import ForgeModel
import Foundation
import Testing

@testable import ForgeLearn

/// What is learned of columns agrees with scikit-learn (Tests/conformance/make_goldens_prep.py).
@Suite struct PreprocessGoldenTests {
    private static let text: Set<String> = ["city", "size", "label", "kind"]

    private func column(_ name: String) throws -> [Table.Cell] {
        try Conformance.table("prep", target: "amount", text: Self.text).columns.first { $0.name == name }!.cells
    }

    private func numbers(_ name: String) throws -> [Double] {
        try column(name).map { if case .number(let value) = $0 { value } else { Double.nan } }
    }

    private func texts(_ name: String) throws -> [String] {
        try column(name).map { if case .text(let value) = $0 { value } else { "" } }
    }

    @Test(arguments: ["skewed", "signed", "ties"])
    func scalersAreStandardRobustAndMinMax(_ name: String) throws {
        let values = try numbers(name)
        let scalings = try [.standard, .robust, .minMax].map {
            try #require(Scaling.learn($0, values, weights: nil))
        }
        let ours = values.map { value in scalings.map { $0(value) } }
        let found = deviation(ours, try Conformance.golden("prep.\(name).scaled"))
        #expect(found < 1e-12, "\(found)")
    }

    @Test(arguments: ["skewed", "signed", "ties"], [true, false])
    func binsAreThoseOfKBinsDiscretizer(_ name: String, isQuantile: Bool) throws {
        let values = try numbers(name)
        let edges = [2, 5, 10].map {
            BinEdges.learn(ColumnPreprocess.Bins(isQuantile: isQuantile, count: $0, isOrdinal: true), values)
        }
        let ours = values.map { value in edges.map { edges in Double(edges.count { $0 <= value }) } }
        let theirs = try Conformance.golden("prep.\(name).bins_\(isQuantile ? "quantile" : "uniform")")
        #expect(deviation(ours, theirs) == 0)
    }

    @Test(arguments: ["skewed", "signed", "ties"])
    func yeoJohnsonFindsThePowerOfPowerTransformer(_ name: String) throws {
        let values = try numbers(name)
        let theirs = try Conformance.golden("prep.\(name).power")
        let lambda = YeoJohnson.lambda(of: values)
        #expect(abs(lambda - theirs[values.count][0]) < 1e-5, "\(lambda) \(theirs[values.count][0])")
        let transformed = values.map { NumberTransform.yeoJohnson(lambda: lambda)($0) }
        let scaling = try #require(Scaling.learn(.standard, transformed, weights: nil))
        let found = deviation(transformed.map { [scaling($0)] }, Array(theirs.dropLast()))
        #expect(found < 1e-5, "\(found)")
    }

    @Test func ordinalCodesAreThoseOfOrdinalEncoder() throws {
        var table = Table()
        table.add("city", try texts("city"))
        table.add("y", try numbers("amount"), role: .target)
        let run = Run(
            table: table, algorithm: "gradient_boosting", task: "regression",
            preprocess: ["city": ["encode": "ordinal"]])
        guard case .lookup(let levels, 1, let values) = try run.plan(try run.read()).columns[0].schema.encoding else {
            Issue.record("no lookup")
            return
        }
        let ours = try texts("city").map { [values[levels.firstIndex(of: Bytes($0.utf8))!]] }
        #expect(deviation(ours, try Conformance.golden("prep.ordinal")) == 0)
    }

    // MARK: - Target encoding

    enum Outcome: String, CaseIterable, Sendable { case regression, regression_smooth, binary, multiclass }

    @Test(arguments: Outcome.allCases)
    func targetEncodingIsCrossFittedAsTargetEncoder(_ outcome: Outcome) throws {
        let city = try texts("city")
        let levels = Set(city).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let group = city.map { Int32(levels.firstIndex(of: $0)!) }
        let fold = try numbers("fold").map { UInt8($0) }
        let outcomes: TargetOutcomes =
            switch outcome {
            case .regression, .regression_smooth: .values(try numbers("amount"))
            case .binary: .classes(try texts("label").map { $0 == "yes" ? 1 : 0 }, count: 2, positive: 1)
            case .multiclass: .classes(try texts("kind").map { ["a": 0, "b": 1, "c": 2][$0]! }, count: 3, positive: -1)
            }
        let table = TargetTable(
            group: group, groups: levels.count, fold: fold, folds: 5, outcomes: outcomes, weights: nil,
            smoothing: outcome == .regression_smooth ? 10 : nil)
        let ours = group.indices.map { row in
            let (start, crossed) = (Int(group[row]), Int(fold[row]) * table.groups + Int(group[row]))
            return (0..<table.width).map { table.values[start * table.width + $0] }
                + (0..<table.width).map { table.crossFitted[crossed * table.width + $0] }
        }
        let found = deviation(ours, try Conformance.golden("prep.target_\(outcome.rawValue)"))
        #expect(found < 1e-12, "\(found)")
    }

    @Test func weightsOfTargetEncodingCountAsRows() {
        let group: [Int32] = [0, 0, 1, 1, 0, 2]
        let values = [1.0, 4, 2, 2.5, 7, 3]
        let weighted = TargetTable(
            group: group, groups: 3, fold: [0, 1, 0, 1, 0, 1], folds: 2, outcomes: .values(values),
            weights: [1, 2, 1, 1, 1, 1], smoothing: nil)
        let repeated = TargetTable(
            group: group + [0], groups: 3, fold: [0, 1, 0, 1, 0, 1, 1], folds: 2, outcomes: .values(values + [4]),
            weights: nil, smoothing: nil)
        #expect(deviation([weighted.values + weighted.crossFitted], [repeated.values + repeated.crossFitted]) < 1e-12)
    }

    // MARK: - Text

    struct TextCase: Sendable, CustomTestStringConvertible {
        var name: String
        var bigrams = false
        var least = ColumnPreprocess.Amount.count(1)
        var testDescription: String { name }
    }

    @Test(arguments: [
        TextCase(name: "unigrams"), TextCase(name: "bigrams", bigrams: true, least: .count(3)),
        TextCase(name: "sublinear", least: .share(0.1)),
    ])
    func tfidfIsThatOfTfidfVectorizer(_ test: TextCase) throws {
        let file = Conformance.folder.appending(path: "data/prep_texts.csv")
        let texts = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst().map(String.init)
        var counts: [Bytes: Int] = [:]
        for text in texts { counts[Bytes(text.utf8), default: 0] += 1 }
        let vocabulary = Vocabulary(
            counts.map { ($0.key, $0.value) }, rows: texts.count, bigrams: test.bigrams, minDocuments: test.least,
            maxTerms: 4_096)
        let ours = texts.map { text in
            let terms = TextTerms.of(Bytes(text.utf8), bigrams: test.bigrams)
            let weights = zip(vocabulary.terms, vocabulary.idf).map { term, idf in
                let count = Double(terms.count { $0 == term })
                return idf * (test.name == "sublinear" ? (count > 0 ? 1 + log(count) : 0) : count)
            }
            let norm = weights.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return weights.map { norm > 0 ? $0 / norm : 0 }
        }
        let found = deviation(ours, try Conformance.golden("prep.tfidf_\(test.name)"))
        #expect(found < 1e-12, "\(found)")
    }

    @Test func maxFeaturesKeepsTheMostFrequentTerms() {
        let texts: [(Bytes, Int)] = [(Bytes("bb aa bb".utf8), 1), (Bytes("aa cc".utf8), 2), (Bytes("dd".utf8), 1)]
        let kept = Vocabulary(
            texts.map { ($0.0, $0.1) }, rows: 4, bigrams: false, minDocuments: .count(1), maxTerms: 2)
        // aa comes three times, bb and cc twice: the first in byte order stays.
        #expect(kept.terms == [Bytes("aa".utf8), Bytes("bb".utf8)])
    }
}
