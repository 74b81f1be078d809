import CForgeABI
@testable import ForgeModel

/// One row as the extension sees it.
func withCells<Result>(
    _ columns: [ColumnValues], row: Int, _ body: (UnsafeBufferPointer<ForgeCell>) throws -> Result
) rethrows -> Result {
    var texts: [UnsafeMutablePointer<CChar>] = []
    defer { texts.forEach { $0.deallocate() } }
    let cells = columns.map { column -> ForgeCell in
        switch column {
        case .numbers(let numbers): return ForgeCell(number: numbers[row], bytes: nil, length: 0)
        case .codes(let codes, let levels):
            guard codes[row] != ColumnValues.missingCode else { return ForgeCell(number: 0, bytes: nil, length: 0) }
            let level = levels[Int(codes[row])]
            let text = UnsafeMutablePointer<CChar>.allocate(capacity: level.count + 1)
            for (index, byte) in level.enumerated() { text[index] = CChar(bitPattern: byte) }
            texts.append(text)
            return ForgeCell(number: 0, bytes: UnsafePointer(text), length: Int64(level.count))
        case .vectors(let elements, let dimensions):
            let vector = Array(elements[row * dimensions..<(row + 1) * dimensions])
            guard !vector[0].isNaN else { return ForgeCell(number: 0, bytes: nil, length: 0) }
            // At an odd address, as a value in a row may lie.
            let size = dimensions * MemoryLayout<Float>.stride
            let bytes = UnsafeMutablePointer<CChar>.allocate(capacity: size + 1)
            vector.withUnsafeBytes { UnsafeMutableRawPointer(bytes + 1).copyMemory(from: $0.baseAddress!, byteCount: size) }
            texts.append(bytes)
            return ForgeCell(number: 0, bytes: UnsafePointer(bytes + 1), length: Int64(size))
        }
    }
    return try cells.withUnsafeBufferPointer(body)
}
