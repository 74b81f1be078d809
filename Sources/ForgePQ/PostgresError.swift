/// What the server, or libpq on its behalf, had to say. An open set of SQLSTATEs; the message never holds parameters.
public struct PostgresError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Five characters. Errors that libpq itself raises carry class 08: `08001` no connection could be made, `08006` it
    /// was lost.
    public var sqlState: String
    public var message: String
    public var detail: String?
    public var hint: String?
    /// `ERROR`, `FATAL`, `NOTICE` …, never translated.
    public var severity: String
    /// Where in the statement's text, in characters from 1.
    public var position: Int?

    public init(
        sqlState: String, message: String, detail: String? = nil, hint: String? = nil, severity: String = "ERROR",
        position: Int? = nil
    ) {
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.hint = hint
        self.severity = severity
        self.position = position
    }

    /// The connection is gone, or never was: class 08 of libpq's own, and the server's 57P01–57P03 on its way down.
    public var isConnectionLoss: Bool {
        sqlState.hasPrefix("08") || ["57P01", "57P02", "57P03"].contains(sqlState)
    }

    public var description: String {
        var text = "\(sqlState): \(message)"
        if let detail { text += "\nDETAIL: \(detail)" }
        if let hint { text += "\nHINT: \(hint)" }
        return text
    }
}
