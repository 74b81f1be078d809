/// Where a text stops being JSON.
public struct JSONSyntaxError: Error, Equatable, CustomStringConvertible {
    public var offset: Int
    public var description: String { "invalid JSON near byte \(offset)" }
}

extension JSONValue {
    /// Reads exactly one document. Refuses repeated keys, more than 16 levels, invalid UTF-8, numbers beyond double.
    public init(parsing text: String) throws { try self.init(parsing: Array(text.utf8)) }

    public init(parsing bytes: some Sequence<UInt8>) throws {
        let bytes = Array(bytes)
        self = try bytes.withUnsafeBufferPointer { buffer in
            var reader = JSONReader(MemorySource(buffer.baseAddress, count: buffer.count))
            let value = try reader.readValue(reader.next())
            guard reader.next() == .end else { throw reader.syntaxError }
            return value
        }
    }

    /// The document without spaces, keys sorted by bytes: equal values give equal texts.
    public var serialized: String { String(decoding: serializedBytes, as: UTF8.self) }

    public var serializedBytes: Bytes {
        var out = Bytes()
        write(to: &out)
        return out
    }

    private func write(to out: inout Bytes) {
        switch self {
        case .null: out.append(contentsOf: "null".utf8)
        case .bool(let value): out.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): out.append(contentsOf: value.description.utf8)
        case .number(let value): out.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
        case .text(let value): JSONValue.write(value.utf8, to: &out)
        case .array(let values):
            JSONValue.write(values, between: "[", "]", to: &out) { $0.write(to: &$1) }
        case .object(let members):
            JSONValue.write(members, between: "{", "}", to: &out) { member, out in
                JSONValue.write(member.key.utf8, to: &out)
                out.append(UInt8(ascii: ":"))
                member.value.write(to: &out)
            }
        }
    }

    private static func write<Items: Sequence>(
        _ items: Items, between open: Unicode.Scalar, _ close: Unicode.Scalar, to out: inout Bytes,
        each: (Items.Element, inout Bytes) -> Void
    ) {
        out.append(UInt8(ascii: open))
        var first = true
        for item in items {
            if !first { out.append(UInt8(ascii: ",")) }
            first = false
            each(item, &out)
        }
        out.append(UInt8(ascii: close))
    }

    /// Escapes as serde_json does (the reference safetensors writer): `"`, `\` and what is below U+0020.
    private static func write(_ text: String.UTF8View, to out: inout Bytes) {
        let hexDigits = Array("0123456789abcdef".utf8)
        out.append(UInt8(ascii: "\""))
        for byte in text {
            switch byte {
            case 0x22, 0x5C: out += [0x5C, byte]
            case 0x08: out += Array("\\b".utf8)
            case 0x09: out += Array("\\t".utf8)
            case 0x0A: out += Array("\\n".utf8)
            case 0x0C: out += Array("\\f".utf8)
            case 0x0D: out += Array("\\r".utf8)
            case 0..<0x20: out += Array("\\u00".utf8) + [hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 15)]]
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}

extension JSONReader {
    fileprivate var syntaxError: JSONSyntaxError { JSONSyntaxError(offset: consumed) }

    fileprivate mutating func readValue(_ event: JSONEvent) throws -> JSONValue {
        switch event {
        case .null: return .null
        case .yes: return .bool(true)
        case .no: return .bool(false)
        case .text: return .text(text.string)
        case .number: return try readNumberValue()
        case .beginArray: return try readArray()
        case .beginObject: return try readObject()
        default: throw syntaxError
        }
    }

    private func readNumberValue() throws -> JSONValue {
        if let integer { return .integer(integer) }
        var source = numberSource
        let digits = (0..<number.length).map { _ in UInt8(truncatingIfNeeded: source.next()) }
        guard let value = Double(String(decoding: digits, as: UTF8.self)), value.isFinite else { throw syntaxError }
        return .number(value)
    }

    private mutating func readArray() throws -> JSONValue {
        var values: [JSONValue] = []
        while true {
            let event = next()
            if event == .endArray { return .array(values) }
            values.append(try readValue(event))
        }
    }

    private mutating func readObject() throws -> JSONValue {
        var members: [JSONObject.Member] = []
        while true {
            switch next() {
            case .key:
                let key = text.string
                members.append(.init(key: key, value: try readValue(next())))
            case .endObject:
                guard let object = JSONObject(unique: members) else { throw syntaxError }
                return .object(object)
            default: throw syntaxError
            }
        }
    }
}

extension JSONReader.Text {
    /// Allocates: for the sidecar only.
    var string: String {
        var characters = bytes
        return String(decoding: (0..<length).map { _ in UInt8(truncatingIfNeeded: characters.next()) }, as: UTF8.self)
    }
}
