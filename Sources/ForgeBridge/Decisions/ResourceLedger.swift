import ForgeStore

/// What the running jobs asked for, and what is left of the worker.
struct ResourceLedger {
    let capacity: WorkerCapacity
    private var reserved: [Lease: (cpu: Double, memory: Int, cpus: [Int])] = [:]

    init(capacity: WorkerCapacity) { self.capacity = capacity }

    var runningJobs: Int { reserved.count }
    var freeCPU: Double { max(0, capacity.cpu - reserved.values.reduce(0) { $0 + $1.cpu }) }
    var freeMemoryBytes: Int { max(0, capacity.memoryBytes - reserved.values.reduce(0) { $0 + $1.memory }) }
    /// A job that asks for nothing still needs a slot.
    var hasRoom: Bool { runningJobs < capacity.jobs && freeCPU > 0 }

    /// Threads that the job may use: ceil of its limit, at most what the worker has.
    func threads(for job: ClaimedJob) -> Int {
        max(1, min(Int((job.cpuLimit ?? capacity.cpu).rounded(.up)), Int(capacity.cpu.rounded(.up))))
    }

    /// 80 % of the worker's memory unless the job says otherwise.
    func memoryLimit(for job: ClaimedJob) -> Int {
        job.memoryLimit ?? Int(Double(capacity.memoryBytes) * 0.8)
    }

    /// Takes the job in. Returns the processors to pin it to, the least used of `processors`; nil when it may use all
    /// of them.
    mutating func reserve(_ job: ClaimedJob, processors: [Int]) -> [Int]? {
        let threads = threads(for: job)
        var chosen: [Int]?
        if threads < processors.count {
            let uses = processors.map { processor in (processor, reserved.values.count { $0.cpus.contains(processor) }) }
            chosen = uses.sorted { ($0.1, $0.0) < ($1.1, $1.0) }.prefix(threads).map(\.0).sorted()
        }
        reserved[job.lease] = (job.cpuRequest, job.memoryRequest, chosen ?? processors)
        return chosen
    }

    mutating func release(_ lease: Lease) { reserved[lease] = nil }
}
