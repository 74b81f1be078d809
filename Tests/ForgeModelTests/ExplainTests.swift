import CForgeMath
import Testing

@testable import ForgeModel

struct ExplainTests {
    @Test(arguments: 0..<UInt64(25))
    func baseAndContributionsAddUpToTheMargin(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed ^ 0x77)
        for document in ScoringTests.documents(seed) {
            let scorer = try Scorer(artifact: document.encoded())
            let rows = make.rows(6, of: document.columns)
            let margins = try scorer.margins(rows)
            let scale = document.products.isEmpty ? 1.0 : 1e6
            let explained = try scorer.explain(rows)
            let width = scorer.columns + 1
            for index in margins.indices {
                let sum = explained[index * width..<(index + 1) * width].reduce(0, +)
                #expect(
                    abs(sum - margins[index]) <= 1e-9 * max(scale, abs(margins[index])),
                    "seed \(seed), margin \(index), \(document.form)")
            }
        }
    }

    @Test(arguments: 0..<UInt64(25))
    func cellAndBatchExplanationsAreBitEqual(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed ^ 0x99)
        for document in ScoringTests.documents(seed) {
            let scorer = try Scorer(artifact: document.encoded())
            let rows = make.rows(3, of: document.columns)
            let batch = try scorer.explain(rows)
            for row in 0..<3 {
                let one = try withCells(rows, row: row) { try scorer.explain($0) }
                #expect(one == Array(batch[row * one.count..<(row + 1) * one.count]), "seed \(seed), row \(row)")
            }
        }
    }

    @Test(arguments: 0..<UInt64(20))
    func treeContributionsAreTheShapleyValues(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed)
        for classes in [0, 3] {
            for vector in [false, true] {
                let document = make.trees(
                    columns: make.int(0...3), trees: 4, depth: make.int(1...7), classes: classes, vector: vector,
                    prepared: seed % 2 == 1)
                guard document.encodedWidth <= 10 else { continue }
                try compareWithBruteForce(document, &make, "seed \(seed), classes \(classes), vector \(vector)")
            }
        }
    }

    /// A feature that splits a path many times, and covers that are nothing.
    @Test func repeatedFeaturesAndEmptyBranchesAreExact() throws {
        var make = RandomModels(seed: 11)
        var document = make.trees(columns: 1, trees: 3, depth: 9, classes: 0, categories: false)
        guard case .trees(var form) = document.form else { return }
        for node in form.covers.indices where node % 5 == 3 { form.covers[node] = 0 }
        document.form = .trees(form)
        try compareWithBruteForce(document, &make, "empty branches")
    }

    private func compareWithBruteForce(
        _ document: ModelDocument, _ make: inout RandomModels, _ what: String
    ) throws {
        guard case .trees(let form) = document.form else { return }
        let encoder = RowEncoder(document)
        let scorer = try Scorer(artifact: document.encoded())
        let rows = make.rows(3, of: document.columns)
        let explained = try scorer.explain(rows)
        let encoded = encoder.rowMajor(rows)
        let perRow = scorer.outputs * (scorer.columns + 1)
        for row in 0..<3 {
            let features = encoded[row * encoder.width..<(row + 1) * encoder.width].map(Float.init)
            let expected = BruteForce(form, encoder, features).contributions()
            for index in 0..<perRow {
                let difference = abs(explained[row * perRow + index] - expected[index])
                #expect(difference <= 1e-10 * max(1, abs(expected[index])), "\(what), row \(row), value \(index)")
            }
        }
    }

    @Test(arguments: 0..<UInt64(10))
    func linearContributionIsCoefficientTimesDistanceFromTheMean(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed)
        let document = make.linear(columns: 6, classes: 3)
        guard case .linear(let form) = document.form else { return }
        let encoder = RowEncoder(document.columns)
        let scorer = try Scorer(artifact: document.encoded())
        let rows = make.rows(5, of: document.columns)
        let explained = try scorer.explain(rows)
        let encoded = encoder.rowMajor(rows)
        let width = scorer.columns + 1
        for row in 0..<5 {
            for output in 0..<3 {
                for column in document.columns.indices {
                    let first = encoder.firstFeature(column)
                    let expected = (first..<first + document.columns[column].encoding.width).reduce(0.0) {
                        let coefficient = form.coefficients[output * encoder.width + $1]
                        return $0 + coefficient * (encoded[row * encoder.width + $1] - form.means[$1])
                    }
                    let got = explained[(row * 3 + output) * width + column + 1]
                    #expect(abs(got - expected) <= 1e-12 * max(1, abs(expected)), "seed \(seed), column \(column)")
                }
            }
        }
    }

    /// The players are the columns; those outside of a subset have their mean features, and products of several columns
    /// are products of whatever their factors then are.
    @Test(arguments: 0..<UInt64(40))
    func preparedLinearContributionsAreTheShapleyValues(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed)
        let document = make.linear(columns: make.int(1...5), classes: 0, prepared: true)
        guard case .linear(let form) = document.form else { return }
        let (encoder, count) = (RowEncoder(document), document.columns.count)
        let scorer = try Scorer(artifact: document.encoded())
        let rows = make.rows(3, of: document.columns)
        let (explained, encoded, owners) = (try scorer.explain(rows), encoder.rowMajor(rows), encoder.owners)
        for row in 0..<3 {
            let features = Array(encoded[row * encoder.width..<(row + 1) * encoder.width])
            func value(_ feature: Int, _ subset: Int) -> Double {
                guard owners[feature].count == 1, let owner = owners[feature].first else {
                    let product = document.products[feature - (encoder.width - document.products.count)]
                    return value(Int(product.left), subset) * value(Int(product.right), subset)
                }
                return subset & 1 << owner != 0 ? features[feature] : form.means[feature]
            }
            let margins = (0..<1 << count).map { subset in
                features.indices.reduce(form.intercepts[0]) { $0 + form.coefficients[$1] * value($1, subset) }
            }
            var expected = [margins[0]] + [Double](repeating: 0, count: count)
            for subset in 0..<1 << count {
                for column in 0..<count where subset & 1 << column == 0 {
                    let weight = BruteForce.weight(subset.nonzeroBitCount, count)
                    expected[column + 1] += weight * (margins[subset | 1 << column] - margins[subset])
                }
            }
            let scale = max(1, margins.map { abs($0) }.max()!)
            for (index, value) in expected.enumerated() {
                let got = explained[row * (count + 1) + index]
                #expect(abs(got - value) <= 1e-11 * scale, "seed \(seed), row \(row), value \(index): \(got), \(value)")
            }
        }
    }

    @Test(arguments: [1, 2, 3, 7, 32, 128])
    func quadratureIntegratesPolynomialsExactly(_ points: Int) {
        var abscissae = [Double](repeating: 0, count: points)
        var weights = abscissae
        forge_gauss_legendre(Int32(points), &abscissae, &weights)
        for degree in 0..<2 * points {
            let integral = zip(abscissae, weights).reduce(0.0) { sum, point in
                sum + point.1 * (0..<degree).reduce(1.0) { power, _ in power * point.0 }
            }
            #expect(abs(integral - 1 / Double(degree + 1)) < 1e-13, "\(points) points, degree \(degree)")
        }
    }
}

