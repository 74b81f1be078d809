import ForgePQ
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeStore

@Suite struct BinaryCopyTests {
    /// `COPY` of two rows, (1, NULL) and ('', 'abc'), as the server writes it.
    private static let stream: [UInt8] =
        Array("PGCOPY\n".utf8) + [0xFF, 13, 10, 0] + [0, 0, 0, 0] + [0, 0, 0, 0]
        + [0, 2, 0, 0, 0, 1, 49, 0xFF, 0xFF, 0xFF, 0xFF] + [0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 97, 98, 99] + [0xFF, 0xFF]

    private func rows(_ pieces: [ArraySlice<UInt8>]) throws -> [[String?]] {
        var parser = BinaryCopyParser()
        var rows: [[String?]] = []
        for piece in pieces {
            try Array(piece).withUnsafeBytes { bytes in
                try parser.consume(bytes) { fields in
                    rows.append(fields.map { $0.map { String(decoding: $0, as: UTF8.self) } })
                }
            }
        }
        #expect(parser.isComplete)
        return rows
    }

    @Test(arguments: 1...40) func rowsAreTheSameHoweverTheStreamIsCut(_ length: Int) throws {
        let stream = Self.stream
        let pieces = stride(from: 0, to: stream.count, by: length).map { stream[$0..<min($0 + length, stream.count)] }
        #expect(try rows(pieces) == [["1", nil], ["", "abc"]])
    }

    @Test func aStreamThatBreaksOffIsNotComplete() throws {
        var parser = BinaryCopyParser()
        try Array(Self.stream.dropLast(2)).withUnsafeBytes { try parser.consume($0) { _ in } }
        #expect(!parser.isComplete)
    }

    @Test(arguments: [0, 30, 36]) func aDamagedStreamIsRefused(_ position: Int) {
        var damaged = Self.stream
        damaged[position] = 0x80
        var parser = BinaryCopyParser()
        let result = Result { try damaged.withUnsafeBytes { try parser.consume($0) { _ in } } }
        if case .success = result { #expect(!parser.isComplete) }
    }
}

@Suite struct ConnectionTests {
    let database: TestDatabase

    init() throws { database = try TestServer.shared.makeDatabase(empty: true) }

    @Test func valuesComeBackAsTheyWereSent() throws {
        let connection = try database.connect()
        let words = ["", "a,b", "\"q\" \\ {x}", "NULL", "é\n\t"]
        let row = try connection.query(
            "select $1::text[] = array['', 'a,b', '\"q\" \\ {x}', 'NULL', e'é\\n\\t'] as words, $2::float8[] as numbers, $3::bytea = '\\x0001ff' as bytes, $4::text is null as nothing, $5 = '{}'::float8[] as none",
            [
                .array(words), .array([0.1, -1e-300, 2.5e-308, .infinity]), .bytes([0, 1, 255]), .null,
                .array([Double]()),
            ]
        ).first!
        #expect(try row.bool("words") == true && row.bool("bytes") == true && row.bool("nothing") == true)
        #expect(try row.text("numbers") == "{0.1,-1e-300,2.5e-308,Infinity}" && row.bool("none") == true)
    }

    @Test func anErrorCarriesWhatTheServerSaid() throws {
        let error = #expect(throws: PostgresError.self) {
            try database.connect().execute(
                "do $$ begin raise exception 'm' using errcode = 'FG010', detail = 'd', hint = 'h'; end $$")
        }
        #expect(error == PostgresError(sqlState: "FG010", message: "m", detail: "d", hint: "h"))
    }

    @Test func aFailedTransactionLeavesNothing() throws {
        let connection = try database.connect()
        try connection.execute("create table t (a int)")
        #expect(throws: PostgresError.self) {
            try connection.transaction {
                try connection.query("insert into t values (1)")
                try connection.query("select 1 / 0")
            }
        }
        #expect(!connection.isInTransaction)
        #expect(try connection.query("select count(*) from t").first?[0] == "0")
    }

    @Test func transactionsAreReadCommittedWhateverTheServersDefault() throws {
        let connection = try database.connect()
        try connection.execute(
            "set default_transaction_isolation = 'serializable'; set default_transaction_read_only = on")
        let modes = try connection.transaction {
            [
                try connection.query("show transaction_isolation").first?[0],
                try connection.query("show transaction_read_only").first?[0],
            ]
        }
        #expect(modes == ["read committed", "off"])
    }

    @Test func aReaderCannotWrite() throws {
        let connection = try database.connect()
        let error = #expect(throws: PostgresError.self) {
            try connection.transaction(.repeatableReadOnly) { try connection.execute("create table t (a int)") }
        }
        #expect(error?.sqlState == "25006")
    }

    @Test func aServerThatDoesNotAnswerIsGivenUp() throws {
        let connection = try database.connect()
        connection.responseTimeout = .milliseconds(100)
        let error = #expect(throws: PostgresError.self) { try connection.query("select pg_sleep(60)") }
        #expect(error?.sqlState == "08006" && error?.isConnectionLoss == true)
        #expect(!connection.isOpen)
    }

    @Test func aTerminatedSessionIsALostConnection() throws {
        let connection = try database.connect()
        try database.connect().query("select pg_terminate_backend($1, 10000)", [.int(connection.backendProcessID)])
        let error = #expect(throws: PostgresError.self) { try connection.query("select 1") }
        #expect(error?.isConnectionLoss == true && !connection.isOpen)
    }

    @Test func aQueryIsCancelledFromAnotherThread() throws {
        let connection = try database.connect()
        let canceller = try #require(connection.canceller)
        let pid = connection.backendProcessID
        // A thread, not a task: this test blocks one of the few that tasks run on.
        Thread.detachNewThread { [database] in
            let sleeping = "select from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'"
            while (try? database.connect().query(sleeping, [.int(pid)]).count) == 0 { usleep(5_000) }
            canceller.cancel()
        }
        let error = #expect(throws: PostgresError.self) { try connection.query("select pg_sleep(60)") }
        #expect(error?.sqlState == "57014" && connection.isOpen)
    }

    @Test func aCopyStreamsItsRowsAndReportsAnErrorInTheMiddle() throws {
        let connection = try database.connect()
        var sum = 0
        let rows = try connection.copyOut("select g::text from generate_series(1, 20000) g") { fields in
            sum += fields[0].flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
        }
        #expect(rows == 20000 && sum == 200_010_000)
        let error = #expect(throws: PostgresError.self) {
            try connection.copyOut("select 1 / (g - 5000) from generate_series(1, 20000) g") { _ in }
        }
        #expect(error?.sqlState == "22012" && connection.isOpen)
        #expect(try connection.query("select 1").first?[0] == "1")
    }

    @Test func aCopyWhoseReaderGivesUpEndsTheSession() throws {
        struct Enough: Error {}
        let connection = try database.connect()
        #expect(throws: Enough.self) {
            try connection.copyOut("select g from generate_series(1, 10000000) g") { _ in throw Enough() }
        }
        #expect(!connection.isOpen)
    }

    @Test func aWaitEndsWhenItIsWokenUp() throws {
        let connection = try database.connect()
        let wakeUp = WakeUp()
        Thread.detachNewThread { wakeUp.signal() }
        #expect(try connection.waitForNotification(until: .now + .seconds(60), wakeUp: wakeUp) == .wokenUp)
    }
}
