import ArgumentParser
import ForgeModel
import ForgePQ
import ForgeStore
import Foundation

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask for a model to be trained.",
        discussion: """
            The request is checked by the database at once (columns, algorithm, ranges, rights, all problems together) and \
            trained by the sidecar. With --wait the command stays until it has ended; Ctrl-C then leaves the request running.

            Examples:
              forgectl train churn --source public.customers --target churned --wait
              forgectl train fares --source "select * from trips" --target fare \\
                --algorithm gradient_boosting --params max_depth=8 --cpu 2
              forgectl train -f request.yaml

            request.yaml holds the columns of forge.training_requests:
              model: churn
              source: public.customers
              target: churned
              params: {max_depth: 6}
              training_config:
                resources:
                  limits: {cpu: "4", memory: "8G"}
                  requests: {cpu: "1", memory: "2G"}
                scheduling: {max_retries: 3, timeout: 3600}
            """)

    enum Promotion: String, ExpressibleByArgument, CaseIterable {
        case always, never
        case ifBetter = "if_better"
    }

    @Argument(help: "The model's name: a lower-case identifier.")
    var model: String?
    @Option(name: .shortAndLong, help: "Read the request from a YAML or JSON file (- for standard input); options override it.")
    var file: String?
    @Option(help: "A relation's name, or one SELECT.")
    var source: String?
    @Option(help: "The column to learn.")
    var target: String?
    @Option(help: "The algorithm (default: the task's; select name from forge.algorithms).")
    var algorithm: String?
    @Option(help: "classification or regression (default: by the target's type).")
    var task: String?
    @Option(help: ArgumentHelp("Columns to learn from (default: all others).", valueName: "a,b,…"))
    var features: String?
    @Option(help: ArgumentHelp("Columns to leave out.", valueName: "a,b,…"))
    var exclude: String?
    @Option(help: ArgumentHelp("Column that identifies a row; decides which rows are held out.", valueName: "column"))
    var idColumn: String?
    @Option(help: ArgumentHelp("Column with the rows' weights.", valueName: "column"))
    var weightColumn: String?
    @Option(help: ArgumentHelp("Column that orders the rows of a split by time.", valueName: "column"))
    var timeColumn: String?
    @Option(help: ArgumentHelp("Columns whose every value has a model of its own.", valueName: "a,b,…"))
    var groupColumns: String?
    @Option(help: ArgumentHelp("Hyperparameters: name=value, repeated, or one JSON object.", valueName: "name=value"))
    var params: [String] = []
    @Option(help: ArgumentHelp("Imputing, scaling and encoding by column.", valueName: "json"))
    var preprocess: String?
    @Option(help: ArgumentHelp("How rows are held out, such as {\"test\": 0.2, \"seed\": 42}.", valueName: "json"))
    var split: String?
    @Option(help: ArgumentHelp("Train on some rows only, such as {\"rows\": 100000}.", valueName: "json"))
    var sample: String?
    @Option(help: ArgumentHelp("Search hyperparameters, such as {\"trials\": 30}.", valueName: "json"))
    var search: String?
    @Option(help: "When the new version becomes champion (default: if_better).")
    var promote: Promotion?
    @Option(help: ArgumentHelp("Limit: processors, such as 2 or 500m.", valueName: "quantity"))
    var cpu: String?
    @Option(help: ArgumentHelp("Limit: memory, such as 8G or 8Gi.", valueName: "quantity"))
    var memory: String?
    @Option(help: ArgumentHelp("Seconds after which the job is ended.", valueName: "seconds"))
    var timeout: Double?
    @Option(help: "How often a failed attempt is repeated (default: 3).")
    var maxRetries: Int?
    @Option(help: "Smaller first (default: 0).")
    var priority: Int?
    @Option(help: ArgumentHelp("Not before, such as '2026-12-01 02:00'.", valueName: "time"))
    var runAt: String?
    @Option(help: ArgumentHelp("The same key asks once, however often it is sent.", valueName: "key"))
    var idempotencyKey: String?
    @Flag(help: "Stay until the request has ended, and show how far it is.")
    var wait = false
    @Flag(help: "Check the request without making it (forge.check_request).")
    var dryRun = false
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let fields = try request()
        let admin = try connection.admin()
        if dryRun { return try check(fields, admin) }
        let id = try admin.train(fields)
        guard wait else {
            output.json
                ? printJSON(["id": JSONValue(id)])
                : print("request \(id) queued; \(calledAs) requests show \(id) follows it")
            return
        }
        if !output.json { complain("request \(id)") }
        try waitForSuccess(of: id, admin)
        try showResult(id, admin)
    }

    private func showResult(_ id: Int, _ admin: Admin) throws {
        let request = try admin.request(id)
        if output.json { return printJSON(request) }
        let result = request["result"]
        print(
            fields([
                ("model", "\(plain(request["model"])) version \(plain(request["model_version"])), \(plain(request["algorithm"]))"),
                ("took", duration(request["seconds"]?.doubleValue)),
                ("metrics", "\(metrics(result?["metrics"])) (\(plain(result?["metrics_part"])) rows)"),
                ("promotion", plain(result?["promotion_reason"])),
            ]))
    }

    /// Exit code 1 if the database has anything against the request.
    private func check(_ fields: JSONObject, _ admin: Admin) throws {
        let findings = try admin.check(fields)
        if output.json {
            printJSON(.array(findings))
        } else {
            var table = Table("SECTION", "ITEM", "VALUE", "HINT")
            table.rows = findings.map { finding in ["section", "item", "value", "hint"].map { plain(finding[$0]) } }
            print(table.text)
        }
        if findings.contains(where: { $0["section"] == "problem" }) { throw ExitCode(Failure.failed) }
    }
}

