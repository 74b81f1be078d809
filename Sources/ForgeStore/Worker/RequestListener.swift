import ForgePQ

/// Hears that there may be something to do. A session of its own, in autocommit: notifications are hints, polling is
/// the truth. Blocks; one thread uses it.
public final class RequestListener {
    public enum Hint: Sendable, Equatable {
        case requests
        case cancels
        /// Nothing came before the deadline, and the session still listens.
        case quiet
        case wokenUp
    }

    private static let channels = ["forge_cancel", "forge_requests"]
    private let connection: Connection

    public init(_ settings: ConnectionSettings, responseTimeout: Duration) throws {
        connection = try Connection(settings)
        connection.responseTimeout = responseTimeout
        for channel in Self.channels { try connection.execute("listen \(channel)") }
        try check()
    }

    /// What arrived; waits for it until the deadline.
    public func wait(until deadline: ContinuousClock.Instant, wakeUp: WakeUp) throws -> Set<Hint> {
        switch try connection.waitForNotification(until: deadline, wakeUp: wakeUp) {
        case .notified(let channels):
            return Set(channels.compactMap { $0 == "forge_cancel" ? .cancels : $0 == "forge_requests" ? .requests : nil })
        case .wokenUp: return [.wokenUp]
        case .timedOut: return [.quiet]
        }
    }

    /// A half-open socket looks healthy, and a transaction pooler forgets LISTEN: ask the server what this session
    /// listens to.
    public func check() throws {
        let listening = try connection.query("select pg_catalog.pg_listening_channels()").rows.compactMap { $0[0] }
        guard Set(Self.channels).isSubset(of: listening) else {
            throw PostgresError(
                sqlState: "0A000", message: "the session does not keep LISTEN",
                detail: "A transaction pooler in between does that; requests are found by polling alone.",
                hint: "Give forged a direct connection to the server.")
        }
    }
}
