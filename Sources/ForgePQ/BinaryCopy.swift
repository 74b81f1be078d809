/// Takes apart the stream of `COPY … (FORMAT binary)`, wherever its messages happen to be cut. Pure: bytes in, rows
/// out.
///
/// Stream: 11 bytes of signature, u32 flags, u32 length of an extension to skip; then per row an i16 count of fields,
/// each an i32 length (-1: NULL) and its bytes; an i16 of -1 ends it. Big-endian.
public struct BinaryCopyParser {
    private enum State { case header, rows, ended }
    private var state = State.header
    private var carried: [UInt8] = []

    public init() {}

    public var isComplete: Bool { state == .ended }

    /// Feeds the next bytes. Fields are valid only during the call to `row`.
    public mutating func consume(
        _ bytes: UnsafeRawBufferPointer, row: ([UnsafeRawBufferPointer?]) throws -> Void
    ) throws {
        // Postgres sends a row per message, so nothing is carried over and nothing copied in practice.
        if carried.isEmpty {
            let used = try parse(bytes, row)
            carried.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[used...]))
        } else {
            carried.append(contentsOf: bytes)
            let joined = carried
            let used = try joined.withUnsafeBytes { try parse($0, row) }
            carried.removeFirst(used)
        }
    }

    private mutating func parse(
        _ bytes: UnsafeRawBufferPointer, _ row: ([UnsafeRawBufferPointer?]) throws -> Void
    ) throws -> Int {
        var used = 0
        while true {
            switch state {
            case .header:
                guard let end = try headerEnd(bytes) else { return used }
                used = end
                state = .rows
            case .rows:
                guard let (fields, end) = try nextRow(bytes, from: used) else { return used }
                used = end
                if let fields { try row(fields) } else { state = .ended }
            case .ended:
                guard used == bytes.count else { throw Self.malformed("bytes after its end") }
                return used
            }
        }
    }

    private func headerEnd(_ bytes: UnsafeRawBufferPointer) throws -> Int? {
        let signature: [UInt8] = [80, 71, 67, 79, 80, 89, 10, 255, 13, 10, 0]
        guard bytes.count >= 19 else { return nil }
        guard bytes.prefix(11).elementsEqual(signature) else { throw Self.malformed("no signature") }
        let end = 19 + Int(Self.word(bytes, 15))
        return bytes.count >= end ? end : nil
    }

    /// The fields and where the row ends; fields are nil for the trailer; nil when bytes are missing.
    private func nextRow(_ bytes: UnsafeRawBufferPointer, from start: Int) throws -> ([UnsafeRawBufferPointer?]?, Int)? {
        guard bytes.count >= start + 2 else { return nil }
        let count = Int16(bitPattern: UInt16(bytes[start]) << 8 | UInt16(bytes[start + 1]))
        if count == -1 { return (nil, start + 2) }
        guard count >= 0 else { throw Self.malformed("\(count) fields") }
        var position = start + 2
        var fields: [UnsafeRawBufferPointer?] = []
        for _ in 0..<count {
            guard bytes.count >= position + 4 else { return nil }
            let length = Int(Int32(bitPattern: Self.word(bytes, position)))
            position += 4
            if length == -1 {
                fields.append(nil)
            } else {
                guard length >= 0 else { throw Self.malformed("a field of \(length) bytes") }
                guard bytes.count >= position + length else { return nil }
                fields.append(UnsafeRawBufferPointer(rebasing: bytes[position..<(position + length)]))
                position += length
            }
        }
        return (fields, position)
    }

    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
        UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    private static func malformed(_ what: String) -> PostgresError {
        PostgresError(sqlState: "08P01", message: "malformed binary COPY stream: \(what)")
    }
}
