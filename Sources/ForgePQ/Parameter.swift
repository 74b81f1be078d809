/// A query parameter: text in Postgres' own notation, or a value in the binary format of its type.
public enum Parameter: Sendable, Equatable {
    case null
    case text(String)
    case binary([UInt8], type: UInt32)

    private enum TypeID {
        static let bytea: UInt32 = 17
        static let float8: UInt32 = 701
        static let float8Array: UInt32 = 1022
    }

    public static func bytes(_ bytes: [UInt8]) -> Parameter { .binary(bytes, type: TypeID.bytea) }

    public static func text(_ value: String?) -> Parameter { value.map { .text($0) } ?? .null }
    public static func int(_ value: (some BinaryInteger & Sendable)?) -> Parameter { text(value.map { String($0) }) }
    public static func double(_ value: Double?) -> Parameter { text(value.map(notation)) }
    public static func bool(_ value: Bool?) -> Parameter { text(value.map { $0 ? "t" : "f" }) }
    public static func seconds(_ value: Double?) -> Parameter { text(value.map { "\($0) seconds" }) }

    public static func array(_ values: [String]) -> Parameter { .text(literal(values.map(quoted))) }
    public static func array(_ values: [Int]) -> Parameter { .text(literal(values.map { String($0) })) }

    /// A `float8[]`, as `array_recv` reads it: writing and reading digits would cost more than all else about a large
    /// one.
    public static func array(_ values: [Double]) -> Parameter {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20 + 12 * values.count)
        func append<Word: FixedWidthInteger>(_ word: Word) { withUnsafeBytes(of: word.bigEndian) { bytes += $0 } }
        append(Int32(values.isEmpty ? 0 : 1))  // dimensions
        append(Int32(0))  // no NULLs
        append(TypeID.float8)
        if !values.isEmpty {
            append(Int32(values.count))
            append(Int32(1))  // first index
        }
        for value in values {
            append(Int32(8))
            append(value.bitPattern)
        }
        return .binary(bytes, type: TypeID.float8Array)
    }

    private static func literal(_ elements: [String]) -> String { "{" + elements.joined(separator: ",") + "}" }

    private static func quoted(_ element: String) -> String {
        var text = "\""
        for character in element.unicodeScalars {
            if character == "\"" || character == "\\" { text += "\\" }
            text.unicodeScalars.append(character)
        }
        return text + "\""
    }

    /// Swift writes `inf` and `nan`, which Postgres reads too; the shortest notation that reads back to the same
    /// double.
    private static func notation(_ value: Double) -> String { "\(value)" }
}

extension Parameter: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByNilLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral
{
    public init(stringLiteral value: String) { self = .text(value) }
    public init(nilLiteral: ()) { self = .null }
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}
