import ArgumentParser
import ForgeBridge
import ForgePQ
import ForgeStore
import Foundation

/// Flags over environment over defaults, each checked against its range; all problems are told together.
struct WorkerOptions {
    private let flags: Run
    private let environment: [String: String]

    init(_ flags: Run, _ environment: [String: String]) {
        self.flags = flags
        self.environment = environment
    }

    func settings() throws -> WorkerSettings {
        var problems: [String] = []
        var settings = WorkerSettings(
            connection: ConnectionSettings(try target(), applicationName: "forged"), algorithms: JobProcess.algorithms,
            version: ForgedVersion.text)
        func seconds(_ flag: Double?, _ variable: String, _ range: SettingRange) -> Double {
            let value = number(flag, variable, &problems) ?? range.standard
            if !(range.minimum...range.maximum).contains(value) {
                problems.append("\(variable) is \(value); it goes from \(range.minimum) to \(range.maximum)")
            }
            return value
        }
        settings.leaseSeconds = seconds(flags.lease, "FORGE_LEASE", WorkerSettings.lease)
        settings.pollBusySeconds = seconds(flags.pollBusy, "FORGE_POLL_BUSY", WorkerSettings.pollBusy)
        settings.pollIdleSeconds = seconds(flags.pollIdle, "FORGE_POLL_IDLE", WorkerSettings.pollIdle)
        settings.rescueSeconds = seconds(flags.rescue, "FORGE_RESCUE", WorkerSettings.rescue)
        settings.graceSeconds = seconds(flags.grace, "FORGE_GRACE", WorkerSettings.grace)
        settings.stallSeconds = seconds(flags.stall, "FORGE_STALL", WorkerSettings.stall)
        settings.capacity = capacity(&problems)
        guard problems.isEmpty else { throw ValidationError(problems.joined(separator: "\n")) }
        return settings
    }

    private func target() throws -> String {
        if let url = environment["FORGE_DATABASE_URL"] ?? environment["POSTGRES_URL"] { return url }
        guard let path = environment["FORGE_DATABASE_URL_FILE"] else {
            throw ValidationError("no database: set FORGE_DATABASE_URL, POSTGRES_URL or FORGE_DATABASE_URL_FILE")
        }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw ValidationError("cannot read \(path), which FORGE_DATABASE_URL_FILE names")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func capacity(_ problems: inout [String]) -> WorkerCapacity {
        var capacity = WorkerCapacity.machine
        if let cpu = number(flags.cpu, "FORGE_CPU", &problems) {
            capacity.cpu = cpu
            capacity.jobs = max(1, Int(cpu.rounded()))
        }
        if let memory = flags.memory ?? environment["FORGE_MEMORY"] {
            if let bytes = MemoryQuantity.bytes(memory) {
                capacity.memoryBytes = bytes
            } else {
                problems.append("FORGE_MEMORY is \"\(memory)\"; write an amount such as 8G or 8Gi")
            }
        }
        if let jobs = number(flags.jobs.map(Double.init), "FORGE_JOBS", &problems) { capacity.jobs = Int(jobs) }
        if !(0.1...4096).contains(capacity.cpu) { problems.append("FORGE_CPU is \(capacity.cpu); it goes from 0.1 to 4096") }
        if !(1...1000).contains(capacity.jobs) { problems.append("FORGE_JOBS is \(capacity.jobs); it goes from 1 to 1000") }
        return capacity
    }

    private func number(_ flag: Double?, _ variable: String, _ problems: inout [String]) -> Double? {
        if let flag { return flag }
        guard let text = environment[variable] else { return nil }
        guard let value = Double(text), value.isFinite else {
            problems.append("\(variable) is \"\(text)\", not a number")
            return nil
        }
        return value
    }
}
