import CLibPQ

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One session with the server. Calls block; one thread uses it at a time, and only `canceller` may be used beside it.
public final class Connection {
    private(set) var handle: OpaquePointer?
    /// How long to wait for an answer before the session is given up as lost; nil waits as long as TCP does.
    public var responseTimeout: Duration?
    /// NOTICE and WARNING messages; dropped when nil.
    public var noticeHandler: ((PostgresError) -> Void)?

    public init(_ settings: ConnectionSettings) throws(PostgresError) {
        handle = try Self.open(settings.parameters)
        PQsetNoticeReceiver(
            handle,
            { context, result in
                let connection = Unmanaged<Connection>.fromOpaque(context!).takeUnretainedValue()
                if let result { connection.noticeHandler?(PostgresError(result)) }
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { close() }

    public func close() {
        if let handle { PQfinish(handle) }
        handle = nil
    }

    public var isOpen: Bool { handle.map { PQstatus($0) == CONNECTION_OK } ?? false }
    /// Such as 150020.
    public var serverVersion: Int { handle.map { Int(PQserverVersion($0)) } ?? 0 }
    public var backendProcessID: Int { handle.map { Int(PQbackendPID($0)) } ?? 0 }
    public var isInTransaction: Bool { handle.map { PQtransactionStatus($0) != PQTRANS_IDLE } ?? false }

    /// Runs one statement with parameters `$1`, `$2` … in the extended protocol.
    @discardableResult
    public func query(_ sql: String, _ parameters: [Parameter] = []) throws(PostgresError) -> QueryResult {
        try send(sql, parameters)
        return try collect()
    }

    /// Runs a script of statements without parameters in the simple protocol: one transaction unless it says otherwise.
    public func execute(_ script: String) throws(PostgresError) {
        let handle = try open()
        guard PQsendQuery(handle, script) == 1 else { throw lost() }
        _ = try collect()
    }

    /// Quoted as an identifier for text that cannot be a parameter.
    public static func quoteIdentifier(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    // MARK: - For the other aspects

    func open() throws(PostgresError) -> OpaquePointer {
        guard let handle else { throw PostgresError(sqlState: "08003", message: "the connection is closed") }
        return handle
    }

    func send(_ sql: String, _ parameters: [Parameter]) throws(PostgresError) {
        let handle = try open()
        guard withParameters(parameters, { PQsendQueryParams(handle, sql, $0, $1, $2, $3, $4, 0) }) == 1 else {
            throw lost()
        }
    }

    /// Reads results until the statement is over; the last one counts, the first error is thrown.
    func collect() throws(PostgresError) -> QueryResult {
        var last: QueryResult?
        var failure: PostgresError?
        while let result = try nextResult() {
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: last = QueryResult(result)
            case PGRES_COPY_OUT, PGRES_COPY_IN, PGRES_COPY_BOTH:
                PQclear(result)
                close()
                throw PostgresError(sqlState: "0A000", message: "query() cannot run COPY")
            default:
                failure = failure ?? (isOpen ? PostgresError(result) : lost(PostgresError(result)))
                PQclear(result)
            }
            if !isOpen { break }
        }
        if let failure {
            if !isOpen { close() }
            throw failure
        }
        guard let last else { throw lost() }
        return last
    }

    /// The next result of the running statement; nil when it is over.
    func nextResult() throws(PostgresError) -> OpaquePointer? {
        let handle = try open()
        let deadline = responseTimeout.map { ContinuousClock.now + $0 }
        while PQisBusy(handle) == 1 {
            guard try waitReadable(until: deadline) else {
                let limit = responseTimeout!
                close()
                throw PostgresError(sqlState: "08006", message: "the server did not answer within \(limit)")
            }
            if PQconsumeInput(handle) == 0 { throw lost() }
        }
        return PQgetResult(handle)
    }

    func waitReadable(until deadline: ContinuousClock.Instant?) throws(PostgresError) -> Bool {
        let socket = PQsocket(try open())
        guard socket >= 0 else { throw lost() }
        return poll([socket], until: deadline).contains(0)
    }

    /// The error of a connection that broke, after closing it.
    func lost(_ reported: PostgresError? = nil) -> PostgresError {
        let text = handle.map { String(cString: PQerrorMessage($0)) } ?? ""
        close()
        if let reported, reported.isConnectionLoss { return reported }
        return PostgresError(sqlState: "08006", message: "connection to the server was lost", detail: Self.trim(text))
    }

    private static func open(_ parameters: [(String, String)]) throws(PostgresError) -> OpaquePointer {
        let keywords = CStrings(parameters.map(\.0))
        let values = CStrings(parameters.map(\.1))
        guard let handle = PQconnectdbParams(keywords.pointers, values.pointers, 1) else {
            throw PostgresError(sqlState: "53200", message: "out of memory")
        }
        guard PQstatus(handle) == CONNECTION_OK else {
            let text = trim(String(cString: PQerrorMessage(handle)))
            PQfinish(handle)
            throw PostgresError(sqlState: "08001", message: "cannot connect to the server", detail: text)
        }
        return handle
    }

    private static func trim(_ text: String) -> String? {
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.isEmpty }
        return lines.isEmpty ? nil : lines.joined(separator: "; ")
    }
}

extension PostgresError {
    init(_ result: OpaquePointer) {
        func field(_ code: UnicodeScalar) -> String? {
            PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
        }
        // libpq invents results without SQLSTATE when the socket breaks under a statement.
        self.init(
            sqlState: field("C") ?? "08006",
            message: field("M") ?? "connection to the server was lost",
            detail: field("D"), hint: field("H"), severity: field("V") ?? "ERROR",
            position: field("P").flatMap { Int($0) })
    }
}

/// A NULL-terminated array of C strings that lives as long as the object.
final class CStrings {
    private var storage: [UnsafeMutablePointer<CChar>?]
    init(_ texts: [String]) { storage = texts.map { strdup($0) } + [nil] }
    deinit { storage.forEach { free($0) } }
    var pointers: [UnsafePointer<CChar>?] { storage.map { UnsafePointer($0) } }
}

/// Hands parameters to libpq as its five parallel arrays: count, types, values, lengths, formats.
private func withParameters<R>(
    _ parameters: [Parameter],
    _ body: (
        Int32, UnsafePointer<Oid>?, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
    ) -> R
) -> R {
    var types: [Oid] = []
    var formats: [Int32] = []
    var lengths: [Int32] = []
    var values: [UnsafePointer<CChar>?] = []
    var owned: [UnsafeMutableRawPointer] = []
    defer { owned.forEach { free($0) } }
    func keep(_ bytes: some Collection<UInt8>, terminated: Bool) -> UnsafePointer<CChar> {
        let copy = malloc(bytes.count + 1)!
        owned.append(copy)
        let buffer = UnsafeMutableRawBufferPointer(start: copy, count: bytes.count + 1)
        buffer.copyBytes(from: bytes)
        buffer[bytes.count] = 0
        return UnsafePointer(copy.assumingMemoryBound(to: CChar.self))
    }
    for parameter in parameters {
        switch parameter {
        case .null:
            types.append(0); formats.append(0); lengths.append(0); values.append(nil)
        case .text(let text):
            types.append(0); formats.append(0); lengths.append(0)
            values.append(keep(text.utf8, terminated: true))
        case .binary(let bytes, let type):
            types.append(type); formats.append(1); lengths.append(Int32(bytes.count))
            values.append(keep(bytes, terminated: false))
        }
    }
    return body(Int32(parameters.count), types, values, lengths, formats)
}

/// The positions of the descriptors that can be read; empty when the deadline passed first.
func poll(_ descriptors: [Int32], until deadline: ContinuousClock.Instant?) -> [Int] {
    var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    while true {
        var milliseconds: Int32 = -1
        if let deadline {
            let left = deadline - ContinuousClock.now
            let whole = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            milliseconds = Int32(clamping: max(0, whole + 1))
            if left <= .zero { milliseconds = 0 }
        }
        #if canImport(Glibc)
            let ready = Glibc.poll(&entries, nfds_t(entries.count), milliseconds)
        #else
            let ready = Darwin.poll(&entries, nfds_t(entries.count), milliseconds)
        #endif
        if ready < 0 && errno == EINTR { continue }
        if ready == 0, let deadline, ContinuousClock.now < deadline { continue }
        return entries.indices.filter { entries[$0].revents != 0 }
    }
}