/// Shapley values by their definition: over all subsets of the encoded features, of the tree's expectation given the subset.
struct BruteForce {
    let form: TreeForm
    let encoder: RowEncoder
    let features: [Float]

    init(_ form: TreeForm, _ encoder: RowEncoder, _ features: [Float]) {
        self.form = form
        self.encoder = encoder
        self.features = features
    }

    /// (outputs, columns + 1), the base first.
    func contributions() -> [Double] {
        let count = features.count
        let width = encoder.columns.count + 1
        var out = [Double](repeating: 0, count: form.outputs * width)
        let values = (0..<1 << count).map { expectation(subset: $0) }
        for output in 0..<form.outputs { out[output * width] = values[0][output] }
        let owners = encoder.owners
        for feature in 0..<count {
            for subset in 0..<1 << count where subset & 1 << feature == 0 {
                let weight = BruteForce.weight(subset.nonzeroBitCount, count)
                for output in 0..<form.outputs {
                    let gain = values[subset | 1 << feature][output] - values[subset][output]
                    for owner in owners[feature] {
                        out[output * width + owner + 1] += weight * gain / Double(owners[feature].count)
                    }
                }
            }
        }
        return out
    }

    /// |S|! (n - |S| - 1)! / n!
    static func weight(_ size: Int, _ count: Int) -> Double {
        var weight = 1.0 / Double(count)
        for k in 0..<size { weight *= Double(k + 1) / Double(count - 1 - k) }
        return weight
    }

    private func expectation(subset: Int) -> [Double] {
        var sums = form.baseScores
        for tree in form.roots.indices { add(Int(form.roots[tree]), tree, 1, subset, &sums) }
        return sums
    }

    private func add(_ node: Int, _ tree: Int, _ share: Double, _ subset: Int, _ sums: inout [Double]) {
        let feature = Int(form.features[node])
        guard feature >= 0 else {
            for (output, value) in Reference.values(form, tree, node) { sums[output] += share * value }
            return
        }
        let children = (Int(form.left[node]), Int(form.right[node]))
        if subset & 1 << feature != 0 {
            add(Reference.goesLeft(form, node, features[feature]) ? children.0 : children.1, tree, share, subset, &sums)
            return
        }
        for child in [children.0, children.1] {
            let cover = Double(form.covers[node])
            let fraction = cover > 0 ? min(Double(form.covers[child]) / cover, 1) : 0.5
            add(child, tree, share * fraction, subset, &sums)
        }
    }
}
