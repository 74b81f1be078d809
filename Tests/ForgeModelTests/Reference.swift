import CForgeMath

@testable import ForgeModel

/// The model's meaning, written as plainly as the document's comments say it.
struct Reference {
    let document: ModelDocument
    let encoder: RowEncoder

    init(_ document: ModelDocument) {
        self.document = document
        encoder = RowEncoder(document)
    }

    func margins(_ rows: [ColumnValues], count: Int) -> [Double] {
        let encoded = encoder.rowMajor(rows)
        return (0..<count).flatMap { row in margins(Array(encoded[row * encoder.width..<(row + 1) * encoder.width])) }
    }

    func margins(_ features: [Double]) -> [Double] {
        switch document.form {
        case .linear(let form):
            return (0..<form.outputs).map { output in
                let row = form.coefficients[output * features.count..<(output + 1) * features.count]
                return form.intercepts[output] + zip(row, features).reduce(0) { $0 + $1.0 * $1.1 }
            }
        case .network(let form): return Reference.margins(form, features)
        case .ensemble: return []  // EnsembleTests
        case .centroids(let form): return Reference.margins(form, features)
        case .nonnegative(let form): return Reference.margins(form, features)
        case .neighbors(let form): return Reference.margins(form, features, positive: document.positive)
        case .trees(let form):
            var margins = form.baseScores
            for tree in form.roots.indices {
                let leaf = Reference.leaf(form, tree, features.map(Float.init))
                for (output, value) in Reference.values(form, tree, leaf) { margins[output] += value }
            }
            return margins
        }
    }

    /// In the order of operations that internals.md fixes, so to the bit: Float32 sums from the bias on, in the order
    /// of the inputs; then four partial sums of doubles by input modulo four.
    static func margins(_ form: NetworkForm, _ features: [Double]) -> [Double] {
        var inputs = features.map { Float($0) }
        var weights = form.weights[...]
        var biases = form.biases[...]
        for outputs in form.layers.dropFirst().dropLast() {
            let sums = (0..<outputs).map { output in
                zip(weights.dropFirst(output * inputs.count), inputs).reduce(biases[biases.startIndex + output]) {
                    $0 + $1.0 * $1.1
                }
            }
            weights = weights.dropFirst(outputs * inputs.count)
            biases = biases.dropFirst(outputs)
            inputs = sums.map { activate(form.activation, $0) }
        }
        return form.intercepts.enumerated().map { output, intercept in
            var lanes = [0.0, 0, 0, 0]
            for (input, value) in inputs.enumerated() {
                lanes[input % 4] += Double(value) * Double(weights[weights.startIndex + output * inputs.count + input])
            }
            return intercept + ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3]))
        }
    }

    static func activate(_ activation: Activation, _ value: Float) -> Float {
        switch activation {
        case .relu: forge_relu(value)
        case .gelu: forge_gelu(value)
        case .tanh: forge_tanh(value)
        }
    }

    static func values(_ form: TreeForm, _ tree: Int, _ leaf: Int) -> [(Int, Double)] {
        let output = Int(form.treeOutputs[tree])
        guard output < 0 else { return [(output, Double(form.thresholds[leaf]))] }
        let row = Int(form.left[leaf])
        return (0..<form.outputs).map { ($0, Double(form.leafVectors[row * form.outputs + $0])) }
    }

    static func leaf(_ form: TreeForm, _ tree: Int, _ features: [Float]) -> Int {
        var node = Int(form.roots[tree])
        while form.features[node] >= 0 {
            node = Int(goesLeft(form, node, features[Int(form.features[node])]) ? form.left[node] : form.right[node])
        }
        return node
    }

    static func goesLeft(_ form: TreeForm, _ node: Int, _ value: Float) -> Bool {
        if value.isNaN { return form.defaultLeft[node] }
        let words = form.categoryBits[Int(form.categoryOffsets[node])..<Int(form.categoryOffsets[node + 1])]
        if words.isEmpty { return value < form.thresholds[node] }
        let code = Int(value)
        return code / 32 >= words.count || words[words.startIndex + code / 32] >> UInt32(code % 32) & 1 == 0
    }
}
