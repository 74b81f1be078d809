/// Lets one task sleep until a time or until somebody has news, whichever is first. News that came before is not lost.
actor WakeSignal {
    private var isSet = false
    private var waiter: CheckedContinuation<Void, Never>?
    private var generation = 0

    nonisolated func signal() {
        Task { await self.set() }
    }

    /// True if there was news.
    func wait(for pause: Duration) async -> Bool {
        if !isSet && pause > .zero {
            generation += 1
            let mine = generation
            let timer = Task {
                try? await Task.sleep(for: pause)
                self.expire(mine)
            }
            await withCheckedContinuation { waiter = $0 }
            timer.cancel()
        }
        defer { isSet = false }
        return isSet
    }

    private func set() {
        isSet = true
        resume()
    }

    private func expire(_ waiting: Int) {
        if waiting == generation { resume() }
    }

    private func resume() {
        waiter?.resume()
        waiter = nil
    }
}
