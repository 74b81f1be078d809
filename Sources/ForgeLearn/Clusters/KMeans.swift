import ForgeModel

extension Algorithm {
    /// As scikit-learn's `KMeans`, and `MiniBatchKMeans` with a `batch_size`.
    static let kmeans = Algorithm(
        name: "kmeans", tasks: [.clustering], form: .centroids,
        description: "k-means: the centres with the least squared distance of the rows to the nearest one.",
        parameters: [
            .clusterCount(
                "n_clusters", 8, "auto",
                "Clusters to find; \"auto\": as many, from 2 to max_clusters, as give the best silhouette."),
            .integer("max_clusters", 10, minimum: 2, maximum: ModelLimits.classes, "Of n_clusters \"auto\": the most that are tried."),
            .integer("n_init", 10, minimum: 1, maximum: 1_000, "Starts, each from other rows; the best one is kept."),
            .integer("max_iter", 300, minimum: 1, maximum: 100_000, "Walks over the rows of one start, at most."),
            .number("tol", 1e-4, minimum: 0, "A start ends when its centres move by less than this share of the columns' mean variance."),
            .integer(
                "batch_size", nil, minimum: 1, maximum: 1 << 24,
                "Rows of a batch of mini-batch k-means, which looks at max_iter times the rows at most; null: every step looks at all rows."),
        ],
        defaultFor: [.clustering], fit: fitKMeans)
}

extension Hyperparameter {
    /// A number of clusters, or the text that leaves it to the fit.
    static func clusterCount(_ name: String, _ value: Int, _ automatic: String, _ sentence: String) -> Hyperparameter {
        var parameter = Hyperparameter.integer(name, value, minimum: 1, maximum: ModelLimits.classes, sentence)
        parameter.choices = [automatic]
        return parameter
    }
}

private func fitKMeans(_ input: borrowing FitInput) throws -> FittedModel {
    let parameters = input.parameters
    try input.requireRows(parameters["n_clusters"].intValue ?? 2, for: "clusters")
    let rows = ClusterTable(
        try FeatureTable(
            input.data.training, input.plan, centred: true, threads: input.threads, observer: input.observer),
        weights: input.weights, threads: input.threads, observer: input.observer)
    let fit = KMeansFit(
        rows: rows, starts: parameters.integer("n_init"), iterations: parameters.integer("max_iter"),
        tolerance: parameters.number("tol"), batchRows: parameters["batch_size"].intValue, seed: input.seed)
    if let count = parameters["n_clusters"].intValue {
        return try fit.solution(of: count).fitted(rows, input.plan)
    }
    let (solution, silhouettes) = try fit.bestBySilhouette(
        upTo: min(parameters.integer("max_clusters"), input.rows - 1), of: input.data.training)
    var fitted = solution.fitted(rows, input.plan)
    fitted.findings["silhouettes"] = .object(silhouettes)
    return fitted
}

struct KMeansFit {
    let rows: ClusterTable
    let starts: Int
    let iterations: Int
    let tolerance: Double
    let batchRows: Int?
    let seed: Int
    var firstStart = 0

    /// The start of the least inertia.
    func solution(of count: Int) throws -> Lloyd.Solution {
        var best: Lloyd.Solution?
        for number in 0..<starts {
            var seeding = CenterSeeding(table: rows, random: RandomStream(seed: seed, number: firstStart + number))
            let start = try seeding.centers(count)
            let found = start.count / rows.width
            guard found == count else {
                throw ForgeError(
                    .notEnoughRows, "\(found) distinct row\(found == 1 ? " is" : "s are") too few for \(count) clusters",
                    detail: "\(rows.rows) training rows", hint: "ask for fewer clusters in n_clusters")
            }
            let solution = try solve(from: start, &seeding.random) { iteration, inertia in
                if starts == 1 { rows.observer.metric(step: iteration, name: "inertia", value: inertia) }
            }
            if starts > 1 { rows.observer.metric(step: number + 1, name: "inertia", value: solution.inertia) }
            if solution.inertia < best?.inertia ?? .infinity { best = solution }
        }
        guard let best else {
            throw ForgeError(
                .numericalFailure, "the squared distances of the rows are not finite",
                hint: "scale the columns (preprocess scale standard) or clip their largest values")
        }
        return best
    }

