import Testing

@testable import ForgeStore

/// Every check of the doctor, seen well and ill.
@Suite struct DiagnosisTests {
    static var healthy: DoctorFacts {
        var facts = DoctorFacts()
        facts.serverVersion = 150_020
        facts.serverName = "15.20"
        facts.database = "shop"
        facts.role = "dba"
        facts.connections = 3
        facts.sharedBuffers = 256 << 20
        facts.maintenanceWorkers = 2
        facts.forge = .init(available: "0.1.0", installed: "0.1.0")
        facts.roles = Dictionary(uniqueKeysWithValues: ["forge_admin", "forge_worker", "forge_trainer", "forge_analyst"].map { ($0, .init()) })
        facts.hasSchema = true
        facts.schema = Migrator.Status(
            entries: [.init(version: 1, name: "registry", appliedAt: "2026-11-23")], codeIsCurrent: true, schemaVersion: 1, knownVersion: 1)
        facts.canReadQueue = true
        facts.workers = [.init(host: "box", version: forgeVersion, secondsAgo: 2, cpu: 4, memory: 16e9, jobs: 2)]
        return facts
    }

    private func problems(_ change: (inout DoctorFacts) -> Void) -> [Finding] {
        var facts = Self.healthy
        change(&facts)
        return Diagnosis.findings(facts).filter { $0.level == .problem }
    }

    @Test func healthyDatabaseHasNoProblem() { #expect(problems { _ in } == []) }

    @Test func everyProblemHasARemedy() {
        let broken = Diagnosis.findings(DoctorFacts())
        #expect(broken.contains { $0.level == .problem })
        #expect(broken.filter { $0.level == .problem }.allSatisfy { $0.remedy?.isEmpty == false })
    }

    @Test func oldServerIsAProblem() { #expect(problems { $0.serverVersion = 140_010 }.map(\.check) == ["server"]) }

    @Test func anotherEncodingThanUTF8IsAProblem() {
        let found = problems { $0.encoding = "LATIN1" }
        #expect(found.map(\.check) == ["encoding"])
        #expect(found.first?.message == "database shop is encoded in LATIN1, and Forge needs UTF8")
    }

    @Test func tooFewConnectionsForTheJobsIsAProblem() {
        #expect(problems { $0.maxConnections = 6; $0.connections = 3 }.map(\.check) == ["connections"])
        #expect(problems { $0.maxConnections = 7; $0.connections = 3 } == [])
    }

    @Test(arguments: [("0.5.1", false), ("0.6.0", true), ("0.7.4", true), ("0.8.1", true), ("0.8.2", false), ("0.10.0", false)])
    func vulnerablePgvectorIsAProblem(_ version: String, _ isVulnerable: Bool) {
        let found = problems { $0.vector = .init(available: "0.8.2", installed: version) }
        #expect(found.map(\.check) == (isVulnerable ? ["pgvector"] : []))
        #expect(!isVulnerable || found[0].message.contains("CVE-2026-3172"))
    }

    @Test func vulnerablePgvectorBuiltWithoutWorkersIsNone() {
        #expect(problems { $0.vector = .init(available: "0.8.0", installed: "0.8.0"); $0.maintenanceWorkers = 0 } == [])
    }

    @Test func extensionMissingOutdatedOrBrokenIsAProblem() {
        #expect(problems { $0.forge = nil }[0].message.contains("has no extension"))
        #expect(problems { $0.forge = .init(available: "0.1.0", installed: nil) }[0].remedy?.contains("--print-superuser-sql") == true)
        #expect(problems { $0.forge = .init(available: "0.2.0", installed: "0.1.0") }[0].remedy?.contains("alter extension forge update") == true)
        #expect(problems { $0.libraryFailure = "undefined symbol" }[0].message.contains("undefined symbol"))
    }

    @Test func schemaMissingOldOrNewerIsAProblem() {
        func status(_ version: Int, code: Bool = true) -> Migrator.Status {
            .init(entries: [], codeIsCurrent: code, schemaVersion: version, knownVersion: 2)
        }
        #expect(problems { $0.schema = nil; $0.hasSchema = false }.map(\.remedy) == ["forgectl migrate"])
        #expect(problems { $0.schema = nil } == [], "who may not see it has no problem")
        #expect(problems { $0.schema = status(0) }.map(\.remedy) == ["forgectl migrate"])
        #expect(problems { $0.schema = status(1) }.map(\.remedy) == ["forgectl migrate"])
        #expect(problems { $0.schema = status(2, code: false) }.map(\.remedy) == ["forgectl migrate"])
        #expect(problems { $0.schema = status(3) }[0].message.contains("newer"))
        #expect(problems { $0.schema = status(2) } == [])
    }

    @Test func rolesMissingMightyOrWithoutLoginAreProblems() {
        #expect(problems { $0.roles["forge_trainer"] = nil }[0].message == "missing: forge_trainer")
        #expect(problems { $0.roles["forge_admin"]?.isSuperuser = true }[0].remedy == "alter role forge_admin nosuperuser")
        #expect(problems { $0.roles["forge_worker"]?.logins = 0 }[0].remedy?.contains("grant forge_worker") == true)
    }

    @Test func silentSidecarIsAProblem() {
        #expect(problems { $0.workers = [] }[0].message.contains("none has ever connected"))
        #expect(problems { $0.workers[0].secondsAgo = 61 }[0].message.contains("none seen for 61 s"))
    }

    @Test func sidecarOfAnotherVersionIsNoted() {
        var facts = Self.healthy
        facts.workers[0].version = "9.9.9"
        let found = Diagnosis.findings(facts).filter { $0.level == .note && $0.check == "sidecar" }
        #expect(found.count == 1 && found[0].message.contains("9.9.9"))
    }

    @Test func requestLargerThanEverySidecarIsAProblem() {
        let queued: [DoctorFacts.Queued] = [.init(id: 1, cpu: 4, memory: 16e9), .init(id: 2, cpu: 5, memory: 0), .init(id: 3, cpu: 1, memory: 17e9)]
        #expect(problems { $0.queued = queued }[0].message.contains("2 queued for more cpu or memory than any sidecar has: request 2, 3"))
    }

    @Test func refusedPredictionsAndLostFunctionsAreProblems() {
        #expect(problems { $0.predictsInProcess = false }.map(\.check) == ["predictions"])
        #expect(problems { $0.modelsWithoutFunctions = ["churn"] }[0].message.contains("churn"))
    }
}
