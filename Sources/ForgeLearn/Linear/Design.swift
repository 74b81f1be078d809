import ForgeModel

/// The encoded training rows as linear algebra takes them: numbers as dense columns, one-hot columns as the index of
/// their single 1, so that Gram matrices cost what the numbers cost, not what the levels do.
///
/// Packed order: all dense features first (the constant 1 of an intercept, if asked for, at their end), then all
/// one-hot features; `encodedIndex` leads back to the encoder's order.
struct Design {
    enum Dense: Sendable {
        case value(column: Int, NumberEncoder)
        case indicator(column: Int)
        /// The first of as many features as the plan's column has.
        case encoded(column: PlannedColumn, index: Int)
        /// One of the features behind the first.
        case more
        /// Of two packed features.
        case product(Int, Int)
        case one
    }

    struct Hot: Sendable {
        var column: Int
        var first: Int32  // packed
        var places: Places

        enum Places: Sendable {
            case levels(LevelMap)
            case bins(index: Int)  // of the plan's column
        }
    }

    let part: Part
    let dense: [Dense]
    let hot: [Hot]
    let width: Int
    let encodedIndex: [Int]  // (width) by packed index; -1 for the intercept
    let intercept: Int?  // packed index
    let encoder: ColumnEncoder
    let overrides: TrainingOverrides
    /// First row of each chunk.
    private let starts: [Int]
    /// The chunks to walk: all, unless this is a `sample`.
    private var walked: [Int]

    /// Rows encoded at a time, so that a tile stays in the second-level cache.
    static let tileRows = 1_024

    init(_ part: Part, _ plan: EncodingPlan, intercept: Bool = false) {
        self.part = part
        var dense: [Dense] = []
        var denseIndex: [Int] = []
        var hot: [Hot] = []
        var hotIndex: [Int] = []
        for (place, column) in plan.columns.enumerated() {
            let index = column.source
            let features = column.offset..<column.offset + column.schema.encoding.width
            switch column.schema.encoding {
            case .number(let fill, let indicator, let shift, let scale):
                dense.append(.value(column: index, NumberEncoder(fill: fill, shift: shift, scale: scale)))
                denseIndex.append(column.offset)
                if indicator {
                    dense.append(.indicator(column: index))
                    denseIndex.append(column.offset + 1)
                }
            case .oneHot, .hashed:
                hot.append(Hot(column: index, first: Int32(hotIndex.count), places: .levels(column.levelMap)))
                hotIndex += features
            case .bins(_, _, ordinal: false):
                hot.append(Hot(column: index, first: Int32(hotIndex.count), places: .bins(index: place)))
                hotIndex += features
            case .transformed, .bins, .lookup, .dateParts, .tfidf:
                guard !features.isEmpty else { continue }
                dense.append(.encoded(column: column, index: place))
                dense += repeatElement(.more, count: features.count - 1)
                denseIndex += features
            case .groupNumber, .groupLevel: break
            case .native: preconditionFailure("the plan gives linear models no native categories")
            case .vector: preconditionFailure("the plan has a vector's elements")
            }
        }
        let firstProduct = plan.width - plan.products.count
        dense += repeatElement(.more, count: plan.products.count)
        denseIndex += firstProduct..<plan.width
        if intercept {
            dense.append(.one)
            denseIndex.append(-1)
        }
        self.intercept = intercept ? dense.count - 1 : nil
        encoder = plan.encoder
        overrides = plan.overrides
        for index in hot.indices { hot[index].first += Int32(dense.count) }
        let packed = Dictionary(uniqueKeysWithValues: (denseIndex + hotIndex).enumerated().map { ($1, $0) })
        for (index, product) in plan.products.enumerated() {
            dense[packed[firstProduct + index]!] = .product(packed[Int(product.left)]!, packed[Int(product.right)]!)
        }
        self.dense = dense
        self.hot = hot
        encodedIndex = denseIndex + hotIndex
        width = encodedIndex.count
        var starts = [0]
        for chunk in part.chunks { starts.append(starts.last! + chunk.rows) }
        self.starts = starts
        walked = Array(part.chunks.indices)
    }

