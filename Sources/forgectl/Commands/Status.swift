import ArgumentParser
import ForgeModel
import ForgeStore

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The database, its sidecars, its queue and its models at a glance.",
        discussion: "`forgectl doctor` says what is wrong and how to mend it.")
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let status = try connection.admin().status()
        if output.json { return printJSON(status) }
        let database = status["database"], requests = status["requests"], models = status["models"]
        let waits = requests?["oldest_waits_seconds"]?.doubleValue.map { ", the oldest waits for \(duration($0))" } ?? ""
        let counts = ["queued", "running", "succeeded", "failed", "cancelled"].map { "\(plain(requests?[$0])) \($0)" }
        print(
            fields([
                ("database", "\(plain(database?["name"])) as \(plain(database?["user"])), PostgreSQL \(plain(database?["server_version"]))"
                    + (database?["standby"]?.boolValue == true ? ", standby" : "")),
                ("forge", "extension \(plain(database?["extension"]))" + (database?["schema_version"].map { ", schema \(plain($0))" } ?? "")),
                ("requests", counts.joined(separator: ", ") + waits),
                ("models", "\(plain(models?["models"])) with \(plain(models?["versions"])) versions, \(bytes(models?["artifact_bytes"]?.doubleValue))"),
            ]))
        guard let workers = status["workers"]?.arrayValue else { return }
        guard !workers.isEmpty else { return print("sidecars  none") }
        var table = Table("SIDECAR", "PROCESS", "VERSION", "CPU", "MEMORY", "JOBS", "SEEN", "", right: ["PROCESS", "CPU", "MEMORY", "JOBS", "SEEN"])
        table.rows = workers.map { worker in
            [
                plain(worker["host"]), plain(worker["pid"]), plain(worker["version"]), plain(worker["capacity"]?["cpu"]),
                bytes(worker["capacity"]?["memory"]?.doubleValue), plain(worker["jobs"]),
                "\(duration(worker["seen_seconds_ago"]?.doubleValue)) ago", worker["draining"]?.boolValue == true ? "draining" : "",
            ]
        }
        print("\n\(table.text)")
    }
}
