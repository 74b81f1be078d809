import Foundation
import Testing

@testable import ForgeModel

/// Artifacts written by the Python package `safetensors` (Tests/conformance/model_goldens.py), and what scikit-learn, XGBoost
/// and shap say about some rows.
struct GoldenTests {
    static let names = [
        "linear", "logistic", "softmax", "boosting", "boosting_binary", "boosting_classes", "boosting_counts",
        "interventional", "interventional_classes", "network", "network_classes", "network_gelu", "sampled", "ensemble", "vectors",
        "neighbors", "neighbors_classes",
        "ensemble_vectors", "clusters", "clusters_density", "mixture", "components", "factors",
    ]
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Goldens")

    static func artifact(_ name: String) throws -> Bytes {
        Bytes(try Data(contentsOf: folder.appendingPathComponent(name + ".safetensors")))
    }

    static func expected(_ name: String) throws -> JSONValue {
        try JSONValue(parsing: Data(contentsOf: folder.appendingPathComponent(name + ".json")))
    }

    static func rows(_ expected: JSONValue) -> [ColumnValues] {
        (expected["columns"]?.arrayValue ?? []).map { column in
            let cells = column.arrayValue ?? []
            if let dimensions = cells.lazy.compactMap({ $0.arrayValue?.count }).first {
                let elements = cells.flatMap { cell in
                    cell.arrayValue?.map { Float($0.doubleValue ?? .nan) } ?? [Float](repeating: .nan, count: dimensions)
                }
                return .vectors(elements, dimensions: dimensions)
            }
            guard cells.contains(where: { $0.textValue != nil }) else {
                return .numbers(cells.map { $0.doubleValue ?? .nan })
            }
            let levels = Array(Set(cells.compactMap(\.textValue))).sorted()
            let codes = cells.map { cell in
                cell.textValue.flatMap(levels.firstIndex(of:)).map(UInt32.init) ?? ColumnValues.missingCode
            }
            return .codes(codes, levels: levels.map { Bytes($0.utf8) })
        }
    }

    /// All numbers of nested arrays, in order.
    static func flat(_ value: JSONValue?) -> [Double] {
        guard let value else { return [] }
        return value.arrayValue.map { $0.flatMap { flat($0) } } ?? [value.doubleValue ?? .nan]
    }

    /// The peers compute in double, except that XGBoost sums its leaves and its contributions in float32; so do our networks.
    static func tolerance(_ name: String) -> Double {
        switch name {
        case "linear", "logistic", "softmax", "vectors", "clusters", "clusters_density", "mixture", "components",
            "factors", "neighbors", "neighbors_classes":
            1e-9
        case "network", "network_classes", "network_gelu", "sampled", "ensemble", "ensemble_vectors": 5e-6
        default: 2e-5
        }
    }

    /// Kernel SHAP of more columns than there are coalitions for is an estimate, here beside shap's of many more
    /// coalitions.
    static func explainingTolerance(_ name: String) -> Double { name == "sampled" ? 0.02 : tolerance(name) }

    @Test(arguments: names)
    func savedByPythonTheArtifactIsTheSameAsOurs(_ name: String) throws {
        let bytes = try GoldenTests.artifact(name)
        #expect(try ModelDocument(artifact: bytes).encoded() == bytes)
    }

    @Test(arguments: names)
    func scoresAgreeWithThePeer(_ name: String) throws {
        let expected = try GoldenTests.expected(name)
        let scorer = try Scorer(artifact: GoldenTests.artifact(name))
        let rows = GoldenTests.rows(expected)
        let margins = try scorer.margins(rows)
        compare(margins, GoldenTests.flat(expected["margins"]), GoldenTests.tolerance(name), "\(name) margins")
        var scores = try scorer.score(rows)
        let peer = GoldenTests.flat(expected["scores"])
        if scorer.positive >= 0, peer.count == scores.count / 2 {
            scores = stride(from: scorer.positive, to: scores.count, by: 2).map { scores[$0] }
        }
        compare(scores, peer, GoldenTests.tolerance(name), "\(name) scores")
    }

    @Test(arguments: names)
    func contributionsAgreeWithThePeer(_ name: String) throws {
        let expected = try GoldenTests.expected(name)
        let scorer = try Scorer(artifact: GoldenTests.artifact(name))
        let explained = try scorer.explain(GoldenTests.rows(expected))
        compare(explained, GoldenTests.flat(expected["contributions"]), GoldenTests.explainingTolerance(name), name)
    }

    private func compare(_ ours: [Double], _ peers: [Double], _ tolerance: Double, _ what: String) {
        #expect(ours.count == peers.count && !ours.isEmpty, "\(what)")
        for (index, pair) in zip(ours, peers).enumerated() {
            let difference = abs(pair.0 - pair.1)
            #expect(difference <= tolerance * max(1, abs(pair.1)), "\(what), value \(index): \(pair.0), peer \(pair.1)")
        }
    }
}
