import Testing

@testable import ForgeModel

/// Explanations that compare with rows of a background: Shapley values by their definition, and what the decoder
/// refuses.
struct BackgroundTests {
    /// All coalitions of columns, by the plain loops of `Reference`. (outputs, columns + 1), the base first.
    private static func shapley(_ document: ModelDocument, _ row: [Double], _ background: Background) -> [Double] {
        let reference = Reference(document)
        let encoder = RowEncoder(document)
        let width = encoder.width - document.products.count
        let columns = document.columns.count
        let others = (0..<background.rows).map { Array(background.features[$0 * width..<($0 + 1) * width]) }
        let values = (0..<1 << columns).map { coalition in
            var sums = [Double](repeating: 0, count: document.form.outputs)
            for other in others {
                var mixture = other
                for column in 0..<columns where coalition & 1 << column != 0 {
                    for feature in features(of: column, document) { mixture[feature] = row[feature] }
                }
                for (o, margin) in reference.margins(encoder.withProducts(mixture)).enumerated() { sums[o] += margin }
            }
            return sums.map { $0 / Double(others.count) }
        }
        var out = [Double](repeating: 0, count: document.form.outputs * (columns + 1))
        for output in 0..<document.form.outputs {
            let start = output * (columns + 1)
            out[start] = values[0][output]
            for column in 0..<columns {
                for coalition in 0..<1 << columns where coalition & 1 << column == 0 {
                    let gain = values[coalition | 1 << column][output] - values[coalition][output]
                    out[start + column + 1] += BruteForce.weight(coalition.nonzeroBitCount, columns) * gain
                }
            }
        }
        return out
    }

    private static func features(of column: Int, _ document: ModelDocument) -> Range<Int> {
        let first = RowEncoder(document).firstFeature(column)
        return first..<first + document.columns[column].encoding.width
    }

    private static func compare(
        _ document: ModelDocument, _ make: inout RandomModels, tolerance: Double, _ what: String
    ) throws {
        let background = try #require(document.background)
        let scorer = try Scorer(artifact: document.encoded())
        let encoder = RowEncoder(document)
        let rows = make.rows(3, of: document.columns)
        let encoded = encoder.rowMajor(rows)
        let explained = try scorer.explain(rows)
        let width = scorer.outputs * (scorer.columns + 1)
        for row in 0..<3 {
            let features = Array(encoded[row * encoder.width..<(row + 1) * encoder.width])
            let expected = shapley(document, features, background)
            let scale = expected.reduce(1) { max($0, abs($1)) }
            for (index, value) in expected.enumerated() {
                let got = explained[row * width + index]
                #expect(abs(got - value) <= tolerance * scale, "\(what), row \(row), value \(index): \(got), \(value)")
            }
        }
    }

