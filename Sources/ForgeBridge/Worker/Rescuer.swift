import ForgeStore
import Logging
import ServiceLifecycle

/// Looks for requests whose worker was lost. Every daemon does; there is no leader, and rows are locked one by one.
struct Rescuer: Service {
    let store: WorkerStore
    let interval: Duration
    let wake: WakeSignal
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: interval * Double.random(in: 0.8...1.2))
                if Task.isCancelled { return }
                await rescue()
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
