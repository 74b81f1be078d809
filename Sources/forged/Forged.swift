import ArgumentParser
import ForgeStore

@main
struct Forged: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forged",
        abstract: "The sidecar of Forge: takes training requests from a database and trains their models.",
        version: ForgedVersion.text, subcommands: [Run.self, Algorithms.self, RunJob.self], defaultSubcommand: Run.self)
}

enum ForgedVersion {
    static let text = forgeVersion
}
