import ForgeModel

/// The encoded features of a chunk that trees do not encode one by one: of columns whose features belong together, and
/// products. Worked out as doubles, rounded to Float32 at the end, as when a row is scored.
final class ChunkEncoder {
    private let plan: EncodingPlan
    private let wanted: [Int]  // plan columns whose features are written
    private let needed: [Int]  // those, and the columns that products are made of
    private let tile: [Int: UnsafeMutablePointer<Double>]  // by plan column: (tileRows, features) column-major
    private let products: UnsafeMutablePointer<Double>
    private let numbers: UnsafeMutablePointer<Double>

    private static let tileRows = 256

    init(_ plan: EncodingPlan) {
        self.plan = plan
        let rows = Self.tileRows
        wanted = plan.columns.indices.filter { !plan.columns[$0].schema.encoding.isEncodedByTrees }
        let factors = Set(plan.products.flatMap { [$0.left, $0.right] }.compactMap { plan.column(of: Int($0)) })
        needed = factors.union(wanted).sorted()
        tile = Dictionary(
            uniqueKeysWithValues: needed.map {
                ($0, .allocate(capacity: rows * plan.columns[$0].schema.encoding.width))
            })
        products = .allocate(capacity: max(1, rows * plan.products.count))
        numbers = .allocate(capacity: rows)
    }

    deinit {
        tile.values.forEach { $0.deallocate() }
        products.deallocate()
        numbers.deallocate()
    }

    /// Fills the buffers (by encoded feature) of the features that this encoder is for.
    func encode(_ chunk: Chunk, _ buffers: [UnsafeMutablePointer<Float>?]) {
        guard !needed.isEmpty else { return }
        for first in stride(from: 0, to: chunk.rows, by: Self.tileRows) {
            let count = min(Self.tileRows, chunk.rows - first)
            for column in needed { load(column, chunk, first, count) }
            for column in wanted {
                let planned = plan.columns[column]
                for feature in 0..<planned.schema.encoding.width {
                    round(tile[column]! + feature * Self.tileRows, count, buffers[planned.offset + feature]! + first)
                }
            }
            for (index, product) in plan.products.enumerated() {
                let out = products + index * Self.tileRows
                let (left, right) = (values(Int(product.left)), values(Int(product.right)))
                for row in 0..<count { out[row] = left[row] * right[row] }
                round(out, count, buffers[plan.width - plan.products.count + index]! + first)
            }
        }
    }

    /// The same for all rows of a part.
    func encode(_ part: Part, _ buffers: [UnsafeMutablePointer<Float>?]) {
        var first = 0
        for chunk in part.chunks {
            encode(chunk, buffers.map { $0.map { $0 + first } })
            first += chunk.rows
        }
    }

    private func round(_ values: UnsafePointer<Double>, _ count: Int, _ out: UnsafeMutablePointer<Float>) {
        for row in 0..<count { out[row] = Float(values[row]) }
    }

    /// Where an encoded feature's values lie in the tile.
    private func values(_ feature: Int) -> UnsafePointer<Double> {
        guard let column = plan.column(of: feature) else {
            return UnsafePointer(products + (feature - (plan.width - plan.products.count)) * Self.tileRows)
        }
        return UnsafePointer(tile[column]! + (feature - plan.columns[column].offset) * Self.tileRows)
    }

    private func load(_ column: Int, _ chunk: Chunk, _ first: Int, _ count: Int) {
        let planned = plan.columns[column]
        let out = tile[column]!
        guard planned.schema.kind == .number else {
            plan.encoder.encode(
                column, chunk.codes(planned.source) + first, planned.levelMap, count: count, into: out,
                stride: Self.tileRows)
            plan.overrides.apply(planned, column, chunk, first: first, count: count, into: out, stride: Self.tileRows)
            return
        }
        for row in 0..<count { numbers[row] = chunk.number(planned.source, first + row) }
        plan.encoder.encode(column, numbers, count: count, into: out, stride: Self.tileRows)
    }
}

extension ColumnEncoding {
    fileprivate var isEncodedByTrees: Bool {
        switch self {
        case .number, .oneHot, .native, .groupNumber, .groupLevel: true
        case .transformed, .bins, .lookup, .hashed, .dateParts, .tfidf, .vector: false
        }
    }
}
