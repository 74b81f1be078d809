import Foundation
import Synchronization

/// A job's line to its daemon. Messages are written whole, or not at all once the daemon is gone.
final class JobChannel: Sendable {
    private let descriptor: Int32
    private let last = Mutex((share: 0.0, phase: "", waits: true, at: ContinuousClock.now))

    init(descriptor: Int32 = ChildProcess.messageDescriptor) { self.descriptor = descriptor }

    func send(_ message: ChildMessage) {
        let bytes = Array(message.line.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + sent, bytes.count - sent) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// As far as before, and nothing may move for a long time.
    func wait(phase: String) { progress(last.withLock { $0.share }, phase: phase, waits: true) }

    /// At most ten a second, but every change of phase: a training loop may call this as often as it likes.
    func progress(_ share: Double, phase: String, waits: Bool) {
        let isDue = last.withLock { last in
            let now = ContinuousClock.now
            guard phase != last.phase || waits != last.waits || now - last.at >= .milliseconds(100) else { return false }
            last = (share, phase, waits, now)
            return true
        }
        if isDue { send(.progress(share, phase: phase, waits: waits)) }
    }
}
