/// From margins to scores.
public enum Link: String, Sendable {
    case identity  // regression
    case logistic  // one margin: log-odds of the positive class
    case softmax   // one margin per class
    case log       // regression of a positive target: the score is exp(margin); a margin above 709 is refused
    case shares    // one margin per class (binary: one), already a share; clipped to [0, 1] and normalised. Forests.
    case distances // one squared distance per cluster; its root
}

/// `margin[o] = intercepts[o] + Σ_j coefficients[o, j] · encoded[j]`.
public struct LinearForm: Sendable, Equatable {
    public var outputs: Int
    public var coefficients: [Double]  // (outputs, encoded) row-major
    public var intercepts: [Double]  // (outputs)
    /// (encoded) Mean of each encoded feature over the rows that explanations compare with: those trained on, or a
    /// background.
    public var means: [Double]

    public init(outputs: Int, coefficients: [Double], intercepts: [Double], means: [Double]) {
        self.outputs = outputs
        self.coefficients = coefficients
        self.intercepts = intercepts
        self.means = means
    }
}

/// Trees over encoded features rounded to Float32. `margin[o] = baseScores[o] + Σ leaves of the trees of output o`,
/// summed as Double.
///
/// Nodes of all trees lie in flat arrays; children are absolute node indexes. XGBoost's rule: a number goes left when
/// `value < threshold`; a category goes right when its bit is set; missing goes left when `defaultLeft`.
public struct TreeForm: Sendable, Equatable {
    public var outputs: Int
    public var baseScores: [Double]  // (outputs)
    public var roots: [Int32]  // (trees) first node of each tree
    public var treeOutputs: [Int32]  // (trees) the output a tree adds to; -1: its leaves are vectors over all outputs
    public var features: [Int32]  // (nodes) encoded feature; -1 marks a leaf
    public var thresholds: [Float]  // (nodes) split value; for a scalar leaf its value; for a vector leaf 0
    public var left: [Int32]  // (nodes) for a vector leaf: its row in leafVectors
    public var right: [Int32]  // (nodes)
    public var defaultLeft: [Bool]  // (nodes)
    public var covers: [Float]  // (nodes) sum of hessians (or rows) that passed: TreeSHAP's weights
    public var categoryOffsets: [Int32]  // (nodes + 1) range of a node's words in categoryBits; empty for numeric splits
    public var categoryBits: [UInt32]  // bit c set: category c goes right
    public var leafVectors: [Float]  // (vector leaves, outputs) row-major

    public init(
        outputs: Int, baseScores: [Double], roots: [Int32], treeOutputs: [Int32], features: [Int32], thresholds: [Float],
        left: [Int32], right: [Int32], defaultLeft: [Bool], covers: [Float], categoryOffsets: [Int32],
        categoryBits: [UInt32], leafVectors: [Float]
    ) {
        self.outputs = outputs
        self.baseScores = baseScores
        self.roots = roots
        self.treeOutputs = treeOutputs
        self.features = features
        self.thresholds = thresholds
        self.left = left
        self.right = right
        self.defaultLeft = defaultLeft
        self.covers = covers
        self.categoryOffsets = categoryOffsets
        self.categoryBits = categoryBits
        self.leafVectors = leafVectors
    }
}

/// What a network's hidden layers do to their sums.
public enum Activation: String, Sendable, CaseIterable {
    case relu, gelu, tanh
}

/// Dense layers over encoded features rounded to Float32: `h = activation(weights · h + biases)` in Float32 for each
/// hidden layer, then `margin[o] = intercepts[o] + Σ_j weights[o, j] · h[j]` in Double.
public struct NetworkForm: Sendable, Equatable {
    public var activation: Activation
    public var layers: [Int]  // encoded features, values of each hidden layer, outputs
    public var weights: [Float]  // per layer, one after the other, (out, in) row-major
    public var biases: [Float]  // of the hidden layers, one after the other
    public var intercepts: [Double]  // (outputs)

    public var outputs: Int { layers.last ?? 0 }

    public init(activation: Activation, layers: [Int], weights: [Float], biases: [Float], intercepts: [Double]) {
        self.activation = activation
        self.layers = layers
        self.weights = weights
        self.biases = biases
        self.intercepts = intercepts
    }
}

/// Models of the same classes whose columns are among the ensemble's, by name and type; each has encodings of its own.
/// `margin[o] = Σ_m weights[m] · score[o]` of member m: its value, the probability of class o, or of two classes that of
/// the positive one. The ensemble's own columns are not encoded: numbers are `.number` without a fill, shifted by 0 and
/// scaled by 1, categories `.native` with those levels that its background has; so the background is of rows as they
/// came. Links are `identity` and `shares`.
public struct EnsembleForm: Sendable, Equatable {
    public var members: [ModelDocument]  // none is an ensemble itself
    public var weights: [Double]  // above 0; their sum is 1

    public init(members: [ModelDocument], weights: [Double]) {
        self.members = members
        self.weights = weights
    }

    public var outputs: Int { members.first.map { max($0.labels.count == 2 ? 1 : $0.labels.count, 1) } ?? 1 }
}

