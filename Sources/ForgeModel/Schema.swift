/// Bytes compared as bytes: names and levels that `String` would merge when canonically equal stay apart, as in Postgres.
public typealias Bytes = [UInt8]

/// What a source column holds once read.
public enum ColumnKind: Int32, Sendable {
    case number = 0
    case category = 1
}

/// How one source column becomes encoded features. Stored in the artifact. Fits encode columns by `NumberEncoder` and
/// `LevelMap`, which share their arithmetic with the kernels that score rows.
public enum ColumnEncoding: Sendable, Equatable {
    /// `[value]` or, with `indicator`, `[value, isMissing]`. A missing value becomes `fill` (nil: stays missing, NaN, for trees);
    /// the value is then `(value - shift) / scale`. The indicator is 0 or 1 and is not scaled.
    case number(fill: Double?, indicator: Bool, shift: Double, scale: Double)
    /// One 0/1 feature per level in byte order; then one for NULL if `nullLevel`; then one for levels outside the list if `otherLevel`.
    /// Without them, NULL or an unseen level gives all zeros.
    case oneHot(levels: [Bytes], nullLevel: Bool, otherLevel: Bool)
    /// One feature, the level's index in byte order; NULL and unseen levels are missing (NaN): trees send them their default way.
    case native(levels: [Bytes])

    public var width: Int {
        switch self {
        case .number(_, let indicator, _, _): indicator ? 2 : 1
        case .oneHot(let levels, let nullLevel, let otherLevel): levels.count + (nullLevel ? 1 : 0) + (otherLevel ? 1 : 0)
        case .native: 1
        }
    }
}

/// A feature column of the source, as the model was trained on it.
public struct ColumnSchema: Sendable, Equatable {
    public var name: Bytes
    /// As `format_type()` writes it, such as `double precision`; the typed function's argument type.
    public var sqlType: Bytes
    public var kind: ColumnKind
    public var encoding: ColumnEncoding

    public init(name: Bytes, sqlType: Bytes, kind: ColumnKind, encoding: ColumnEncoding) {
        self.name = name
        self.sqlType = sqlType
        self.kind = kind
        self.encoding = encoding
    }
}
