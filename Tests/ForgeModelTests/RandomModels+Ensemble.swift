@testable import ForgeModel

extension RandomModels {
    /// Members of every form over the same columns, some of which do not read all of them.
    mutating func ensemble(columns count: Int, classes: Int, rows: Int = 2, samples: Int = 100) -> ModelDocument {
        let cells = (0..<count).map { cellColumn($0) }
        let members = (0..<int(1...4)).map { member($0, of: cells, classes: classes) }
        let parts = members.map { _ in double(0.1...1) }
        let total = parts.reduce(0, +)
        let binary = classes == 2
        return ModelDocument(
            task: classes == 0 ? "regression" : "classification", algorithm: "test", link: classes == 0 ? .identity : .shares,
            columns: cells, labels: members[0].labels, positive: members[0].positive,
            calibration: flag(0.3) ? calibration(classes: classes) : nil, threshold: binary && flag() ? double(0...1) : nil,
            background: cellBackground(cells, rows: rows, samples: samples),
            form: .ensemble(EnsembleForm(members: members, weights: parts.map { $0 / total })))
    }

    private mutating func cellColumn(_ index: Int) -> ColumnSchema {
        let name = Bytes("cell \(index)".utf8)
        if flag(0.4) {
            return ColumnSchema(
                name: name, sqlType: Bytes("text".utf8), kind: .category, encoding: .native(levels: levels(int(0...4))))
        }
        if flag(0.3) {
            let dimensions = int(1...4)
            let encoding = ColumnEncoding.vector(
                fills: nil, shifts: [Double](repeating: 0, count: dimensions), scales: [Double](repeating: 1, count: dimensions))
            return ColumnSchema(name: name, sqlType: Bytes("real[]".utf8), kind: .vector, encoding: encoding)
        }
        return ColumnSchema(
            name: name, sqlType: Bytes("double precision".utf8), kind: .number,
            encoding: .number(fill: nil, indicator: false, shift: 0, scale: 1))
    }

    /// A model with encodings of its own of most of the columns, in an order of its own.
    private mutating func member(_ number: Int, of cells: [ColumnSchema], classes: Int) -> ModelDocument {
        let isTrees = number % 2 == 1
        let columns = cells.indices.filter { $0 == 0 || flag(0.8) }.shuffled(using: &random).map { index in
            var column = cells[index]
            column.encoding =
                switch column.kind {
                case .number: numberEncoding(isTrees)
                case .category: categoryEncoding(isTrees, column)
                case .vector: vector(dimensions: column.encoding.width, forTrees: isTrees)
                }
            return column
        }
        var model: ModelDocument
        switch number % 4 {
        case 0: model = linear(over: columns, classes: classes)
        case 2: model = network(over: columns, hidden: [3], classes: classes, activation: .tanh)
        default:
            model = trees(over: columns, trees: 12, depth: 4, classes: classes, shares: classes > 0 && number == 3)
        }
        model.positive = classes == 2 ? 1 : -1
        return model
    }

    private mutating func numberEncoding(_ isTrees: Bool) -> ColumnEncoding {
        let fill = isTrees && flag() ? nil : double()
        return .number(fill: fill, indicator: flag(0.3), shift: double(), scale: double(0.1...4))
    }

    private mutating func categoryEncoding(_ isTrees: Bool, _ column: ColumnSchema) -> ColumnEncoding {
        let known = (column.encoding.levels ?? []) + levels(int(0...3)).map { $0 + [33] }
        let texts = known.sorted { $0.lexicographicallyPrecedes($1) }
        if isTrees, !texts.isEmpty, flag() { return .native(levels: texts) }
        return .oneHot(levels: texts, nullLevel: true, otherLevel: flag())
    }

    private mutating func cellBackground(_ cells: [ColumnSchema], rows: Int, samples: Int) -> Background {
        let features = (0..<rows).flatMap { _ in
            cells.flatMap { column -> [Double] in
                if flag(0.2) { return [Double](repeating: .nan, count: column.encoding.width) }
                guard let levels = column.encoding.levels else {
                    return (0..<column.encoding.width).map { _ in column.kind == .vector ? Double(Float(double())) : double() }
                }
                return [levels.isEmpty ? .nan : Double(int(0...levels.count - 1))]
            }
        }
        return Background(features: features, rows: rows, seed: int(-5...5), samples: samples)
    }
}