/// Points in encoded features, each of a cluster. `margin[o]` is the squared distance to the nearest point of cluster o; of
/// a mixture of normal distributions, with one point for each, `constants[o] - ½ ‖(x − center) · precisions‖²`, the log of
/// weight times density.
public struct CentroidForm: Sendable, Equatable {
    /// Cholesky factors P of the precisions Σ⁻¹ = P · Pᵀ, as scikit-learn's `precisions_cholesky_`.
    public enum Precisions: Sendable, Equatable {
        case spherical([Double])  // (points)
        case diagonal([Double])  // (points, encoded) row-major
        case full([Double])  // (points, encoded, encoded): each P by column, upper triangular
        case tied([Double])  // (encoded, encoded), by column
    }

    public var outputs: Int  // clusters
    public var centers: [Double]  // (points, encoded) row-major
    /// (points) the cluster of each. The first points are of clusters 0, 1, 2, …: every cluster has one.
    public var memberships: [Int32]
    /// Beyond this distance from all points a row is of no cluster (-1); nil: every row is of one.
    public var radius: Double?
    public var precisions: Precisions?  // of a mixture
    public var constants: [Double]  // (outputs); 0 unless of a mixture

    public init(
        outputs: Int, centers: [Double], memberships: [Int32], radius: Double? = nil, precisions: Precisions? = nil,
        constants: [Double]
    ) {
        self.outputs = outputs
        self.centers = centers
        self.memberships = memberships
        self.radius = radius
        self.precisions = precisions
        self.constants = constants
    }
}

/// `margin` is the w ≥ 0 that minimises ‖x − Σ_o w[o] · factors[o]‖².
public struct NonnegativeForm: Sendable, Equatable {
    public var outputs: Int
    public var factors: [Double]  // (outputs, encoded) row-major, none negative

    public init(outputs: Int, factors: [Double]) {
        self.outputs = outputs
        self.factors = factors
    }
}

/// Training rows, encoded and rounded to Float32. The `count` nearest to a row, of equal distances the earlier ones, vote:
/// `margin` is the mean of their targets, or the share of the votes of each class (of two: of the positive one).
public struct NeighborForm: Sendable, Equatable {
    /// Of two rows x and y: √Σ (x - y)², Σ |x - y|, or 1 - x · y / (‖x‖ ‖y‖), which is 1 where either is 0.
    public enum Metric: String, Sendable, CaseIterable { case euclidean, manhattan, cosine }

    public var count: Int  // neighbours that vote
    public var metric: Metric
    /// Whether a vote counts 1 / distance, so that neighbours at distance 0 vote alone; else all count the same.
    public var byDistance: Bool
    public var rows: [Float]  // (rows, encoded) row-major
    public var targets: [Double]  // (rows) value, or index of the class
    public var weights: [Double]?  // (rows) by which a vote is multiplied, above 0; nil: all are 1
    public var classes: Int  // 0: of a regression

    public var outputs: Int { classes > 2 ? classes : 1 }

    public init(
        count: Int, metric: Metric, byDistance: Bool, rows: [Float], targets: [Double], weights: [Double]? = nil,
        classes: Int
    ) {
        self.count = count
        self.metric = metric
        self.byDistance = byDistance
        self.rows = rows
        self.targets = targets
        self.weights = weights
        self.classes = classes
    }
}

public enum ModelForm: Sendable, Equatable {
    case linear(LinearForm)
    case trees(TreeForm)
    case network(NetworkForm)
    case ensemble(EnsembleForm)
    case centroids(CentroidForm)
    case nonnegative(NonnegativeForm)
    case neighbors(NeighborForm)

    /// Margins of a row.
    public var outputs: Int {
        switch self {
        case .linear(let form): form.outputs
        case .trees(let form): form.outputs
        case .network(let form): form.outputs
        case .ensemble(let form): form.outputs
        case .centroids(let form): form.outputs
        case .nonnegative(let form): form.outputs
        case .neighbors(let form): form.outputs
        }
    }
}

/// Everything an artifact holds. Encoding it twice gives the same bytes; it carries no time, request or version number.
public struct ModelDocument: Sendable, Equatable {
    public var task: String  // classification, regression, ranking, clustering, decomposition
    public var algorithm: String
    public var link: Link
    public var columns: [ColumnSchema]
    public var products: [FeatureProduct]  // encoded features behind those of the columns
    public var labels: [Bytes]  // classes in byte order; empty for regression
    public var positive: Int  // index of the positive class, -1 unless binary
    public var calibration: Calibration?  // of classifiers; nil: probabilities as the link makes them
    public var threshold: Double?  // probability from which a row is said to be of the positive class; nil: the likelier
    public var background: Background?  // what explanations compare with; nil: means or covers in the form
    public var form: ModelForm
    public var groups: ModelGroups?  // forms of groups of rows; nil: all rows are scored by `form`

    public init(
        task: String, algorithm: String, link: Link, columns: [ColumnSchema], products: [FeatureProduct] = [],
        labels: [Bytes], positive: Int, calibration: Calibration? = nil, threshold: Double? = nil,
        background: Background? = nil, form: ModelForm, groups: ModelGroups? = nil
    ) {
        self.task = task
        self.algorithm = algorithm
        self.link = link
        self.columns = columns
        self.products = products
        self.labels = labels
        self.positive = positive
        self.calibration = calibration
        self.threshold = threshold
        self.background = background
        self.form = form
        self.groups = groups
    }

    /// Width of the encoded row.
    public var encodedWidth: Int { columns.reduce(products.count) { $0 + $1.encoding.width } }
}
