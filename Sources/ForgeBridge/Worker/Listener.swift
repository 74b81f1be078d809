import ForgePQ
import ForgeStore
import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// Waits for notifications on a thread and a connection of its own. Everything works without it, only later.
final class Listener: Service {
    /// How often the server is asked whether the session still listens.
    static let checkInterval = Duration.seconds(10)

    private let settings: ConnectionSettings
    private let onHint: @Sendable (RequestListener.Hint) -> Void
    private let logger: Logger
    private let wakeUp = WakeUp()
    private let isStopping = Mutex(false)

    init(_ settings: ConnectionSettings, logger: Logger, onHint: @escaping @Sendable (RequestListener.Hint) -> Void) {
        self.settings = settings
        self.logger = logger
        self.onHint = onHint
    }

    func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    self.listen()
                    continuation.resume()
                }
            }
        } onCancelOrGracefulShutdown: {
            self.isStopping.withLock { $0 = true }
            self.wakeUp.signal()
        }
    }

    private var stopping: Bool { isStopping.withLock { $0 } }

    private func listen() {
        var failures = 0
        while !stopping {
            do {
                let listener = try RequestListener(settings, responseTimeout: .seconds(10))
                if failures > 0 { logger.info("listening again") }
                failures = 0
                // Whatever was notified while nobody listened.
                onHint(.requests)
                onHint(.cancels)
                try follow(listener)
            } catch {
                failures += 1
                if failures == 1 { tell(error) }
                rest(failures, after: error)
            }
        }
    }

    private func follow(_ listener: RequestListener) throws {
        while !stopping {
            let hints = try listener.wait(until: .now + Self.checkInterval, wakeUp: wakeUp)
            hints.forEach(onHint)
            if hints.contains(.quiet) { try listener.check() }
        }
    }

    private func tell(_ error: any Error) {
        switch (error as? PostgresError)?.sqlState {
        case "25006": logger.warning("not listening: this server is not the primary")
        default: logger.warning("not listening, polling goes on: \(error)")
        }
    }

    /// 0.5 s, doubling, at most 10 s; minutes where LISTEN cannot work.
    private func rest(_ failures: Int, after error: any Error) {
        let cannotWork = (error as? PostgresError)?.sqlState == "0A000"
        let seconds = cannotWork ? 300 : min(10, 0.25 * Double(1 << min(failures, 6)))
        let deadline = ContinuousClock.now + .seconds(seconds * Double.random(in: 0.5...1))
        wakeUp.wait(until: deadline)
    }
}
