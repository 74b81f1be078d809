/// How long each phase of a training took, in the order in which they first began. A phase entered again adds up.
struct PhaseClock {
    private var phases: [(name: String, seconds: Double)] = []
    private var current: (index: Int, since: ContinuousClock.Instant)?

    mutating func enter(_ name: String, at now: ContinuousClock.Instant) {
        if let current, phases[current.index].name == name { return }
        leave(at: now)
        let index = phases.firstIndex { $0.name == name } ?? phases.endIndex
        if index == phases.endIndex { phases.append((name, 0)) }
        current = (index, now)
    }

    mutating func leave(at now: ContinuousClock.Instant) {
        guard let current else { return }
        phases[current.index].seconds += (now - current.since) / .seconds(1)
        self.current = nil
    }

    /// `prepare 0.051 s, fit 0.122 s`: phases of no time at all are left out.
    func summary(seconds: (Double) -> String) -> String {
        phases.filter { $0.seconds > 0 }.map { "\($0.name) \(seconds($0.seconds)) s" }.joined(separator: ", ")
    }
}
