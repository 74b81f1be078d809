import ForgeTestSupport
import Foundation
import Testing

/// `up`, `down` and `url` on a private cluster, and everything that needs a sidecar: one cluster for the suite, one
/// test after the other.
@Suite(.serialized) final class ClusterTests {
    let folder: String

    init() throws {
        folder = "/tmp/forge-cli-\(getpid())-\(UUID().uuidString.prefix(6))"
    }

    deinit {
        _ = try? Forgectl.run("uninstall", "--purge", "--yes", "--data-dir", folder)
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func up(_ more: String...) throws -> [String: Any] {
        let outcome = try Forgectl.run(["up", "--detach", "--json", "--data-dir", folder] + more)
        #expect(outcome.status == 0, "\(outcome)")
        return try #require(try Forgectl.json(outcome) as? [String: Any], "\(outcome)")
    }

    private func down() throws -> Forgectl.Outcome { try Forgectl.run("down", "--data-dir", folder) }

    private func psql(_ statement: String) throws -> String {
        try Forgectl.run("psql", "--data-dir", folder, "--", "-XAtc", statement).output.trimmingCharacters(in: .newlines)
    }

    private func mark(_ name: String) throws -> pid_t {
        let text = try String(contentsOfFile: "\(folder)/\(name).pid", encoding: .utf8)
        return try #require(text.split(separator: " ").first.flatMap { pid_t($0) })
    }

    @Test func upStartsWhatDoesNotRunAndNothingElse() async throws {
        let first = try up()
        #expect(first["server"] as? String == "started")
        #expect(first["sidecar"] as? String == "started")
        #expect(first["migrated"] as? Bool == true)

        let second = try up()
        #expect(second["server"] as? String == "already running")
        #expect(second["sidecar"] as? String == "already running")
        #expect(second["migrated"] as? Bool == false)
        #expect(second["port"] as? Int == first["port"] as? Int)

        // The sidecar is killed: only it is started again.
        let server = try mark("server"), sidecar = try mark("forged")
        kill(sidecar, SIGKILL)
        try await eventually("the sidecar is gone") { ProcessTable.isAlive(sidecar) ? nil : true }
        let third = try up()
        #expect(third["server"] as? String == "already running")
        #expect(third["sidecar"] as? String == "started")
        #expect(try mark("server") == server)
        #expect(try mark("forged") != sidecar)

        // The whole server dies, as by a power cut; its lock file is stale.
        let postmaster = try mark("server")
        for process in [postmaster] + ProcessTable.children(of: postmaster) { kill(process, SIGKILL) }
        try await eventually("the server is gone") { ProcessTable.isAlive(postmaster) ? nil : true }
        let fourth = try up()
        #expect(fourth["server"] as? String == "started")
        #expect(try psql("select 1") == "1")

        let stopped = try down()
        #expect(stopped.output == "stopped sidecar and server\n", "\(stopped)")
        #expect(try down().output == "nothing was running in \(folder)\n")
        let url = try Forgectl.run("url", "--data-dir", folder)
        #expect(url.status == 3)
    }

    @Test func processesOfAnotherBuildAreReplaced() throws {
        _ = try up()
        let sidecar = try mark("forged"), server = try mark("server")
        // The same program with a byte more is another build.
        let copy = "\(folder)/software/bin/forged"
        try Shell.run("/bin/sh", ["-c", "cp \(copy) \(copy).older && printf x >> \(copy).older && mv \(copy).older \(copy)"])
        let again = try up()
        #expect(again["sidecar"] as? String == "replaced")
        #expect(again["server"] as? String == "already running")
        #expect(try mark("forged") != sidecar)
        #expect(!ProcessTable.isAlive(sidecar))

        let port = try #require(again["port"] as? Int)
        let moved = try up("--port", "\(port == 31_999 ? 31_998 : port + 1)")
        #expect(moved["server"] as? String == "replaced")
        #expect(try mark("server") != server)
        #expect(moved["port"] as? Int != port)
        #expect(try psql("show port") == "\(try #require(moved["port"] as? Int))")
    }

    @Test func clusterTrustsNobodyAndHidesItsPasswords() throws {
        _ = try up()
        #expect(try psql("select string_agg(distinct auth_method, ',') from pg_hba_file_rules") == "scram-sha-256")
        #expect(try psql("select count(*) from pg_authid where rolpassword not like 'SCRAM-SHA-256$%'") == "0")
        for file in ["superuser.pass", "worker.pass"] {
            let mode = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(file)")[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(file)")
        }
        let password = try String(contentsOfFile: "\(folder)/superuser.pass", encoding: .utf8).split(separator: ":").last.map(String.init) ?? ""
        #expect(password.count >= 48)
        let secret = password.trimmingCharacters(in: .newlines)
        for process in ProcessTable.all() {
            #expect(!ProcessTable.commandLine(process).joined().contains(secret))
        }
        for log in ["postgres.log", "forged.log"] {
            #expect(try !String(contentsOfFile: "\(folder)/log/\(log)", encoding: .utf8).contains(secret))
        }
        // The sidecar's own role may do the worker's work and nothing else.
        #expect(try psql("select rolsuper or rolcreaterole or rolcreatedb from pg_roles where rolname = 'forged'") == "f")
        #expect(try psql("select string_agg(roleid::regrole::text, ',') from pg_auth_members where member = 'forged'::regrole") == "forge_worker")
    }