extension Train {
    /// The file's fields with the options laid over them; every problem of both together.
    func request() throws -> JSONObject {
        var problems: [String] = []
        var fields: JSONObject = [:]
        if let file {
            do {
                fields = try RequestFile.parse(try text(ofFile: file, command: "train"))
            } catch let error as RequestFile.Problems {
                problems += error.list.map { "\(file): \($0)" }
            }
        }
        for (name, value) in [
            ("model", model), ("source", source), ("target", target), ("algorithm", algorithm), ("task", task), ("id_column", idColumn),
            ("weight_column", weightColumn), ("time_column", timeColumn), ("promote", promote?.rawValue), ("run_at", runAt),
            ("idempotency_key", idempotencyKey), ("priority", priority.map(String.init)),
        ] where value != nil { fields[name] = JSONValue(value) }
        for (name, value) in [("features", features), ("exclude", exclude), ("group_columns", groupColumns)] {
            if let value { fields[name] = .array(value.split(separator: ",").map { .text($0.trimmingCharacters(in: .whitespaces)) }) }
        }
        for (name, value) in [("preprocess", preprocess), ("split", split), ("sample", sample), ("search", search)] {
            guard let value else { continue }
            if let parsed = try? JSONValue(parsing: value), parsed.objectValue != nil {
                fields[name] = parsed
            } else {
                problems.append("--\(name) is no JSON object: \(value)")
            }
        }
        layParams(over: &fields, &problems)
        layConfig(over: &fields)
        if problems.isEmpty {
            for name in ["model", "source"] where !fields.keys.contains(name) {
                problems.append(name == "model" ? "no model: forgectl train MODEL …" : "no source: --source RELATION, or source: in the file")
            }
        }
        guard problems.isEmpty else { throw Misuse(problems: problems, command: "train") }
        return fields
    }

    private func layParams(over fields: inout JSONObject, _ problems: inout [String]) {
        guard !params.isEmpty else { return }
        var all = fields["params"] ?? .object([:])
        for entry in params {
            if let object = (try? JSONValue(parsing: entry))?.objectValue {
                for member in object { all[member.key] = member.value }
            } else if let equals = entry.firstIndex(of: "="), equals != entry.startIndex {
                let value = String(entry[entry.index(after: equals)...])
                all[String(entry[..<equals])] = (try? JSONValue(parsing: value)) ?? .text(value)
            } else {
                problems.append("--params takes name=value or a JSON object, not \(entry)")
            }
        }
        fields["params"] = all
    }

    private func layConfig(over fields: inout JSONObject) {
        var config = fields["config"] ?? .object([:])
        func set(_ group: String, _ key: String, _ value: JSONValue) {
            var members = config[group] ?? .object([:])
            members[key] = value
            config[group] = members
        }
        var limits = config["resources"]?["limits"] ?? .object([:])
        if let cpu { limits["cpu"] = .text(cpu) }
        if let memory { limits["memory"] = .text(memory) }
        if cpu != nil || memory != nil { set("resources", "limits", limits) }
        if let timeout { set("scheduling", "timeout", JSONValue(timeout)) }
        if let maxRetries { set("scheduling", "max_retries", JSONValue(maxRetries)) }
        if config != .object([:]) { fields["config"] = config }
    }
}
