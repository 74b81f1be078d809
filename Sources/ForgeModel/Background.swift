/// Rows of training data that explanations compare a row with: a network always has them, other forms where a request
/// asks for interventional explanations.
public struct Background: Sendable, Equatable {
    /// (rows, encoded features of the columns) row-major; products follow from them.
    public var features: [Double]
    public var rows: Int
    /// Of the coalitions of columns that are drawn where not all can be gone through.
    public var seed: Int
    /// Coalitions of columns that an explanation by sampling takes; 0: twice the columns that matter plus 2,048.
    public var samples: Int

    public init(features: [Double], rows: Int, seed: Int, samples: Int = 0) {
        self.features = features
        self.rows = rows
        self.seed = seed
        self.samples = samples
    }
}
