@testable import ForgeModel

/// Models and rows made by a seed.
struct RandomModels {
    var random: SplitMix

    init(seed: UInt64) { random = SplitMix(seed: seed) }

    mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    mutating func double(_ range: ClosedRange<Double> = -3...3) -> Double { Double.random(in: range, using: &random) }
    mutating func flag(_ chance: Double = 0.5) -> Bool { double(0...1) < chance }

    mutating func levels(_ count: Int) -> [Bytes] {
        let texts = (0..<count).map { index -> Bytes in
            let length = int(0...20)
            return Bytes("\(100 + index)".utf8) + (0..<length).map { _ in UInt8(int(0...255)) }
        }
        return texts.sorted { $0.lexicographicallyPrecedes($1) }
    }

    mutating func column(_ index: Int, forTrees: Bool, categories: Bool) -> ColumnSchema {
        let kind = categories ? int(0...2) : 0
        let encoding: ColumnEncoding
        switch kind {
        case 1: encoding = .oneHot(levels: levels(int(0...6)), nullLevel: flag(), otherLevel: flag())
        case 2 where forTrees: encoding = .native(levels: levels(int(1...70)))
        case 2: encoding = .oneHot(levels: levels(int(1...40)), nullLevel: flag(), otherLevel: flag())
        default:
            let fill = forTrees && flag() ? nil : double()
            let scaled = flag(0.7)
            encoding = .number(
                fill: fill, indicator: flag(0.3), shift: scaled ? double() : 0, scale: scaled ? double(0.1...4) : 1)
        }
        return ColumnSchema(
            name: Bytes("c\"\(index)é".utf8), sqlType: Bytes((encoding.kind == .number ? "double precision" : "text").utf8),
            kind: encoding.kind, encoding: encoding)
    }

    /// `prepared`: with encodings and products that no kernel has folded in.
    mutating func linear(
        columns count: Int, classes: Int, categories: Bool = true, prepared: Bool = false
    ) -> ModelDocument {
        let columns = (0..<count).map {
            prepared && flag(0.8) ? preparedColumn($0, forTrees: false) : column($0, forTrees: false, categories: categories)
        } + [number(count)]
        return linear(over: columns, prepared ? products(of: columns) : [], classes: classes)
    }

    mutating func linear(
        over columns: [ColumnSchema], _ products: [FeatureProduct] = [], classes: Int
    ) -> ModelDocument {
        let width = columns.reduce(products.count) { $0 + $1.encoding.width }
        let outputs = classes > 2 ? classes : 1
        let form = LinearForm(
            outputs: outputs, coefficients: (0..<outputs * width).map { _ in double() },
            intercepts: (0..<outputs).map { _ in double() }, means: (0..<width).map { _ in double() })
        return document(
            columns, products, classes: classes, link: classes == 0 ? .identity : classes == 2 ? .logistic : .softmax,
            .linear(form))
    }

    /// Dense layers of these widths; the weights are small enough for tanh not to saturate everywhere.
    mutating func network(
        columns count: Int, hidden: [Int], classes: Int, activation: Activation, categories: Bool = true,
        prepared: Bool = false
    ) -> ModelDocument {
        let columns = (0..<count).map {
            prepared ? preparedColumn($0, forTrees: false) : column($0, forTrees: false, categories: categories)
        } + [number(count)]
        return network(over: columns, hidden: hidden, classes: classes, activation: activation)
    }

    mutating func network(
        over columns: [ColumnSchema], hidden: [Int], classes: Int, activation: Activation
    ) -> ModelDocument {
        let layers = [columns.reduce(0) { $0 + $1.encoding.width }] + hidden + [classes > 2 ? classes : 1]
        let form = NetworkForm(
            activation: activation, layers: layers,
            weights: zip(layers, layers.dropFirst()).flatMap { inputs, outputs in
                (0..<inputs * outputs).map { _ in Float(double() / Double(inputs).squareRoot()) }
            },
            biases: (0..<hidden.reduce(0, +)).map { _ in Float(double()) },
            intercepts: (0..<layers[layers.count - 1]).map { _ in double() })
        let network = document(
            columns, classes: classes, link: classes == 0 ? .identity : classes == 2 ? .logistic : .softmax, .network(form))
        return interventional(network)
    }

