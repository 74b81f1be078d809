@testable import ForgeModel

/// Encodings that no kernel has folded in, and products.
extension RandomModels {
    mutating func preparedColumn(_ index: Int, forTrees: Bool) -> ColumnSchema {
        let encoding: ColumnEncoding
        switch int(0...7) {
        case 0, 1: encoding = transformed()
        case 2: encoding = bins(forTrees: forTrees)
        case 3: encoding = lookup()
        case 4: encoding = .hashed(buckets: int(1...7))
        case 5: encoding = dateParts()
        case 6: encoding = vector(forTrees: forTrees)
        default: encoding = tfidf()
        }
        let type =
            encoding.kind == .category ? "text" : encoding.kind == .vector ? "real[]" : encoding.isDate ? "date" : "real"
        return ColumnSchema(
            name: Bytes("c\"\(index)é".utf8), sqlType: Bytes(type.utf8), kind: encoding.kind, encoding: encoding)
    }

    private mutating func dateParts() -> ColumnEncoding {
        .dateParts(
            DatePart.allCases.shuffled(using: &random).prefix(int(1...4)).map {
                $0.width == 1 ? ScaledDatePart($0, shift: double(-5...5), scale: double(0.5...4)) : ScaledDatePart($0)
            })
    }

    private mutating func vector(forTrees: Bool) -> ColumnEncoding { vector(dimensions: int(1...9), forTrees: forTrees) }

    mutating func vector(dimensions: Int, forTrees: Bool) -> ColumnEncoding {
        .vector(
            fills: forTrees && flag() ? nil : (0..<dimensions).map { _ in double() },
            shifts: (0..<dimensions).map { _ in double() }, scales: (0..<dimensions).map { _ in double(0.5...4) })
    }

    mutating func vectors(_ count: Int, dimensions: Int) -> ColumnValues {
        .vectors(
            (0..<count).flatMap { _ in
                flag(0.15) ? [Float](repeating: .nan, count: dimensions) : (0..<dimensions).map { _ in Float(double()) }
            }, dimensions: dimensions)
    }

    private mutating func transformed() -> ColumnEncoding {
        let transforms: [NumberTransform] = [
            .identity, .log1p, .sqrt, .yeoJohnson(lambda: double(-2...4)), .yeoJohnson(lambda: 0),
            .yeoJohnson(lambda: 2),
        ]
        return .transformed(
            transforms[int(0...5)], fill: double(), indicator: flag(), shift: double(), scale: double(0.5...4),
            degree: int(1...3))
    }

    private mutating func bins(forTrees: Bool) -> ColumnEncoding {
        let ordinal = flag()
        return .bins(
            edges: Array(Set((0..<int(0...5)).map { _ in double() })).sorted(),
            missing: flag() || (ordinal && !forTrees),
            ordinal: ordinal)
    }

    private mutating func lookup() -> ColumnEncoding {
        let (levels, width) = (levels(int(0...5)), int(1...3))
        return .lookup(levels: levels, width: width, values: (0..<(levels.count + 2) * width).map { _ in double() })
    }

    static let words = ["free", "Trial", "ÄRGER", "ночь", "ΟΔΌΣΑ", "x", "don’t", "été", "a_1", "Σ", "42"]

    private mutating func tfidf() -> ColumnEncoding {
        let known = [
            "free", "trial", "ärger", "ночь", "οδόσα", "οδόσα free", "free trial", "don", "été", "a_1", "42",
            "trial trial",
        ]
        let terms = known.filter { _ in flag(0.6) }.map { Bytes($0.utf8) }
        return .tfidf(
            vocabulary: terms.sorted { $0.lexicographicallyPrecedes($1) }, idf: terms.map { _ in double(0.5...3) },
            bigrams: flag(), sublinear: flag())
    }

    mutating func texts(_ count: Int) -> ColumnValues {
        let texts = (0..<12).map { _ in
            Bytes(
                (0..<int(0...9)).map { _ in RandomModels.words[int(0...10)] }.joined(separator: flag() ? " " : ", ")
                    .utf8)
        }
        return .codes(
            (0..<count).map { _ in flag(0.15) ? ColumnValues.missingCode : UInt32(int(0...11)) }, levels: texts)
    }

    mutating func products(of columns: [ColumnSchema]) -> [FeatureProduct] {
        var features: [Int32] = []
        var first: Int32 = 0
        for column in columns {
            if column.encoding.name != "native" { features += first..<first + Int32(column.encoding.width) }
            first += Int32(column.encoding.width)
        }
        var products: [FeatureProduct] = []
        var degrees = [Int32: Int](uniqueKeysWithValues: features.map { ($0, 1) })
        for _ in 0..<int(0...6) {
            let (left, right) = (features[int(0...features.count - 1)], features[int(0...features.count - 1)])
            guard degrees[left]! + degrees[right]! <= ModelLimits.factors else { continue }
            let own = first + Int32(products.count)
            degrees[own] = degrees[left]! + degrees[right]!
            products.append(FeatureProduct(left, right))
            features.append(own)
        }
        return products
    }
}

extension ColumnEncoding {
    var isDate: Bool { if case .dateParts = self { true } else { false } }
}

extension ColumnSchema {
    var isDate: Bool { encoding.isDate }
    var isText: Bool { if case .tfidf = encoding { true } else { false } }
}

extension ModelDocument {
    var isPrepared: Bool {
        !products.isEmpty || columns.contains { !["number", "one_hot", "native"].contains($0.encoding.name) }
    }
}
