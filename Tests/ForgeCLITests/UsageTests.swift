import Foundation
import Testing

@Suite struct UsageTests {
    @Test(arguments: [
        ["bogus"], ["up", "--port", "eighty"], ["up", "--port", "70000"], ["migrate", "sideways"], ["migrate", "--force"], ["requests", "show"],
        ["requests", "list", "--status", "lost"], ["models", "promote", "churn"], ["models", "promote", "churn", "three"], ["train"],
        ["train", "churn"], ["train", "churn", "--source", "t", "--promote", "maybe"], ["train", "churn", "--source", "t", "--params", "max_depth"],
        ["train", "churn", "--source", "t", "--split", "half"], ["train", "-f", "/nowhere/request.yaml"],
        ["uninstall", "--data-dir", "/tmp/x", "--database-url", "dbname=x"], ["doctor", "--data"],
        ["psql", "--data-dir", "/tmp/x", "--database-url", "dbname=x"],
    ]) func wrongUsageExitsWithTwoAndExplainsOnStandardError(_ arguments: [String]) throws {
        let outcome = try Forgectl.run(arguments)
        #expect(outcome.status == 2, "\(outcome)")
        #expect(outcome.output == "")
        #expect(outcome.errors.contains("--help"), "\(outcome)")
    }

    @Test func everyProblemOfARequestIsNamedAtOnce() throws {
        let file = """
            modle: churn
            params: 3
            features: {a: b}
            source: t
            """
        let outcome = try Forgectl.run("train", "-f", "-", "--split", "[1]", input: file)
        #expect(outcome.status == 2)
        for problem in ["unknown field modle; did you mean model?", "params is no mapping", "features is no list of names", "--split is no JSON object"] {
            #expect(outcome.errors.contains(problem), "\(outcome)")
        }
    }

    @Test(arguments: [["status"], ["doctor"], ["requests"], ["models", "list"], ["train", "m", "--source", "t"], ["migrate"]])
    func unreachableDatabaseExitsWithThree(_ arguments: [String]) throws {
        let outcome = try Forgectl.run(arguments + ["--database-url", "postgresql://nobody@/nothing?host=/nonexistent&port=1"])
        #expect(outcome.status == 3, "\(outcome)")
        #expect(outcome.output == "")
        #expect(outcome.errors.contains("cannot connect to nothing on /nonexistent:1 as nobody"), "\(outcome)")
        #expect(outcome.errors.contains("hint: "))
    }

    @Test func noDatabaseAtAllExitsWithThreeAndSaysHowToNameOne() throws {
        let outcome = try Forgectl.run("status", environment: ["FORGE_DATA_DIR": "/tmp/forge-no-such-cluster"])
        #expect(outcome.status == 3)
        #expect(outcome.errors.contains("--database-url"))
        let url = try Forgectl.run("url", "--data-dir", "/tmp/forge-no-such-cluster")
        #expect(url.status == 3)
        #expect(url.output == "")
        let named = try Forgectl.run(
            "status", "--data-dir", "/tmp/forge-no-such-cluster", environment: ["FORGE_DATABASE_URL": "host=/nonexistent dbname=other"])
        #expect(named.status == 3)
        #expect(named.errors.contains("no embedded cluster is up in /tmp/forge-no-such-cluster"), "\(named)")
        #expect(named.errors.contains("up --detach --data-dir /tmp/forge-no-such-cluster"), "\(named)")
        #expect(!FileManager.default.fileExists(atPath: "/tmp/forge-no-such-cluster"))
    }

    @Test func environmentNamesTheDatabaseInOrder() throws {
        let both = ["FORGE_DATABASE_URL": "host=/nonexistent dbname=first", "POSTGRES_URL": "host=/nonexistent dbname=second"]
        #expect(try Forgectl.run("status", environment: both).errors.contains("cannot connect to first"))
        #expect(try Forgectl.run("status", environment: ["POSTGRES_URL": both["POSTGRES_URL"]!]).errors.contains("cannot connect to second"))
        let named = try Forgectl.run("status", "--database-url", "host=/nonexistent dbname=third", environment: both)
        #expect(named.errors.contains("cannot connect to third"))
    }

    @Test func passwordInAnArgumentIsWarnedOfAndNeverPrinted() throws {
        let outcome = try Forgectl.run("status", "--database-url", "postgresql://u:hunter2@localhost:1/db")
        #expect(outcome.status == 3)
        #expect(outcome.errors.contains("visible to every user"))
        #expect(!outcome.description.contains("hunter2"))
    }

    @Test func errorsAreJSONWhenOutputIs() throws {
        let outcome = try Forgectl.run("models", "list", "--json", "--database-url", "host=/nonexistent")
        #expect(outcome.status == 3)
        let report = try JSONSerialization.jsonObject(with: Data(outcome.errors.utf8)) as? [String: [String: String]]
        #expect(report?["error"]?["code"] == "08001")
        #expect(report?["error"]?["message"]?.hasPrefix("cannot connect") == true)
    }

    @Test func superuserScriptIsPrintedWithoutADatabase() throws {
        let outcome = try Forgectl.run("migrate", "--print-superuser-sql")
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("create extension if not exists forge"))
    }
}
