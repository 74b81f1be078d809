import ForgeModel
import ForgePQ

/// The daemon's side of the queue: one connection for all its short statements, opened again whenever it was lost.
///
/// Every call is a transaction of its own with limits on locks and time, and gives up on a server that does not answer:
/// the daemon counts on a call to end, one way or the other, well within a lease.
public final class WorkerStore: @unchecked Sendable {
    // `connection` and `reconnect` are touched on `thread` alone.
    private let thread = SerialThread("forge.worker-store")
    private var connection: Connection?
    private var reconnect = Backoff()

    private let settings: ConnectionSettings
    public let identity: WorkerIdentity
    private let responseTimeout: Duration
    private let whichAreGone: @Sendable ([WorkerPeer]) -> [WorkerPeer]

    /// `whichAreGone` picks those peers whose process has ended; their leases are freed at once.
    public init(
        _ settings: ConnectionSettings, identity: WorkerIdentity, responseTimeout: Duration,
        whichAreGone: @escaping @Sendable ([WorkerPeer]) -> [WorkerPeer]
    ) {
        self.settings = settings
        self.identity = identity
        self.responseTimeout = responseTimeout
        self.whichAreGone = whichAreGone
    }

    /// Connects if there is no connection. Throws FG028 when the schema is newer than this program, `SchemaNotReady`
    /// when older.
    public func connect() async throws {
        try await call { _ in }
    }

    /// The next due request that fits; nil if there is none. `algorithms` are those that this program knows.
    public func claim(
        leaseSeconds: Double, freeCPU: Double, freeMemoryBytes: Int, algorithms: [String]?
    ) async throws -> ClaimedJob? {
        try await claim(by: "claim", leaseSeconds, freeCPU, freeMemoryBytes, algorithms)
    }

    /// A search that another worker runs, to help with its trials; nil if there is none.
    public func claimHelper(
        leaseSeconds: Double, freeCPU: Double, freeMemoryBytes: Int, algorithms: [String]?
    ) async throws -> ClaimedJob? {
        try await claim(by: "claim_helper", leaseSeconds, freeCPU, freeMemoryBytes, algorithms)
    }

    private func claim(
        by function: String, _ leaseSeconds: Double, _ freeCPU: Double, _ freeMemoryBytes: Int, _ algorithms: [String]?
    ) async throws -> ClaimedJob? {
        try await call { connection in
            let row = try connection.query(
                "select * from forge.\(function)($1, $2, $3, $4, $5)",
                [
                    .text(self.identity.id), .seconds(leaseSeconds), .double(freeCPU), .int(freeMemoryBytes),
                    algorithms.map { Parameter.array($0) } ?? .null,
                ]
            ).first
            guard let row else { return nil }
            return ClaimedJob(
                lease: Lease(request: try row.requiredInt("id"), token: try row.requiredText("lease_token")),
                attempt: try row.requiredInt("attempt"), model: try row.requiredText("model"),
                algorithm: try row.text("algorithm") ?? "",
                cpuRequest: try row.require("cpu_request", row.double("cpu_request")),
                memoryRequest: try row.requiredInt("memory_request"), cpuLimit: try row.double("cpu_limit"),
                memoryLimit: try row.int("memory_limit"), timeoutSeconds: try row.double("timeout_seconds"))
        }
    }

    public func heartbeat(_ lease: Lease, leaseSeconds: Double, progress: Double?) async throws -> Beat {
        try await call { connection in
            let row = try connection.query(
                "select cancel_requested_at is not null as cancelled from forge.heartbeat($1, $2, $3, $4)",
                [.int(lease.request), .text(lease.token), .seconds(leaseSeconds), .double(progress)]
            ).first
            guard let row else { return .lost }
            return .extended(cancelRequested: try row.bool("cancelled") ?? false)
        }
    }

    public func report(_ lease: Lease, progress: Double, phase: String) async throws {
        try await call { connection in
            try connection.query(
                "select forge.report($1, $2, $3, $4)",
                [.int(lease.request), .text(lease.token), .double(progress), .text(phase)])
        }
    }

    public func log(_ lease: Lease, level: String, _ message: String) async throws {
        try await call { connection in
            try connection.query(
                "select forge.record_log($1, $2, $3, $4)",
                [.int(lease.request), .text(lease.token), .text(level), .text(message)])
        }
    }

    /// The request's new status: `failed`, `queued` or `cancelled`.
    @discardableResult
    public func fail(_ lease: Lease, _ failure: JobFailure) async throws -> String {
        try await call { connection in
            try connection.query(
                "select forge.fail($1, $2, $3, $4, $5, $6, $7, $8)",
                [
                    .int(lease.request), .text(lease.token), .text(failure.code), .text(failure.message), .text(failure.detail),
                    .text(failure.hint), .bool(failure.isPermanent), .bool(failure.isCrash),
                ]
            ).first?[0] ?? ""
        }
    }

    public func release(_ lease: Lease) async throws {
        try await call { try $0.query("select forge.release($1, $2)", [.int(lease.request), .text(lease.token)]) }
    }

