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
        }
    }
    return try cells.withUnsafeBufferPointer(body)
}
