import ForgeModel

@testable import ForgeLearn

/// A small table in memory, written as the reader's blocks.
struct Table {
    enum Cell: Equatable, ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByNilLiteral,
        ExpressibleByIntegerLiteral
    {
        case null
        case number(Double)
        case text(String)
        case vector([Float])

        init(nilLiteral: ()) { self = .null }
        init(floatLiteral value: Double) { self = .number(value) }
        init(integerLiteral value: Int) { self = .number(Double(value)) }
        init(stringLiteral value: String) { self = .text(value) }
    }

    struct Column {
        var name: String
        var type: String
        var role: JobColumn.Role = .feature
        var cells: [Cell]

        var isCategory: Bool { ["text", "uuid"].contains(type) }
        var isVector: Bool { ["real[]", "public.vector"].contains(type) }

        func elements(_ row: Int, _ dimensions: Int) -> [Float] {
            if case .vector(let elements) = cells[row] { elements } else { [Float](repeating: .nan, count: dimensions) }
        }

        /// Of the first vector among the first `rows`; 0: there is none.
        func dimensions(rows: Int) -> Int {
            for case .vector(let elements) in cells.prefix(rows) { return elements.count }
            return 0
        }
    }

    var columns: [Column] = []
    /// One per row; by default a hash of the row's number.
    var keys: [UInt64]?

    var rows: Int { columns.first?.cells.count ?? 0 }

    init() {}

    init(_ columns: [Column]) { self.columns = columns }

    mutating func add(
        _ name: String, _ values: [Double?], type: String = "double precision", role: JobColumn.Role = .feature
    ) {
        columns.append(Column(name: name, type: type, role: role, cells: values.map { $0.map(Cell.number) ?? .null }))
    }

    mutating func add(_ name: String, _ values: [String?], role: JobColumn.Role = .feature) {
        columns.append(Column(name: name, type: "text", role: role, cells: values.map { $0.map(Cell.text) ?? .null }))
    }

    mutating func add(_ name: String, _ vectors: [[Float]?]) {
        columns.append(Column(name: name, type: "public.vector", cells: vectors.map { $0.map(Cell.vector) ?? .null }))
    }

    /// The rows chosen by `indexes`, keys kept.
    func rows(_ indexes: [Int]) -> Table {
        var table = self
        table.keys = indexes.map { key($0) }
        for column in columns.indices { table.columns[column].cells = indexes.map { columns[column].cells[$0] } }
        return table
    }

    func key(_ row: Int) -> UInt64 { keys?[row] ?? splitmix64(UInt64(row) &+ 0xF0_46E) }

    var header: [UInt8] {
        let list: [JSONValue] = columns.filter { $0.role != .id }.map(Self.describe)
        return Array("FGH1".utf8) + (["columns": .array(list)] as JSONValue).serializedBytes
    }

    static func describe(_ column: Column) -> JSONValue {
        [
            "name": .text(column.name), "type": .text(column.type),
            "kind": .text(column.isVector ? "vector" : column.isCategory ? "category" : "number"),
            "role": .text(column.role.rawValue),
        ]
    }

    /// A group's value as the reader hashes it, in spirit.
    static func hash(_ cell: Cell) -> UInt64 {
        switch cell {
        case .null: 7
        case .number(let value): splitmix64(value.bitPattern)
        case .text(let text): text.utf8.reduce(11) { splitmix64($0 ^ UInt64($1)) }
        case .vector(let elements): elements.reduce(13) { splitmix64($0 ^ UInt64($1.bitPattern)) }
        }
    }

    /// Data blocks of at most `size` rows.
    func blocks(of size: Int = 16_384) -> [[UInt8]] {
        var codes = columns.map { _ in [String: UInt32]() }
        return stride(from: 0, to: rows, by: size).map { first in block(first..<min(first + size, rows), &codes) }
    }

    private func block(_ range: Range<Int>, _ codes: inout [[String: UInt32]]) -> [UInt8] {
        var bytes = Array("FGB2".utf8)
        func append<T: FixedWidthInteger>(_ value: T) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
        func align() { while bytes.count % 8 != 0 { bytes.append(0) } }
        append(UInt32(range.count))
        append(UInt32(columns.count { $0.role != .id }))
        append(UInt32(0))
        for row in range { append(key(row)) }
        var added: [[String]] = []
        for (index, column) in columns.enumerated() where column.role != .id {
            if column.role == .group {
                for row in range { append(Self.hash(column.cells[row])) }
                continue
            }
            if column.isVector { continue }
            guard column.isCategory else {
                for row in range {
                    if case .number(let value) = column.cells[row] {
                        append(value.isNaN ? 0x7FF8_0000_0000_0000 : value.bitPattern)
                    } else {
                        append(0x7FF8_0000_0000_07A2 as UInt64)
                    }
                }
                continue
            }
            var new: [String] = []
            for row in range {
                guard case .text(let text) = column.cells[row] else {
                    append(UInt32.max)
                    continue
                }
                if codes[index][text] == nil {
                    codes[index][text] = UInt32(codes[index].count)
                    new.append(text)
                }
                append(codes[index][text]!)
            }
            align()
            added.append(new)
        }
        for new in added {
            append(UInt32(new.count))
            append(UInt32(new.reduce(0) { $0 + $1.utf8.count }))
            var end = 0
            for text in new {
                end += text.utf8.count
                append(UInt32(end))
            }
            for text in new { bytes += text.utf8 }
            align()
        }
        for column in columns where column.isVector {
            let dimensions = column.dimensions(rows: range.upperBound)
            append(UInt32(dimensions))
            append(UInt32(0))
            for row in range {
                for element in column.elements(row, dimensions) { append(element.bitPattern) }
            }
            align()
        }
        return bytes
    }
}
