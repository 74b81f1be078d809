import ForgePQ
import Foundation
import Synchronization

/// Ends a job's process when its daemon is gone or asks it to: a thread that waits on the lifeline and on SIGTERM.
///
/// The process holds nothing that needs tidying up: what it has staged is void without its lease. Only a query that is
/// still running in the server is cancelled on the way out.
final class Lifeline: Sendable {
    private let canceller = Mutex<Canceller?>(nil)

    /// Replaces the session to cancel.
    func guards(_ canceller: Canceller?) { self.canceller.withLock { $0 = canceller } }

    func watch(descriptor: Int32 = ChildProcess.lifelineDescriptor) {
        // Only this thread takes SIGTERM; blocked everywhere else, it cannot interrupt a library in the middle of
        // something.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        let waiting = UncheckedSignals(signals)
        Thread.detachNewThread { [self] in
            var set = waiting.set
            var number: Int32 = 0
            while sigwait(&set, &number) != 0 {}
            leave(JobMachine.terminatedStatus)
        }
        Thread.detachNewThread { [self] in
            var byte: UInt8 = 0
            while true {
                let count = read(descriptor, &byte, 1)
                if count == 0 || (count < 0 && errno != EINTR) { break }
            }
            leave(1)
        }
    }

    private func leave(_ status: Int32) -> Never {
        canceller.withLock { $0 }?.cancel()
        _exit(status)
    }
}

/// A plain C value that two threads read.
private struct UncheckedSignals: @unchecked Sendable {
    let set: sigset_t
    init(_ set: sigset_t) { self.set = set }
}
