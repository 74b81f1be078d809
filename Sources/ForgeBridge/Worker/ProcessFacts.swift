import Foundation

/// What the operating system tells about processes and the machine; empty or nil where there is no /proc.
enum ProcessFacts {
    static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        return gethostname(&buffer, buffer.count - 1) == 0 ? String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self) : "unknown"
    }

    static var bootID: String { text("/proc/sys/kernel/random/boot_id") ?? "unknown" }

    static var pidNamespace: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? "unknown"
    }

    /// Clock ticks since boot; nil when there is no such process or it has ended.
    static func startTime(of process: Int) -> String? {
        guard let stat = text("/proc/\(process)/stat"), let name = stat.lastIndex(of: ")") else { return nil }
        // After the command, which may hold anything, come the fields from the third, the state, on; the start time is
        // the 22nd.
        let fields = stat[stat.index(after: name)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return String(fields[19])
    }

    /// Resident bytes now.
    static func residentBytes(of process: pid_t) -> Int? {
        guard let fields = text("/proc/\(process)/statm")?.split(separator: " "), fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// The most that was ever resident.
    static func peakBytes(of process: pid_t) -> Int? {
        guard let status = text("/proc/\(process)/status"),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return kilobytes * 1024
    }

    /// Processors that this process may run on.
    static var processors: [Int] {
        guard let status = text("/proc/self/status"),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed_list:") }),
            let list = line.split(whereSeparator: \.isWhitespace).dropFirst().first
        else { return Array(0..<ProcessInfo.processInfo.activeProcessorCount) }
        return list.split(separator: ",").flatMap { range -> [Int] in
            let ends = range.split(separator: "-").compactMap { Int($0) }
            return ends.count == 2 ? Array(ends[0]...ends[1]) : ends
        }
    }

    /// Bytes of memory that this process may use: the machine's, or less if its control group says so.
    static var memoryBytes: Int {
        let group = text("/sys/fs/cgroup/memory.max").flatMap { Int($0) }
        return min(Int(ProcessInfo.processInfo.physicalMemory), group ?? .max)
    }

    private static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map {
            String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }
}
