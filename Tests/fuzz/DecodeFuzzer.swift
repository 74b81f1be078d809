import CForgeABI
import ForgeSQL

/// What libFuzzer calls with damaged artifacts: measures, decodes into exactly the memory measured, and then does all that
/// the extension does with an arena. The address sanitizer watches; any trap or stray byte ends the run.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDecoder(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var status = ForgeStatus()
    let size = forgeModelMeasure(bytes, Int64(count), &status)
    guard size >= 0, size < 1 << 26 else { return 0 }
    let arena = UnsafeMutableRawPointer.allocate(byteCount: Int(size), alignment: 16)
    defer { arena.deallocate() }
    guard forgeModelDecode(bytes, Int64(count), arena, size, &status) == 0 else { return 0 }
    useModel(arena, bytes, count)
    return 0
}

private func useModel(_ arena: UnsafeRawPointer, _ bytes: UnsafePointer<UInt8>, _ count: Int) {
    var info = ForgeModelInfo()
    forgeModelInfo(arena, &info)
    let columns = Int(info.columns)
    let outputs = Int(info.outputs)
    guard info.explain_scratch < 1 << 26, outputs * (columns + 1) < 1 << 22 else { return }
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: Int(info.scratch), alignment: 16)
    defer { scratch.deallocate() }
    let explainScratch = UnsafeMutableRawPointer.allocate(byteCount: Int(info.explain_scratch), alignment: 16)
    defer { explainScratch.deallocate() }
    let cells = UnsafeMutablePointer<ForgeCell>.allocate(capacity: columns)
    defer { cells.deallocate() }
    let scores = UnsafeMutablePointer<Double>.allocate(capacity: Int(info.scores))
    defer { scores.deallocate() }
    let transformed = UnsafeMutablePointer<Float>.allocate(capacity: Int(info.transform))
    defer { transformed.deallocate() }
    let contributions = UnsafeMutablePointer<Double>.allocate(capacity: outputs * (columns + 1))
    defer { contributions.deallocate() }
    let features = UnsafeMutablePointer<Double>.allocate(capacity: Int(info.features))
    defer { features.deallocate() }
    readTexts(arena, info)
    readFeatureNames(arena, info)
    for row in 0..<4 {
        fill(cells, arena, columns, row, bytes, count)
        var status = ForgeStatus()
        _ = forgeModelScore(arena, cells, scratch, scores, &status)
        _ = forgeModelPredict(arena, cells, scratch, scores, &status)
        var assignment = ForgeAssignment()
        _ = forgeModelCluster(arena, cells, scratch, &assignment, &status)
        _ = forgeModelTransform(arena, cells, scratch, transformed, &status)
        readNeighbors(arena, cells, scratch, info)
        var step: Int64 = 0
        while step < 64, forgeModelExplain(arena, cells, explainScratch, step, contributions, &status) == FORGE_MORE {
            step += 1  // of five columns these are all; more would only take longer
        }
        _ = forgeModelPrepare(arena, cells, scratch, features, &status)
    }
}

/// More neighbours than vote, and the rows that they are.
private func readNeighbors(
    _ arena: UnsafeRawPointer, _ cells: UnsafePointer<ForgeCell>, _ scratch: UnsafeMutableRawPointer, _ info: ForgeModelInfo
) {
    withUnsafeTemporaryAllocation(of: ForgeNeighbor.self, capacity: 20) { nearest in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: Int(info.features)) { features in
            var (found, status, target, weight) = (Int32(0), ForgeStatus(), 0.0, 0.0)
            _ = forgeModelNeighbors(arena, cells, scratch, 20, nearest.baseAddress!, &found, &status)
            for index in 0..<Int(found) {
                forgeModelTrainingRow(arena, Int64(nearest[index].row), features.baseAddress, &target, &weight)
            }
            forgeModelTrainingRow(arena, info.training_rows, features.baseAddress, &target, &weight)
        }
    }
}

/// Touches every byte of every name, type and label.
private func readTexts(_ arena: UnsafeRawPointer, _ info: ForgeModelInfo) {
    var sum = 0
    for index in -1...info.columns {
        var column = ForgeColumnInfo()
        guard forgeModelColumn(arena, index, &column) == 0 else { continue }
        for i in 0..<Int(column.name_length) { sum &+= Int(column.name[i]) }
        for i in 0..<Int(column.type_length) { sum &+= Int(column.type[i]) }
    }
    for index in -1...info.classes {
        var text: UnsafePointer<CChar>?
        var length: Int64 = 0
        guard forgeModelLabel(arena, index, &text, &length) == 0, let text else { continue }
        for i in 0..<Int(length) { sum &+= Int(text[i]) }
    }
    if sum == 42 { print("read") }  // or the loops would be removed
}

private func readFeatureNames(_ arena: UnsafeRawPointer, _ info: ForgeModelInfo) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { name in
        for index in -1...min(info.features, 10_000) {
            let length = forgeModelFeature(arena, index, name.baseAddress, 64)
            if length > 0, name[Int(min(length, 64)) - 1] == 42 { print("named") }
        }
    }
}

/// Numbers of every kind, missing values, and texts and vectors cut out of the artifact itself, where its levels are;
/// half of the vectors have other dimensions than the model's.
private func fill(
    _ cells: UnsafeMutablePointer<ForgeCell>, _ arena: UnsafeRawPointer, _ columns: Int, _ row: Int, _ bytes: UnsafePointer<UInt8>, _ count: Int
) {
    let numbers: [Double] = [0, -1.5, .nan, 1e300, 3, -.infinity, 0.25, 7]
    for column in 0..<columns {
        let place = (column * 7 + row * 13) % count
        let missing = (column + row) % 3 == 0
        var info = ForgeColumnInfo()
        _ = forgeModelColumn(arena, Int32(column), &info)
        let whole = Int(info.dimensions) * 4
        let length = info.dimensions > 0 && row % 2 == 0 && whole <= count ? whole : (column + row) % 5
        cells[column] = ForgeCell(
            number: numbers[(column + row * 3) % numbers.count],
            bytes: missing ? nil : UnsafeRawPointer(bytes + (length == whole ? 0 : place)).assumingMemoryBound(to: CChar.self),
            length: Int64(min(count - (length == whole ? 0 : place), length)))
    }
}
