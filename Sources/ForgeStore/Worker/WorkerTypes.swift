import ForgePQ

/// A worker as the database knows it: a process on a host since a boot.
public struct WorkerIdentity: Sendable, Equatable {
    /// A UUID, new with every start of the daemon.
    public var id: String
    public var host: String
    public var bootID: String
    public var pid: Int
    /// Clock ticks since boot; tells a process from a later one with the same pid.
    public var pidStartedAt: String
    public var pidNamespace: String
    public var version: String
    public var capacity: WorkerCapacity

    public init(
        id: String, host: String, bootID: String, pid: Int, pidStartedAt: String, pidNamespace: String, version: String,
        capacity: WorkerCapacity
    ) {
        self.id = id
        self.host = host
        self.bootID = bootID
        self.pid = pid
        self.pidStartedAt = pidStartedAt
        self.pidNamespace = pidNamespace
        self.version = version
        self.capacity = capacity
    }
}

/// What a worker has for its jobs.
public struct WorkerCapacity: Sendable, Equatable {
    public var cpu: Double
    public var memoryBytes: Int
    /// Jobs at once.
    public var jobs: Int

    public init(cpu: Double, memoryBytes: Int, jobs: Int) {
        self.cpu = cpu
        self.memoryBytes = memoryBytes
        self.jobs = jobs
    }
}

/// Another worker in the same pid namespace; whoever asks looks whether its process still lives.
public struct WorkerPeer: Sendable, Equatable {
    public var id: String
    public var pid: Int
    public var pidStartedAt: String
}

/// A lease on a request: nothing can be written for the request without its token.
public struct Lease: Sendable, Hashable {
    public var request: Int
    public var token: String

    public init(request: Int, token: String) {
        self.request = request
        self.token = token
    }
}

/// A lease on a schedule, as `forge.claim_schedule` gave it.
public struct ScheduleLease: Sendable, Hashable {
    public var schedule: Int
    public var token: String
    public var name: String

    var parameters: [Parameter] { [.int(schedule), .text(token)] }
}

/// What `forge.claim` gave.
public struct ClaimedJob: Sendable, Equatable {
    public var lease: Lease
    public var attempt: Int
    public var model: String
    public var algorithm: String
    public var cpuRequest: Double
    public var memoryRequest: Int
    /// nil: all the worker has.
    public var cpuLimit: Double?
    /// Bytes; nil: the worker's default.
    public var memoryLimit: Int?
    public var timeoutSeconds: Double?

    public init(
        lease: Lease, attempt: Int, model: String, algorithm: String, cpuRequest: Double = 1, memoryRequest: Int = 0,
        cpuLimit: Double? = nil, memoryLimit: Int? = nil, timeoutSeconds: Double? = nil
    ) {
        self.lease = lease
        self.attempt = attempt
        self.model = model
        self.algorithm = algorithm
        self.cpuRequest = cpuRequest
        self.memoryRequest = memoryRequest
        self.cpuLimit = cpuLimit
        self.memoryLimit = memoryLimit
        self.timeoutSeconds = timeoutSeconds
    }
}

public enum Beat: Sendable, Equatable {
    case extended(cancelRequested: Bool)
    /// The request is somebody else's, or nobody's, by now.
    case lost
}

/// Why an attempt failed, as the request will tell it.
public struct JobFailure: Sendable, Equatable {
    public var code: String
    public var message: String
    public var detail: String?
    public var hint: String?
    /// No retry would help.
    public var isPermanent: Bool
    /// The child was ended by a signal that nobody here sent.
    public var isCrash: Bool

    public init(
        code: String, message: String, detail: String? = nil, hint: String? = nil, isPermanent: Bool, isCrash: Bool = false
    ) {
        self.code = code
        self.message = message
        self.detail = detail
        self.hint = hint
        self.isPermanent = isPermanent
        self.isCrash = isCrash
    }
}
