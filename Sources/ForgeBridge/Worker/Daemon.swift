import ForgeModel
import ForgeStore
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// The sidecar: listens, claims, runs jobs and schedules, rescues, until it is told to stop.
public struct Daemon: Sendable {
    private let settings: WorkerSettings
    private let logger: Logger

    public init(_ settings: WorkerSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
    }

    /// Returns after SIGTERM or SIGINT, once running jobs have finished or were released. Throws FG028 when the schema
    /// is newer than this program.
    public func run() async throws {
        try await makeGroup(stoppedBy: [.sigterm, .sigint]).run()
        logger.info("stopped")
    }

    func makeGroup(stoppedBy signals: [UnixSignal]) -> ServiceGroup {
        let store = WorkerStore(
            settings.connection, identity: identity, responseTimeout: settings.responseTimeout,
            whichAreGone: { peers in peers.filter { ProcessFacts.startTime(of: $0.pid) != $0.pidStartedAt } })
        let wake = WakeSignal()
        let scheduleWake = WakeSignal()
        let claimer = Claimer(settings: settings, store: store, wake: wake, logger: logger)
        let listener = Listener(settings.connection, logger: logger) { hint in
            switch hint {
            case .requests:
                wake.signal()
                scheduleWake.signal()
            case .cancels: Task { await claimer.cancelHint() }
            case .quiet, .wokenUp: break
            }
        }
        let rescuer = Rescuer(store: store, interval: .seconds(settings.rescueSeconds), wake: wake, logger: logger)
        let scheduler = Scheduler(settings: settings, store: store, wake: scheduleWake, logger: logger)
        logger.info(
            "forged \(settings.version) serves \(settings.capacity.jobs) jobs at once",
            metadata: ["cpu": "\(settings.capacity.cpu)", "memory": "\(JobMachine.bytes(settings.capacity.memoryBytes))"])
        // Stopped from the last to the first: jobs end while cancels are still heard, and the worker says goodbye last.
        let services: [any Service] = [listener, claimer, rescuer, scheduler]
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .info)  // the group's own debug lines tell of nothing but itself
        return ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) },
                gracefulShutdownSignals: signals, logger: quiet))
    }

    private var identity: WorkerIdentity {
        let pid = Int(getpid())
        return WorkerIdentity(
            id: UUID().uuidString.lowercased(), host: ProcessFacts.hostName, bootID: ProcessFacts.bootID, pid: pid,
            pidStartedAt: ProcessFacts.startTime(of: pid) ?? "unknown", pidNamespace: ProcessFacts.pidNamespace,
            version: settings.version, capacity: settings.capacity)
    }
}
