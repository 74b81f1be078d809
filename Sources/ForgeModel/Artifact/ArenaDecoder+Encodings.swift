import CForgeMath

/// What the encodings need beside scaling and levels, and the products behind the columns' features.
extension ArenaDecoder {
    /// The tensor `column_numbers`; empty when it is absent, as it is when no column has any.
    func columnNumbers() throws(Refusal) -> Elements<Double> {
        guard artifact.has(.columnNumbers) else { return try artifact.vector(.fills, Double.self).prefix(0) }
        let numbers = try artifact.vector(.columnNumbers, Double.self)
        try require(numbers.count > 0, "it has numbers of no column")
        return numbers
    }

    static func numbers(
        _ described: Description.Column, _ numbers: Elements<Double>, _ first: Int, _ column: inout ForgeColumn,
        _ builder: inout ArenaBuilder
    ) throws(Refusal) {
        let count = described.numbers
        try require(count <= numbers.count &- first, "a column has more numbers than there are")
        column.transform = Int32(truncatingIfNeeded: described.transform)
        column.degree = Int32(truncatingIfNeeded: described.degree)
        column.ordinal = described.ordinal ? 1 : 0
        column.bigrams = described.bigrams ? 1 : 0
        column.sublinear = described.sublinear ? 1 : 0
        try parts(described, &column, &builder)
        for i in upTo(count) { try require(numbers[first &+ i].isFinite, "a number is not finite") }
        if described.encoding == FORGE_ENCODE_TRANSFORMED {
            column.lambda = count > 0 ? numbers[first] : 0
            return
        }
        if described.encoding == FORGE_ENCODE_BINS {
            for i in upTo(count &- 1) {
                try require(numbers[first &+ i] < numbers[first &+ i &+ 1], "a column's edges do not rise")
            }
        }
        if described.encoding == FORGE_ENCODE_DATE_PARTS {
            for i in upTo(described.partCount) {
                try require(numbers[first &+ 2 &* i &+ 1] != 0, "the scale of a date's part is 0")
            }
        }
        if described.isVector {
            for i in upTo(described.dimensions) {
                try require(numbers[first &+ described.dimensions &+ i] != 0, "the scale of a vector's element is 0")
            }
        }
        let region = try builder.reserve(Double.self, count: count)
        column.numbers = region.span
        if builder.measuring { return }
        for i in upTo(count) { region.store(numbers[first &+ i], at: i) }
    }

    private static func parts(
        _ described: Description.Column, _ column: inout ForgeColumn, _ builder: inout ArenaBuilder
    ) throws(Refusal) {
        let region = try builder.reserve(Int32.self, count: described.partCount)
        column.parts = region.span
        var reader = described.parts
        for i in upTo(described.partCount) {
            if let part = try Description.readPart(&reader) { region.store(Int32(truncatingIfNeeded: part), at: i) }
        }
    }

    /// Products, and the source column of every feature.
    mutating func decodeProducts() throws(Refusal) {
        let base = Int(arena.encoded)
        let count = artifact.has(.products) ? artifact.shape(.products).0 : 0
        let sources = try builder.reserve(Int32.self, count: base &+ min(max(count, 0), ModelLimits.encodedWidth))
        arena.feature_columns = sources.span
        for c in upTo(Int(arena.columns)) {
            guard let column = columns.load(c) else { continue }
            for f in upTo(Int(column.width)) { sources.store(Int32(truncatingIfNeeded: c), at: Int(column.first) &+ f) }
        }
        guard artifact.has(.products) else { return }
        guard count <= ModelLimits.encodedWidth &- base else {
            throw .tooLarge("the model has too many encoded features")
        }
        let pairs = try artifact.matrix(.products, Int32.self, columns: 2)
        try require(count > 0, "its products are none")
        let table = try builder.reserve(ForgeProduct.self, count: count)
        arena.products = table.span
        arena.encoded = Int32(truncatingIfNeeded: base &+ count)
        arena.prepared = 1
        for i in upTo(count) {
            let left = pairs[2 &* i]
            let right = pairs[2 &* i &+ 1]
            let limit = Int32(truncatingIfNeeded: base &+ i)
            try require(left >= 0 && right >= 0 && left < limit && right < limit, "a product is of no earlier features")
            if builder.measuring { continue }
            let product = try product(left, right, base, table, sources)
            sources.store(product.column, at: base &+ i)
            table.store(product, at: i)
        }
    }

    private func product(
        _ left: Int32, _ right: Int32, _ base: Int, _ table: Region<ForgeProduct>, _ sources: Region<Int32>
    ) throws(Refusal) -> ForgeProduct {
        var product = ForgeProduct()
        product.left = left
        product.right = right
        try add(left, to: &product, base, table, sources)
        try add(right, to: &product, base, table, sources)
        let first = sources.load(Int(product.factor(0))) ?? 0
        let last = sources.load(Int(product.factor(product.count &- 1))) ?? 0
        product.column = first == last ? first : -1
        product.columns = 1
        for i in upTo(Int(product.count) &- 1) {
            let place = Int32(truncatingIfNeeded: i)
            let (here, next) = (product.factor(place), product.factor(place &+ 1))
            if sources.load(Int(here)) != sources.load(Int(next)) { product.columns &+= 1 }
        }
        return product
    }

    /// Adds a feature to a product: itself if it is of one column, else what it is a product of.
    private func add(
        _ feature: Int32, to product: inout ForgeProduct, _ base: Int, _ table: Region<ForgeProduct>,
        _ sources: Region<Int32>
    ) throws(Refusal) {
        guard let column = sources.load(Int(feature)) else { return }
        let inner = table.load(Int(feature) &- base)
        product.degree &+= inner?.degree ?? 1
        try require(Int(product.degree) <= ModelLimits.factors, "a product has too many factors")
        if let inner, column < 0 {
            for i in upTo(Int(inner.count)) {
                insert(inner.factor(Int32(truncatingIfNeeded: i)), into: &product, sources)
            }
            return
        }
        if inner == nil {
            let encoding = columns.load(Int(column))?.encoding
            try require(encoding != Int32(FORGE_ENCODE_NATIVE), "a product is of a native category")
        }
        insert(feature, into: &product, sources)
    }

    /// Keeps the factors in the order of their columns, and of themselves.
    private func insert(_ feature: Int32, into product: inout ForgeProduct, _ sources: Region<Int32>) {
        let column = sources.load(Int(feature)) ?? 0
        var place = product.count
        while place > 0 {
            let before = product.factor(place &- 1)
            let other = sources.load(Int(before)) ?? 0
            if other < column || (other == column && before <= feature) { break }
            product.setFactor(before, at: place)
            place &-= 1
        }
        product.setFactor(feature, at: place)
        product.count &+= 1
    }

    /// Linear algebra takes no missing features; the reasons are what is said of a native category and of a number.
    func requireFilled(_ native: StaticString, _ number: StaticString) throws(Refusal) {
        if slice > 0 { return }  // the columns are the same to all
        try description.forEachColumn { _, described throws(Refusal) in
            try require(described.encoding != FORGE_ENCODE_NATIVE, native)
            try require(!described.staysMissing, number)
        }
    }
}

extension ForgeProduct {
    fileprivate func factor(_ place: Int32) -> Int32 {
        withUnsafePointer(to: self) { forge_product_factor($0, place) }
    }

    fileprivate mutating func setFactor(_ feature: Int32, at place: Int32) {
        withUnsafeMutablePointer(to: &self) { forge_set_product_factor($0, place, feature) }
    }
}
