/// What the doctor looks at. Filled by `Admin.doctorFacts`; a test fills it by hand.
public struct DoctorFacts: Sendable {
    public struct ExtensionVersion: Sendable, Equatable {
        public var available: String
        public var installed: String?
        public init(available: String, installed: String?) {
            self.available = available
            self.installed = installed
        }
    }
    public struct Role: Sendable, Equatable {
        public var isSuperuser: Bool
        public var callerIsMember: Bool
        /// Members that may log in.
        public var logins: Int
        public init(isSuperuser: Bool = false, callerIsMember: Bool = true, logins: Int = 1) {
            self.isSuperuser = isSuperuser
            self.callerIsMember = callerIsMember
            self.logins = logins
        }
    }
    public struct Worker: Sendable, Equatable {
        public var host: String
        public var version: String
        public var secondsAgo: Double
        public var cpu: Double
        public var memory: Double  // bytes
        public var jobs: Int
        public init(host: String, version: String, secondsAgo: Double, cpu: Double, memory: Double, jobs: Int) {
            self.host = host
            self.version = version
            self.secondsAgo = secondsAgo
            self.cpu = cpu
            self.memory = memory
            self.jobs = jobs
        }
    }
    public struct Queued: Sendable, Equatable {
        public var id: Int
        public var cpu: Double
        public var memory: Double  // bytes
        public init(id: Int, cpu: Double, memory: Double) {
            self.id = id
            self.cpu = cpu
            self.memory = memory
        }
    }

    public var serverVersion = 0  // 150020
    public var serverName = ""
    public var isStandby = false
    public var database = ""
    public var encoding = "UTF8"
    public var role = ""
    /// Without those reserved for superusers.
    public var maxConnections = 100
    public var connections = 0
    public var sharedBuffers = 0  // bytes
    public var maintenanceWorkers = 0
    public var forge: ExtensionVersion?
    public var vector: ExtensionVersion?
    public var libraryFailure: String?
    public var predictsInProcess = true
    public var roles: [String: Role] = [:]
    public var hasSchema = false
    /// nil where there is none, or the caller may not see it.
    public var schema: Migrator.Status?
    public var canReadQueue = false
    public var workers: [Worker] = []
    public var queued: [Queued] = []
    public var modelsWithoutFunctions: [String] = []

    public init() {}
}

/// One thing looked at, and what to do if it is not well.
public struct Finding: Sendable, Equatable {
    public enum Level: String, Sendable { case ok, note, problem }
    public var check: String
    public var level: Level
    public var message: String
    public var remedy: String?
}

/// Judges facts; reads and changes nothing.
public enum Diagnosis {
    static let oldestServer = 150_000
    static let oldestServerName = "15"
    static let smallestSharedBuffers = 64 << 20
    /// A sidecar says hello every few seconds; after this long it is taken for gone.
    public static let workerSilenceSeconds = 60.0
    /// Parallel HNSW builds of these pgvector versions write out of bounds (CVE-2026-3172).
    static let vulnerableVector = (from: [0, 6, 0], to: [0, 8, 1])

    public static func findings(_ facts: DoctorFacts) -> [Finding] {
        [server(facts), encoding(facts), connections(facts), memory(facts), vector(facts), `extension`(facts), predicting(facts), schema(facts)]
            .compactMap { $0 } + roles(facts) + [workers(facts), versions(facts), oversized(facts), functions(facts)].compactMap { $0 }
    }

    private static func ok(_ check: String, _ message: String) -> Finding {
        Finding(check: check, level: .ok, message: message, remedy: nil)
    }
    private static func note(_ check: String, _ message: String, _ remedy: String? = nil) -> Finding {
        Finding(check: check, level: .note, message: message, remedy: remedy)
    }
    private static func problem(_ check: String, _ message: String, _ remedy: String) -> Finding {
        Finding(check: check, level: .problem, message: message, remedy: remedy)
    }

    static func server(_ facts: DoctorFacts) -> Finding {
        guard facts.serverVersion >= oldestServer else {
            return problem(
                "server", "PostgreSQL \(facts.serverName) is older than \(oldestServerName)", "Upgrade the server with pg_upgrade.")
        }
        let place = facts.isStandby ? ", a standby: predictions work, training waits for the primary" : ""
        return ok("server", "PostgreSQL \(facts.serverName), database \(facts.database)\(place)")
    }

