import ForgePQ
import ForgeStore
import ForgeTestSupport
import Foundation
import Testing

/// Kills at random moments: jobs, daemons, backends, the whole server. `FORGE_FAULTS` says how many (25),
/// `FORGE_FAULT_SEED` which; a failure prints both.
@Suite struct ChaosTests {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {  // splitmix64
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    private enum Fault: String, CaseIterable { case job, daemon, backend, server }

    private static let environment = ProcessInfo.processInfo.environment
    private let faults = environment["FORGE_FAULTS"].flatMap { Int($0) } ?? 25
    private let seed = environment["FORGE_FAULT_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999)

    @Test func noCommittedRequestIsLostAndNoneRegistersTwice() async throws {
        var random = Generator(state: seed)
        let server = TestServer()
        defer { server.remove() }
        let world = try QueueWorld(server, rows: 3000)
        var daemons = try [ForgedProcess(world), ForgedProcess(world)]
        defer { daemons.forEach { $0.kill() } }

        var committed: [Int] = []
        var struck: [Fault: Int] = [:]
        for _ in 0..<faults {
            // An INSERT whose answer never came may or may not have been committed: only answered ones are promised.
            if let ids = try? world.request(2, model: "m\(Int.random(in: 0..<3, using: &random))", config: #"{"scheduling":{"max_retries":100}}"#) {
                committed += ids
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...400, using: &random)))
            let fault = Fault.allCases.randomElement(using: &random)!
            if try strike(fault, server, &daemons, world, &random) { struck[fault, default: 0] += 1 }
        }
        let comment = Comment(rawValue: "FORGE_FAULT_SEED=\(seed) FORGE_FAULTS=\(faults), struck \(struck.map { "\($0.key.rawValue) \($0.value)" }.sorted().joined(separator: ", "))")

        try await settle(world, comment)
        for id in committed { #expect(try world.state(id).status == "succeeded", comment) }
        try verifyRegistry(world, comment)
        daemons.forEach { #expect($0.stop() == 0, comment) }
        daemons = []
    }

    /// True if there was something to kill.
    private func strike(
        _ fault: Fault, _ server: TestServer, _ daemons: inout [ForgedProcess], _ world: QueueWorld, _ random: inout Generator
    ) throws -> Bool {
        switch fault {
        case .job:
            guard let job = daemons.flatMap(\.jobs).randomElement(using: &random) else { return false }
            kill(job, SIGKILL)
        case .daemon:
            let index = daemons.indices.randomElement(using: &random)!
            daemons[index].kill()
            daemons[index] = try ForgedProcess(world)
        case .backend:
            // Postgres restarts every session when a backend is killed so.
            guard let postmaster = server.postmaster,
                let backend = ProcessTable.children(of: postmaster).filter({
                    ProcessTable.commandLine($0).joined(separator: " ").contains(world.worker)
                }).randomElement(using: &random)
            else { return false }
            kill(backend, SIGKILL)
        case .server:
            server.kill()
            try server.start()
        }
        return true
    }

    /// Waits until every request has ended. Pauses before retries are cut short: rows can be wound, clocks cannot.
    private func settle(_ world: QueueWorld, _ comment: Comment) async throws {
        let left = try await eventually("all requests to end (\(comment.rawValue))", within: .seconds(120), every: .milliseconds(100)) { () -> Int? in
            guard let connection = try? world.admin() else { return nil }
            try? connection.execute(
                "set role forge_admin; update forge.training_requests set run_at = now() where status = 'queued' and run_at > now()")
            let open = try? connection.query("select count(*) from forge.training_requests where status in ('queued', 'running')").first?[0]
            return open == "0" ? 0 : nil
        }
        #expect(left == 0)
    }

    private func verifyRegistry(_ world: QueueWorld, _ comment: Comment) throws {
        func count(_ sql: String) throws -> String? { try world.admin().query("select count(*) from (\(sql)) q").first?[0] }
        #expect(try count("select from forge.training_requests where status <> 'succeeded'") == "0", comment)
        #expect(
            try count("select from forge.model_versions") == count("select from forge.training_requests where status = 'succeeded'"), comment)
        #expect(
            try count(
                """
                select from forge.training_requests r full join forge.model_versions v on v.training_request = r.id
                where (v.model, v.version) is distinct from (r.model, r.model_version)
                """) == "0", comment)
        #expect(
            try count("select from forge.model_versions group by model having max(version) <> count(*)") == "0", "versions count on without gaps")
        #expect(
            try count(
                """
                select from forge.model_versions v where artifact_sha256 is distinct from (
                  select sha256(string_agg(a.bytes, '' order by a.chunk)) from forge.model_artifacts a
                  where (a.model, a.version) = (v.model, v.version))
                """) == "0", comment)
        #expect(
            try count("select from forge.training_attempts where outcome = 'succeeded' group by request having count(*) > 1") == "0", comment)
        #expect(try count("select from forge.training_attempts where ended_at is null") == "0", comment)
        #expect(try count("select from forge.staged_chunks") == "0", comment)
    }
}
