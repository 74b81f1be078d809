import Foundation

/// What went wrong with the embedded cluster, worded as Postgres does: lower case, no full stop, the remedy in the
/// hint.
public struct ClusterError: Error, Sendable, Equatable {
    public var message: String
    public var detail: String?
    public var hint: String?

    public init(_ message: String, detail: String? = nil, hint: String? = nil) {
        self.message = message
        self.detail = detail
        self.hint = hint
    }

    /// An error of the C library, such as `cannot write /x: Permission denied`.
    static func system(_ action: String, _ code: Int32, hint: String? = nil) -> ClusterError {
        ClusterError("cannot \(action): \(String(cString: strerror(code)))", hint: hint)
    }
}