    private func solve(
        from start: [Double], _ random: inout RandomStream, report: (Int, Double) -> Void
    ) throws -> Lloyd.Solution {
        guard let batchRows else {
            return try Lloyd(table: rows, iterations: iterations, tolerance: tolerance).run(from: start, report: report)
        }
        let batches = MiniBatch(table: rows, batchRows: min(batchRows, rows.rows), epochs: iterations)
        let (centers, count) = try batches.run(from: start, random: &random)
        var solution = try Lloyd(table: rows, iterations: 0, tolerance: 0).run(from: centers)
        (solution.iterations, solution.isAtRest) = (count, true)
        return solution
    }

    /// The number of clusters whose rows are the farthest from other clusters, the smaller one of equals; and the
    /// silhouette of each.
    func bestBySilhouette(upTo most: Int, of part: Part) throws -> (Lloyd.Solution, JSONObject) {
        let chosen = part.firstByKey(Silhouette.rowLimit) ?? Array(0..<part.rows)
        let silhouette = Silhouette(rows.table, chosen, threads: rows.threads)
        var best: (solution: Lloyd.Solution, value: Double)?
        var values = JSONObject()
        for count in 2...max(2, most) {
            let solution = try solution(of: count)
            let value = silhouette.mean(chosen.map { solution.nearest[$0] }) ?? -1
            values["\(count)"] = .number(value)
            if value > best?.value ?? -.infinity { best = (solution, value) }
            rows.observer.progress(0.1 + 0.8 * Double(count - 1) / Double(max(1, most - 1)), phase: "fit")
        }
        return (best!.solution, values)
    }
}

extension Lloyd.Solution {
    fileprivate func fitted(_ rows: ClusterTable, _ plan: EncodingPlan) -> FittedModel {
        let width = rows.width
        let places = rows.table.encodedIndex
        var encoded = [Double](repeating: 0, count: centers.count)
        for center in weights.indices {
            for feature in 0..<width {
                encoded[center * width + places[feature]] =
                    centers[center * width + feature] + rows.table.origin[feature]
            }
        }
        let form = CentroidForm(
            outputs: weights.count, centers: encoded, memberships: weights.indices.map { Int32($0) },
            constants: Array(repeating: 0, count: weights.count))
        var fitted = FittedModel(
            form: .centroids(form), link: .distances, importance: form.spread(weights), iterations: iterations)
        fitted.clusters = FoundCluster.list(form, weights)
        fitted.findings["inertia"] = .number(inertia)
        if !isAtRest {
            fitted.notes.append("the centres still moved after \(iterations) iterations; a larger max_iter lets them rest")
        }
        return fitted
    }
}

extension CentroidForm {
    /// (encoded) weighted variance of the clusters' centres: what tells the clusters apart.
    func spread(_ weights: [Double]) -> [Double] {
        let width = centers.count / max(1, memberships.count)
        let total = weights.reduce(0, +)
        return (0..<width).map { feature in
            let mean = weights.indices.reduce(0) { $0 + weights[$1] * centers[$1 * width + feature] } / total
            return weights.indices.reduce(0) { sum, center in
                let difference = centers[center * width + feature] - mean
                return sum + weights[center] * difference * difference
            }
        }
    }
}

extension FoundCluster {
    /// Of clusters with a point each that is their centre.
    static func list(_ form: CentroidForm, _ weights: [Double]) -> [FoundCluster] {
        let width = form.centers.count / weights.count
        let total = weights.reduce(0, +)
        return weights.enumerated().map { index, weight in
            FoundCluster(
                rows: weight, share: weight / total, center: Array(form.centers[index * width..<(index + 1) * width]))
        }
    }
}

extension FitInput {
    /// Refuses fewer training rows than there are to be clusters or components.
    func requireRows(_ count: Int, for what: String) throws {
        guard rows < count else { return }
        throw ForgeError(
            .notEnoughRows, "\(rows) training rows are too few for \(count) \(what)",
            detail: "\(data.rowsRead) rows read, \(data.heldOut.rows) held out", hint: "give more rows, or ask for fewer \(what)")
    }
}
