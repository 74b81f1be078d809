/// Rows with truth and scores that metrics are computed of, again and again under other weights: the bootstrap draws
/// weights, never rows. A weight says how often a unit counts.
protocol Measurable: Sendable {
    /// What is drawn as one: rows, or the queries of a ranking.
    var units: Int { get }
    /// Every metric of these rows, in one order whatever the weights.
    func measure(_ weights: [Double]) -> [Measured]
    /// How far each unit moves a task's main metric: its empirical influence, mean 0 over the units. nil for other metrics,
    /// or where it is not defined.
    func influences(on metric: String) -> [Double]?
}

/// One metric, or why it has no value.
struct Measured: Sendable, Equatable {
    var name: String
    var value: Double?
    /// Why there is no value; nil when it is not worth a word.
    var reason: String?

    /// `value` unless it is missing or not finite.
    init(_ name: String, _ value: Double?, else reason: String? = nil) {
        self.name = name
        self.value = value.flatMap { $0.isFinite ? $0 : nil }
        self.reason = self.value == nil ? reason : nil
    }
}

/// a / b; nil where b is 0.
func quotient(_ a: Double, _ b: Double) -> Double? { b == 0 ? nil : a / b }
