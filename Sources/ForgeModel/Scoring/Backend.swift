import CForgeABI
import CForgeMath

/// What the extension calls, through the C names of ForgeSQL. Nothing here allocates, throws or traps; a code of 0
/// means done, 1 that `status` says why not.
public enum Backend {
    public static func measure(_ artifact: UnsafePointer<UInt8>, _ count: Int, _ status: Status) -> Int64 {
        do throws(Refusal) {
            return Int64(try ArenaDecoder.measure(artifact, count: count))
        } catch {
            status.set(error)
            return -1
        }
    }

    public static func decode(
        _ artifact: UnsafePointer<UInt8>, _ count: Int, _ arena: UnsafeMutableRawPointer, _ capacity: Int, _ status: Status
    ) -> Int32 {
        do throws(Refusal) {
            try ArenaDecoder.decode(artifact, count: count, into: arena, capacity: capacity)
            return 0
        } catch {
            return status.set(error)
        }
    }

    public typealias Arena = UnsafePointer<ForgeArena>

    public static func score(
        _ arena: Arena, _ cells: UnsafePointer<ForgeCell>, _ scratch: UnsafeMutableRawPointer,
        _ scores: UnsafeMutablePointer<Double>, _ status: Status
    ) -> Int32 {
        let code = loadMargins(arena, cells, scratch, status)
        if code == 0 { forge_row_scores(arena, forge_scratch_margins(arena, scratch), scores) }
        return code
    }

    public static func predict(
        _ arena: Arena, _ cells: UnsafePointer<ForgeCell>, _ scratch: UnsafeMutableRawPointer,
        _ value: UnsafeMutablePointer<Double>, _ status: Status
    ) -> Int32 {
        if arena.pointee.classes > 2 { return status.setMulticlass(classes: arena.pointee.classes) }
        if arena.pointee.task == clustering {
            var assignment = ForgeAssignment()
            let code = cluster(arena, cells, scratch, &assignment, status)
            value.pointee = Double(assignment.cluster)
            return code
        }
        if arena.pointee.outputs > 1 { return status.setComponents(arena.pointee.outputs) }
        var scores = (0.0, 0.0)
        let code = withUnsafeMutablePointer(to: &scores) {
            score(arena, cells, scratch, UnsafeMutableRawPointer($0).assumingMemoryBound(to: Double.self), status)
        }
        if code == 0 { value.pointee = arena.pointee.positive == 1 ? scores.1 : scores.0 }
        return code
    }

    public static func cluster(
        _ arena: Arena, _ cells: UnsafePointer<ForgeCell>, _ scratch: UnsafeMutableRawPointer,
        _ assignment: UnsafeMutablePointer<ForgeAssignment>, _ status: Status
    ) -> Int32 {
        if arena.pointee.task != clustering { return status.setNoClusters() }
        let margins = forge_scratch_margins(arena, scratch)
        let code = loadMargins(arena, cells, scratch, status)
        if code != 0 { return code }
        assignment.pointee.cluster = forge_centroid_cluster(arena, margins, &assignment.pointee.distance)
        assignment.pointee.probability = .nan
        if arena.pointee.link == Int32(truncatingIfNeeded: FORGE_SOFTMAX) {
            forge_row_scores(arena, margins, margins)
            assignment.pointee.probability = margins[Int(assignment.pointee.cluster)]
        }
        return 0
    }

    public static func transform(
        _ arena: Arena, _ cells: UnsafePointer<ForgeCell>, _ scratch: UnsafeMutableRawPointer,
        _ transformed: UnsafeMutablePointer<Float>, _ status: Status
    ) -> Int32 {
        if forge_transform_width(arena) == 0 { return status.setNoTransform() }
        let margins = forge_scratch_margins(arena, scratch)
        let code = loadMargins(arena, cells, scratch, status)
        if code != 0 { return code }
        if arena.pointee.classes == 0 { forge_row_scores(arena, margins, margins) }
        forge_row_transform(arena, margins, scratch, transformed)
        return 0
    }

    public static func neighbors(
        _ arena: Arena, _ cells: UnsafePointer<ForgeCell>, _ scratch: UnsafeMutableRawPointer, count: Int32,
        _ nearest: UnsafeMutablePointer<ForgeNeighbor>, _ found: UnsafeMutablePointer<Int32>, _ status: Status
    ) -> Int32 {
        if arena.pointee.neighbors == 0 { return status.setNoNeighbors() }
        let values = forge_scratch_values(arena, scratch)
        let features = forge_scratch_features(arena, scratch)
        forge_scratch_load(arena, cells, scratch)
        var refused = forge_row_features(arena, values, scratch, features)
        // In its place: each feature is rounded once it has been read.
        if refused < 0 { refused = forge_neighbor_query(arena, features, features) }
        if refused >= 0 { return status.setOutOfRange(arena, column: refused, values) }
        found.pointee = forge_find_neighbors(arena, features, count, nearest)
        return 0
    }

