import ForgePQ
import ForgeStore
import Foundation

/// How a daemon works. Limits come in threes: default, minimum, maximum.
public struct WorkerSettings: Sendable {
    /// A request whose worker was silent for so long is taken from it.
    public static let lease = SettingRange(60, 1, 3600)
    /// Between polls while there is traffic, and when there has been none for a minute.
    public static let pollBusy = SettingRange(1, 0.05, 60)
    public static let pollIdle = SettingRange(5, 0.05, 300)
    /// Between looks for requests whose worker was lost.
    public static let rescue = SettingRange(15, 0.1, 300)
    /// What running jobs are given to finish when the daemon is to stop; then they are released.
    public static let grace = SettingRange(10, 0, 3600)
    /// A job that computes without any progress for so long is failed.
    public static let stall = SettingRange(1800, 1, 86_400)

    public var connection: ConnectionSettings
    public var leaseSeconds = Self.lease.standard
    public var pollBusySeconds = Self.pollBusy.standard
    public var pollIdleSeconds = Self.pollIdle.standard
    public var rescueSeconds = Self.rescue.standard
    public var graceSeconds = Self.grace.standard
    public var stallSeconds = Self.stall.standard
    public var capacity: WorkerCapacity
    /// Algorithms that this program knows; requests for others are left alone. nil: all.
    public var algorithms: [String]?
    public var program = ChildProgram.itself
    public var version: String

    public init(connection: ConnectionSettings, capacity: WorkerCapacity = .machine, algorithms: [String]?, version: String) {
        self.connection = connection
        self.capacity = capacity
        self.algorithms = algorithms
        self.version = version
    }

    var jobLimits: JobMachine.Limits {
        JobMachine.Limits(
            lease: .seconds(leaseSeconds), stall: .seconds(stallSeconds), timeout: nil, memoryBytes: .max,
            killDelay: .seconds(min(2, leaseSeconds / 4)))
    }

    /// A beat that is not answered before the next one is due is given up.
    var responseTimeout: Duration { .seconds(min(30, max(0.5, leaseSeconds / 3))) }
}

public struct SettingRange: Sendable {
    public let standard: Double
    public let minimum: Double
    public let maximum: Double

    public init(_ standard: Double, _ minimum: Double, _ maximum: Double) {
        self.standard = standard
        self.minimum = minimum
        self.maximum = maximum
    }
}

extension WorkerCapacity {
    /// All of this machine that the process may use; as many jobs at once as processors.
    public static var machine: WorkerCapacity {
        let processors = ProcessFacts.processors.count
        return WorkerCapacity(cpu: Double(processors), memoryBytes: ProcessFacts.memoryBytes, jobs: max(1, processors))
    }
}
