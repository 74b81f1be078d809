import ForgeModel

extension Algorithm {
    /// As scikit-learn's `KNeighborsClassifier` and `KNeighborsRegressor` (Cover and Hart 1967), of rows in Float32.
    static let knn = Algorithm(
        name: "knn", tasks: [.classification, .regression], form: .neighbors,
        description: "Keeps the training rows: those nearest to a row vote on it, or are averaged.",
        parameters: [
            .integer("n_neighbors", 5, minimum: 1, maximum: ModelLimits.neighbors, "Training rows that vote on a row.")
                .searched(1...50, log: true),
            .choice(
                "weights", "uniform", of: ["uniform", "distance"],
                "Whether all neighbours count the same, or each 1 / distance, those at distance 0 alone."
            ).searched(["uniform", "distance"]),
            .choice(
                "metric", "euclidean", of: NeighborForm.Metric.allCases.map(\.rawValue),
                "What distance is, in encoded features."
            ).searched(NeighborForm.Metric.allCases.map { .text($0.rawValue) }),
            .choice(
                "index", "none", of: ["none", "hnsw"],
                "Whether the rows also lie in a table with an HNSW index of pgvector, which forge.kneighbors reads."),
            .positiveClass, .classWeight,
        ],
        fit: fitKNN)
}

/// What an HNSW index of pgvector takes of a vector.
private let indexedWidth = 2_000

private func fitKNN(_ input: borrowing FitInput) throws -> FittedModel {
    let design = Design(input.data.training, input.plan)
    let metric = NeighborForm.Metric(rawValue: input.parameters.text("metric"))!
    let count = input.parameters.integer("n_neighbors")
    try checkSize(design, count: count, isIndexed: input.parameters.text("index") == "hnsw")
    let moments = try design.moments(weights: nil, threads: input.threads, observer: input.observer)
    var (targets, classes) = (input.data.training.targets, 0)
    if case .classes(let found) = input.target { (targets, classes) = (found.training.map(Double.init), found.count) }
    let form = NeighborForm(
        count: count, metric: metric, byDistance: input.parameters.text("weights") == "distance",
        rows: try design.rounded(input), targets: targets,
        weights: input.weights.flatMap { $0.allSatisfy { $0 == 1 } ? nil : $0 }, classes: classes)
    // The share of the distances between rows that a feature makes.
    let importance = moments.deviations.map { metric == .manhattan ? $0 : $0 * $0 }
    return FittedModel(
        form: .neighbors(form), link: classes > 0 ? .shares : .identity, importance: design.encoded(importance))
}

private func checkSize(_ design: Design, count: Int, isIndexed: Bool) throws {
    guard count <= design.rows else {
        throw ForgeError(
            .notEnoughRows, "n_neighbors is \(count), more than the \(design.rows) training rows",
            hint: "lower n_neighbors, or give more rows")
    }
    let most = ModelLimits.neighborValues / max(1, design.width)
    guard design.rows <= most else {
        throw ForgeError(
            .tooLarge, "\(design.rows) training rows of \(design.width) encoded features are too many for knn to keep",
            detail: "It keeps at most \(ModelLimits.neighborValues) numbers.",
            hint: "take a sample, such as {\"rows\": \(most)}, or fewer features; forge.knn_classify needs no training")
    }
    guard !isIndexed || design.width <= indexedWidth else {
        throw ForgeError(
            .tooLarge, "an HNSW index takes \(indexedWidth) encoded features, and the rows have \(design.width)",
            hint: "leave params.index out, or encode wide columns by target or hash")
    }
}

extension Design {
    /// All rows as Float32, (rows, encoded) row-major.
    fileprivate func rounded(_ input: borrowing FitInput) throws -> [Float] {
        var values = [Float](repeating: 0, count: rows * width)
        let refused = try values.withUnsafeMutableBufferPointer { values in
            _ = try forEachTile(threads: input.threads, observer: input.observer) {
                [Double](repeating: 0, count: width)
            } _: { tile, row in
                for index in 0..<tile.rows {
                    tile.copyRow(index, to: &row)
                    let first = (tile.firstRow + index) * width
                    for feature in 0..<width { values[first + encodedIndex[feature]] = Float(row[feature]) }
                }
            }
            return values.firstIndex { !$0.isFinite }
        }
        if let refused { throw FeatureTable.beyondFloat32(refused % width, input.plan) }
        return values
    }
}
