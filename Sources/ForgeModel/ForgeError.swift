/// An SQLSTATE of class FG. One code, one meaning; the table with remedies is in docs/internals.md.
public struct ErrorCode: Hashable, Sendable {
    public let sqlState: StaticString
    public init(_ sqlState: StaticString) { self.sqlState = sqlState }

    public static let invalidModelName = ErrorCode("FG001")
    public static let unknownModel = ErrorCode("FG002")
    public static let unknownAlgorithm = ErrorCode("FG003")
    public static let invalidParameter = ErrorCode("FG004")
    public static let invalidSource = ErrorCode("FG005")
    public static let missingColumn = ErrorCode("FG006")
    public static let wrongColumnType = ErrorCode("FG007")
    public static let unsupportedType = ErrorCode("FG008")
    public static let unusableTarget = ErrorCode("FG009")
    public static let notEnoughRows = ErrorCode("FG010")
    public static let tooManyLevels = ErrorCode("FG011")
    public static let valueOutOfRange = ErrorCode("FG012")
    public static let tooLarge = ErrorCode("FG013")
    public static let modelMismatch = ErrorCode("FG014")
    public static let corruptArtifact = ErrorCode("FG015")
    public static let multiclass = ErrorCode("FG016")
    public static let leaseLost = ErrorCode("FG017")
    public static let workerLost = ErrorCode("FG018")
    public static let timeLimit = ErrorCode("FG019")
    public static let memoryLimit = ErrorCode("FG020")
    public static let cancelled = ErrorCode("FG021")
    public static let notPermitted = ErrorCode("FG022")
    public static let conflict = ErrorCode("FG023")
    public static let dependents = ErrorCode("FG024")
    public static let numericalFailure = ErrorCode("FG025")
    public static let invalidTransition = ErrorCode("FG026")
    public static let invalidLimits = ErrorCode("FG027")
    public static let versionMismatch = ErrorCode("FG028")
    public static let disabled = ErrorCode("FG029")
    public static let notAClassifier = ErrorCode("FG030")
    public static let missingExtension = ErrorCode("FG031")
    public static let unknownFeature = ErrorCode("FG032")

    static var all: [ErrorCode] {
        [
            .invalidModelName, .unknownModel, .unknownAlgorithm, .invalidParameter, .invalidSource, .missingColumn,
            .wrongColumnType, .unsupportedType, .unusableTarget, .notEnoughRows, .tooManyLevels, .valueOutOfRange,
            .tooLarge,
            .modelMismatch, .corruptArtifact, .multiclass, .leaseLost, .workerLost, .timeLimit, .memoryLimit,
            .cancelled,
            .notPermitted, .conflict, .dependents, .numericalFailure, .invalidTransition, .invalidLimits,
            .versionMismatch,
            .disabled, .notAClassifier, .missingExtension, .unknownFeature,
        ]
    }

    /// The code of an SQLSTATE, nil when it is not one of Forge's. Allocates: for the sidecar only.
    public init?(text: String) {
        guard let code = ErrorCode.all.first(where: { $0.text == text }) else { return nil }
        self = code
    }

    public static func == (a: ErrorCode, b: ErrorCode) -> Bool { a.number == b.number }
    public func hash(into hasher: inout Hasher) { hasher.combine(number) }
    /// The five characters as one number: compared in the extension, where no String may be made.
    private var number: UInt64 {
        var number: UInt64 = 0
        for byte in StaticBytes(sqlState) { number = number << 8 | UInt64(byte) }
        return number
    }
    /// Allocates: for the sidecar only.
    public var text: String { sqlState.description }
}

/// An error as Postgres words it: lower case, no full stop, values in the message, facts in the detail, the remedy in
/// the hint.
public struct ForgeError: Error, Sendable, Equatable, CustomStringConvertible {
    public var code: ErrorCode
    public var message: String
    public var detail: String?
    public var hint: String?

    public init(_ code: ErrorCode, _ message: String, detail: String? = nil, hint: String? = nil) {
        self.code = code
        self.message = message
        self.detail = detail
        self.hint = hint
    }

    /// More levels than an encoding may list.
    public static func tooManyLevels(_ count: Int, column: Bytes) -> ForgeError {
        let name = String(decoding: column, as: UTF8.self)
        return ForgeError(
            .tooManyLevels, "column \"\(name)\" has \(count) levels to encode, the limit is \(ModelLimits.levels)",
            hint: "use preprocess encode hash or tfidf, exclude the column, or group its levels in the source")
    }

    public var description: String {
        var text = "\(code.text): \(message)"
        if let detail { text += "\nDETAIL: \(detail)" }
        if let hint { text += "\nHINT: \(hint)" }
        return text
    }
}
