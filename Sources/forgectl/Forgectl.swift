import ArgumentParser
import Foundation
import ForgeStore

@main
struct Forgectl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forgectl",
        abstract: "Administer Forge: machine learning inside PostgreSQL.",
        discussion: """
            Start here:
              forgectl up --detach       starts a private PostgreSQL with Forge in it
              forgectl psql              opens a session in it
              forgectl train churn --source customers --target churned --wait

            Which database: --database-url, else FORGE_DATABASE_URL, else POSTGRES_URL, \
            else the embedded cluster if it is up. Passwords come from the environment or a \
            passfile, never from an argument.

            Exit codes: 0 done, 1 the operation failed, 2 wrong usage, 3 the database cannot be reached.
            """,
        version: "forgectl \(forgeVersion), schema \(SchemaFiles.embedded.version)",
        groupedSubcommands: [
            CommandGroup(name: "The embedded cluster", subcommands: [Up.self, Down.self, URLCommand.self]),
            CommandGroup(name: "Training and models", subcommands: [Train.self, Requests.self, Models.self, Features.self]),
            CommandGroup(
                name: "Administration", subcommands: [Status.self, Doctor.self, Migrate.self, Psql.self, Uninstall.self]),
        ])

    static func main() {
        // A reader that went away (`forgectl … | head`) ends this program quietly.
        signal(SIGPIPE, SIG_DFL)
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            var command = try parseAsRoot(arguments)
            try command.run()
        } catch {
            Foundation.exit(report(error, asJSON: arguments.contains("--json")))
        }
    }

    /// Says what went wrong and returns the exit code for it.
    static func report(_ error: any Error, asJSON: Bool) -> Int32 {
        if let failure = Failure(error) {
            complain(failure.text(asJSON: asJSON))
            return failure.exitCode
        }
        let text = fullMessage(for: error)
        switch exitCode(for: error) {
        case .success:
            if !text.isEmpty { print(text) }
            return 0
        case .validationFailure:
            complain(text)
            return Failure.usage
        case let code:
            if !text.isEmpty { complain(text) }
            return code.rawValue
        }
    }
}

/// To standard error, so that it never mixes with data.
func complain(_ text: String) {
    fflush(nil)
    FileHandle.standardError.write(Data((text + "\n").utf8))
}