    @Test func socketStandsInTheTemporaryFolderWhenThePathIsTooLong() throws {
        let deep = folder + "/" + String(repeating: "d", count: 90)
        defer { _ = try? Forgectl.run("uninstall", "--purge", "--yes", "--data-dir", deep) }
        let outcome = try Forgectl.run("up", "--detach", "--json", "--data-dir", deep)
        #expect(outcome.status == 0, "\(outcome)")
        let url = try #require((try Forgectl.json(outcome) as? [String: Any])?["url"] as? String)
        #expect(url.contains("host=/tmp/forge-"))
        #expect(try Forgectl.run("status", "--database-url", url).status == 0)
    }

    @Test func portInUseIsSaid() throws {
        let first = try up()
        let port = try #require(first["port"] as? Int)
        let other = folder + "-b"
        defer { _ = try? Forgectl.run("uninstall", "--purge", "--yes", "--data-dir", other) }
        let outcome = try Forgectl.run("up", "--detach", "--data-dir", other, "--port", "\(port)")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("port \(port) is in use"), "\(outcome)")
        #expect(outcome.errors.contains("hint: "))
    }

    @Test func foregroundShowsLogsAndStopsAtCtrlC() async throws {
        let log = "\(folder).out"
        defer { try? FileManager.default.removeItem(atPath: log) }
        let process = try Forgectl.start(["up", "--data-dir", folder], output: log)
        defer { kill(process, SIGKILL) }
        func text() -> String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
        try await eventually("it shows logs", within: .seconds(90)) { text().contains("Ctrl-C stops server and sidecar") ? true : nil }
        _ = try psql("select forge_says_hello()")
        try await eventually("the server's log appears") { text().contains("postgres | ") && text().contains("forge_says_hello") ? true : nil }
        kill(process, SIGINT)
        var status: Int32 = -1
        try await eventually("it ends", within: .seconds(60)) { waitpid(process, &status, WNOHANG) == process ? true : nil }
        #expect(status == 0)
        #expect(try Forgectl.run("url", "--data-dir", folder).status == 3)
    }

    @Test func trainingFromInsertToExportedFile() throws {
        _ = try up()
        let url = try Forgectl.run("url", "--data-dir", folder).output.trimmingCharacters(in: .newlines)
        let database = ["FORGE_DATABASE_URL": url]
        _ = try psql(
            """
            create table customers as select i as id, 18 + i % 60 as age, (array['basic', 'plus'])[1 + i % 2] as plan,
                i * 7919 % 400 / 10.0 + i % 2 * 15 < 18 as churned from generate_series(1, 1000) i
            """)

        // Waiting: progress on standard error, the result on standard output.
        let waited = try Forgectl.run(
            "train", "churn", "--source", "customers", "--target", "churned", "--id-column", "id", "--algorithm", "logistic_regression",
            "--wait", environment: database)
        #expect(waited.status == 0, "\(waited)")
        #expect(waited.output.contains("churn version 1, logistic_regression"))
        #expect(waited.output.contains("roc_auc 0."))

        // From a file, and JSON all the way.
        let request = """
            model: churn
            source: customers
            target: churned
            id_column: id
            algorithm: logistic_regression
            params: {C: 0.5}
            training_config: {resources: {limits: {cpu: 1, memory: 1G}}, scheduling: {max_retries: 1, timeout: 600}}
            """
        let filed = try Forgectl.run("train", "-f", "-", "--wait", "--json", input: request, environment: database)
        #expect(filed.status == 0, "\(filed)")
        let made = try #require(try Forgectl.json(filed) as? [String: Any])
        #expect(made["model_version"] as? Int == 2)
        #expect((made["config"] as? [String: Any])?["scheduling"] as? [String: Int] == ["max_retries": 1, "timeout": 600])

        let list = try Forgectl.run("requests", environment: database)
        #expect(list.output.split(separator: "\n").first?.hasPrefix("ID  MODEL") == true, "\(list)")
        #expect(list.output.contains("succeeded"))
        let id = try #require(made["id"] as? Int)
        #expect(try Forgectl.run("requests", "show", "\(id)", environment: database).output.contains("version       2"))
        #expect(try Forgectl.run("requests", "wait", "\(id)", environment: database).status == 0)
        #expect(try Forgectl.run("requests", "cancel", "\(id)", environment: database).errors.contains("FG026"))
        #expect(try Forgectl.run("requests", "retry", "\(id)", environment: database).status == 1)
        #expect(try Forgectl.run("requests", "log", "\(id)", "--json", environment: database).status == 0)
        #expect(try Forgectl.run("requests", "show", "999999", environment: database).status == 1)

        // A request that fails ends the command with its error and exit code 1.
        _ = try psql("create view broken as select id, age, 1 / (age - age) as boom, churned from customers")
        let failed = try Forgectl.run("train", "doomed", "--source", "broken", "--target", "churned", "--wait", "--max-retries", "0", environment: database)
        #expect(failed.status == 1)
        #expect(failed.errors.contains("division by zero"), "\(failed)")
        #expect(try Forgectl.run("requests", "--status", "failed", environment: database).output.contains("doomed"))

        try models(database)
        try health(database)
    }

    private func models(_ database: [String: String]) throws {
        #expect(try Forgectl.run("models", environment: database).output.contains("logistic_regression"))
        #expect(try Forgectl.run("models", "promote", "churn", "2", "--reason", "test", environment: database).output == "churn: version 2 is champion\n")
        #expect(try Forgectl.run("models", "rollback", "churn", environment: database).output == "churn: version 1 is champion\n")
        let shown = try Forgectl.run("models", "show", "churn", environment: database).output
        #expect(shown.contains("aliases  champion = 1"), "\(shown)")
        #expect(shown.contains("plan") && shown.contains("one_hot"))
        #expect(try Forgectl.run("models", "promote", "churn", "7", environment: database).errors.contains("FG002"))
        #expect(try Forgectl.run("models", "show", "nothing", environment: database).status == 1)

        let file = "\(folder).safetensors"
        defer { try? FileManager.default.removeItem(atPath: file) }
        #expect(try Forgectl.run("models", "export", "churn/2", "-o", file, environment: database).status == 0)
        let imported = try Forgectl.run("models", "import", file, "--model", "churn_again", environment: database)
        #expect(imported.output == "imported churn_again version 1\n", "\(imported)")
        let differing = "select count(*) from customers c where forge.predict('churn/2', c) is distinct from forge.predict('churn_again', c)"
        #expect(try psql(differing) == "0")

        // One flipped bit of the weights: refused, and nothing is registered.
        var bytes = try Data(contentsOf: URL(filePath: file))
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: URL(filePath: file))
        let damaged = try Forgectl.run("models", "import", file, "--model", "damaged", environment: database)
        #expect(damaged.status == 1)
        #expect(damaged.errors.contains("FG015"), "\(damaged)")
        #expect(try psql("select count(*) from forge.models where name = 'damaged'") == "0")
    }

    private func health(_ database: [String: String]) throws {
        let status = try Forgectl.run("status", "--json", environment: database)
        let facts = try #require(try Forgectl.json(status) as? [String: Any])
        #expect((facts["requests"] as? [String: Any])?["succeeded"] as? Int == 2)
        #expect((facts["workers"] as? [Any])?.count == 1)
        #expect(try Forgectl.run("status", environment: database).output.contains("2 succeeded, 1 failed"))

        let well = try Forgectl.run("doctor", environment: database)
        #expect(well.status == 0, "\(well)")
        #expect(well.output.hasSuffix("\nno problems\n"))

        // Too large for every sidecar: the doctor names it, and goes back to normal when it is gone.
        let large = try Forgectl.run(
            "train", "-f", "-", "--json",
            input: "{model: churn, source: customers, target: churned, config: {resources: {requests: {cpu: 1000}, limits: {cpu: 1000}}}}", environment: database)
        #expect(large.status == 0, "\(large)")
        let ill = try Forgectl.run("doctor", "--json", environment: database)
        #expect(ill.status == 1)
        let report = try #require(try Forgectl.json(ill) as? [String: Any])
        #expect(report["problems"] as? Int == 1, "\(ill)")
        let id = try #require((try Forgectl.json(large) as? [String: Any])?["id"] as? Int)
        #expect(try Forgectl.run("requests", "cancel", "\(id)", environment: database).output == "request \(id): cancelled\n")
        #expect(try Forgectl.run("doctor", environment: database).status == 0)
    }

    @Test func uninstallKeepsDataUnlessPurged() throws {
        _ = try up()
        _ = try psql("create table mine as select 42 as answer")
        #expect(try Forgectl.run("uninstall", "--yes", "--data-dir", folder).status == 0)
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/software"))
        _ = try up()
        #expect(try psql("select answer from mine") == "42")
        #expect(try Forgectl.run("uninstall", "--purge", "--yes", "--data-dir", folder).status == 0)
        #expect(!FileManager.default.fileExists(atPath: folder))
    }
}
