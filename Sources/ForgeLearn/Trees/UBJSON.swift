import ForgeModel

/// A document in Universal Binary JSON (ubjson.org, draft 12), as XGBoost writes its models. Typed arrays stay typed: a
/// forest has millions of nodes.
enum UBJSON {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case array([UBJSON])
    case object([String: UBJSON])
    case floats([Float])
    case integers([Int32])

    init(parsing bytes: UnsafeRawBufferPointer) throws {
        var reader = UBJSONReader(bytes)
        self = try reader.value()
    }

    subscript(key: String) -> UBJSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    var items: [UBJSON]? { if case .array(let items) = self { items } else { nil } }
    var textValue: String? { if case .text(let text) = self { text } else { nil } }

    /// Numbers however they are stored.
    var int32Values: [Int32]? {
        switch self {
        case .integers(let values): values
        case .array(let items):
            items.reduce([Int32]?.some([])) { list, item in
                guard case .integer(let value) = item, let small = Int32(exactly: value) else { return nil }
                return list.map { $0 + [small] }
            }
        default: nil
        }
    }

    var floatValues: [Float]? {
        switch self {
        case .floats(let values): values
        case .array(let items) where items.isEmpty: []
        default: nil
        }
    }
}

private struct UBJSONReader {
    static let maximumDepth = 64

    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var depth = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private var malformed: ForgeError {
        ForgeError(
            .versionMismatch, "unreadable model from XGBoost near byte \(position)", hint: TrainingJob.releaseHint)
    }

    mutating func value() throws -> UBJSON { try value(marker: marker()) }

    private mutating func value(marker: UInt8) throws -> UBJSON {
        switch marker {
        case UInt8(ascii: "Z"): return .null
        case UInt8(ascii: "T"): return .bool(true)
        case UInt8(ascii: "F"): return .bool(false)
        case UInt8(ascii: "d"): return .number(Double(Float(bitPattern: try load(UInt32.self))))
        case UInt8(ascii: "D"): return .number(Double(bitPattern: try load(UInt64.self)))
        case UInt8(ascii: "S"): return .text(try text())
        case UInt8(ascii: "["): return try nested { try $0.array() }
        case UInt8(ascii: "{"): return try nested { try $0.object() }
        default: return .integer(try integer(marker))
        }
    }

    private mutating func nested(_ body: (inout Self) throws -> UBJSON) throws -> UBJSON {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw malformed }
        return try body(&self)
    }

    private mutating func integer(_ marker: UInt8) throws -> Int64 {
        switch marker {
        case UInt8(ascii: "i"): Int64(Int8(bitPattern: try load(UInt8.self)))
        case UInt8(ascii: "U"): Int64(try load(UInt8.self))
        case UInt8(ascii: "I"): Int64(Int16(bitPattern: try load(UInt16.self)))
        case UInt8(ascii: "l"): Int64(Int32(bitPattern: try load(UInt32.self)))
        case UInt8(ascii: "L"): Int64(bitPattern: try load(UInt64.self))
        default: throw malformed
        }
    }

    private mutating func count() throws -> Int {
        let value = try integer(marker())
        guard value >= 0, value <= bytes.count else { throw malformed }
        return Int(value)
    }

    private mutating func text() throws -> String {
        let length = try count()
        guard length <= bytes.count - position else { throw malformed }
        defer { position += length }
        return String(decoding: bytes[position..<position + length], as: UTF8.self)
    }

    private mutating func object() throws -> UBJSON {
        var members: [String: UBJSON] = [:]
        while try peek() != UInt8(ascii: "}") {
            let key = try text()
            members[key] = try value()
        }
        position += 1
        return .object(members)
    }

    private mutating func array() throws -> UBJSON {
        if try peek() == UInt8(ascii: "$") { return try typedArray() }
        if try peek() == UInt8(ascii: "#") {
            position += 1
            let length = try count()
            return .array(try (0..<length).map { _ in try value() })
        }
        var items: [UBJSON] = []
        while try peek() != UInt8(ascii: "]") { items.append(try value()) }
        position += 1
        return .array(items)
    }

    private mutating func typedArray() throws -> UBJSON {
        position += 1
        let type = try marker()
        guard try marker() == UInt8(ascii: "#") else { throw malformed }
        let length = try count()
        switch type {
        case UInt8(ascii: "d"): return .floats(try elements(length, UInt32.self) { Float(bitPattern: $0) })
        case UInt8(ascii: "l"): return .integers(try elements(length, UInt32.self) { Int32(bitPattern: $0) })
        case UInt8(ascii: "U"): return .integers(try elements(length, UInt8.self) { Int32($0) })
        case UInt8(ascii: "i"): return .integers(try elements(length, UInt8.self) { Int32(Int8(bitPattern: $0)) })
        case UInt8(ascii: "I"): return .integers(try elements(length, UInt16.self) { Int32(Int16(bitPattern: $0)) })
        case UInt8(ascii: "L"):
            return .integers(
                try elements(length, UInt64.self) { Int32(truncatingIfNeeded: Int64(bitPattern: $0)) })
        default: throw malformed
        }
    }

    private mutating func elements<Raw: FixedWidthInteger, Element>(
        _ count: Int, _: Raw.Type, _ convert: (Raw) -> Element
    ) throws -> [Element] {
        let size = MemoryLayout<Raw>.size
        guard count <= (bytes.count - position) / size else { throw malformed }
        defer { position += count * size }
        return (0..<count).map {
            convert(Raw(bigEndian: bytes.loadUnaligned(fromByteOffset: position + $0 * size, as: Raw.self)))
        }
    }

    private mutating func marker() throws -> UInt8 {
        let byte = try peek()
        position += 1
        return byte
    }

    private func peek() throws -> UInt8 {
        guard position < bytes.count else { throw malformed }
        return bytes[position]
    }

    private mutating func load<Raw: FixedWidthInteger>(_: Raw.Type) throws -> Raw {
        let size = MemoryLayout<Raw>.size
        guard size <= bytes.count - position else { throw malformed }
        defer { position += size }
        return Raw(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: Raw.self))
    }
}
