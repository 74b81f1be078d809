import CForgeABI
import CForgeMath

@testable import ForgeModel

/// What a backend makes of a table's rows: cells, then values, then encoded features, by the decoded model and the C
/// functions that the extension calls.
struct Served {
    private let model: DecodedModel
    private let names: [String]

    init(_ artifact: Bytes) throws {
        model = try DecodedModel(artifact)
        names = try ModelDocument(artifact: artifact).columns.map { String(decoding: $0.name, as: UTF8.self) }
    }

    private var arena: UnsafePointer<ForgeArena> { model.arena }
    private var columns: UnsafeBufferPointer<ForgeColumn> {
        UnsafeBufferPointer(start: Backend.columns(arena), count: Int(arena.pointee.columns))
    }

    /// Whether some tree tests a native category: only then do rows carry their codes.
    var testsCategories: Bool { arena.pointee.categorical == 1 }

    /// The encoded features of each row, not rounded.
    func features(of table: Table) -> [[Double]] {
        values(of: table).map { values in zip(columns, values).flatMap(features) }
    }

    /// The encoded features of each row as trees compare them: Float32, NaN when missing, -0 as 0.
    func treeFeatures(of table: Table) -> [[Float]] {
        values(of: table).map { values in
            var row = [UInt32](repeating: 0, count: Int(forge_tree_row_size(arena)) / MemoryLayout<UInt32>.size)
            precondition(forge_tree_row(arena, values, &row) < 0, "a value is beyond float32")
            return columns.flatMap { column in
                (Int(column.first)..<Int(column.first + column.width)).map { feature in
                    let isMissing = row[2 * feature] != row[2 * feature + 1]
                    if isMissing { return Float.nan }
                    return column.encoding == Int32(FORGE_ENCODE_NATIVE)
                        ? Float(code(feature, row)) : Served.float(ofKey: row[2 * feature])
                }
            }
        }
    }

    /// The codes lie behind the doubled features.
    private func code(_ feature: Int, _ row: [UInt32]) -> UInt32 {
        row[2 * (Int(arena.pointee.encoded) + 1) + 2 * feature]
    }

    /// The inverse of `forge_float_key`.
    private static func float(ofKey key: UInt32) -> Float {
        Float(bitPattern: key >> 31 == 1 ? key ^ 0x8000_0000 : ~key)
    }

    private func features(_ column: ForgeColumn, _ value: Double) -> [Double] {
        if column.encoding == Int32(FORGE_ENCODE_NUMBER) {
            let encoded = forge_encode_number(value, column.filled, column.fill, column.shift, column.scale)
            return column.indicator == 1 ? [encoded, value.isNaN ? 1 : 0] : [encoded]
        }
        let level = Int32(value)
        if column.encoding == Int32(FORGE_ENCODE_NATIVE) { return [level < column.levels ? value : .nan] }
        let one =
            level < column.levels
            ? column.first + level : level == column.levels ? column.null_feature : column.other_feature
        return (column.first..<column.first + column.width).map { $0 == one ? 1 : 0 }
    }

    private func values(of table: Table) -> [[Double]] {
        let sources = names.map { name in table.columns.first { $0.name == name }!.cells }
        return (0..<table.rows).map { row in values(of: sources.map { $0[row] }) }
    }

    private func values(of row: [Table.Cell]) -> [Double] {
        var texts: [CChar] = [0]
        var starts: [(start: Int, length: Int)?] = []
        for cell in row {
            guard case .text(let text) = cell else {
                starts.append(nil)
                continue
            }
            starts.append((texts.count, text.utf8.count))
            texts += text.utf8.map { CChar(bitPattern: $0) }
        }
        return texts.withUnsafeBufferPointer { texts in
            let cells = zip(row, starts).map { cell, text -> ForgeCell in
                if let text {
                    return ForgeCell(number: 0, bytes: texts.baseAddress! + text.start, length: Int64(text.length))
                }
                if case .number(let number) = cell { return ForgeCell(number: number, bytes: nil, length: 0) }
                return ForgeCell(number: .nan, bytes: nil, length: 0)
            }
            var values = [Double](repeating: 0, count: Int(arena.pointee.padded))
            forge_values_from_cells(arena, cells, &values)
            return values
        }
    }
}
