import ArgumentParser
import ForgeModel
import ForgeStore

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look for problems, each with its remedy; changes nothing.",
        discussion: """
            Looks at the server, pgvector, the extension and its library, the schema, roles, limits, sidecars and requests that \
            no sidecar is large enough for. Exit code 1 if there is a problem.
            """)
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let findings = Diagnosis.findings(try Admin(try connection.connect()).doctorFacts())
        let problems = findings.count { $0.level == .problem }
        if output.json {
            printJSON([
                "problems": JSONValue(problems),
                "findings": .array(
                    findings.map { finding in
                        [
                            "check": .text(finding.check), "level": .text(finding.level.rawValue), "message": .text(finding.message),
                            "remedy": JSONValue(finding.remedy),
                        ]
                    }),
            ])
        } else {
            let width = findings.map(\.check.count).max() ?? 0
            for finding in findings {
                let mark = switch finding.level { case .ok: "ok     "; case .note: "note   "; case .problem: "PROBLEM" }
                print("\(mark)  \(finding.check.padding(toLength: width, withPad: " ", startingAt: 0))  \(finding.message)")
                if let remedy = finding.remedy { print("         \(String(repeating: " ", count: width))  → \(remedy)") }
            }
            print(problems == 0 ? "\nno problems" : "\n\(problems) problem\(problems == 1 ? "" : "s")")
        }
        if problems > 0 { throw ExitCode(Failure.failed) }
    }
}
