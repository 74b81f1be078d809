import CLibPQ

/// Asks the server to cancel what a session is running; usable from any thread and after the session has ended.
public final class Canceller: @unchecked Sendable {
    // PQcancel is documented as thread-safe; the object is never changed after it was made.
    private let handle: OpaquePointer

    init?(_ connection: OpaquePointer) {
        guard let handle = PQgetCancel(connection) else { return nil }
        self.handle = handle
    }

    deinit { PQfreeCancel(handle) }

    /// True if the request was sent; whether anything was cancelled shows in the session itself.
    @discardableResult
    public func cancel() -> Bool {
        var text = [CChar](repeating: 0, count: 256)
        return PQcancel(handle, &text, Int32(text.count)) == 1
    }
}

extension Connection {
    public var canceller: Canceller? { handle.flatMap { Canceller($0) } }
}