    public func confirmCancel(_ lease: Lease) async throws {
        try await call { try $0.query("select forge.confirm_cancel($1, $2)", [.int(lease.request), .text(lease.token)]) }
    }

    /// Ends runs whose lease or deadline has passed, whoever held them; returns request and new status.
    public func rescue() async throws -> [(request: Int, status: String)] {
        try await call { connection in
            try connection.query("select id, status from forge.rescue()").rows.map {
                (try $0.requiredInt("id"), try $0.requiredText("status"))
            }
        }
    }

    public func draining() async throws {
        try await call { try $0.query("select forge.worker_draining($1)", [.text(self.identity.id)]) }
    }

    public func bye() async throws {
        try await call { try $0.query("select forge.worker_bye($1)", [.text(self.identity.id)]) }
        try await thread.run { self.connection = nil }
    }

    // MARK: - The connection

    @discardableResult
    func call<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        try await thread.run {
            let connection = try self.open()
            do {
                let limit = self.responseTimeout.seconds
                return try connection.transaction(
                    limits: TransactionLimits(lockSeconds: limit / 2, statementSeconds: limit, idleSeconds: 30)
                ) { try body(connection) }
            } catch let error as PostgresError {
                if error.isConnectionLoss || !connection.isOpen { self.connection = nil }
                throw error
            }
        }
    }

    private func open() throws -> Connection {
        if let connection, connection.isOpen { return connection }
        connection = nil
        try reconnect.check()
        do {
            let fresh = try Connection(settings)
            fresh.responseTimeout = responseTimeout
            try hello(fresh)
            reconnect.succeeded()
            connection = fresh
            return fresh
        } catch {
            reconnect.failed(error)
            throw error
        }
    }

    private func hello(_ connection: Connection) throws {
        let me = identity
        let capacity: JSONValue = [
            "cpu": .number(me.capacity.cpu), "memory": .integer(Int64(me.capacity.memoryBytes)), "jobs": .integer(Int64(me.capacity.jobs)),
        ]
        let answer = try greet(
            connection,
            [
                .text(me.id), .text(me.host), .text(me.bootID), .int(me.pid), .text(me.pidStartedAt), .text(me.pidNamespace),
                .text(me.version), .text(capacity.serialized),
            ])
        let facts = try JSONValue(parsing: Array(answer.utf8))
        try SchemaFiles.embedded.refuse(schemaVersion: facts["schema_version"]?.intValue ?? 0)
        let peers = (facts["peers"]?.arrayValue ?? []).compactMap { peer -> WorkerPeer? in
            guard let id = peer["worker"]?.textValue, let pid = peer["pid"]?.intValue, let start = peer["pid_started_at"]?.textValue
            else { return nil }
            return WorkerPeer(id: id, pid: pid, pidStartedAt: start)
        }
        let gone = whichAreGone(peers)
        if !gone.isEmpty {
            try connection.query("select forge.worker_gone($1, $2)", [.text(me.id), .array(gone.map(\.id))])
        }
    }
}

/// Says hello to a database that may have no such function yet.
private func greet(_ connection: Connection, _ parameters: [Parameter]) throws -> String {
    do {
        return try connection.query("select forge.worker_hello($1, $2, $3, $4, $5, $6, $7, $8)", parameters).first?[0] ?? "{}"
    } catch {
        guard ["3F000", "42883"].contains(error.sqlState) else { throw error }
        throw SchemaNotReady(found: nil, needed: SchemaFiles.embedded.version)
    }
}

extension SchemaFiles {
    /// Throws FG028 when the schema is newer than this program, `SchemaNotReady` when it is older.
    public func refuse(schemaVersion: Int) throws {
        if schemaVersion > version {
            throw ForgeError(
                .versionMismatch, "the database has schema version \(schemaVersion), this forged knows \(version)",
                hint: "Upgrade forged on this host.")
        }
        if schemaVersion < version { throw SchemaNotReady(found: schemaVersion, needed: version) }
    }
}

/// The database has still to be migrated; a daemon waits for that.
public struct SchemaNotReady: Error, CustomStringConvertible {
    public let found: Int?
    public let needed: Int

    public var description: String {
        let has = found.map { "schema version \($0)" } ?? "no Forge schema"
        return "the database has \(has), this forged needs version \(needed): run forgectl migrate on it"
    }
}

/// Spaces out attempts to connect: 0.1 s, doubling, at most 5 s, less up to half by chance. Calls in between fail at
/// once.
struct Backoff {
    private var delay = Duration.zero
    private var notBefore: ContinuousClock.Instant?
    private var last: (any Error)?

    func check() throws {
        if let notBefore, let last, ContinuousClock.now < notBefore { throw last }
    }

    mutating func succeeded() { self = Backoff() }

    mutating func failed(_ error: any Error) {
        delay = min(max(delay * 2, .milliseconds(100)), .seconds(5))
        notBefore = ContinuousClock.now + delay * Double.random(in: 0.5...1)
        last = error
    }
}

extension Duration {
    public var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
