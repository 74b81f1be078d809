import ForgeStore

/// What the running jobs asked for, and what is left of the worker.
struct ResourceLedger {
    let capacity: WorkerCapacity
    private var reserved: [Lease: (cpu: Double, memory: Int)] = [:]

    init(capacity: WorkerCapacity) { self.capacity = capacity }

    var runningJobs: Int { reserved.count }
    var freeCPU: Double { max(0, capacity.cpu - reserved.values.reduce(0) { $0 + $1.cpu }) }
    var freeMemoryBytes: Int { max(0, capacity.memoryBytes - reserved.values.reduce(0) { $0 + $1.memory }) }
    /// A job that asks for nothing still needs a slot.
    var hasRoom: Bool { runningJobs < capacity.jobs && freeCPU > 0 }

    /// Threads that the job may use: ceil of its limit, at most what the worker has. Which processors they run on is the
    /// kernel's to say: it knows of the other workers of this machine.
    func threads(for job: ClaimedJob) -> Int {
        max(1, min(Int((job.cpuLimit ?? capacity.cpu).rounded(.up)), Int(capacity.cpu.rounded(.up))))
    }

    /// 80 % of the worker's memory unless the job says otherwise.
    func memoryLimit(for job: ClaimedJob) -> Int {
        job.memoryLimit ?? Int(Double(capacity.memoryBytes) * 0.8)
    }

    mutating func reserve(_ job: ClaimedJob) { reserved[job.lease] = (job.cpuRequest, job.memoryRequest) }
    mutating func release(_ lease: Lease) { reserved[lease] = nil }
}
