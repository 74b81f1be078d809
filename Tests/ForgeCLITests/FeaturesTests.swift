import ForgeModel
import ForgeTestSupport
import Foundation
import Testing

@testable import forgectl

/// Definitions of the feature store as a file.
@Suite struct FeaturesTests {
    let database: TestDatabase
    let trainer: String

    init() throws {
        database = try TestServer.shared.makeDatabase()
        trainer = try database.makeRole("trainer", member: "forge_trainer")
        try database.connect().execute(
            "create table plans (user_id bigint, changed_at timestamptz, plan text, price numeric); grant select on plans to public")
    }

    private func features(_ arguments: String..., input: String? = nil) throws -> Forgectl.Outcome {
        try Forgectl.run(["features"] + arguments, input: input, environment: ["FORGE_DATABASE_URL": database.url(user: trainer)])
    }

    private func file(ttl: String = "90 days", tags: String = "{}") -> String {
        """
        entities:
          - {name: user, join_keys: [user_id], key_types: [bigint], tags: \(tags)}
        feature_views:
          - name: user_plan
            entities: [user]
            source: plans
            event_timestamp: changed_at
            ttl: \(ttl)
        feature_services:
          - {name: churn, features: ["user_plan:plan"]}
        """
    }

    @Test func planDoesNothingAndApplyingTwiceDoesNothingMore() throws {
        let plan = try features("plan", "-f", "-", input: file())
        #expect(plan.output.hasSuffix("+ feature service churn, version 1\n    features  user_plan/1:plan\n3 to create, 0 to alter, 0 to drop\n"), "\(plan)")
        #expect(plan.errors.contains("create index on public.plans"), "\(plan)")
        #expect(try features("export").output == "{}\n")
        #expect(try features("apply", "-f", "-", input: file()).output.hasSuffix("\n3 created, 0 altered, 0 dropped\n"))
        #expect(try features("apply", "-f", "-", input: file()).output == "nothing to do\n")
    }

    @Test func aChangeIsShownWithWhatFollowsFromIt() throws {
        _ = try features("apply", "-f", "-", input: file())
        let changed = try features("apply", "-f", "-", input: file(ttl: "1 day", tags: #"{team: "007"}"#))
        #expect(
            changed.output == """
                ~ entity user
                    tags  {} → {"team":"007"}
                ~ feature view user_plan, version 2
                    ttl  90 days → 1 day
                ~ feature service churn, version 2
                    features  - user_plan/1:plan
                              + user_plan/2:plan
                0 created, 3 altered, 0 dropped

                """, "\(changed)")
    }

    @Test func whatIsExportedIsTheDatabaseOfWhereverItIsApplied() throws {
        let query = "select user_id, changed_at, plan -- its name\nfrom plans where plan <> 'no: #1'"
        let definitions = JSONValue.object([
            "entities": [["name": "user", "join_keys": ["user_id"], "key_types": ["bigint"], "description": "yes", "tags": ["level": "1", "size": 1]]],
            "feature_views": [["name": "plan", "entities": ["user"], "source": .text(query), "event_timestamp": "changed_at"]],
        ])
        #expect(try features("apply", "-f", "-", input: definitions.serialized).status == 0)
        let exported = try features("export").output
        #expect(exported.hasPrefix("entities:\n- name: user\n  join_keys: [user_id]\n  key_types: [bigint]\n  description: 'yes'\n"), "\(exported)")
        #expect(try features("plan", "--prune", "-f", "-", input: exported).output == "nothing to do\n")
        let elsewhere = try TestServer.shared.makeDatabase()
        try elsewhere.connect().execute("create table plans (user_id bigint, changed_at timestamptz, plan text, price numeric)")
        let environment = ["FORGE_DATABASE_URL": elsewhere.url]
        #expect(try Forgectl.run(["features", "apply", "-f", "-"], input: exported, environment: environment).status == 0)
        #expect(try Forgectl.run("features", "export", environment: environment).output == exported)
    }

    @Test func nothingIsDroppedUnlessPruned() throws {
        _ = try features("apply", "-f", "-", input: file())
        let entity = "entities: [{name: user, join_keys: [user_id], key_types: [bigint]}]"
        #expect(try features("apply", "-f", "-", input: entity).output == "nothing to do\n")
        #expect(
            try features("apply", "--prune", "-f", "-", input: entity).output
                == "- feature service churn\n- feature view user_plan\n0 created, 0 altered, 2 dropped\n")
    }

    @Test func problemsComeTogetherAndNothingIsDone() throws {
        let wrong = try features("apply", "-f", "-", input: file(ttl: "long") + "\nentitys: []")
        #expect(wrong.status == 1)
        #expect(wrong.errors.contains("FG004: there is no section \"entitys\""), "\(wrong)")
        let later = try features("apply", "-f", "-", input: file(ttl: "long"))
        #expect(later.errors.contains("feature view \"user_plan\": invalid input syntax for type interval: \"long\""), "\(later)")
        #expect(try features("export").output == "{}\n")
        let broken = try features("plan", "-f", "-", input: "a: [")
        #expect(broken.status == 2)
        #expect(broken.errors.contains("not YAML"), "\(broken)")
        #expect(try features("plan", "-f", "/nowhere.yaml").errors.contains("cannot read /nowhere.yaml"))
    }

    @Test(arguments: ["null", "true", "12", "1e3", "~", "- a", "a: b", "#", "'", "", " ", "two\nlines", "2026-01-01", "é", "@x", "%", "yes"])
    func anyTextSurvivesYAML(_ text: String) throws {
        let document = JSONValue.object(["list": [.text(text), 1, true], "key": .text(text), "none": .null, "empty": [], "object": .object([:])])
        #expect(try JSONValue(yaml: yaml(ofJSON: document.serialized)) == document)
    }
}