    @Test(arguments: 0..<UInt64(30))
    func contributionsOfTreesAreTheShapleyValues(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed)
        for (classes, vector) in [(0, false), (3, false), (3, true)] {
            let trees = make.trees(
                columns: make.int(0...5), trees: 4, depth: make.int(1...7), classes: classes, vector: vector)
            let document = make.interventional(trees, rows: 3)
            try BackgroundTests.compare(document, &make, tolerance: 1e-10, "seed \(seed), classes \(classes)")
        }
    }

    /// With products across columns a split is no column's own: coalitions are gone through.
    @Test(arguments: 0..<UInt64(30))
    func contributionsOfTreesWithProductsAreTheShapleyValues(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed)
        let trees = make.trees(columns: make.int(1...4), trees: 4, depth: 5, classes: 0, prepared: true)
        let document = make.interventional(trees, rows: 3, samples: 0)
        try BackgroundTests.compare(document, &make, tolerance: 1e-9, "seed \(seed)")
    }

    @Test(arguments: 0..<UInt64(30))
    func contributionsOfNetworksOfFewColumnsAreTheShapleyValues(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed)
        for classes in [0, 3] {
            let network = make.network(
                columns: make.int(0...4), hidden: [7, 5], classes: classes, activation: .tanh, prepared: seed % 3 == 2)
            let document = make.interventional(network, rows: 3, samples: 0)
            // Rounded to float32 the encodings' last digits show.
            try BackgroundTests.compare(document, &make, tolerance: document.isPrepared ? 1e-4 : 1e-10, "seed \(seed)")
        }
    }

    @Test(arguments: 0..<UInt64(30))
    func contributionsOfLinearModelsAreTheShapleyValues(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed)
        for prepared in [false, true] {
            let linear = make.linear(columns: make.int(1...4), classes: 3, prepared: prepared)
            try BackgroundTests.compare(make.interventional(linear, rows: 4), &make, tolerance: 1e-9, "seed \(seed)")
        }
    }

    /// Of an additive model every coalition says the same, so that no draw can be off.
    @Test func sampledCoalitionsExplainAnAdditiveModelExactly() throws {
        var make = RandomModels(seed: 9)
        let network = make.network(columns: 40, hidden: [], classes: 3, activation: .relu, categories: false)
        let document = make.interventional(network, rows: 5, samples: 0)
        guard case .network(let form) = document.form, let background = document.background else { return }
        let rows = make.rows(2, of: document.columns)
        let encoder = RowEncoder(document)
        let encoded = encoder.rowMajor(rows)
        let explained = try Scorer(artifact: document.encoded()).explain(rows)
        for row in 0..<2 {
            for output in 0..<3 {
                for column in 0...40 {
                    let features = BackgroundTests.features(of: column, document)
                    let expected = features.reduce(0.0) { sum, feature in
                        let others = (0..<5).map { Double(Float(background.features[$0 * encoder.width + feature])) }
                        let mean = others.reduce(0, +) / 5
                        let value = Double(Float(encoded[row * encoder.width + feature]))
                        return sum + Double(form.weights[output * encoder.width + feature]) * (value - mean)
                    }
                    let got = explained[(row * 3 + output) * 42 + column + 1]
                    #expect(abs(got - expected) < 1e-9, "row \(row), output \(output), column \(column)")
                }
            }
        }
    }

    @Test func theSeedAloneChangesWhatIsSampled() throws {
        var make = RandomModels(seed: 10)
        var document = make.interventional(
            make.network(columns: 20, hidden: [9], classes: 0, activation: .relu, categories: false), samples: 200)
        let rows = make.rows(1, of: document.columns)
        let first = try Scorer(artifact: document.encoded()).explain(rows)
        #expect(try Scorer(artifact: document.encoded()).explain(rows) == first)
        document.background?.seed += 1
        let second = try Scorer(artifact: document.encoded()).explain(rows)
        #expect(second != first && second[0] == first[0])
    }

    @Test func aRowOfTheBackgroundAloneIsItsOwnBase() throws {
        var make = RandomModels(seed: 4)
        for document in [
            make.network(columns: 5, hidden: [4], classes: 3, activation: .relu),
            make.trees(columns: 5, trees: 7, depth: 5, classes: 3), make.linear(columns: 5, classes: 3, prepared: true),
        ] {
            var own = document
            let rows = make.rows(1, of: document.columns)
            own = make.interventional(own, rows: 1)
            own.background?.features = RowEncoder(document.columns).rowMajor(rows)
            if case .linear(var form) = own.form {
                form.means = RowEncoder(document).rowMajor(rows)
                own.form = .linear(form)
            }
            let scorer = try Scorer(artifact: own.encoded())
            let margins = try scorer.margins(rows)
            let explained = try scorer.explain(rows)
            for (index, value) in explained.enumerated() {
                let expected = index % (scorer.columns + 1) == 0 ? margins[index / (scorer.columns + 1)] : 0
                #expect(abs(value - expected) < 1e-6 * max(1, abs(expected)), "value \(index): \(value), \(expected)")
            }
        }
    }

    private static func refusal(_ change: (inout Background?) -> Void, of form: String = "network") -> String? {
        var make = RandomModels(seed: 21)
        var document = form == "network"
            ? make.network(columns: 2, hidden: [3], classes: 0, activation: .relu)
            : make.interventional(make.trees(columns: 6, trees: 3, depth: 4, classes: 0))
        change(&document.background)
        do {
            _ = try document.encoded()
            return nil
        } catch {
            return (error as? ForgeError)?.message
        }
    }

    @Test func backgroundsThatNoKernelCanReadAreRefused() {
        let prefix = "the model's artifact is corrupt: "
        let number = prefix + "a number of its background is not valid"
        #expect(BackgroundTests.refusal { _ in } == nil && BackgroundTests.refusal({ _ in }, of: "trees") == nil)
        #expect(BackgroundTests.refusal { $0 = nil } == prefix + "it has no background")
        #expect(BackgroundTests.refusal({ $0 = nil }, of: "trees") == nil)
        #expect(BackgroundTests.refusal { $0?.features[0] = .nan } == number)
        #expect(BackgroundTests.refusal { $0?.features[0] = 1e39 } == number)
        #expect(BackgroundTests.refusal({ $0?.features[0] = .infinity }, of: "trees") == number)
        let shape = prefix + "a tensor has another shape than expected"
        #expect(BackgroundTests.refusal { $0?.rows = 0; $0?.features = [] } == shape)
        #expect(BackgroundTests.refusal { $0?.rows = 1 } == shape)
        #expect(BackgroundTests.refusal { $0?.samples = -1 } == prefix + "its number of coalitions is out of range")
        #expect(
            BackgroundTests.refusal { background in
                let features = background?.features ?? []
                background?.features = (0..<501).flatMap { _ in features }
                background?.rows = 1_002
            } == prefix + "its background has no rows, or too many")
    }
}
