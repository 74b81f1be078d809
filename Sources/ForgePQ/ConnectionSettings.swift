/// Where to connect and how patient to be. What the connection string says itself wins over these defaults.
public struct ConnectionSettings: Sendable {
    /// A URL or a `key=value` string, as libpq takes them; empty means libpq's environment (`PGHOST` …).
    public var target: String
    public var applicationName: String
    public var connectTimeoutSeconds = 10
    /// An idle peer is probed after 30 s, then every 10 s, and given up after three probes.
    public var keepalivesIdleSeconds = 30
    public var keepalivesIntervalSeconds = 10
    public var keepalivesCount = 3
    /// Sent data that nobody acknowledges for so long ends the connection.
    public var tcpUserTimeoutMilliseconds = 30_000

    public init(_ target: String, applicationName: String) {
        self.target = target
        self.applicationName = applicationName
    }

    /// In libpq's order: a later entry overrides an earlier one, so the target stands after the defaults.
    var parameters: [(String, String)] {
        [
            ("fallback_application_name", applicationName),
            ("connect_timeout", String(connectTimeoutSeconds)),
            ("keepalives", "1"),
            ("keepalives_idle", String(keepalivesIdleSeconds)),
            ("keepalives_interval", String(keepalivesIntervalSeconds)),
            ("keepalives_count", String(keepalivesCount)),
            ("tcp_user_timeout", String(tcpUserTimeoutMilliseconds)),
            ("dbname", target),
            ("client_encoding", "UTF8"),
        ]
    }
}
