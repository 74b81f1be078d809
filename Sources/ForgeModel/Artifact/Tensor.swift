import CForgeMath

/// Every tensor there is in an artifact. The raw values number the places of `ForgeTensorTable`.
enum TensorName: Int {
    // Columns: (columns), (columns), (columns), (bytes), (levels of all columns + 1)
    case fills, shifts, scales, levels, levelOffsets
    // Classes: (bytes), (classes + 1)
    case labels, labelOffsets
    // Linear: (outputs, encoded), (outputs), (encoded)
    case coefficients, intercepts, means
    // Trees: see TreeForm
    case baseScores, roots, treeOutputs, features, thresholds, left, right, defaultLeft, covers
    case categoryOffsets, categoryBits, leafVectors
    // Columns: what their encodings need beside, (numbers of all columns); absent when empty
    case columnNumbers
    // (products, 2); absent when there are none
    case products
    // Networks: see NetworkForm; their intercepts are a linear form's
    case networkWeights, networkBiases, networkLayers
    // (1), of two classes; absent when the likelier one is meant
    case decisionThreshold
    // (calibrators, 2), or (calibrators + 1), (points), (points)
    case calibrationSigmoids, calibrationOffsets, calibrationX, calibrationY
    // (rows, encoded features of the columns), (2): seed, samples; present together
    case background, explanation
    // Ensembles: (bytes), (members + 1), (members)
    case members, memberOffsets, memberWeights
    // Centroids: see CentroidForm; the radius is (1)
    case centers, memberships, precisions, clusterRadius
    // (groups, group columns); then of trees (groups + 2, 4): see ModelGroups
    case groupKeys, groupParts
    // Neighbours: see NeighborForm; the weights are absent when all are 1
    case neighborRows, neighborTargets, neighborWeights
    case end

    var text: StaticString {
        switch self {
        case .fills: "fills"
        case .shifts: "shifts"
        case .scales: "scales"
        case .levels: "levels"
        case .levelOffsets: "level_offsets"
        case .labels: "labels"
        case .labelOffsets: "label_offsets"
        case .coefficients: "coefficients"
        case .intercepts: "intercepts"
        case .means: "means"
        case .baseScores: "base_scores"
        case .roots: "roots"
        case .treeOutputs: "tree_outputs"
        case .features: "features"
        case .thresholds: "thresholds"
        case .left: "left"
        case .right: "right"
        case .defaultLeft: "default_left"
        case .covers: "covers"
        case .categoryOffsets: "category_offsets"
        case .categoryBits: "category_bits"
        case .leafVectors: "leaf_vectors"
        case .columnNumbers: "column_numbers"
        case .products: "products"
        case .networkWeights: "network_weights"
        case .networkBiases: "network_biases"
        case .networkLayers: "network_layers"
        case .decisionThreshold: "decision_threshold"
        case .calibrationSigmoids: "calibration_sigmoids"
        case .calibrationOffsets: "calibration_offsets"
        case .calibrationX: "calibration_x"
        case .calibrationY: "calibration_y"
        case .background: "background"
        case .explanation: "explanation"
        case .members: "members"
        case .memberOffsets: "member_offsets"
        case .memberWeights: "member_weights"
        case .centers: "centers"
        case .memberships: "memberships"
        case .precisions: "precisions"
        case .clusterRadius: "cluster_radius"
        case .groupKeys: "group_keys"
        case .groupParts: "group_parts"
        case .neighborRows: "neighbor_rows"
        case .neighborTargets: "neighbor_targets"
        case .neighborWeights: "neighbor_weights"
        case .end: ""
        }
    }
}

/// The safetensors element types that Forge writes, in the order of the reference implementation (by alignment).
enum TensorType: Int32 {
    case bool, u8, i32, u32, f32, f64, i64, end

    var text: StaticString {
        switch self {
        case .bool: "BOOL"
        case .u8: "U8"
        case .i32: "I32"
        case .u32: "U32"
        case .f32: "F32"
        case .f64: "F64"
        case .i64: "I64"
        case .end: ""
        }
    }

    var size: Int {
        switch self {
        case .bool, .u8: 1
        case .i32, .u32, .f32: 4
        case .f64, .i64, .end: 8
        }
    }
}

/// An element as it lies in the file: little-endian, not aligned.
protocol TensorElement: BitwiseCopyable {
    static var type: TensorType { get }
    static var zero: Self { get }
}

extension UInt8: TensorElement { static var type: TensorType { .u8 } }
extension Int32: TensorElement { static var type: TensorType { .i32 } }
extension UInt32: TensorElement { static var type: TensorType { .u32 } }
extension Int64: TensorElement { static var type: TensorType { .i64 } }
extension Float: TensorElement { static var type: TensorType { .f32 } }
extension Double: TensorElement { static var type: TensorType { .f64 } }

/// The elements of a tensor where they lie in the file. Reading outside gives zero: a decoder's mistake stays harmless.
struct Elements<Element: TensorElement> {
    let base: UnsafeRawPointer
    let count: Int

    subscript(index: Int) -> Element {
        guard index >= 0, index < count else { return .zero }
        return base.loadUnaligned(fromByteOffset: index &* MemoryLayout<Element>.stride, as: Element.self)
    }

    func prefix(_ count: Int) -> Elements { Elements(base: base, count: min(max(count, 0), self.count)) }

    /// `count` elements from `start` on; fewer where there are not so many.
    func part(from start: Int, count: Int) -> Elements {
        let first = min(max(start, 0), self.count)
        return Elements(
            base: base + first &* MemoryLayout<Element>.stride, count: min(max(count, 0), self.count &- first))
    }
}
