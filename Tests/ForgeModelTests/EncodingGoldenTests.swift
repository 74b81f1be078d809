import Foundation
import Testing

@testable import ForgeModel

/// The encodings against scikit-learn's and pandas' (Tests/conformance/make_goldens_encoder.py).
struct EncodingGoldenTests {
    private static func goldens() throws -> JSONValue {
        try JSONValue(parsing: Data(contentsOf: GoldenTests.folder.appendingPathComponent("encodings.json")))
    }

    private static func encoding(_ golden: JSONValue) -> ColumnEncoding {
        let numbers = { (name: String) in GoldenTests.flat(golden[name]) }
        switch golden["encoding"]?.textValue {
        case "transformed":
            return .transformed(
                .yeoJohnson(lambda: golden["lambda"]?.doubleValue ?? .nan), fill: 0, indicator: false,
                shift: golden["shift"]?.doubleValue ?? .nan, scale: golden["scale"]?.doubleValue ?? .nan, degree: 1)
        case "bins":
            return .bins(edges: numbers("edges"), missing: false, ordinal: golden["ordinal"]?.boolValue ?? false)
        case "date_parts":
            let names = (golden["parts"]?.arrayValue ?? []).compactMap(\.textValue)
            return .dateParts(
                names.compactMap { name in DatePart.allCases.first { $0.name == name }.map { ScaledDatePart($0) } })
        default:
            return .tfidf(
                vocabulary: (golden["vocabulary"]?.arrayValue ?? []).map { Bytes(($0.textValue ?? "").utf8) },
                idf: numbers("idf"), bigrams: golden["bigrams"]?.boolValue ?? false,
                sublinear: golden["sublinear"]?.boolValue ?? false)
        }
    }

    private static func schema(_ name: String, _ encoding: ColumnEncoding) -> ColumnSchema {
        ColumnSchema(name: Bytes(name.utf8), sqlType: Bytes("any".utf8), kind: encoding.kind, encoding: encoding)
    }

    /// (rows, features)
    private static func features(_ encoder: ColumnEncoder, _ encoding: ColumnEncoding, _ values: [JSONValue])
        -> [Double]
    {
        let (rows, width) = (values.count, encoding.width)
        var out = [Double](repeating: .nan, count: rows * width)
        if encoding.kind == .number {
            encoder.encode(0, values.map { $0.doubleValue ?? .nan }, count: rows, into: &out, stride: rows)
        } else {
            let map = LevelMap(encoding, texts: values.map { Bytes(($0.textValue ?? "").utf8) })
            encoder.encode(0, values.indices.map { UInt32($0) }, map, count: rows, into: &out, stride: rows)
        }
        return (0..<rows).flatMap { row in (0..<width).map { out[$0 * rows + row] } }
    }

    /// The model of Tests/regress/fixtures with every encoding, as `safetensors` saved it: also what the fuzzer starts
    /// from.
    @Test func artifactOfEveryEncodingKeepsItsBytes() throws {
        let bytes = try GoldenTests.artifact("prepared")
        let document = try ModelDocument(artifact: bytes)
        #expect(document.columns.count == 10 && document.products.count == 3)
        #expect(try document.encoded() == bytes)
    }

    @Test func featuresAndTheirNamesAgreeWithThePeers() throws {
        let cases = try EncodingGoldenTests.goldens()["cases"]?.arrayValue ?? []
        #expect(cases.count == 14)
        for golden in cases {
            let name = golden["name"]?.textValue ?? ""
            let encoding = EncodingGoldenTests.encoding(try #require(golden["encoding"]))
            let encoder = try ColumnEncoder([EncodingGoldenTests.schema("x", encoding)])
            #expect(encoder.featureNames == (golden["names"]?.arrayValue ?? []).map { $0.textValue ?? "" }, "\(name)")
            let features = EncodingGoldenTests.features(encoder, encoding, golden["values"]?.arrayValue ?? [])
            let expected = GoldenTests.flat(golden["features"])
            #expect(features.count == expected.count, "\(name)")
            for (index, pair) in zip(features, expected).enumerated() {
                // scikit-learn takes powers where Forge takes expm1 and log1p: up to 1e-10 apart.
                let tolerance = name.hasPrefix("yeo") ? 1e-9 : 1e-14
                #expect(
                    abs(pair.0 - pair.1) <= tolerance * max(1, abs(pair.1)), "\(name), \(index): \(pair.0), \(pair.1)")
            }
        }
    }

    @Test func productsAreThePolynomialFeatures() throws {
        let golden = try #require(try EncodingGoldenTests.goldens()["polynomial"])
        let powers = (golden["powers"]?.arrayValue ?? []).map { ($0.arrayValue ?? []).map { Int($0.doubleValue ?? 0) } }
        let columns = ["a", "b", "c"].map {
            EncodingGoldenTests.schema($0, .number(fill: 0, indicator: false, shift: 0, scale: 1))
        }
        // Each monomial is the product of one that is there and a column.
        var products: [FeatureProduct] = []
        for power in powers.dropFirst(3) {
            let column = power.firstIndex { $0 > 0 }!
            var rest = power
            rest[column] -= 1
            products.append(FeatureProduct(Int32(powers.firstIndex(of: rest)!), Int32(column)))
        }
        let names = (golden["names"]?.arrayValue ?? []).map { $0.textValue ?? "" }
        #expect(try ColumnEncoder(columns, products: products).featureNames == names)
        let rows = (golden["table"]?.arrayValue ?? []).map { GoldenTests.flat($0) }
        let expected = (golden["features"]?.arrayValue ?? []).map { GoldenTests.flat($0) }
        for (monomial, power) in powers.enumerated() {
            let form = LinearForm(
                outputs: 1, coefficients: powers.indices.map { $0 == monomial ? 1 : 0 }, intercepts: [0],
                means: powers.map { _ in 0 })
            let document = ModelDocument(
                task: "regression", algorithm: "test", link: .identity, columns: columns, products: products,
                labels: [],
                positive: -1, form: .linear(form))
            let scores = try Scorer(artifact: document.encoded()).score(
                (0..<3).map { column in .numbers(rows.map { $0[column] }) })
            for (score, row) in zip(scores, expected) {
                #expect(abs(score - row[monomial]) <= 1e-13 * max(1, abs(row[monomial])), "\(power)")
            }
        }
    }
}
