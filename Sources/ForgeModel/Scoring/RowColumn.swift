import CForgeABI
import CForgeMath

/// A batch column with its dictionary mapped to the model's levels.
struct RowColumn {
    let source: ColumnValues
    /// The column's text or vector itself is encoded: its values say nothing.
    let isText: Bool
    let count: Int
    private let byCode: [Double]  // per code of the batch: the model's level; empty when there are more codes than rows
    private let byRow: [Double]  // then this: per chosen row
    private let missing: Double

    /// `rows`: those chosen, nil for all.
    init(_ source: ColumnValues, _ arena: UnsafePointer<ForgeArena>, _ index: Int, _ rows: [Int]?) throws {
        self.source = source
        let column = Backend.columns(arena) + index
        missing = Double(column.pointee.levels)
        isText = column.pointee.text >= 0
        switch source {
        case .numbers(let numbers):
            guard column.pointee.kind == Int32(FORGE_NUMBER) else { throw RowColumn.wrongKind(arena, column.pointee) }
            count = numbers.count
            (byCode, byRow) = ([], [])
        case .codes(let codes, let texts):
            guard column.pointee.kind == Int32(FORGE_CATEGORY) else { throw RowColumn.wrongKind(arena, column.pointee) }
            if let stray = codes.first(where: { $0 != ColumnValues.missingCode && $0 >= texts.count }) {
                throw ForgeError(
                    .modelMismatch,
                    "column \"\(RowColumn.name(arena, column.pointee))\" has code \(stray), but only \(texts.count) levels")
            }
            count = codes.count
            let chosen = rows?.count ?? codes.count
            if isText {
                (byCode, byRow) = ([], Array(repeating: 0, count: chosen))
            } else if texts.count <= chosen {
                (byCode, byRow) = (texts.map { RowColumn.level($0, arena, column) }, [])
            } else {
                let missing = missing
                (byCode, byRow) = ([], (0..<chosen).map { i in
                    let row = rows?[i] ?? i
                    guard codes.indices.contains(row), codes[row] != ColumnValues.missingCode else { return missing }
                    return RowColumn.level(texts[Int(codes[row])], arena, column)
                })
            }
        case .vectors(_, let dimensions):
            guard column.pointee.kind == Int32(FORGE_VECTOR), column.pointee.width == Int32(clamping: dimensions) else {
                throw RowColumn.wrongKind(arena, column.pointee)
            }
            count = source.count
            (byCode, byRow) = ([], [])
        }
    }

    private static func level(
        _ text: Bytes, _ arena: UnsafePointer<ForgeArena>, _ column: UnsafePointer<ForgeColumn>
    ) -> Double {
        text.withUnsafeBytes { bytes in
            // An empty text has no address, and NULL would be missing.
            Double(forge_find_category(arena, column, bytes.baseAddress ?? UnsafeRawPointer(column), Int64(bytes.count)))
        }
    }

    /// Writes the values of rows `range` (of the chosen rows, if any) at `target`, `stride` apart.
    func load(_ range: Range<Int>, of rows: [Int]?, into target: UnsafeMutablePointer<Double>, stride: Int) {
        switch source {
        case .numbers(let numbers):
            for (k, i) in range.enumerated() { target[k * stride] = numbers[rows?[i] ?? i] }
        case .codes(let codes, _):
            guard byRow.isEmpty else {
                for (k, i) in range.enumerated() { target[k * stride] = byRow[i] }
                return
            }
            for (k, i) in range.enumerated() {
                let code = codes[rows?[i] ?? i]
                target[k * stride] = code == ColumnValues.missingCode ? missing : byCode[Int(code)]
            }
        case .vectors:
            for k in range.indices { target[(k - range.lowerBound) * stride] = 0 }
        }
    }

    private static func name(_ arena: UnsafePointer<ForgeArena>, _ column: ForgeColumn) -> String {
        let bytes = UnsafeRawBufferPointer(start: Backend.text(arena, column.name), count: Int(column.name.count))
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func wrongKind(_ arena: UnsafePointer<ForgeArena>, _ column: ForgeColumn) -> ForgeError {
        if column.kind == Int32(FORGE_VECTOR) {
            return ForgeError(
                .wrongColumnType,
                "column \"\(name(arena, column))\" is a vector of \(column.width) dimensions, the rows hold another")
        }
        let kinds = column.kind == Int32(FORGE_NUMBER) ? ("a number", "categories") : ("a category", "numbers")
        return ForgeError(
            .wrongColumnType,
            "column \"\(name(arena, column))\" is \(kinds.0) of the model, but the rows hold \(kinds.1)")
    }
}

/// The texts or vectors of some rows of a column, copied side by side, so that cells may point to them until the next
/// rows.
final class TileTexts {
    private let source: ColumnValues
    private var memory = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 1 << 12)
    private(set) var cells: [ForgeCell] = []

    init(_ column: RowColumn) { source = column.source }

    deinit { memory.deallocate() }

    func load(_ range: Range<Int>, of rows: [Int]?) {
        if case .vectors(let elements, let dimensions) = source {
            return load(elements, dimensions, range.map { rows?[$0] ?? $0 })
        }
        guard case .codes(let codes, let texts) = source else { return }
        let chosen = range.map { codes[rows?[$0] ?? $0] }
        reserve(chosen.reduce(1) { $0 + ($1 == ColumnValues.missingCode ? 0 : texts[Int($1)].count) })
        guard var next = memory.baseAddress else { return }
        cells.removeAll(keepingCapacity: true)
        for code in chosen {
            guard code != ColumnValues.missingCode else {
                cells.append(ForgeCell(number: 0, bytes: nil, length: 0))
                continue
            }
            let text = texts[Int(code)]
            text.withUnsafeBytes { bytes in
                guard let start = bytes.baseAddress else { return }
                UnsafeMutableRawPointer(next).copyMemory(from: start, byteCount: bytes.count)
            }
            cells.append(ForgeCell(number: 0, bytes: UnsafePointer(next), length: Int64(text.count)))
            next += text.count
        }
    }

    private func reserve(_ size: Int) {
        guard size > memory.count else { return }
        memory.deallocate()
        memory = .allocate(capacity: 2 * size)
    }

    private func load(_ elements: [Float], _ dimensions: Int, _ chosen: [Int]) {
        let size = dimensions * MemoryLayout<Float>.stride
        reserve(max(1, size * chosen.count))
        guard var next = memory.baseAddress else { return }
        cells.removeAll(keepingCapacity: true)
        elements.withUnsafeBytes { source in
            for row in chosen {
                let isMissing = elements[row * dimensions].isNaN
                UnsafeMutableRawPointer(next).copyMemory(from: source.baseAddress! + row * size, byteCount: size)
                cells.append(ForgeCell(number: 0, bytes: isMissing ? nil : UnsafePointer(next), length: Int64(size)))
                next += size
            }
        }
    }
}
