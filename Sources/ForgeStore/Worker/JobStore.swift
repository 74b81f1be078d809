import Foundation
import ForgeModel
import ForgePQ

/// A running job's side of the queue: its description, its rows, what it reports, and the artifact it hands in.
/// Blocks; one thread at a time uses it.
public final class JobStore {
    public static let chunkBytes = 8 << 20  // as forge.stage_chunk takes them
    private let settings: ConnectionSettings
    public let lease: Lease
    private var open: Connection?

    public init(_ settings: ConnectionSettings, lease: Lease) {
        self.settings = settings
        self.lease = lease
    }

    /// Told of every new session, so that another thread can cancel what it runs.
    public var onConnect: ((Canceller?) -> Void)?

    var leaseParameters: [Parameter] { [.int(lease.request), .text(lease.token)] }

    private func connection() throws -> Connection {
        if let open, open.isOpen { return open }
        let fresh = try Connection(settings)
        // A query whose client was killed should not go on for nothing; only some platforms can tell.
        _ = try? fresh.execute("set client_connection_check_interval = 2000")
        open = fresh
        onConnect?(fresh.canceller)
        return fresh
    }

    /// The request as the job needs it (docs/internals.md).
    public func job() throws -> JSONValue {
        let connection = try connection()
        let text = try connection.transaction {
            try connection.query("select forge.job($1, $2)", leaseParameters).first?[0] ?? "null"
        }
        return try JSONValue(parsing: Array(text.utf8))
    }

    /// The champion's artifact; nil if there is none.
    public func championArtifact() throws -> [UInt8]? { try artifact(from: "forge.champion_artifact") }

    /// The artifact of the version that the job continues; nil if there is none.
    public func baseArtifact() throws -> [UInt8]? { try artifact(from: "forge.base_artifact") }

    /// What a function of the worker API gives in chunks; nil if it gives none.
    private func artifact(from function: String) throws -> [UInt8]? {
        var bytes: [UInt8] = []
        let connection = try connection()
        let count = try connection.transaction {
            try connection.copyOut("select \(function)(\(lease.request), '\(lease.token)')") { fields in
                if let chunk = fields.first ?? nil { bytes.append(contentsOf: chunk) }
            }
        }
        return count > 0 ? bytes : nil
    }

    /// Streams the reader's blocks, the header first, out of one snapshot; no transaction is open once it returns.
    /// A block is valid only during the call to `block`.
    public func readBlocks(_ block: (UnsafeRawBufferPointer) throws -> Void) throws {
        let connection = try connection()
        try connection.transaction(.repeatableReadOnly, limits: TransactionLimits(lockSeconds: 60, statementSeconds: 0)) {
            try connection.copyOut("select forge.read_blocks(\(lease.request), '\(lease.token)')") { fields in
                if let bytes = fields.first ?? nil { try block(bytes) }
            }
        }
    }

    public struct Report: Sendable {
        public var log: [(level: String, message: String)] = []
        public var metrics: [(step: Int, name: String, value: Double)] = []
        public init() {}
        public var isEmpty: Bool { log.isEmpty && metrics.isEmpty }
    }

    public func record(_ report: Report) throws {
        let connection = try connection()
        try connection.transaction {
            for line in report.log {
                try connection.query(
                    "select forge.record_log($1, $2, $3, $4)", leaseParameters + [.text(line.level), .text(line.message)])
            }
            if !report.metrics.isEmpty {
                try connection.query(
                    "select forge.record_metrics($1, $2, $3, $4, $5)",
                    leaseParameters + [
                        .array(report.metrics.map(\.step)), .array(report.metrics.map(\.name)), .array(report.metrics.map(\.value)),
                    ])
            }
        }
    }

    /// What the new version says of its held-out rows (forge.held_out_scores).
    public struct HeldOutScores: Sendable {
        public var truth: [Double]  // (rows)
        public var scores: [Double]  // (rows, width) row-major
        public init(truth: [Double], scores: [Double]) {
            self.truth = truth
            self.scores = scores
        }
    }

    /// Stages the artifact and registers it; returns the version's number, nil if a cancel came first.
    /// After a lost connection it starts over: whatever went through is found and not done twice.
    public func complete(
        manifest: JSONValue, artifact: [UInt8], heldOut: HeldOutScores? = nil, attempts: Int = 5
    ) throws -> Int? {
        var manifest = manifest
        manifest["chunks"] = .integer(Int64((artifact.count + Self.chunkBytes - 1) / Self.chunkBytes))
        return try persistently(attempts: attempts) { try completeOnce(manifest, artifact, heldOut, $0) }
    }

    /// Again after a lost connection: `body` must bear that what it did went through and the answer was lost.
    func persistently<T>(attempts: Int = 5, _ body: (Connection) throws -> T) throws -> T {
        var left = attempts
        while true {
            do {
                return try body(try connection())
            } catch let error as PostgresError where error.isConnectionLoss && left > 1 {
                left -= 1
                open = nil
                pause(attempt: attempts - left)
            }
        }
    }

    private func completeOnce(
        _ manifest: JSONValue, _ artifact: [UInt8], _ heldOut: HeldOutScores?, _ connection: Connection
    ) throws -> Int? {
        do {
            try stage(artifact, connection)
            if let heldOut { try stage(heldOut, connection) }
        } catch let error as PostgresError where error.sqlState == ErrorCode.leaseLost.text {
            // Lost to somebody else, or given up by our own COMMIT whose answer never came: forge.complete knows which.
        }
        // An index takes as long as it takes, and so does another version of the model: the lease and the job's timeout decide.
        return try connection.transaction(limits: TransactionLimits(lockSeconds: 3600, statementSeconds: 0)) {
            let row = try connection.query("select forge.complete($1, $2, $3)", leaseParameters + [.text(manifest.serialized)]).first
            return row?[0].flatMap { Int($0) }
        }
    }

    private func stage(_ artifact: [UInt8], _ connection: Connection) throws {
        for (index, start) in stride(from: 0, to: artifact.count, by: Self.chunkBytes).enumerated() {
            let chunk = Array(artifact[start..<min(start + Self.chunkBytes, artifact.count)])
            try connection.transaction {
                try connection.query("select forge.stage_chunk($1, $2, $3, $4)", leaseParameters + [.int(index), .bytes(chunk)])
            }
        }
    }

    private static let chunkScores = 100_000

    private func stage(_ heldOut: HeldOutScores, _ connection: Connection) throws {
        let rows = heldOut.truth.count
        guard rows > 0 else { return }
        let width = heldOut.scores.count / rows
        let step = max(1, Self.chunkScores / width)
        for (index, first) in stride(from: 0, to: rows, by: step).enumerated() {
            let last = min(first + step, rows)
            try connection.transaction {
                try connection.query(
                    "select forge.stage_held_out_scores($1, $2, $3, $4, $5)",
                    leaseParameters + [
                        .int(index), .array(Array(heldOut.truth[first..<last])),
                        .array(Array(heldOut.scores[first * width..<last * width])),
                    ])
            }
        }
    }

    private func pause(attempt: Int) {
        Thread.sleep(forTimeInterval: min(5, 0.2 * Double(1 << attempt)) * Double.random(in: 0.5...1))
    }
}
