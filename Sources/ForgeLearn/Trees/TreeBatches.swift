import CXGBoost
import ForgeModel

/// Hands the training rows to XGBoost, a chunk at a time: columns that trees take as they are go by pointer, others are
/// encoded into a buffer that lives until the next chunk.
final class TreeBatches {
    private let part: Part
    private let features: [TreeFeature]
    private let encoder: ChunkEncoder
    private let labels: [[Double]]  // an array of rows per target
    private let weights: [Double]?
    private let margins: [Double]?  // (rows, outputs) row-major
    private let observer: any TrainingObserver
    private var chunk = 0
    private var firstRow = 0
    private var buffers: [UnsafeMutablePointer<Float>?]
    var proxy: DMatrixHandle?
    /// What went wrong inside a callback, which cannot throw.
    private(set) var failure: (any Error)?

    /// margins: what a base model says of the rows, (rows, outputs) row-major; nil: boosting starts from a constant.
    init(
        _ part: Part, _ plan: EncodingPlan, labels: [[Double]], weights: [Double]?, margins: [Double]? = nil,
        observer: any TrainingObserver
    ) {
        self.part = part
        self.labels = labels
        self.weights = weights
        self.margins = margins
        self.observer = observer
        features = TreeFeature.features(of: plan, part.layout)
        encoder = ChunkEncoder(plan)
        buffers = features.map { feature in
            feature.isDirect ? nil : UnsafeMutablePointer<Float>.allocate(capacity: part.layout.capacity)
        }
    }

    deinit { buffers.forEach { $0?.deallocate() } }

    static func from(_ context: UnsafeMutableRawPointer?) -> TreeBatches {
        Unmanaged<TreeBatches>.fromOpaque(context!).takeUnretainedValue()
    }

    func reset() {
        chunk = 0
        firstRow = 0
    }

    /// 1 when the proxy holds the next chunk, 0 at the end or after a failure.
    func next() -> Int32 {
        guard chunk < part.chunks.count, failure == nil else { return 0 }
        do {
            if observer.isCancelled { throw ForgeError(.cancelled, "training was cancelled") }
            try load(part.chunks[chunk])
        } catch {
            failure = error
            return 0
        }
        firstRow += part.chunks[chunk].rows
        chunk += 1
        return 1
    }

    private func load(_ chunk: Chunk) throws {
        encoder.encode(chunk, buffers)
        let interfaces = features.indices.map { index in
            let base = buffers[index] ?? chunk.float32(features[index].column)
            if let buffer = buffers[index] { features[index].encode(chunk, buffer) }
            return ArrayInterface(base: base, shape: [chunk.rows]).json
        }
        try callXGBoost(XGProxyDMatrixSetDataColumnar(proxy, "[\(interfaces.joined(separator: ","))]"))
        try setFeatureTypes(proxy, features.map(\.isCategory))
        try setLabels(chunk.rows)
        let rows = firstRow..<firstRow + chunk.rows
        if let weights { try setInfo("weight", weights[rows].map { Float($0) }, shape: [chunk.rows]) }
        if let margins {
            let outputs = margins.count / part.rows
            let own = margins[rows.lowerBound * outputs..<rows.upperBound * outputs].map { Float($0) }
            try setInfo("base_margin", own, shape: [chunk.rows, outputs])
        }
    }

    private func setLabels(_ rows: Int) throws {
        var values = [Float](repeating: 0, count: rows * labels.count)
        for (target, column) in labels.enumerated() {
            for row in 0..<rows { values[row * labels.count + target] = Float(column[firstRow + row]) }
        }
        try setInfo("label", values, shape: labels.count == 1 ? [rows] : [rows, labels.count])
    }

    private func setInfo(_ field: String, _ values: [Float], shape: [Int]) throws {
        try values.withUnsafeBufferPointer { buffer in
            try callXGBoost(
                XGDMatrixSetInfoFromInterface(
                    proxy, field, ArrayInterface(base: buffer.baseAddress!, shape: shape).json))
        }
    }
}

/// One encoded feature of a tree model.
struct TreeFeature {
    enum Kind {
        case direct  // the chunk's own Float32
        case number(NumberEncoder)
        case indicator
        case level(Int32, LevelMap)  // one-hot: 1 when the row's feature is this one
        case native(LevelMap)
        case encoded  // with all its column's, or as a product, by `ChunkEncoder`
    }

    let column: Int
    let kind: Kind

    var isDirect: Bool { if case .direct = kind { true } else { false } }
    var isCategory: Bool { if case .native = kind { true } else { false } }

    var isEncoded: Bool { if case .encoded = kind { true } else { false } }

    /// All encoded features of a plan.
    static func features(of plan: EncodingPlan, _ layout: ChunkLayout) -> [TreeFeature] {
        plan.columns.flatMap { features(of: $0.source, $0, layout.storages[$0.source]) }
            + plan.products.map { _ in TreeFeature(column: -1, kind: .encoded) }
    }

    /// The encoded features of a column, in the encoder's order.
    static func features(of index: Int, _ column: PlannedColumn, _ storage: Storage) -> [TreeFeature] {
        switch column.schema.encoding {
        case .number(nil, false, 0, 1) where storage == .float32: [TreeFeature(column: index, kind: .direct)]
        case .number(let fill, let indicator, let shift, let scale):
            [TreeFeature(column: index, kind: .number(NumberEncoder(fill: fill, shift: shift, scale: scale)))]
                + (indicator ? [TreeFeature(column: index, kind: .indicator)] : [])
        case .oneHot:
            (0..<Int32(column.schema.encoding.width)).map {
                TreeFeature(column: index, kind: .level($0, column.levelMap))
            }
        case .native: [TreeFeature(column: index, kind: .native(column.levelMap))]
        case .transformed, .bins, .lookup, .hashed, .dateParts, .tfidf, .vector, .groupNumber, .groupLevel:
            Array(repeating: TreeFeature(column: index, kind: .encoded), count: column.schema.encoding.width)
        }
    }

    func encode(_ chunk: Chunk, _ out: UnsafeMutablePointer<Float>) {
        let rows = chunk.rows
        switch kind {
        case .direct: out.update(from: chunk.float32(column), count: rows)
        case .number(let encoder): encoder.encode(chunk.float64(column), count: rows, into: out)
        case .indicator: NumberEncoder.indicate(chunk.float64(column), count: rows, into: out)
        case .level(let level, let levelMap): levelMap.indicate(level, in: chunk.codes(column), count: rows, into: out)
        case .native(let levelMap): levelMap.encode(chunk.codes(column), count: rows, into: out)
        case .encoded: break
        }
    }
}
