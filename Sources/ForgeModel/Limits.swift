/// What an artifact may hold at most. Beyond: FG013 when it is written, FG015 when it is read.
public enum ModelLimits {
    /// Feature columns: what PostgreSQL has of them in a table, with room for a fit, which sees a vector's elements as
    /// columns.
    public static let columns = 6_000
    /// Encoded features of a row.
    public static let encodedWidth = 1_000_000
    /// Distinct levels of a category column.
    public static let levels = 65_536
    /// Powers of a transformed number.
    public static let degree = 16
    /// Parts of a date column.
    public static let dateParts = 32
    /// Bytes of a term of a text's vocabulary.
    public static let term = 1 << 20
    /// Features of columns that a product may have.
    public static let factors = 8
    /// Classes, clusters or components.
    public static let classes = 1_000
    /// Components of a non-negative factorisation: every row is solved for them.
    public static let nonnegativeFactors = 256
    /// Nodes of all trees together.
    public static let nodes = 1 << 27
    /// Splits on the longest path of a tree: explaining walks as deep.
    public static let treeDepth = 256
    /// Hidden layers of a network, values of one of them, and weights of all layers together.
    public static let hiddenLayers = 32
    public static let hiddenWidth = 16_384
    public static let networkWeights = 1 << 28
    /// Encoded features of all training rows that a model of nearest neighbours holds.
    public static let neighborValues = 1 << 26
    /// Neighbours that vote.
    public static let neighbors = 1_000
    /// Models of an ensemble.
    public static let members = 64
    /// Groups of rows with a form of their own.
    public static let groups = 65_536
    /// Bytes of a file that the registry takes.
    public static let artifact = 1_000_000_000
    /// Rows that explanations compare with, and their encoded features together.
    public static let backgroundRows = 1_000
    public static let backgroundValues = 1 << 23
    /// Coalitions of columns that an explanation by sampling takes.
    public static let coalitions = 1_000_000
    /// Bytes of the JSON description.
    public static let description = 1 << 20
    /// Bytes of the decoded model.
    static let arena = 1 << 36
}
