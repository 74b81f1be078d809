/// A query parameter: text in Postgres' own notation, or bytes in binary format (a `bytea`).
public enum Parameter: Sendable, Equatable {
    case null
    case text(String)
    case bytes([UInt8])

    public static func text(_ value: String?) -> Parameter { value.map { .text($0) } ?? .null }
    public static func int(_ value: (some BinaryInteger & Sendable)?) -> Parameter { text(value.map { String($0) }) }
    public static func double(_ value: Double?) -> Parameter { text(value.map(notation)) }
    public static func bool(_ value: Bool?) -> Parameter { text(value.map { $0 ? "t" : "f" }) }
    public static func seconds(_ value: Double?) -> Parameter { text(value.map { "\($0) seconds" }) }

    public static func array(_ values: [String]) -> Parameter { .text(literal(values.map(quoted))) }
    public static func array(_ values: [Int]) -> Parameter { .text(literal(values.map { String($0) })) }
    public static func array(_ values: [Double]) -> Parameter { .text(literal(values.map(notation))) }

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