    public static func trainingRow(
        _ arena: Arena, _ row: Int64, _ features: UnsafeMutablePointer<Float>?, _ target: UnsafeMutablePointer<Double>,
        _ weight: UnsafeMutablePointer<Double>
    ) {
        guard row >= 0, row < arena.pointee.neighbor_targets.count else { return }
        if let features { forge_neighbor_row(arena, row, features) }
        let place = Int(truncatingIfNeeded: row)
        target.pointee = start(arena, arena.pointee.neighbor_targets).assumingMemoryBound(to: Double.self)[place]
        weight.pointee = arena.pointee.neighbor_weights.count > 0
            ? start(arena, arena.pointee.neighbor_weights).assumingMemoryBound(to: Double.self)[place] : 1
    }

    /// Margins of a row, left in the scratch memory.
    private static func loadMargins(
        _ arena: Arena, _ cells: UnsafePointer<ForgeCell>, _ scratch: UnsafeMutableRawPointer, _ status: Status
    ) -> Int32 {
        let values = forge_scratch_values(arena, scratch)
        forge_scratch_load(arena, cells, scratch)
        let refused = forge_row_margins(arena, values, scratch, forge_scratch_margins(arena, scratch))
        return refused >= 0 ? status.setOutOfRange(arena, column: refused, values) : 0
    }

    private static let clustering = Int32(truncatingIfNeeded: FORGE_CLUSTERING)

    /// A step; `FORGE_MORE` asks for the next.
    public static func explain(
        _ arena: Arena, _ cells: UnsafePointer<ForgeCell>, _ scratch: UnsafeMutableRawPointer, step: Int64,
        _ contributions: UnsafeMutablePointer<Double>, _ status: Status
    ) -> Int32 {
        let values = forge_scratch_values(arena, scratch)
        if step == 0 { forge_scratch_load(arena, cells, scratch) }
        let refused = forge_row_explain(arena, values, scratch, step, contributions)
        if refused >= 0 { return status.setOutOfRange(arena, column: refused, values) }
        return refused == more ? more : 0
    }

    private static let more = Int32(truncatingIfNeeded: FORGE_MORE)

    public static func prepare(
        _ arena: Arena, _ cells: UnsafePointer<ForgeCell>, _ scratch: UnsafeMutableRawPointer,
        _ features: UnsafeMutablePointer<Double>, _ status: Status
    ) -> Int32 {
        let values = forge_scratch_values(arena, scratch)
        forge_scratch_load(arena, cells, scratch)
        let refused = forge_row_features(arena, values, scratch, features)
        return refused >= 0 ? status.setOutOfRange(arena, column: refused, values) : 0
    }

    public static func feature(_ arena: Arena, _ index: Int32, _ name: UnsafeMutablePointer<CChar>?, _ size: Int64) -> Int64 {
        guard index >= 0, index < forge_features(arena) else { return -1 }
        return forge_feature_name(arena, index, name, size)
    }

    public static func info(_ arena: Arena) -> ForgeModelInfo {
        let model = arena.pointee
        return ForgeModelInfo(
            columns: model.columns, outputs: model.outputs, classes: model.classes, positive: model.positive,
            scratch: model.scratch, explain_scratch: model.explain_scratch, features: forge_features(arena),
            threshold: model.threshold, scores: forge_score_count(arena),
            clusters: model.task == clustering ? model.outputs : 0, transform: forge_transform_width(arena),
            neighbors: model.neighbors, training_rows: model.neighbor_targets.count)
    }

    public static func column(_ arena: Arena, _ index: Int32, _ out: UnsafeMutablePointer<ForgeColumnInfo>) -> Int32 {
        guard index >= 0, index < arena.pointee.columns else { return -1 }
        let column = columns(arena)[Int(index)]
        out.pointee = ForgeColumnInfo(
            name: text(arena, column.name), name_length: column.name.count, type: text(arena, column.type),
            type_length: column.type.count, kind: column.kind,
            dimensions: column.kind == Int32(FORGE_VECTOR) ? column.width : 0)
        return 0
    }

    public static func label(
        _ arena: Arena, _ index: Int32, _ bytes: UnsafeMutablePointer<UnsafePointer<CChar>?>,
        _ length: UnsafeMutablePointer<Int64>
    ) -> Int32 {
        guard index >= 0, index < arena.pointee.classes else { return -1 }
        let span = start(arena, arena.pointee.labels).assumingMemoryBound(to: ForgeSpan.self)[Int(index)]
        bytes.pointee = text(arena, span)
        length.pointee = span.count
        return 0
    }

    static func columns(_ arena: Arena) -> UnsafePointer<ForgeColumn> {
        start(arena, arena.pointee.column_table).assumingMemoryBound(to: ForgeColumn.self)
    }

    static func text(_ arena: Arena, _ span: ForgeSpan) -> UnsafePointer<CChar> {
        start(arena, span).assumingMemoryBound(to: CChar.self)
    }

    private static func start(_ arena: Arena, _ span: ForgeSpan) -> UnsafeRawPointer {
        UnsafeRawPointer(arena) + Int(truncatingIfNeeded: span.offset)
    }
}
