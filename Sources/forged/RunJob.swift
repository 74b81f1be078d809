import ArgumentParser
import ForgeBridge
import Foundation

/// One job, in a process that forged started for it.
struct RunJob: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run-job", abstract: "Run one job; started by forged itself.", shouldDisplay: false)

    func run() throws {
        throw ExitCode(JobProcess.run())
    }
}
