/// Corrects a classifier's probabilities: a calibrator of the positive class, or with more than two classes one of each
/// class against the rest, normalised over the classes. What it reads is the margin where that is the positive class's
/// log-odds (link `logistic`), else the uncorrected probability.
public enum Calibration: Sendable, Equatable {
    /// 1 / (1 + exp(slope · x + intercept)) (Platt 1999).
    public struct Sigmoid: Sendable, Equatable {
        public var slope: Double
        public var intercept: Double

        public init(slope: Double, intercept: Double) { (self.slope, self.intercept) = (slope, intercept) }
    }

    /// Straight lines through points of strictly rising x; the first and the last y beyond them.
    public struct Isotonic: Sendable, Equatable {
        public var x: [Double]
        public var y: [Double]

        public init(x: [Double], y: [Double]) { (self.x, self.y) = (x, y) }
    }

    case sigmoid([Sigmoid])
    case isotonic([Isotonic])

    public static let largestX = 1e300
}
