import ForgeStore
import Logging
import ServiceLifecycle

/// Looks for requests whose worker was lost. Every daemon does; there is no leader, and rows are locked one by one.
final class Rescuer: Service {
    private let store: WorkerStore
    private let interval: Duration
    private let wake: WakeSignal
    private let logger: Logger

    init(store: WorkerStore, interval: Duration, wake: WakeSignal, logger: Logger) {
        self.store = store
        self.interval = interval
        self.wake = wake
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: self.interval * Double.random(in: 0.8...1.2))
                if Task.isCancelled { return }
                await self.rescue()
            }
        }
    }

    private func rescue() async {
        do {
            let rescued = try await store.rescue()
            for (request, status) in rescued {
                logger.warning("the worker of a request was lost", metadata: ["request": "\(request)", "status": "\(status)"])
            }
            if rescued.contains(where: { $0.status == "queued" }) { wake.signal() }
        } catch {
            logger.debug("rescue failed: \(error)")
        }
    }
}
