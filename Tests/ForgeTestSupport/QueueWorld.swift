import Foundation
import ForgePQ
import ForgeStore

/// A migrated database with a requester, a worker's role and a table to train on: what every test of the queue begins
/// with.
public struct QueueWorld: Sendable {
    public let database: TestDatabase
    public let requester: String
    public let worker: String

    public init(_ server: TestServer = .shared, rows: Int = 200) throws {
        database = try server.makeDatabase()
        requester = try database.makeRole("requester", member: "forge_trainer")
        worker = try database.makeRole("worker", member: "forge_worker")
        try database.connect().execute(
            """
            create table public.points (id int primary key, x1 float8, x2 float8, y float8);
            insert into public.points select g, sin(g), cos(g * 0.7), 3 * sin(g) - 2 * cos(g * 0.7) + 1 from generate_series(1, \(rows)) g;
            grant select on public.points to \(requester);
            """)
    }

    /// Everything, as superuser.
    public func admin() throws -> Connection { try database.connect() }

    /// Inserts requests as the requester would; returns their ids.
    @discardableResult
    public func request(
        _ count: Int = 1, model: String = "line", config: String = "{}", priority: Int = 0, runAt: String = "now()", as role: String? = nil
    ) throws -> [Int] {
        try database.connect(user: role ?? requester).query(
            """
            insert into forge.training_requests (model, task, algorithm, source, target, id_column, config, priority, run_at)
            select $1, 'regression', 'linear_regression', 'public.points', 'y', 'id', $2::jsonb, $3::smallint, \(runAt)
            from generate_series(1, $4::int) returning id
            """, [.text(model), .text(config), .int(priority), .int(count)]
        ).rows.map { try $0.requiredInt("id") }
    }

    /// A store for a worker of its own.
    public func makeStore(
        pid: Int = 1, boot: String = "boot", capacity: WorkerCapacity = WorkerCapacity(cpu: 4, memoryBytes: 8_000_000_000, jobs: 4),
        whichAreGone: @escaping @Sendable ([WorkerPeer]) -> [WorkerPeer] = { _ in [] }
    ) -> WorkerStore {
        WorkerStore(
            ConnectionSettings(database.url(user: worker), applicationName: "forge-test-worker"),
            identity: WorkerIdentity(
                id: UUID().uuidString.lowercased(), host: "host", bootID: boot, pid: pid, pidStartedAt: "1", pidNamespace: "ns",
                version: "test", capacity: capacity),
            responseTimeout: .seconds(10), whichAreGone: whichAreGone)
    }

    public func makeJobStore(_ lease: Lease) -> JobStore {
        JobStore(ConnectionSettings(database.url(user: worker), applicationName: "forge-test-job"), lease: lease)
    }

    public struct State: Sendable, Equatable {
        public var status: String
        public var attempt: Int
        public var crashes: Int
        public var errorCode: String?
        public var errorMessage: String?
        public var version: Int?
    }

    public func state(_ request: Int) throws -> State {
        let row = try admin().query(
            "select status, attempt, crashes, error_code, error_message, model_version from forge.training_requests where id = $1",
            [.int(request)]
        ).first!
        return State(
            status: try row.requiredText("status"), attempt: try row.requiredInt("attempt"), crashes: try row.requiredInt("crashes"),
            errorCode: try row.text("error_code"), errorMessage: try row.text("error_message"), version: try row.int("model_version"))
    }

    public func outcomes(_ request: Int) throws -> [String] {
        try admin().query(
            "select coalesce(outcome, 'open') from forge.training_attempts where request = $1 order by attempt", [.int(request)]
        ).rows.compactMap { $0[0] }
    }

    /// Cancels a running request as its requester, and waits for the end: how long that took by the server's clock, in
    /// seconds.
    public func cancel(_ request: Int) async throws -> Double {
        _ = try database.connect(user: requester).query("select forge.cancel($1)", [.int(request)])
        return try await eventually("request \(request) to be cancelled") {
            try admin().query(
                """
                select extract(epoch from finished_at - cancel_requested_at) as seconds from forge.training_requests
                where id = $1 and status = 'cancelled'
                """, [.int(request)]
            ).first?.text("seconds").flatMap(Double.init)
        }
    }

    /// Lets no version be registered until the session that is returned gives advisory lock 1 back.
    public func holdRegistrations() throws -> Connection {
        let holder = try admin()
        try holder.execute(
            """
            select pg_advisory_lock(1);
            create function public.wait_for_the_test() returns trigger language plpgsql as
            $$ begin perform pg_catalog.pg_advisory_xact_lock(1); return new; end $$;
            create trigger wait_for_the_test before insert on forge.model_versions
            for each row execute function public.wait_for_the_test();
            """)
        return holder
    }

    /// Whether one waits for that lock.
    public func isRegistering() throws -> Bool {
        try admin().query(
            """
            select from pg_locks l join pg_database d on d.oid = l.database and d.datname = current_database()
            where l.locktype = 'advisory' and not l.granted
            """
        ).first != nil
    }

    /// Changes a request behind the queue's back: clocks cannot be wound in a test, rows can.
    public func tamper(_ request: Int, _ assignment: String) throws {
        try admin().execute("set role forge_admin; update forge.training_requests set \(assignment) where id = \(request)")
    }

    /// Smallest manifest that `forge.register_version` takes, for an artifact of these bytes.
    public static func manifest(_ artifact: [UInt8], sha256: String) -> String {
        """
        {"task":"regression","algorithm":"linear_regression","params":{},"preprocess":{},"split":{},
         "columns":[{"name":"x1","type":"double precision","kind":"number","encoding":"number","null":"fill","unseen":null},
                    {"name":"x2","type":"double precision","kind":"number","encoding":"number","null":"fill","unseen":null}],
         "target":"y","target_type":"double precision","labels":null,"positive":null,"outputs":1,"metrics":{"rmse":0.5},
         "metrics_part":"test","rows":{"read":10,"train":8,"test":2,"dropped":0},"data_report":{},"feature_importance":[],
         "data_fingerprint":"00","artifact_sha256":"\(sha256)","artifact_bytes":\(artifact.count),"environment":{},"comparison":null}
        """
    }
}
