import ForgeModel

/// Everything Forge knows of one algorithm: declared in one file of its family's folder, listed in `AlgorithmRegistry`.
public struct Algorithm: Sendable {
    /// The form of the fitted model, which also decides how columns are kept and encoded by default.
    public enum Form: String, Sendable, CaseIterable {
        case linear, trees, network, centroids, nonnegative, neighbors, ensemble
    }

    public let name: String
    public let tasks: [LearningTask]
    public let form: Form
    public let description: String
    public let parameters: [Hyperparameter]
    /// Tasks that use it when a request names no algorithm.
    public let defaultFor: [LearningTask]
    /// Whether the fit parts the training rows by their keys.
    let needsKeys: Bool
    let fit: @Sendable (borrowing FitInput) throws -> FittedModel

    init(
        name: String, tasks: [LearningTask], form: Form, description: String, parameters: [Hyperparameter],
        defaultFor: [LearningTask] = [], needsKeys: Bool = false,
        fit: @escaping @Sendable (borrowing FitInput) throws -> FittedModel
    ) {
        self.name = name
        self.tasks = tasks
        self.form = form
        self.description = description
        self.parameters = parameters
        self.defaultFor = defaultFor
        self.needsKeys = needsKeys
        self.fit = fit
    }
}

public enum AlgorithmRegistry {
    /// In the order of the documentation.
    public static let all: [Algorithm] = [
        .linearRegression, .ridge, .lasso, .elasticNet, .huber, .quantileRegression, .poisson, .gamma, .tweedie,
        .logisticRegression, .linearSVM,
        .gradientBoosting, .decisionTree, .randomForest,
        .gaussianNB, .multinomialNB,
        .mlp,
        .knn,
        .kmeans, .gaussianMixture, .dbscan,
        .pca, .truncatedSVD, .nmf,
        .auto,
    ]

    static func algorithm(_ name: String, for task: LearningTask) throws -> Algorithm {
        guard let algorithm = all.first(where: { $0.name == name }) else {
            throw ForgeError(
                .unknownAlgorithm, "unknown algorithm \"\(name)\"",
                hint: "use one of: \(all.map(\.name).joined(separator: ", "))")
        }
        guard algorithm.tasks.contains(task) else {
            let fitting = all.filter { $0.tasks.contains(task) }.map(\.name)
            throw ForgeError(
                .unknownAlgorithm, "algorithm \"\(name)\" does not learn \(task.rawValue)",
                hint: "use one of: \(fitting.joined(separator: ", "))")
        }
        return algorithm
    }
}
