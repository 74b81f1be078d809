@testable import ForgeModel

extension RandomModels {
    /// The same with models of `count` groups by a number and a category, NULL among their values.
    mutating func grouped(_ document: ModelDocument, groups count: Int = 4) -> ModelDocument {
        var document = document
        let shops = ["east", "north", "west"].map { Bytes($0.utf8) }
        document.columns.insert(
            ColumnSchema(name: Bytes("shop".utf8), sqlType: Bytes("text".utf8), kind: .category, encoding: .groupLevel(levels: shops)),
            at: 0)
        document.columns.append(
            ColumnSchema(name: Bytes("year".utf8), sqlType: Bytes("integer".utf8), kind: .number, encoding: .groupNumber))
        // Shops by their place, 3 is NULL; years from -1 to 2, then NULL: twenty in their order.
        let years: [Double] = [-1, 0, 1, 2, .nan]
        let all: [[Double]] = (0...3).flatMap { shop in years.map { [Double(shop), $0] } }
        let chosen = Set((0..<all.count).shuffled(using: &random).prefix(count))
        document.groups = ModelGroups(
            keys: all.indices.filter(chosen.contains).flatMap { all[$0] }, forms: chosen.map { _ in reformed(document.form) })
        return document
    }

    /// Another form of the same shape; of trees some, with other numbers.
    private mutating func reformed(_ form: ModelForm) -> ModelForm {
        switch form {
        case .ensemble, .centroids, .nonnegative, .neighbors: return form
        case .linear(var linear):
            linear.coefficients = linear.coefficients.map { _ in double() }
            linear.intercepts = linear.intercepts.map { _ in double() }
            linear.means = linear.means.map { _ in double() }
            return .linear(linear)
        case .network(var network):
            network.weights = network.weights.map { $0 * Float(double()) }
            network.biases = network.biases.map { _ in Float(double()) }
            network.intercepts = network.intercepts.map { _ in double() }
            return .network(network)
        case .trees(let trees):
            let count = int(1...trees.roots.count)
            let nodes = count == trees.roots.count ? trees.features.count : Int(trees.roots[count])
            return .trees(
                TreeForm(
                    outputs: trees.outputs, baseScores: trees.baseScores.map { _ in double(0...1) },
                    roots: Array(trees.roots.prefix(count)), treeOutputs: Array(trees.treeOutputs.prefix(count)),
                    features: Array(trees.features.prefix(nodes)),
                    thresholds: trees.thresholds.prefix(nodes).map { $0 + Float(double(-0.5...0.5)) },
                    left: Array(trees.left.prefix(nodes)), right: Array(trees.right.prefix(nodes)),
                    defaultLeft: Array(trees.defaultLeft.prefix(nodes)), covers: Array(trees.covers.prefix(nodes)),
                    categoryOffsets: Array(trees.categoryOffsets.prefix(nodes + 1)),
                    categoryBits: Array(trees.categoryBits.prefix(Int(trees.categoryOffsets[nodes]))),
                    leafVectors: trees.leafVectors))
        }
    }
}