    /// Explained against rows of its own; `samples` as in `Background`, few so that many models are tried.
    mutating func interventional(_ document: ModelDocument, rows count: Int = 2, samples: Int = 100) -> ModelDocument {
        var document = document
        let features = RowEncoder(document.columns).rowMajor(rows(count, of: document.columns))
        document.background = Background(features: features, rows: count, seed: int(-5...5), samples: samples)
        guard case .linear(var linear) = document.form else { return document }
        let encoded = RowEncoder(document).withProducts(features)
        let width = document.encodedWidth
        linear.means = (0..<width).map { feature in
            (0..<count).reduce(0) { $0 + encoded[$1 * width + feature] } / Double(count)
        }
        document.form = .linear(linear)
        return document
    }

    private mutating func number(_ index: Int) -> ColumnSchema {
        ColumnSchema(
            name: Bytes("n\(index)".utf8), sqlType: Bytes("integer".utf8), kind: .number,
            encoding: .number(fill: 0.5, indicator: false, shift: 0, scale: 1))
    }

    mutating func calibration(classes: Int) -> Calibration? {
        guard classes > 1 else { return nil }
        let count = classes == 2 ? 1 : classes
        if flag() {
            return .sigmoid((0..<count).map { _ in .init(slope: double(), intercept: double()) })
        }
        return .isotonic((0..<count).map { _ in
            let x = Set((0..<int(1...9)).map { _ in double() }).sorted()
            return .init(x: x, y: x.map { _ in double(0...1) }.sorted())
        })
    }

    mutating func document(
        _ columns: [ColumnSchema], _ products: [FeatureProduct] = [], classes: Int, link: Link, _ form: ModelForm
    ) -> ModelDocument {
        ModelDocument(
            task: classes == 0 ? "regression" : "classification", algorithm: "test", link: link, columns: columns,
            products: products, labels: (0..<classes).map { Bytes("label \($0)".utf8) }, positive: classes == 2 ? int(0...1) : -1,
            calibration: flag() ? calibration(classes: classes) : nil,
            threshold: classes == 2 && flag() ? double(0...1) : nil, form: form)
    }

    /// Trees of random shape. `vector`: the leaves are vectors over all outputs.
    mutating func trees(
        columns count: Int, trees: Int, depth: Int, classes: Int, categories: Bool = true, shares: Bool = false,
        vector: Bool = false, grow: Double = 0.8, prepared: Bool = false
    ) -> ModelDocument {
        let columns = (0..<count).map {
            prepared && flag(0.8) ? preparedColumn($0, forTrees: true) : column($0, forTrees: true, categories: categories)
        } + [number(count)]
        return self.trees(
            over: columns, prepared ? products(of: columns) : [], trees: trees, depth: depth, classes: classes,
            shares: shares, vector: vector, grow: grow)
    }

    mutating func trees(
        over columns: [ColumnSchema], _ products: [FeatureProduct] = [], trees: Int, depth: Int, classes: Int,
        shares: Bool = false, vector: Bool = false, grow: Double = 0.8
    ) -> ModelDocument {
        let features = columns.flatMap { column in Array(repeating: column, count: column.encoding.width) }
            + products.map { _ in columns[columns.count - 1] }
        let outputs = classes > 2 ? classes : 1
        var form = TreeForm(
            outputs: outputs, baseScores: (0..<outputs).map { _ in shares ? 0 : double() }, roots: [], treeOutputs: [],
            features: [], thresholds: [], left: [], right: [], defaultLeft: [], covers: [], categoryOffsets: [0],
            categoryBits: [], leafVectors: [])
        for tree in 0..<trees {
            form.roots.append(Int32(form.features.count))
            form.treeOutputs.append(vector ? -1 : Int32(tree % outputs))
            _ = node(&form, features, depth: depth, cover: Float(int(50...5000)), vector: vector, grow: grow)
        }
        let link: Link = shares ? .shares : classes == 0 ? .identity : classes == 2 ? .logistic : .softmax
        return document(columns, products, classes: classes, link: link, .trees(form))
    }

