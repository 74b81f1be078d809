import CLibPQ

/// The rows of one statement, in text format. A value is read by column name and asked for as what it should be.
public final class QueryResult: @unchecked Sendable {
    // A PGresult is only read once it is here.
    private let handle: OpaquePointer
    public let columns: [String]
    public let count: Int

    init(_ handle: OpaquePointer) {
        self.handle = handle
        columns = (0..<PQnfields(handle)).map { String(cString: PQfname(handle, $0)) }
        count = Int(PQntuples(handle))
    }

    deinit { PQclear(handle) }

    public var rows: [Row] { (0..<count).map { Row(result: self, index: $0) } }
    public var first: Row? { count > 0 ? Row(result: self, index: 0) : nil }

    /// Rows that an INSERT, UPDATE or DELETE touched, or that a SELECT returned.
    public var affectedRows: Int { Int(String(cString: PQcmdTuples(handle))) ?? 0 }

    func text(row: Int, column: Int) -> String? {
        guard PQgetisnull(handle, Int32(row), Int32(column)) == 0 else { return nil }
        let length = Int(PQgetlength(handle, Int32(row), Int32(column)))
        let start = UnsafeRawPointer(PQgetvalue(handle, Int32(row), Int32(column))!)
        return String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
    }
}

public struct Row: Sendable {
    let result: QueryResult
    let index: Int

    /// The value by position; nil for NULL.
    public subscript(_ column: Int) -> String? { result.text(row: index, column: column) }

    public func text(_ column: String) throws(PostgresError) -> String? {
        guard let position = result.columns.firstIndex(of: column) else {
            throw PostgresError(
                sqlState: "42703", message: "the result has no column \"\(column)\"",
                detail: "columns: \(result.columns.joined(separator: ", "))")
        }
        return self[position]
    }

    public func int(_ column: String) throws(PostgresError) -> Int? { try parse(column, as: "an integer") { Int($0) } }
    public func double(_ column: String) throws(PostgresError) -> Double? { try parse(column, as: "a number") { Double($0) } }
    public func bool(_ column: String) throws(PostgresError) -> Bool? {
        try parse(column, as: "a boolean") { $0 == "t" ? true : $0 == "f" ? false : nil }
    }

    /// A value that the query promises not to be NULL.
    public func require<T>(_ column: String, _ value: T?) throws(PostgresError) -> T {
        guard let value else { throw PostgresError(sqlState: "22004", message: "column \"\(column)\" is null") }
        return value
    }
    public func requiredText(_ column: String) throws(PostgresError) -> String { try require(column, text(column)) }
    public func requiredInt(_ column: String) throws(PostgresError) -> Int { try require(column, int(column)) }

    private func parse<T>(_ column: String, as type: String, _ read: (String) -> T?) throws(PostgresError) -> T? {
        guard let text = try text(column) else { return nil }
        guard let value = read(text) else {
            throw PostgresError(sqlState: "22P02", message: "column \"\(column)\" holds \"\(text)\", not \(type)")
        }
        return value
    }
}
