import ForgeTestSupport
import Foundation
import Testing

/// Help is text that users read and copy from; a change of it shows up as a change of a file in Snapshots/.
/// `FORGE_RECORD=1 swift test --filter HelpTests` writes the files anew.
@Suite struct HelpTests {
    static let commands = [
        "", "up", "down", "url", "migrate", "train", "requests", "requests list", "requests show", "requests wait", "requests cancel",
        "requests retry", "requests log", "requests trials", "models", "models list", "models show", "models promote", "models rollback", "models export",
        "models import", "features", "features plan", "features apply", "features export", "status", "doctor", "psql", "uninstall",
    ]

    @Test(arguments: commands) func helpIsWhatItWas(_ command: String) throws {
        let words = command.split(separator: " ").map(String.init)
        let outcome = try Forgectl.run(words + ["--help"])
        #expect(outcome.status == 0)
        #expect(outcome.errors == "")
        let file = Repository.path("Tests/ForgeCLITests/Snapshots/\((["forgectl"] + words).joined(separator: "-")).txt")
        if ProcessInfo.processInfo.environment["FORGE_RECORD"] != nil {
            try outcome.output.write(toFile: file, atomically: true, encoding: .utf8)
        }
        #expect(try outcome.output == String(contentsOfFile: file, encoding: .utf8))
    }

    @Test func everyCommandInTheOverviewHasItsHelp() throws {
        let overview = try Forgectl.run("--help").output
        let listed = overview.split(separator: "\n").compactMap { line in
            line.hasPrefix("  ") && !line.hasPrefix("   ") ? line.split(separator: " ").first.map(String.init) : nil
        }.filter { name in name.allSatisfy { $0.isLowercase } && name != "forgectl" }
        #expect(Set(listed).isSubset(of: Set(Self.commands)), "\(listed)")
        #expect(listed.count == 12)
    }

    @Test func versionNamesProgramAndSchema() throws {
        let outcome = try Forgectl.run("--version")
        #expect(outcome.status == 0)
        #expect(try #/forgectl \d+\.\d+\.\d+, schema \d+\n/#.wholeMatch(in: outcome.output) != nil)
    }
}
