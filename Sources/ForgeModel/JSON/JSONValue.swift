/// A JSON document in memory: the one JSON type of the project (sidecar only; the extension reads with `JSONReader`).
///
/// Doubles are written with the fewest digits that read back as the same bits; whole numbers within Int64 stay
/// integers. JSON has no NaN or infinity: they are written as null.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case array([JSONValue])
    case object(JSONObject)
}

/// Members sorted by the bytes of their keys. Keys that are canonically equal but other bytes stay apart, as column
/// names do.
public struct JSONObject: Sendable, Equatable, RandomAccessCollection, ExpressibleByDictionaryLiteral {
    public struct Member: Sendable, Equatable {
        public var key: String
        public var value: JSONValue

        public static func == (a: Member, b: Member) -> Bool {
            a.key.utf8.elementsEqual(b.key.utf8) && a.value == b.value
        }
    }

    private var members: [Member] = []

    public init() {}

    /// A later member of the same key replaces the earlier one.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (key, value) in elements { self[key] = value }
    }

    /// nil when a key comes twice.
    init?(unique members: [Member]) {
        self.members = members.sorted { precedes($0.key, $1.key) }
        for index in self.members.indices.dropFirst()
        where !precedes(self.members[index - 1].key, self.members[index].key) { return nil }
    }

    public var startIndex: Int { members.startIndex }
    public var endIndex: Int { members.endIndex }
    public subscript(position: Int) -> Member { members[position] }
    public var keys: [String] { members.map(\.key) }

    /// Setting nil removes the member.
    public subscript(key: String) -> JSONValue? {
        get {
            let index = place(of: key)
            // A ternary would read its nil as JSON's null, which this type can be written as.
            guard holds(key, at: index) else { return Optional.none }
            return members[index].value
        }
        set {
            let index = place(of: key)
            switch (holds(key, at: index), newValue) {
            case (true, let value?): members[index].value = value
            case (true, nil): members.remove(at: index)
            case (false, let value?): members.insert(Member(key: key, value: value), at: index)
            case (false, nil): break
            }
        }
    }

    private func holds(_ key: String, at index: Int) -> Bool {
        index < members.count && members[index].key.utf8.elementsEqual(key.utf8)
    }

    private func place(of key: String) -> Int {
        var low = 0
        var high = members.count
        while low < high {
            let middle = (low + high) / 2
            if precedes(members[middle].key, key) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

private func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

extension JSONValue {
    public var isNull: Bool { self == .null }
    public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var textValue: String? { if case .text(let value) = self { value } else { nil } }
    public var arrayValue: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    public var objectValue: JSONObject? { if case .object(let value) = self { value } else { nil } }

    /// A whole number, however it was written (`3`, `3.0`, `3e0`).
    public var intValue: Int? {
        switch self {
        case .integer(let value): Int(exactly: value)
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    public var doubleValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The member of an object; nil when this is none, or it has no such key. Setting makes an object of anything else.
    public subscript(key: String) -> JSONValue? {
        get { objectValue?[key] }
        set {
            var object = objectValue ?? JSONObject()
            object[key] = newValue
            self = .object(object)
        }
    }

    public subscript(index: Int) -> JSONValue? {
        guard case .array(let values) = self, values.indices.contains(index) else { return nil }
        return values[index]
    }

    public init(_ value: Double?) { self = value.map(JSONValue.number) ?? .null }
    public init(_ value: String?) { self = value.map(JSONValue.text) ?? .null }
    public init(_ value: Int?) { self = value.map { .integer(Int64($0)) } ?? .null }
    public init(_ value: Bool?) { self = value.map(JSONValue.bool) ?? .null }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    public init(nilLiteral: ()) { self = .null }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(stringLiteral value: String) { self = .text(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }
}
