import ArgumentParser
import ForgeModel
import ForgeStore
import Foundation

struct Requests: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, show, cancel and retry training requests, and read their logs.",
        subcommands: [List.self, Show.self, Wait.self, Cancel.self, Retry.self, Log.self, Trials.self],
        defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The latest requests that you may see.",
            discussion: """
                Example:
                  forgectl requests list --status failed --limit 5
                """)

        enum State: String, ExpressibleByArgument, CaseIterable { case queued, running, succeeded, failed, cancelled }

        @Option(help: "Only those in this state.")
        var status: State?
        @Option(help: "Only those for this model.")
        var model: String?
        @Option(help: "At most this many.")
        var limit = 20
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let requests = try connection.admin().requests(status: status?.rawValue, model: model, limit: limit)
            if output.json { return printJSON(.array(requests)) }
            guard !requests.isEmpty else { return print("no requests") }
            var table = Table("ID", "MODEL", "ALGORITHM", "STATUS", "ASKED BY", "ASKED AT", "TOOK", "RESULT", right: ["ID", "TOOK"])
            table.rows = requests.map { request in
                [
                    plain(request["id"]), plain(request["model"]), plain(request["algorithm"]), state(request),
                    plain(request["requested_by"]), moment(request["created_at"]), duration(request["seconds"]?.doubleValue),
                    result(request),
                ]
            }
            print(table.text)
        }

        private func state(_ request: JSONValue) -> String {
            let status = plain(request["status"])
            guard status == "running" else { return status }
            return "running \(Int((request["progress"]?.doubleValue ?? 0) * 100)) %"
        }

        private func result(_ request: JSONValue) -> String {
            if let version = request["model_version"]?.intValue { return "version \(version)" }
            let code = plain(request["error_code"])
            return code.isEmpty ? "" : "\(code) \(plain(request["error_message"]))".split(separator: "\n").first.map { String($0.prefix(60)) } ?? ""
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One request: what was asked, its attempts, what came of it.")

        @Argument(help: "The request's id.")
        var id: Int
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let request = try connection.admin().request(id)
            if output.json { return printJSON(request) }
            func field(_ name: String, as text: (JSONValue?) -> String = plain) -> (String, String?) {
                (name.split(separator: "_").joined(separator: " "), shown(request[name], as: text))
            }
            let asked = ["id", "model", "task", "algorithm", "source", "target", "features", "exclude", "id_column", "params", "preprocess",
                "split", "sample", "promote", "config", "priority", "idempotency_key", "requested_by"].map { field($0) }
            let times = ["created_at", "run_at", "started_at", "finished_at"].map { field($0, as: moment) }
            let error = plain(request["error_code"]).isEmpty
                ? nil
                : [plain(request["error_code"]) + ": " + plain(request["error_message"]), plain(request["error_detail"]),
                    plain(request["error_hint"])].filter { !$0.isEmpty }.joined(separator: "\n")
            let result = request["result"]
            print(
                fields(
                    asked + times + [
                        ("status", plain(request["status"])), ("took", duration(request["seconds"]?.doubleValue)), ("error", error),
                        ("version", shown(result?["version"])),
                        ("metrics", shown(result?["metrics"], as: metrics).map { "\($0) (\(plain(result?["metrics_part"])) rows)" }),
                        ("promotion", shown(result?["promotion_reason"])),
                    ]))
            try showAttempts(request["attempts"]?.arrayValue ?? [])
        }

        private func showAttempts(_ attempts: [JSONValue]) throws {
            guard attempts.count > 1 || attempts.contains(where: { !plain($0["error_code"]).isEmpty }) else { return }
            var table = Table("ATTEMPT", "HOST", "STARTED", "ENDED", "OUTCOME", "ERROR", right: ["ATTEMPT"])
            table.rows = attempts.map { attempt in
                [
                    plain(attempt["attempt"]), plain(attempt["host"]), moment(attempt["started_at"]), moment(attempt["ended_at"]),
                    plain(attempt["outcome"]), "\(plain(attempt["error_code"])) \(plain(attempt["error_message"]))",
                ]
            }
            print("\n\(table.text)")
        }
    }

    struct Wait: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stay until requests have succeeded, and show how far they are.",
            discussion: "Ends with the first that fails or is cancelled. Ctrl-C leaves them running.")

        @Argument(help: "Ids of requests (default: all that are queued or running).")
        var ids: [Int] = []
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let admin = try connection.admin()
            for id in ids.isEmpty ? try admin.unfinishedRequests() : ids {
                try waitForSuccess(of: id, admin)
                let request = try admin.request(id)
                if output.json { printJSON(request); continue }
                print(
                    "\(plain(request["model"])) version \(plain(request["model_version"])): \(plain(request["algorithm"])) took "
                        + "\(duration(request["seconds"]?.doubleValue)); \(metrics(request["result"]?["metrics"]))")
                fflush(nil)
            }
        }
    }

    struct Cancel: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Cancel requests; a running one ends within a second.")

        @Argument(help: "Ids of requests.")
        var ids: [Int]
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() throws { try forEach(ids, connection, output) { try $0.cancel($1) } }
    }

    struct Retry: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Queue failed or cancelled requests again.")

        @Argument(help: "Ids of requests.")
        var ids: [Int]
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() throws { try forEach(ids, connection, output) { try $0.retry($1) } }
    }

    /// Does it for one id after the other and says how each request stands then.
    private static func forEach(
        _ ids: [Int], _ connection: ConnectionOptions, _ output: OutputOptions, _ act: (Admin, Int) throws -> Void
    ) throws {
        let admin = try connection.admin()
        var states: [JSONValue] = []
        for id in ids {
            try act(admin, id)
            let state = try admin.progress(id)
            let isEnding = state["status"] == "running" && state["cancel_requested"] == true
            states.append(["id": JSONValue(id), "status": state["status"] ?? .null, "cancel_requested": state["cancel_requested"] ?? .null])
            if !output.json { print("request \(id): \(plain(state["status"]))\(isEnding ? ", being cancelled" : "")") }
        }
        if output.json { printJSON(.array(states)) }
    }

    struct Trials: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What a request's search has tried so far.",
            discussion: """
                Example:
                  forgectl requests trials 12
                """)

        @Argument(help: "The request's id.")
        var id: Int
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let trials = try connection.admin().trials(id)
            if output.json { return printJSON(.array(trials)) }
            guard let first = trials.first else { return print("no trials") }
            let metric = plain(first["metric"]).uppercased()
            var table = Table("TRIAL", "STATUS", metric, "TOOK", "ALGORITHM", "PARAMS", right: ["TRIAL", metric, "TOOK"])
            table.rows = trials.map { trial in
                let error = plain(trial["error_message"])
                return [
                    plain(trial["trial"]), plain(trial["status"]), plain(trial["score"]), duration(trial["seconds"]?.doubleValue),
                    plain(trial["algorithm"]), error.isEmpty ? plain(trial["params"]) : "\(plain(trial["params"])): \(error)",
                ]
            }
            print(table.text)
        }
    }

    struct Log: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What a request's jobs had to say.",
            discussion: """
                Example:
                  forgectl requests log 12 --follow
                """)

        @Argument(help: "The request's id.")
        var id: Int
        @Flag(help: "Go on until the request has ended or Ctrl-C.")
        var follow = false
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let admin = try connection.admin()
            if follow { Terminal.catchInterrupts() }
            var last: String?
            repeat {
                let hasEnded = ["succeeded", "failed", "cancelled"].contains(plain(try admin.progress(id)["status"]))
                let lines = try admin.log(id, after: last)
                last = lines.last.map { plain($0["at"]) } ?? last
                show(lines)
                if hasEnded { break }
            } while follow && Terminal.pause(milliseconds: 300)
        }

        private func show(_ lines: [JSONValue]) {
            defer { fflush(nil) }
            if output.json {
                if follow { lines.forEach(printJSON) } else { printJSON(.array(lines)) }
                return
            }
            for line in lines {
                print("\(moment(line["at"]))  \(plain(line["attempt"]))  \(plain(line["level"]).padding(toLength: 7, withPad: " ", startingAt: 0))  \(plain(line["message"]))")
            }
        }
    }
}
