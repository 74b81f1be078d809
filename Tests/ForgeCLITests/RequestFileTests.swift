import ForgeModel
import Testing

@testable import forgectl

@Suite struct RequestFileTests {
    @Test func issueShapeBecomesTheTablesColumns() throws {
        let fields = try RequestFile.parse(
            """
            model: churn
            task: classification
            algorithm: gradient_boosting
            source: select * from customers where signed_up < now()
            target: churned
            exclude: [email, phone]
            params: {max_depth: 6, learning_rate: 0.1, verbose: false}
            training_config:
              resources:
                limits: {cpu: "4", memory: "8G"}
                requests: {cpu: "1", memory: "2G"}
              scheduling: {max_retries: 3, timeout: 3600}
            """)
        #expect(fields["model"] == "churn")
        #expect(fields["exclude"] == ["email", "phone"])
        #expect(fields["params"] == ["max_depth": 6, "learning_rate": 0.1, "verbose": false])
        #expect(
            fields["config"] == [
                "resources": ["limits": ["cpu": "4", "memory": "8G"], "requests": ["cpu": "1", "memory": "2G"]],
                "scheduling": ["max_retries": 3, "timeout": 3600],
            ])
        #expect(!fields.keys.contains("training_config"))
    }

    @Test func unquotedQuantitiesAreTexts() throws {
        let fields = try RequestFile.parse("training_config: {resources: {limits: {cpu: 4, memory: 8000000000}, requests: {cpu: 0.5}}}")
        #expect(fields["config"] == ["resources": ["limits": ["cpu": "4", "memory": "8000000000"], "requests": ["cpu": "0.5"]]])
    }

    @Test func quotedScalarsStayText() throws {
        let fields = try RequestFile.parse(#"params: {a: "1", b: 'true', c: "null", d: ~, e: yes}"#)
        #expect(fields["params"] == ["a": "1", "b": "true", "c": "null", "d": nil, "e": true])
    }

    @Test func jsonIsYAML() throws {
        #expect(try RequestFile.parse(#"{"model": "m", "params": {"alpha": 1e-3}}"#)["params"] == ["alpha": 0.001])
    }

    @Test(arguments: [
        ("model: [a]", "model is no single value"), ("features: [1, 2]", "features is no list of names"), ("sourc: t", "did you mean source or source_features?"),
        ("params: text", "params is no mapping"), ("config: {}\ntraining_config: {}", "config is given twice"), ("- model", "no mapping of fields"),
        ("", "no mapping of fields"), ("a: [", "not YAML"), ("zzz: 1", "there are model, task"),
    ]) func misfitsAreNamed(_ text: String, _ expected: String) {
        let error = #expect(throws: RequestFile.Problems.self) { try RequestFile.parse(text) }
        #expect(error?.list.contains { $0.contains(expected) } == true, "\(error?.list ?? [])")
    }
}