    static let encodingRemedy = "create database ... encoding 'UTF8' template template0, and move the data there with pg_dump"

    static func encoding(_ facts: DoctorFacts) -> Finding? {
        guard facts.encoding != "UTF8" else { return nil }
        return problem("encoding", "database \(facts.database) is encoded in \(facts.encoding), and Forge needs UTF8", encodingRemedy)
    }

    /// A sidecar holds two connections and one for each job.
    static func connections(_ facts: DoctorFacts) -> Finding {
        let free = facts.maxConnections - facts.connections
        let jobs = max(1, facts.workers.filter { $0.secondsAgo <= workerSilenceSeconds }.map(\.jobs).max() ?? 1)
        let needed = 2 + jobs
        let message = "\(facts.connections) of \(facts.maxConnections) connections in use"
        return free < needed
            ? problem(
                "connections", "\(message); a sidecar needs \(needed)",
                "Raise max_connections and restart the server, or put a pooler before the other clients.")
            : ok("connections", message)
    }

    static func memory(_ facts: DoctorFacts) -> Finding {
        let size = "shared_buffers is \(facts.sharedBuffers >> 20) MB"
        return facts.sharedBuffers < smallestSharedBuffers
            ? note("memory", size, "Reading training data and scoring are faster with a quarter of the machine's memory.")
            : ok("memory", size)
    }

    static func vector(_ facts: DoctorFacts) -> Finding {
        guard let vector = facts.vector else {
            return note(
                "pgvector", "not available",
                "Only forge.similar and what else searches vectors needs it: install the package "
                    + "postgresql-\(facts.serverVersion / 10_000)-pgvector or build it, then create extension vector.")
        }
        let version = vector.installed ?? vector.available
        let state = vector.installed == nil ? "available, not installed here" : "installed"
        let numbers = version.split(separator: ".").map { Int($0) ?? 0 }
        let isVulnerable =
            !numbers.lexicographicallyPrecedes(vulnerableVector.from) && !vulnerableVector.to.lexicographicallyPrecedes(numbers)
        guard isVulnerable, facts.maintenanceWorkers > 0 else { return ok("pgvector", "\(version), \(state)") }
        let message = "\(version), \(state), has CVE-2026-3172 (parallel HNSW builds)"
        let remedy = "Upgrade to 0.8.2 or later; until then build HNSW indexes with max_parallel_maintenance_workers = 0."
        return vector.installed == nil ? note("pgvector", message, remedy) : problem("pgvector", message, remedy)
    }

    static func `extension`(_ facts: DoctorFacts) -> Finding {
        guard let forge = facts.forge else {
            return problem(
                "extension", "the server has no extension forge", "make install PG_CONFIG=… on the server's host, then forgectl migrate.")
        }
        guard let installed = forge.installed else {
            return problem(
                "extension", "forge \(forge.available) is available, but not installed in database \(facts.database)",
                "A superuser runs once: forgectl migrate --print-superuser-sql | psql …")
        }
        if let failure = facts.libraryFailure {
            return problem(
                "extension", "the server cannot load the library of forge \(installed): \(failure)",
                "make install PG_CONFIG=… of this very server, and reconnect.")
        }
        guard installed == forge.available else {
            return problem(
                "extension", "forge \(installed) is installed in database \(facts.database), its files are of \(forge.available)",
                "A superuser runs: alter extension forge update")
        }
        return ok("extension", "forge \(installed)")
    }

    static func predicting(_ facts: DoctorFacts) -> Finding? {
        facts.predictsInProcess
            ? nil
            : problem(
                "predictions", "forge.inprocess_predict is off: every prediction is refused",
                "alter system set forge.inprocess_predict = on; select pg_reload_conf()")
    }

    static func schema(_ facts: DoctorFacts) -> Finding {
        if facts.hasSchema, facts.schema == nil {
            return note("schema", "\(facts.role) may not see its version", "Run the doctor as a member of forge_admin.")
        }
        guard let schema = facts.schema, schema.schemaVersion > 0 else {
            return problem("schema", "database \(facts.database) has no Forge schema", "forgectl migrate")
        }
        if schema.schemaVersion > schema.knownVersion {
            return problem(
                "schema", "version \(schema.schemaVersion) is newer than this forgectl knows (\(schema.knownVersion))",
                "Upgrade forgectl and forged on this host.")
        }
        if !schema.isCurrent {
            return problem(
                "schema", "version \(schema.schemaVersion), this forgectl brings version \(schema.knownVersion)"
                    + (schema.codeIsCurrent ? "" : " and other functions"), "forgectl migrate")
        }
        return ok("schema", "version \(schema.schemaVersion), current")
    }

