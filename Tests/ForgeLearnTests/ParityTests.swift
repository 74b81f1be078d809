import ForgeModel
import Testing

@testable import ForgeLearn

/// Rows mean the same to a fit and to a backend: what the fits encode in columns against what the extension makes of
/// the same row, bit for bit, for every encoding.
@Suite struct ParityTests {
    private static let trainingRows = 2_100

    /// Columns of every kind. Rows that are not for training have gaps and levels that no training row has.
    private func table(rareLevels: Bool, classes: Int = 0) -> Table {
        var random = Random(21)
        let rows = Self.trainingRows + 200
        func text(_ row: Int, _ level: String, gaps: Double) -> String? {
            if row >= Self.trainingRows, random.uniform() < 0.3 { return random.uniform() < 0.5 ? nil : "never seen" }
            return random.uniform() < gaps ? nil : level
        }
        var table = Table()
        let gappy = (0..<rows).map { _ in random.uniform() < 0.2 ? nil : random.normal() * 3 + 7 }
        table.add("gappy", gappy)
        table.add("full", (0..<rows).map { $0 > Self.trainingRows && $0 % 3 == 0 ? nil : random.normal() / 3 })
        table.add("zeros", (0..<rows).map { [-0.0, 0, 1, 1e-300][$0 % 4] })
        let group = (0..<rows).map { text($0, ["x", "yy", "", "é", "Z"][random.index(5)], gaps: 0.1) }
        table.add("group", group)
        table.add("side", (0..<rows).map { text($0, ["one", "two"][random.index(2)], gaps: 0) })
        if rareLevels {
            let levels = EncodingPlan.oneHotLimit + 5
            table.add("rare", (0..<rows).map { text($0, "level \($0 % levels)", gaps: 0.01) })
        }
        table.add("part", (0..<rows).map { $0 < Self.trainingRows ? "train" : "test" }, role: .part)
        let margin = (0..<rows).map { row in
            (gappy[row] ?? 9) + (group[row] == "x" ? 2 : group[row] == nil ? -1 : 0) + random.normal()
        }
        if classes == 0 { table.add("y", margin, role: .target) }
        else { table.add("y", margin.map { "\(max(0, min(classes - 1, Int($0 / 4))))" }, role: .target) }
        return table
    }

    private func run(_ table: Table, _ algorithm: String, _ preprocess: JSONValue, params: JSONValue = [:]) -> Run {
        let isText = table.columns.last!.type == "text"
        return Run(
            table: table, algorithm: algorithm, task: isText ? "classification" : "regression", params: params,
            preprocess: preprocess, split: ["method": "column", "column": "part"])
    }

    /// Each part of the data with its rows of the table.
    private func parts(_ data: DataSet, _ table: Table) -> [(Part, Table)] {
        let first = Self.trainingRows
        return [
            (data.training, table.rows(Array(0..<first))), (data.heldOut, table.rows(Array(first..<table.rows))),
        ]
    }

    @Test(
        arguments: [
            ("ridge", 0), ("logistic_regression", 3),
        ],
        [
            nil,
            ["gappy": ["impute": "constant", "value": -2, "indicator": false], "full": ["scale": "none"]],
            ["*": ["impute": "mean", "indicator": true], "gappy": ["scale": "none"]],
        ] as [JSONValue])
    func linearFitsEncodeWhatTheScorerSees(_ subject: (String, Int), _ preprocess: JSONValue) throws {
        let (algorithm, classes) = subject
        var preprocess: JSONValue = preprocess.isNull ? [:] : preprocess
        // Encoded by the target, the training rows would see what is learned from others: LeakageTests.
        if classes == 0 { preprocess["rare"] = ["encode": "one_hot"] }
        let run = run(table(rareLevels: classes == 0, classes: classes), algorithm, preprocess)
        let artifact = try run.train().artifact
        let data = try run.read()
        let plan = try run.plan(data)
        let document = try ModelDocument(artifact: artifact)
        #expect(plan.columns.map(\.schema) == document.columns)
        guard case .linear(let form) = document.form else {
            Issue.record("not linear")
            return
        }
        for (part, table) in parts(data, run.table) {
            let encoded = try rows(of: Design(part, plan))
            let served = try Served(artifact).features(of: table)
            #expect(encoded.count == table.rows && served.count == table.rows)
            for (row, (ours, theirs)) in zip(encoded, served).enumerated() where bits(ours) != bits(theirs) {
                Issue.record("row \(row): \(ours) is served as \(theirs)")
                return
            }
            let margins = try Scorer(artifact: artifact).margins(
                document.columns.map { table.values(String(decoding: $0.name, as: UTF8.self)) })
            let expected = encoded.flatMap { features in
                (0..<form.outputs).map { output in
                    let coefficients = form.coefficients[output * features.count..<(output + 1) * features.count]
                    return form.intercepts[output] + zip(coefficients, features).reduce(0) { $0 + $1.0 * $1.1 }
                }
            }
            #expect(margins.count == expected.count)
            for (ours, theirs) in zip(margins, expected) {
                #expect(abs(ours - theirs) <= 1e-12 * max(1, abs(theirs)), "\(ours) \(theirs)")
            }
        }
    }

    @Test(
        arguments: [
            nil,
            ["group": ["encode": "one_hot"], "side": ["encode": "one_hot"], "rare": ["encode": "one_hot"]],
            [
                "gappy": ["impute": "mean", "indicator": true, "scale": "standard"],
                "full": ["scale": "standard"], "zeros": ["indicator": true],
            ],
        ] as [JSONValue])
    func treeFitsEncodeWhatTheScorerSees(_ preprocess: JSONValue) throws {
        let run = run(table(rareLevels: true), "gradient_boosting", preprocess, params: ["n_estimators": 10])
        let artifact = try run.train().artifact
        let data = try run.read()
        let plan = try run.plan(data)
        let served = try Served(artifact)
        for (part, table) in parts(data, run.table) {
            let features = plan.columns.enumerated().flatMap {
                TreeFeature.features(of: $0, $1, part.layout.storages[$0])
            }
            try #require(served.testsCategories == features.contains(where: \.isCategory))
            let theirs = served.treeFeatures(of: table)
            for (index, feature) in features.enumerated() {
                let ours = part.chunks.flatMap { chunk in
                    var out = [Float](repeating: -1, count: chunk.layout.capacity)
                    feature.encode(chunk, &out)
                    return out[..<chunk.rows]
                }
                // A row's keys do not tell -0 from 0, nor does any comparison of XGBoost's.
                #expect(bits(ours.map { $0 + 0 }) == bits(theirs.map { $0[index] }), "feature \(index), \(feature.kind)")
            }
        }
    }

    private func rows(of design: Design) throws -> [[Double]] {
        try design.forEachTile(threads: 1, observer: SilentObserver()) {
            [[Double]]()
        } _: { tile, out in
            var packed = [Double](repeating: 0, count: design.width)
            for row in 0..<tile.rows {
                tile.copyRow(row, to: &packed)
                out.append(design.encoded(packed))
            }
        }.flatMap { $0 }
    }

    private func bits(_ values: [Double]) -> [UInt64] { values.map { $0.isNaN ? .max : $0.bitPattern } }
    private func bits(_ values: [Float]) -> [UInt32] { values.map { $0.isNaN ? .max : $0.bitPattern } }
}
