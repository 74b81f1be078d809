/// How a transaction begins. The level is always spelled out: a server whose default is serializable must not change
/// ours.
public enum TransactionMode: Sendable {
    case readCommitted
    /// One snapshot for many reads; refuses to write.
    case repeatableReadOnly

    var begin: String {
        switch self {
        case .readCommitted: "begin isolation level read committed read write"
        case .repeatableReadOnly: "begin isolation level repeatable read read only"
        }
    }
}

/// Limits of one transaction, set with it and gone with it (safe through a transaction pooler). Zero means none.
public struct TransactionLimits: Sendable {
    public var lockSeconds: Double
    public var statementSeconds: Double
    public var idleSeconds: Double

    public init(lockSeconds: Double = 5, statementSeconds: Double = 30, idleSeconds: Double = 30) {
        self.lockSeconds = lockSeconds
        self.statementSeconds = statementSeconds
        self.idleSeconds = idleSeconds
    }

    var settings: String {
        func milliseconds(_ seconds: Double) -> Int { Int((seconds * 1000).rounded(.up)) }
        return "set local lock_timeout = \(milliseconds(lockSeconds)); "
            + "set local statement_timeout = \(milliseconds(statementSeconds)); "
            + "set local idle_in_transaction_session_timeout = \(milliseconds(idleSeconds))"
    }
}

extension Connection {
    /// Begins, runs the body and commits; any error rolls back and is thrown on. A lost COMMIT throws class 08: its
    /// outcome is unknown.
    @discardableResult
    public func transaction<T>(
        _ mode: TransactionMode = .readCommitted, limits: TransactionLimits = TransactionLimits(),
        _ body: () throws -> T
    ) throws -> T {
        try execute("\(mode.begin); \(limits.settings)")
        do {
            let value = try body()
            try query("commit")
            return value
        } catch {
            if isOpen && isInTransaction { try? execute("rollback") }
            throw error
        }
    }
}
