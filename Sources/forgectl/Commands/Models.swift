import ArgumentParser
import ForgeModel
import ForgeStore
import Foundation

struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List and show models, choose their champions, and carry them between databases.",
        subcommands: [List.self, Show.self, Promote.self, Rollback.self, Export.self, Import.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The models that you may see, with their champions' metrics.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let models = try connection.admin().models()
            if output.json { return printJSON(.array(models)) }
            guard !models.isEmpty else { return print("no models") }
            var table = Table("MODEL", "TASK", "ALGORITHM", "CHAMPION", "VERSIONS", "METRICS", "OWNER", "TRAINED AT", right: ["CHAMPION", "VERSIONS"])
            table.rows = models.map { model in
                [
                    plain(model["name"]), plain(model["task"]), plain(model["algorithm"]), plain(model["champion"]),
                    plain(model["versions"]), shortMetrics(model["metrics"]), plain(model["owner"]), moment(model["trained_at"]),
                ]
            }
            print(table.text)
        }

        private func shortMetrics(_ value: JSONValue?) -> String {
            metrics(value).components(separatedBy: ", ").prefix(2).joined(separator: ", ")
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One model: its versions, aliases, metrics and columns.")
        @Argument(help: "The model's name.")
        var model: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let found = try connection.admin().model(model)
            if output.json { return printJSON(found) }
            let aliases = found["aliases"]?.objectValue ?? [:]
            let versions = found["versions"]?.arrayValue ?? []
            print(
                fields([
                    ("model", plain(found["name"])), ("task", plain(found["task"])),
                    ("target", "\(plain(found["target"])) \(plain(found["target_type"]))"), ("owner", plain(found["owner"])),
                    ("description", shown(found["description"])),
                    ("aliases", aliases.map { "\($0.key) = \(plain($0.value))" }.joined(separator: ", ")),
                ]))
            var table = Table("VERSION", "ALGORITHM", "ROWS", "METRICS", "ON", "SIZE", "TRAINED AT", "PROMOTION", right: ["VERSION", "ROWS", "SIZE"])
            table.rows = versions.map { version in
                [
                    plain(version["version"]), plain(version["algorithm"]), plain(version["rows"]), metrics(version["metrics"]),
                    plain(version["metrics_part"]),
                    version["retired_at"]?.isNull ?? true ? bytes(version["artifact_bytes"]?.doubleValue) : "retired",
                    moment(version["created_at"]), plain(version["promotion_reason"]),
                ]
            }
            print("\n\(table.text)")
            showColumns(versions.first { $0["version"] == aliases["champion"] } ?? versions.first)
        }

        private func showColumns(_ version: JSONValue?) {
            guard let version, let schema = version["schema"]?.arrayValue else { return }
            var table = Table("COLUMN", "TYPE", "ENCODING", "LEVELS", "NULL", "UNSEEN", right: ["LEVELS"])
            table.rows = schema.map { column in ["name", "type", "encoding", "levels", "null", "unseen"].map { plain(column[$0]) } }
            print("\ncolumns of version \(plain(version["version"]))\n\(table.text)")
        }
    }

    struct Promote: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a version the champion, which the model's bare name means.",
            discussion: """
                Example:
                  forgectl models promote churn 3 --reason "better on May"
                """)
        @Argument(help: "The model's name.")
        var model: String
        @Argument(help: "The version.")
        var version: Int
        @Option(help: "Why; kept in the history.")
        var reason: String?
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let version = try connection.admin().promote(model, version: version, reason: reason)
            Models.showChampion(model, version, output)
        }
    }

    struct Rollback: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make the previous champion champion again.")
        @Argument(help: "The model's name.")
        var model: String
        @Option(help: "Why; kept in the history.")
        var reason: String?
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let version = try connection.admin().rollback(model, reason: reason)
            Models.showChampion(model, version, output)
        }
    }

    private static func showChampion(_ model: String, _ version: Int, _ output: OutputOptions) {
        output.json
            ? printJSON(["model": .text(model), "champion": JSONValue(version)]) : print("\(model): version \(version) is champion")
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a model version to a file.",
            discussion: """
                The file is safetensors, so that any tool opens it, and carries all that importing it needs.

                Examples:
                  forgectl models export churn                      the champion, to churn-3.safetensors
                  forgectl models export churn/2 --output old.safetensors
                """)
        @Argument(help: "The model: churn, churn@challenger or churn/3.")
        var model: String
        @Option(name: .shortAndLong, help: "The file (default: MODEL-VERSION.safetensors; - for standard output).")
        var output: String?
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var format: OutputOptions

        func run() throws {
            let exported = try connection.admin().export(model)
            let data = Data(try exported.file.encoded())
            let path = output ?? "\(exported.model)-\(exported.version).safetensors"
            if path == "-" { return FileHandle.standardOutput.write(data) }
            do {
                try data.write(to: URL(fileURLWithPath: path), options: .atomic)
            } catch {
                throw ForgeError(.notPermitted, "cannot write \(path)", detail: error.localizedDescription)
            }
            format.json
                ? printJSON(["model": .text(exported.model), "version": JSONValue(exported.version), "file": .text(path), "bytes": JSONValue(data.count)])
                : print("wrote \(exported.model) version \(exported.version) to \(path), \(bytes(Double(data.count)))")
        }
    }

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Register a model from a file that export has written.",
            discussion: """
                It becomes the next version of the model of that name, owned by you if the name is new. The database checks \
                the file's SHA-256.

                Example:
                  forgectl models import churn-3.safetensors --model churn_of_last_year
                """)
        enum Promotion: String, ExpressibleByArgument, CaseIterable {
            case always, never
            case ifBetter = "if_better"
        }

        @Argument(help: "The file (- for standard input).")
        var file: String
        @Option(help: "The model's name (default: the one it was exported under).")
        var model: String?
        @Option(help: "Whether it becomes champion; a model's first version does, unless never.")
        var promote: Promotion = .ifBetter
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let parsed = try ModelFile(decoding: try read())
            guard let name = model ?? parsed.manifest["model"]?.textValue else {
                throw Misuse(problems: ["the file names no model; name one with --model"], command: "models import")
            }
            let version = try connection.admin().importModel(parsed, as: name, promote: promote.rawValue)
            output.json
                ? printJSON(["model": .text(name), "version": JSONValue(version)]) : print("imported \(name) version \(version)")
        }

        private func read() throws -> [UInt8] {
            if file == "-" { return [UInt8](FileHandle.standardInput.readDataToEndOfFile()) }
            do {
                return [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
            } catch {
                throw ForgeError(.corruptArtifact, "cannot read \(file)", detail: error.localizedDescription)
            }
        }
    }
}
