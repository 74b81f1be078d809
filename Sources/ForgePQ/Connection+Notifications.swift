import CLibPQ

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Ends a wait from another thread: a byte in a pipe that the waiting thread polls beside its socket.
public final class WakeUp: @unchecked Sendable {
    // Two descriptors that never change; write(2) and read(2) on them are safe from any thread.
    let reader: Int32
    private let writer: Int32

    public init() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { fatalError("pipe: \(String(cString: strerror(errno)))") }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (reader, writer) = (ends[0], ends[1])
    }

    deinit {
        _ = close(reader)
        _ = close(writer)
    }

    public func signal() {
        var byte: UInt8 = 1
        _ = write(writer, &byte, 1)
    }

    /// Sleeps until somebody signals or the deadline passes.
    public func wait(until deadline: ContinuousClock.Instant) {
        if !poll([reader], until: deadline).isEmpty { drain() }
    }

    func drain() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(reader, &bytes, bytes.count) > 0 {}
    }
}

public enum WaitOutcome: Sendable, Equatable {
    /// Channels that were notified, in order of arrival.
    case notified([String])
    case wokenUp
    case timedOut
}

extension Connection {
    /// Waits for a notification on the channels that this session listens to, a wake-up, or the deadline.
    public func waitForNotification(
        until deadline: ContinuousClock.Instant, wakeUp: WakeUp? = nil
    ) throws(PostgresError) -> WaitOutcome {
        while true {
            let handle = try open()
            // What arrived together with an earlier answer is in libpq's memory, not in the socket.
            let channels = pending(handle)
            if !channels.isEmpty { return .notified(channels) }
            let socket = PQsocket(handle)
            guard socket >= 0 else { throw lost() }
            let ready = poll([socket] + (wakeUp.map { [$0.reader] } ?? []), until: deadline)
            if ready.isEmpty { return .timedOut }
            if ready.contains(0), PQconsumeInput(handle) == 0 { throw lost() }
            if ready.contains(1) {
                wakeUp?.drain()
                return .wokenUp
            }
        }
    }

    private func pending(_ handle: OpaquePointer) -> [String] {
        var channels: [String] = []
        while let notification = PQnotifies(handle) {
            channels.append(String(cString: notification.pointee.relname))
            PQfreemem(notification)
        }
        return channels
    }
}
