import ForgeStore

/// What the daemon hands to a job's process. By environment, for arguments are visible to every user of the machine.
struct JobEnvironment: Sendable, Equatable {
    var target: String
    var lease: Lease
    var threads: Int

    init(target: String, lease: Lease, threads: Int) {
        self.target = target
        self.lease = lease
        self.threads = threads
    }

    func variables(over inherited: [String: String]) -> [String: String] {
        var variables = inherited
        variables["FORGE_DATABASE_URL"] = target
        variables["FORGE_JOB_REQUEST"] = String(lease.request)
        variables["FORGE_JOB_TOKEN"] = lease.token
        variables["FORGE_JOB_THREADS"] = String(threads)
        // Rows are spread over threads in Forge; where a factorization wants more (BLAS.setThreads), they start then.
        // Those that the library starts itself spin for 25 ms before they sleep, while the server has the rows to send.
        variables["OPENBLAS_NUM_THREADS"] = "1"
        variables["OMP_NUM_THREADS"] = String(threads)
        // XGBoost's threads wait for one another hundreds of times a second. libgomp spins first, for whole time slices
        // of other processes when jobs outnumber the processors: 20 s instead of 0.4 s on a busy machine. This is its
        // own count for that case.
        if variables["OMP_WAIT_POLICY"] == nil, variables["GOMP_SPINCOUNT"] == nil {
            variables["GOMP_SPINCOUNT"] = "1000"
        }
        // Swift's own backtracer would hold a crashed process for up to half a minute; its last words reach the log
        // anyway.
        if variables["SWIFT_BACKTRACE"] == nil { variables["SWIFT_BACKTRACE"] = "enable=no" }
        return variables
    }

    /// nil when this process was not started by a daemon.
    init?(_ variables: [String: String]) {
        guard let target = variables["FORGE_DATABASE_URL"],
            let request = variables["FORGE_JOB_REQUEST"].flatMap({ Int($0) }),
            let token = variables["FORGE_JOB_TOKEN"]
        else { return nil }
        self.target = target
        lease = Lease(request: request, token: token)
        threads = variables["FORGE_JOB_THREADS"].flatMap { Int($0) } ?? 1
    }
}
