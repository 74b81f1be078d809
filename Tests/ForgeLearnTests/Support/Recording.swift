@testable import ForgeLearn

/// Writes down what a training says, and cancels it once it has been asked `patience` times; nil: never.
final class Recording: TrainingObserver, @unchecked Sendable {
    private(set) var fractions: [Double] = []
    private(set) var phases: Set<String> = []
    private(set) var curves: [String: [(step: Int, value: Double)]] = [:]
    private var asked = 0
    private let patience: Int?

    init(cancelsAfter patience: Int? = nil) { self.patience = patience }

    func progress(_ fraction: Double, phase: String) {
        fractions.append(fraction)
        phases.insert(phase)
    }
    func metric(step: Int, name: String, value: Double) { curves[name, default: []].append((step, value)) }
    func log(_ level: LogLevel, _ message: String) {}
    var isCancelled: Bool {
        guard let patience else { return false }
        asked += 1
        return asked > patience
    }
}
