public enum LogLevel: String, Sendable {
    case debug, info, warning, error
}

/// Hears from a training run as it goes. Called from the training thread; must not block for long.
public protocol TrainingObserver: Sendable {
    /// `fraction` of the whole run, in [0, 1].
    func progress(_ fraction: Double, phase: String)
    /// A point of a curve, such as the training loss after boosting round `step`.
    func metric(step: Int, name: String, value: Double)
    func log(_ level: LogLevel, _ message: String)
    /// Asked between rounds and row blocks; true ends the run with FG021.
    var isCancelled: Bool { get }
}

/// Hears nothing, cancels nothing.
public struct SilentObserver: TrainingObserver {
    public init() {}
    public func progress(_ fraction: Double, phase: String) {}
    public func metric(step: Int, name: String, value: Double) {}
    public func log(_ level: LogLevel, _ message: String) {}
    public var isCancelled: Bool { false }
}