    static func roles(_ facts: DoctorFacts) -> [Finding] {
        let missing = Admin.roles.filter { facts.roles[$0] == nil }
        guard missing.isEmpty else {
            return [
                problem(
                    "roles", "missing: \(missing.joined(separator: ", "))",
                    "A superuser runs once: forgectl migrate --print-superuser-sql | psql …")
            ]
        }
        var findings: [Finding] = []
        let mighty = Admin.roles.filter { facts.roles[$0]?.isSuperuser == true }
        if !mighty.isEmpty {
            findings.append(
                problem(
                    "roles", "superuser: \(mighty.joined(separator: ", ")), which Forge never needs",
                    mighty.map { "alter role \($0) nosuperuser" }.joined(separator: "; ")))
        }
        if facts.roles["forge_worker"]?.logins == 0 {
            findings.append(
                problem(
                    "roles", "no role that may log in is a member of forge_worker, so no sidecar can connect",
                    "create role forged login; grant forge_worker to forged; then give it a password with \\password forged in psql"))
        }
        if facts.roles["forge_admin"]?.callerIsMember == false {
            findings.append(
                note("roles", "\(facts.role) is no member of forge_admin and cannot migrate", "grant forge_admin to \(facts.role)"))
        }
        return findings.isEmpty ? [ok("roles", Admin.roles.joined(separator: ", "))] : findings
    }

    static func workers(_ facts: DoctorFacts) -> Finding? {
        guard facts.hasSchema else { return nil }
        guard facts.canReadQueue else {
            return note("sidecar", "\(facts.role) may not see the sidecars", "Run the doctor as a member of forge_admin.")
        }
        let live = facts.workers.filter { $0.secondsAgo <= workerSilenceSeconds }
        guard let latest = live.first else {
            let last = facts.workers.first.map { "none seen for \(Int($0.secondsAgo)) s (the last on \($0.host))" } ?? "none has ever connected"
            return problem(
                "sidecar", "\(last): requests wait", "forgectl up starts the embedded one; elsewhere start forged (docs/install.md).")
        }
        let cpu = Int(live.reduce(0) { $0 + $1.cpu }), memory = Int(live.reduce(0) { $0 + $1.memory } / 1e9)
        let subject = live.count == 1 ? "one on \(latest.host)" : "\(live.count) on \(Set(live.map(\.host)).sorted().joined(separator: ", "))"
        return ok("sidecar", "\(subject), \(cpu) cpu and \(memory) GB in all, seen \(Int(latest.secondsAgo)) s ago")
    }

    static func versions(_ facts: DoctorFacts) -> Finding? {
        let others = facts.workers.filter { $0.secondsAgo <= workerSilenceSeconds && $0.version != forgeVersion }
        guard let other = others.first else { return nil }
        return note(
            "sidecar", "forged on \(other.host) is of version \(other.version), this forgectl of \(forgeVersion)",
            "Install the same version of both; forgectl up replaces the embedded one.")
    }

    /// Requests that no live worker is large enough for stay queued for ever.
    static func oversized(_ facts: DoctorFacts) -> Finding? {
        let live = facts.workers.filter { $0.secondsAgo <= workerSilenceSeconds }
        guard !live.isEmpty else { return nil }
        let stuck = facts.queued.filter { request in
            !live.contains { $0.cpu >= request.cpu && $0.memory >= request.memory }
        }
        guard !stuck.isEmpty else { return nil }
        let ids = stuck.prefix(5).map { "\($0.id)" }.joined(separator: ", ") + (stuck.count > 5 ? " …" : "")
        return problem(
            "queue", "\(stuck.count) queued for more cpu or memory than any sidecar has: request \(ids)",
            "Start forged on a larger machine, or cancel and ask for less in config.resources.requests.")
    }

    static func functions(_ facts: DoctorFacts) -> Finding? {
        guard !facts.modelsWithoutFunctions.isEmpty else { return nil }
        return problem(
            "models", "without generated functions: \(facts.modelsWithoutFunctions.joined(separator: ", "))", "forgectl migrate makes them again.")
    }
}
