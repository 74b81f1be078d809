import ArgumentParser
import ForgeBridge
import ForgePQ
import ForgeStore
import Foundation
import Logging

/// Every setting is a flag and an environment variable; the flag wins. docs/settings.md lists them.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take training requests and train, until SIGTERM.",
        discussion: """
            The database is named by FORGE_DATABASE_URL, by POSTGRES_URL, or by the file that FORGE_DATABASE_URL_FILE names; \
            never by an argument, which every user of the machine could read. Its role needs membership of forge_worker.
            """)

    @Option(help: "Seconds a request stays with a worker that has gone silent (FORGE_LEASE, 60).")
    var lease: Double?
    @Option(help: "Seconds between polls while there is work about (FORGE_POLL_BUSY, 1).")
    var pollBusy: Double?
    @Option(help: "Seconds between polls when idle (FORGE_POLL_IDLE, 5).")
    var pollIdle: Double?
    @Option(help: "Seconds between looks for requests of lost workers (FORGE_RESCUE, 15).")
    var rescue: Double?
    @Option(help: "Seconds that running jobs get to finish on SIGTERM before they are given back (FORGE_GRACE, 10).")
    var grace: Double?
    @Option(help: "Seconds without progress after which a job is failed (FORGE_STALL, 1800).")
    var stall: Double?
    @Option(help: "Cpus for jobs (FORGE_CPU, all).")
    var cpu: Double?
    @Option(help: "Memory for jobs, such as 8G or 8Gi (FORGE_MEMORY, the machine's).")
    var memory: String?
    @Option(help: "Jobs at once (FORGE_JOBS, as many as cpus).")
    var jobs: Int?
    @Option(help: "trace, debug, info, notice, warning, error or critical (FORGE_LOG_LEVEL, info).")
    var logLevel: String?

    func run() async throws {
        let settings = try WorkerOptions(self, ProcessInfo.processInfo.environment).settings()
        var logger = Logger(label: "forged") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = try level()
        do {
            try await Daemon(settings, logger: logger).run()
        } catch {
            logger.critical("\(error)")
            throw ExitCode.failure
        }
    }

    private func level() throws -> Logger.Level {
        let text = logLevel ?? ProcessInfo.processInfo.environment["FORGE_LOG_LEVEL"] ?? "info"
        guard let level = Logger.Level(rawValue: text) else { throw ValidationError("unknown log level \"\(text)\"") }
        return level
    }
}
