import ForgePQ

extension WorkerStore {
    /// The schedule that is due the longest; nil if there is none.
    public func claimSchedule(leaseSeconds: Double) async throws -> ScheduleLease? {
        try await call { connection in
            let row = try connection.query(
                "select id, lease_token, name from forge.claim_schedule($1, $2)", [.text(self.identity.id), .seconds(leaseSeconds)]
            ).first
            return try row.map {
                ScheduleLease(
                    schedule: try $0.requiredInt("id"), token: try $0.requiredText("lease_token"), name: try $0.requiredText("name"))
            }
        }
    }

    /// False: the schedule is somebody else's, or gone.
    public func beat(_ lease: ScheduleLease, leaseSeconds: Double) async throws -> Bool {
        try await call { connection in
            try connection.query(
                "select forge.beat_schedule($1, $2, $3) as alive", lease.parameters + [.seconds(leaseSeconds)]
            ).first?.bool("alive") ?? false
        }
    }

    public func fail(_ lease: ScheduleLease, _ failure: JobFailure) async throws {
        try await call { connection in
            try connection.query(
                "select forge.fail_schedule($1, $2, $3, $4, $5, $6, $7)",
                lease.parameters + [
                    .text(failure.code), .text(failure.message), .text(failure.detail), .text(failure.hint), .bool(failure.isPermanent),
                ])
        }
    }

    public func release(_ lease: ScheduleLease) async throws {
        try await call { try $0.query("select forge.release_schedule($1, $2)", lease.parameters) }
    }
}
