import CForgeABI
import CForgeMath
import ForgeModel

// The C names of forge_abi.h. C has checked what it passes; nothing here throws, allocates or traps.

private func model(_ arena: UnsafeRawPointer) -> Backend.Arena { arena.assumingMemoryBound(to: ForgeArena.self) }

@_cdecl("forge_model_measure")
public func forgeModelMeasure(
    _ artifact: UnsafePointer<UInt8>, _ length: Int64, _ status: UnsafeMutablePointer<ForgeStatus>
) -> Int64 {
    Backend.measure(artifact, Int(length), Status(status))
}

@_cdecl("forge_model_decode")
public func forgeModelDecode(
    _ artifact: UnsafePointer<UInt8>, _ length: Int64, _ arena: UnsafeMutableRawPointer, _ arenaLength: Int64,
    _ status: UnsafeMutablePointer<ForgeStatus>
) -> Int32 {
    Backend.decode(artifact, Int(length), arena, Int(arenaLength), Status(status))
}

@_cdecl("forge_model_info")
public func forgeModelInfo(_ arena: UnsafeRawPointer, _ info: UnsafeMutablePointer<ForgeModelInfo>) {
    info.pointee = Backend.info(model(arena))
}

@_cdecl("forge_model_column")
public func forgeModelColumn(
    _ arena: UnsafeRawPointer, _ index: Int32, _ column: UnsafeMutablePointer<ForgeColumnInfo>
) -> Int32 {
    Backend.column(model(arena), index, column)
}

@_cdecl("forge_model_label")
public func forgeModelLabel(
    _ arena: UnsafeRawPointer, _ index: Int32, _ bytes: UnsafeMutablePointer<UnsafePointer<CChar>?>,
    _ length: UnsafeMutablePointer<Int64>
) -> Int32 {
    Backend.label(model(arena), index, bytes, length)
}

@_cdecl("forge_model_score")
public func forgeModelScore(
    _ arena: UnsafeRawPointer, _ cells: UnsafePointer<ForgeCell>, _ scratch: UnsafeMutableRawPointer,
    _ scores: UnsafeMutablePointer<Double>, _ status: UnsafeMutablePointer<ForgeStatus>
) -> Int32 {
    Backend.score(model(arena), cells, scratch, scores, Status(status))
}

@_cdecl("forge_model_predict")
public func forgeModelPredict(
    _ arena: UnsafeRawPointer, _ cells: UnsafePointer<ForgeCell>, _ scratch: UnsafeMutableRawPointer,
    _ value: UnsafeMutablePointer<Double>, _ status: UnsafeMutablePointer<ForgeStatus>
) -> Int32 {
    Backend.predict(model(arena), cells, scratch, value, Status(status))
}

@_cdecl("forge_model_cluster")
public func forgeModelCluster(
    _ arena: UnsafeRawPointer, _ cells: UnsafePointer<ForgeCell>, _ scratch: UnsafeMutableRawPointer,
    _ assignment: UnsafeMutablePointer<ForgeAssignment>, _ status: UnsafeMutablePointer<ForgeStatus>
) -> Int32 {
    Backend.cluster(model(arena), cells, scratch, assignment, Status(status))
}

@_cdecl("forge_model_transform")
public func forgeModelTransform(
    _ arena: UnsafeRawPointer, _ cells: UnsafePointer<ForgeCell>, _ scratch: UnsafeMutableRawPointer,
    _ transformed: UnsafeMutablePointer<Float>, _ status: UnsafeMutablePointer<ForgeStatus>
) -> Int32 {
    Backend.transform(model(arena), cells, scratch, transformed, Status(status))
}

@_cdecl("forge_model_neighbors")
public func forgeModelNeighbors(
    _ arena: UnsafeRawPointer, _ cells: UnsafePointer<ForgeCell>, _ scratch: UnsafeMutableRawPointer, _ count: Int32,
    _ nearest: UnsafeMutablePointer<ForgeNeighbor>, _ found: UnsafeMutablePointer<Int32>,
    _ status: UnsafeMutablePointer<ForgeStatus>
) -> Int32 {
    Backend.neighbors(model(arena), cells, scratch, count: count, nearest, found, Status(status))
}

@_cdecl("forge_model_training_row")
public func forgeModelTrainingRow(
    _ arena: UnsafeRawPointer, _ row: Int64, _ features: UnsafeMutablePointer<Float>?,
    _ target: UnsafeMutablePointer<Double>, _ weight: UnsafeMutablePointer<Double>
) {
    Backend.trainingRow(model(arena), row, features, target, weight)
}

@_cdecl("forge_model_explain")
public func forgeModelExplain(
    _ arena: UnsafeRawPointer, _ cells: UnsafePointer<ForgeCell>, _ scratch: UnsafeMutableRawPointer, _ step: Int64,
    _ contributions: UnsafeMutablePointer<Double>, _ status: UnsafeMutablePointer<ForgeStatus>
) -> Int32 {
    Backend.explain(model(arena), cells, scratch, step: step, contributions, Status(status))
}

@_cdecl("forge_model_prepare")
public func forgeModelPrepare(
    _ arena: UnsafeRawPointer, _ cells: UnsafePointer<ForgeCell>, _ scratch: UnsafeMutableRawPointer,
    _ features: UnsafeMutablePointer<Double>, _ status: UnsafeMutablePointer<ForgeStatus>
) -> Int32 {
    Backend.prepare(model(arena), cells, scratch, features, Status(status))
}

@_cdecl("forge_model_feature")
public func forgeModelFeature(
    _ arena: UnsafeRawPointer, _ index: Int32, _ name: UnsafeMutablePointer<CChar>?, _ size: Int64
) -> Int64 {
    Backend.feature(model(arena), index, name, size)
}