    var rows: Int { walked.reduce(0) { $0 + part.chunks[$1].rows } }

    /// Every `step`-th chunk of the same rows.
    func sample(every step: Int) -> Design {
        var result = self
        result.walked = Array(stride(from: 0, to: part.chunks.count, by: step))
        return result
    }

    /// From packed to encoded order, without the intercept.
    func encoded(_ packed: some Collection<Double>) -> [Double] {
        var result = [Double](repeating: 0, count: width - (intercept == nil ? 0 : 1))
        for (index, value) in zip(encodedIndex, packed) where index >= 0 { result[index] = value }
        return result
    }

    /// From encoded to packed order; 0 for the intercept.
    func packed(_ encoded: [Double]) -> [Double] { encodedIndex.map { $0 < 0 ? 0 : encoded[$0] } }

    /// Encodes all rows, tile by tile, on `threads` lanes; each lane walks its own run of chunks in order, so that sums
    /// made lane by lane depend on the number of threads only. `isCancelled` is asked before every chunk.
    /// - Returns: the lanes' results, in order.
    func forEachTile<Lane>(
        threads: Int, observer: any TrainingObserver, make: () -> Lane,
        _ body: (EncodedTile, inout Lane) -> Void
    ) throws -> [Lane] {
        let lanes = max(1, min(threads, walked.count))
        var results = [Lane?](repeating: nil, count: lanes)
        results.withUnsafeMutableBufferPointer { buffer in
            inParallel(lanes, threads: lanes) { lane in
                var result = make()
                let tile = EncodedTile(self)
                for chunk in walked[walked.count * lane / lanes..<walked.count * (lane + 1) / lanes] {
                    if observer.isCancelled { break }
                    let rows = part.chunks[chunk].rows
                    for first in stride(from: 0, to: rows, by: Self.tileRows) {
                        tile.load(chunk, first, min(Self.tileRows, rows - first), firstRow: starts[chunk] + first)
                        body(tile, &result)
                    }
                }
                buffer[lane] = result
            }
        }
        if observer.isCancelled { throw ForgeError(.cancelled, "training was cancelled") }
        return results.map { $0! }
    }
}

extension Design {
    struct Moments {
        var weight: Double  // of all rows
        var means: [Double]  // (width) packed
        var deviations: [Double]  // (width) packed: population standard deviations
    }

    /// Weighted mean and deviation of every feature.
    func moments(weights: [Double]?, threads: Int, observer: any TrainingObserver) throws -> Moments {
        struct Lane {
            var weight = 0.0
            var sums: [Double]
            var squares: [Double]
        }
        let lanes = try forEachTile(threads: threads, observer: observer) {
            Lane(sums: Array(repeating: 0, count: width), squares: Array(repeating: 0, count: dense.count))
        } _: { tile, lane in
            for row in 0..<tile.rows {
                tile.scratch[row] = weights?[tile.firstRow + row] ?? 1
                lane.weight += tile.scratch[row]
            }
            lane.sums.withUnsafeMutableBufferPointer { tile.addTransposedProduct(tile.scratch, to: $0.baseAddress!) }
            for feature in 0..<dense.count {
                let values = tile.values + feature * Design.tileRows
                var sum = 0.0
                for row in 0..<tile.rows { sum += tile.scratch[row] * values[row] * values[row] }
                lane.squares[feature] += sum
            }
        }
        let weight = lanes.reduce(0) { $0 + $1.weight }
        let means = lanes.dropFirst().reduce(lanes[0].sums) { zip($0, $1.sums).map(+) }.map { $0 / weight }
        let squares = lanes.dropFirst().reduce(lanes[0].squares) { zip($0, $1.squares).map(+) }.map { $0 / weight }
        let deviations = means.enumerated().map { index, mean in
            (index < dense.count ? max(0, squares[index] - mean * mean) : max(0, mean * (1 - mean))).squareRoot()
        }
        return Moments(weight: weight, means: means, deviations: deviations)
    }
}
