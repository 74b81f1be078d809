/// Bytes compared as bytes: names and levels that `String` would merge when canonically equal stay apart, as in
/// Postgres.
public typealias Bytes = [UInt8]

/// What a source column holds once read.
public enum ColumnKind: Int32, Sendable {
    case number = 0
    case category = 1
    case vector = 2
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

/// An encoded feature behind those of the columns: the product of two earlier encoded features. A cross of categories
/// is the product of their one-hot features. A native category has no part in products.
public struct FeatureProduct: Sendable, Equatable {
    public var left: Int32
    public var right: Int32

    public init(_ left: Int32, _ right: Int32) {
        self.left = left
        self.right = right
    }
}