    /// Trees whose every left child is a leaf: they have as many splits as they are deep.
    mutating func chains(depths: [Int]) -> ModelDocument {
        var form = TreeForm(
            outputs: 1, baseScores: [0], roots: [], treeOutputs: depths.map { _ in 0 }, features: [], thresholds: [],
            left: [], right: [], defaultLeft: [], covers: [], categoryOffsets: [0], categoryBits: [], leafVectors: [])
        for depth in depths {
            form.roots.append(Int32(form.features.count))
            for _ in 0..<depth {
                let index = Int32(form.features.count)
                form.features += [0, -1]
                form.left += [index + 1, -1]
                form.right += [index + 2, -1]
            }
            form.features.append(-1)
            form.left.append(-1)
            form.right.append(-1)
        }
        form.thresholds = form.features.map { _ in Float(double()) }
        form.defaultLeft = form.features.map { _ in flag() }
        form.covers = form.features.map { _ in 1 }
        form.categoryOffsets = Array(repeating: 0, count: form.features.count + 1)
        return document([number(0)], classes: 0, link: .identity, .trees(form))
    }

    private mutating func node(
        _ form: inout TreeForm, _ features: [ColumnSchema], depth: Int, cover: Float, vector: Bool, grow: Double
    ) -> Int32 {
        let index = form.features.count
        let feature = int(0...features.count - 1)
        let splits = depth > 0 && flag(grow)
        form.features.append(splits ? Int32(feature) : -1)
        form.thresholds.append(vector && !splits ? 0 : Float(double()))
        form.left.append(-1)
        form.right.append(-1)
        form.defaultLeft.append(flag())
        form.covers.append(cover)
        if splits, case .native(let levels) = features[feature].encoding, !levels.isEmpty {
            for word in 0..<int(1...(levels.count + 31) / 32) {
                let used = min(levels.count - word * 32, 32)
                form.categoryBits.append(UInt32(truncatingIfNeeded: random.next()) & (used == 32 ? .max : 1 << used - 1))
            }
        }
        form.categoryOffsets.append(Int32(form.categoryBits.count))
        if splits {
            let share = Float(double(0.05...0.95))
            form.left[index] = node(&form, features, depth: depth - 1, cover: cover * share, vector: vector, grow: grow)
            form.right[index] = node(
                &form, features, depth: depth - 1, cover: cover * (1 - share), vector: vector, grow: grow)
        } else if vector {
            form.left[index] = Int32(form.leafVectors.count / form.outputs)
            for _ in 0..<form.outputs { form.leafVectors.append(Float(double(0...1))) }
        }
        return Int32(index)
    }

    /// Values of every column, with gaps and levels that no model knows.
    mutating func rows(_ count: Int, of columns: [ColumnSchema]) -> [ColumnValues] {
        columns.map { column in
            switch column.kind {
            case .number where column.encoding.isGroup:
                .numbers((0..<count).map { _ in flag(0.2) ? .nan : Double(int(-2...3)) })
            case .number:
                .numbers((0..<count).map { _ in flag(0.15) ? .nan : column.isDate ? double(-3e8...3e8) : double() })
            case .category: column.isText ? texts(count) : codes(count, column.encoding.levels ?? [])
            case .vector: vectors(count, dimensions: column.encoding.width)
            }
        }
    }

    private mutating func codes(_ count: Int, _ known: [Bytes]) -> ColumnValues {
        let levels = known.shuffled(using: &random) + [Bytes("never seen".utf8), []].filter { !known.contains($0) }
        let codes = (0..<count).map { _ in flag(0.15) ? ColumnValues.missingCode : UInt32(int(0...levels.count - 1)) }
        return .codes(codes, levels: levels)
    }
}
