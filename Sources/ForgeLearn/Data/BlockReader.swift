import ForgeModel

/// One data block (docs/internals.md, "Blocks"), every length and code checked.
struct Block {
    enum Values {
        case numbers(UnsafeRawBufferPointer)  // (rows) doubles, unaligned
        case categories(UnsafeRawBufferPointer)  // (rows) UInt32 codes, unaligned
        case hashes(UnsafeRawBufferPointer)  // (rows) UInt64, unaligned: a group's value
        /// (rows, dimensions) floats, unaligned; a missing vector is all NaN. 0 dimensions: all so far are missing.
        case vectors(UnsafeRawBufferPointer, dimensions: Int)
    }

    let rows: Int
    let keys: UnsafeRawBufferPointer  // (rows) UInt64, unaligned
    let columns: [Values]
    let levels: [(column: Int, new: [Bytes])]  // of the columns that have some in this block

    init(rows: Int, keys: UnsafeRawBufferPointer, columns: [Values], levels: [(column: Int, new: [Bytes])]) {
        (self.rows, self.keys, self.columns, self.levels) = (rows, keys, columns, levels)
    }

    init(_ bytes: UnsafeRawBufferPointer, header: [JobColumn]) throws {
        var cursor = BlockCursor(bytes)
        guard try cursor.take(4).elementsEqual("FGB2".utf8) else { throw malformedBlock("it does not begin with FGB2") }
        rows = try cursor.count()
        let columnCount = try cursor.count()
        _ = try cursor.count()
        guard columnCount == header.count else {
            throw malformedBlock("it has \(columnCount) columns, the header \(header.count)")
        }
        guard rows <= bytes.count / 8 else { throw malformedBlock("\(rows) rows do not fit into \(bytes.count) bytes") }
        keys = try cursor.take(8 * rows)
        var columns: [Values] = []
        columns.reserveCapacity(header.count)
        for column in header {
            if column.role == .group {
                columns.append(.hashes(try cursor.take(8 * rows)))
                continue  // aligned as it is
            }
            switch column.kind {
            case .number: columns.append(.numbers(try cursor.take(8 * rows)))
            case .category: columns.append(.categories(try cursor.take(4 * rows)))
            case .vector:  // they lie behind the levels
                columns.append(.vectors(UnsafeRawBufferPointer(start: nil, count: 0), dimensions: 0))
            }
            try cursor.align()
        }
        var levels: [(column: Int, new: [Bytes])] = []
        for (column, values) in columns.enumerated() {
            guard case .categories = values else { continue }
            let new = try Self.readLevels(&cursor)
            if !new.isEmpty { levels.append((column: column, new: new)) }
        }
        for (column, values) in columns.enumerated() {
            guard case .vectors = values else { continue }
            columns[column] = try Self.readVectors(&cursor, rows: rows)
        }
        self.columns = columns
        self.levels = levels
    }

    private static func readVectors(_ cursor: inout BlockCursor, rows: Int) throws -> Values {
        let dimensions = try cursor.count()
        _ = try cursor.count()
        guard rows == 0 || dimensions <= cursor.remaining / 4 / rows else {
            throw malformedBlock("\(rows) vectors of \(dimensions) dimensions do not fit")
        }
        let bytes = try cursor.take(4 * rows * dimensions)
        try cursor.align()
        return .vectors(bytes, dimensions: dimensions)
    }

    private static func readLevels(_ cursor: inout BlockCursor) throws -> [Bytes] {
        let count = try cursor.count()
        let length = try cursor.count()
        guard count <= cursor.remaining / 4 else { throw malformedBlock("\(count) levels do not fit") }
        let ends = try cursor.take(4 * count)
        let text = try cursor.take(length)
        try cursor.align()
        var levels: [Bytes] = []
        levels.reserveCapacity(count)
        var start = 0
        for index in 0..<count {
            let end = Int(UInt32(littleEndian: ends.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
            guard end >= start, end <= length else { throw malformedBlock("level \(index) ends at \(end)") }
            levels.append(Bytes(text[start..<end]))
            start = end
        }
        return levels
    }
}

/// Walks over a block; refuses to leave it.
private struct BlockCursor {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var remaining: Int { bytes.count - position }

    mutating func take(_ count: Int) throws -> UnsafeRawBufferPointer {
        guard count <= remaining else { throw malformedBlock("it ends after \(bytes.count) bytes") }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    mutating func count() throws -> Int {
        Int(UInt32(littleEndian: try take(4).loadUnaligned(as: UInt32.self)))
    }

    mutating func align() throws { _ = try take((8 - position % 8) % 8) }
}

func malformedBlock(_ detail: String) -> ForgeError {
    ForgeError(.versionMismatch, "malformed block from the reader", detail: detail, hint: TrainingJob.releaseHint)
}

/// Bits of a NULL number; a NaN that is a value has others.
let nullBits: UInt64 = 0x7FF8_0000_0000_07A2

@inline(__always)
func loadNumber(_ bytes: UnsafeRawBufferPointer, _ row: Int) -> Double {
    Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * row, as: UInt64.self)))
}

@inline(__always)
func loadKey(_ bytes: UnsafeRawBufferPointer, _ row: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * row, as: UInt64.self))
}

@inline(__always)
func loadCode(_ bytes: UnsafeRawBufferPointer, _ row: Int) -> UInt32 {
    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * row, as: UInt32.self))
}
