import ForgeModel

extension Algorithm {
    /// As scikit-learn's `DBSCAN`; a new row is of the cluster of the nearest core row within eps.
    static let dbscan = Algorithm(
        name: "dbscan", tasks: [.clustering], form: .centroids,
        description: "Clusters of any shape where rows lie close together; rows that lie alone are of none (-1).",
        parameters: [
            .number("eps", 0.5, above: 0, "Rows within this distance, in encoded features, are neighbours."),
            .integer("min_samples", 5, minimum: 1, maximum: 1_000_000, "A core row has at least so many neighbours, itself among them (their weight)."),
        ],
        fit: fitDBSCAN)
}

private func fitDBSCAN(_ input: borrowing FitInput) throws -> FittedModel {
    let design = Design(input.data.training, input.plan)
    let eps = input.parameters.number("eps")
    let points = try design.rowMajor(threads: input.threads, observer: input.observer)
    let tree = PointTree(points, width: design.width)
    let clusters = try DensityClusters(
        tree, eps: eps, least: Double(input.parameters.integer("min_samples")), weights: input.weights,
        threads: input.threads, observer: input.observer)
    guard clusters.count > 0 else {
        throw ForgeError(
            .invalidParameter, "no training row has min_samples \(input.parameters.integer("min_samples")) rows within eps \(eps)",
            hint: "raise eps, or lower min_samples; columns are scaled to a deviation of 1 unless preprocess says otherwise")
    }
    guard clusters.count <= ModelLimits.classes else {
        throw ForgeError(
            .tooManyLevels, "\(clusters.count) clusters are more than \(ModelLimits.classes)",
            hint: "raise eps or min_samples")
    }
    return clusters.fitted(points, design, eps: eps, weights: input.weights)
}

extension Design {
    /// All rows, (rows, width) packed.
    fileprivate func rowMajor(threads: Int, observer: any TrainingObserver) throws -> [Double] {
        let origin = [Double](repeating: 0, count: width)
        var points = [Double](repeating: 0, count: rows * width)
        try points.withUnsafeMutableBufferPointer { points in
            _ = try forEachTile(threads: threads, observer: observer) {
            } _: { tile, _ in
                withUnsafeTemporaryAllocation(of: Double.self, capacity: Self.tileRows * max(1, width)) { block in
                    tile.unpack(less: origin, into: block.baseAddress!)
                    for row in 0..<tile.rows {
                        for feature in 0..<width {
                            points[(tile.firstRow + row) * width + feature] = block[feature * Self.tileRows + row]
                        }
                    }
                }
            }
        }
        return points
    }
}

/// Points in leaves of near ones, each with the box around them: what lies in a box that is too far is not looked at.
struct PointTree {
    private static let leafRows = 64

    struct Leaf {
        var rows: [Int32]
        var low: [Double]
        var high: [Double]
        var values: [Double]  // (width, rows): feature by feature
    }

    let width: Int
    let count: Int
    let leaves: [Leaf]

    /// points: (rows, width) row-major.
    init(_ points: [Double], width: Int) {
        self.width = width
        count = points.count / max(1, width)
        var leaves: [Leaf] = []
        var waiting = [(0..<count).map { Int32($0) }]
        while let rows = waiting.popLast() {
            var (low, high) = ([Double](repeating: .infinity, count: width), [Double](repeating: -.infinity, count: width))
            for row in rows {
                for feature in 0..<width {
                    let value = points[Int(row) * width + feature]
                    low[feature] = min(low[feature], value)
                    high[feature] = max(high[feature], value)
                }
            }
            let widest = (0..<width).max { high[$0] - low[$0] < high[$1] - low[$1] } ?? 0
            if rows.count > Self.leafRows, high[widest] > low[widest] {
                let order = rows.sorted {
                    let (a, b) = (points[Int($0) * width + widest], points[Int($1) * width + widest])
                    return a != b ? a < b : $0 < $1
                }
                waiting.append(Array(order[(order.count / 2)...]))
                waiting.append(Array(order[..<(order.count / 2)]))
            } else {
                let values = (0..<width).flatMap { feature in rows.map { points[Int($0) * width + feature] } }
                leaves.append(Leaf(rows: rows, low: low, high: high, values: values))
            }
        }
        self.leaves = leaves
    }

    /// Calls `body(leaf, its other leaves that may hold neighbours)` for every leaf.
    func forEachLeaf(within eps: Double, threads: Int, _ body: (Leaf, [Leaf]) -> Void) {
        inParallel(leaves.count, threads: threads) { index in
            let leaf = leaves[index]
            body(leaf, leaves.filter { leaf.distance(to: $0) <= eps * eps })
        }
    }
}

extension PointTree.Leaf {
    /// Squared distance of the boxes.
    fileprivate func distance(to other: PointTree.Leaf) -> Double {
        var sum = 0.0
        for feature in low.indices {
            let gap = max(0, low[feature] - other.high[feature], other.low[feature] - high[feature])
            sum += gap * gap
        }
        return sum
    }

    /// Squared distances of a row of this leaf from all rows of another.
    func distances(_ place: Int, to other: PointTree.Leaf, into result: inout [Double]) {
        let (own, count) = (rows.count, other.rows.count)
        for row in 0..<count { result[row] = 0 }
        for feature in low.indices {
            let value = values[feature * own + place]
            for row in 0..<count {
                let difference = other.values[feature * count + row] - value
                result[row] += difference * difference
            }
        }
    }
}

/// Density-based clusters (Ester, Kriegel, Sander and Xu 1996), numbered as scikit-learn numbers them: by their first core
/// row; a row on the border of several is of the first.
struct DensityClusters {
    /// (rows) cluster, or -1.
    private(set) var labels: [Int32]
    private(set) var isCore: [Bool]
    private(set) var count = 0

    init(
        _ tree: PointTree, eps: Double, least: Double, weights: [Double]?, threads: Int, observer: any TrainingObserver
    ) throws {
        let rows = tree.count
        var near = [Double](repeating: 0, count: rows)
        near.withUnsafeMutableBufferPointer { near in
            tree.forEachNeighbour(within: eps, threads: threads, observer) { row, other in
                near[row] += weights?[other] ?? 1
            }
        }
        if observer.isCancelled { throw ForgeError(.cancelled, "training was cancelled") }
        let isCore = near.map { $0 >= least }
        observer.progress(0.5, phase: "fit")
        var parent = (0..<rows).map { Int32($0) }
        func root(_ row: Int) -> Int {
            var row = row
            while Int(parent[row]) != row {
                parent[row] = parent[Int(parent[row])]
                row = Int(parent[row])
            }
            return row
        }
        // One at a time: all of them write to the same forest.
        tree.forEachNeighbour(within: eps, threads: 1, observer) { row, other in
            guard other < row, isCore[row], isCore[other] else { return }
            let (a, b) = (root(row), root(other))
            parent[max(a, b)] = Int32(min(a, b))
        }
        if observer.isCancelled { throw ForgeError(.cancelled, "training was cancelled") }
        var labels = [Int32](repeating: -1, count: rows)
        for row in 0..<rows where isCore[row] {
            let first = root(row)  // the smallest row of the cluster, so seen before
            if first == row {
                labels[row] = Int32(count)
                count += 1
            } else {
                labels[row] = labels[first]
            }
        }
        let cores = labels
        labels.withUnsafeMutableBufferPointer { labels in
            tree.forEachNeighbour(within: eps, threads: threads, observer) { row, other in
                guard !isCore[row], isCore[other] else { return }
                labels[row] = labels[row] < 0 ? cores[other] : min(labels[row], cores[other])
            }
        }
        self.labels = labels
        self.isCore = isCore
    }
}

extension PointTree {
    /// Calls `body(row, neighbour)` for all rows within `eps` of each other, each row with itself too; all of a row on one
    /// thread.
    fileprivate func forEachNeighbour(
        within eps: Double, threads: Int, _ observer: any TrainingObserver, _ body: (Int, Int) -> Void
    ) {
        forEachLeaf(within: eps, threads: threads) { leaf, others in
            if observer.isCancelled { return }
            var distances = [Double](repeating: 0, count: others.map(\.rows.count).max() ?? 0)
            for (place, row) in leaf.rows.enumerated() {
                for other in others {
                    leaf.distances(place, to: other, into: &distances)
                    for (index, neighbour) in other.rows.enumerated() where distances[index].squareRoot() <= eps {
                        body(Int(row), Int(neighbour))
                    }
                }
            }
        }
    }
}

extension DensityClusters {
    fileprivate func fitted(_ points: [Double], _ design: Design, eps: Double, weights: [Double]?) -> FittedModel {
        let width = design.width
        // A core row of each cluster first, then the others.
        var seen = [Bool](repeating: false, count: count)
        let cores = labels.indices.filter { isCore[$0] }
        let first = cores.filter { row in
            defer { seen[Int(labels[row])] = true }
            return !seen[Int(labels[row])]
        }
        let isFirst = Set(first)
        let order = first + cores.filter { !isFirst.contains($0) }
        let form = CentroidForm(
            outputs: count,
            centers: order.flatMap { design.encoded(points[$0 * width..<($0 + 1) * width]) },
            memberships: order.map { labels[$0] }, radius: eps, constants: Array(repeating: 0, count: count))
        let found = self.found(points, design, weights)
        var fitted = FittedModel(
            form: .centroids(form), link: .distances, importance: found.spread)
        fitted.clusters = found.clusters
        fitted.findings["core_rows"] = .integer(Int64(order.count))
        return fitted
    }

    /// Rows and means of the clusters, with the rows of none behind them; and how far the means lie apart by feature.
    private func found(
        _ points: [Double], _ design: Design, _ weights: [Double]?
    ) -> (clusters: [FoundCluster], spread: [Double]) {
        let width = design.width
        var sums = [Double](repeating: 0, count: count * width)
        var rows = [Double](repeating: 0, count: count + 1)
        for (row, label) in labels.enumerated() {
            let weight = weights?[row] ?? 1
            rows[label < 0 ? count : Int(label)] += weight
            guard label >= 0 else { continue }
            for feature in 0..<width { sums[Int(label) * width + feature] += weight * points[row * width + feature] }
        }
        let total = rows.reduce(0, +)
        let means = (0..<count).map { cluster in
            design.encoded(sums[cluster * width..<(cluster + 1) * width].map { $0 / rows[cluster] })
        }
        let form = CentroidForm(
            outputs: count, centers: means.flatMap { $0 }, memberships: (0..<count).map { Int32($0) }, constants: [])
        var clusters = means.enumerated().map { FoundCluster(rows: rows[$0], share: rows[$0] / total, center: $1) }
        if rows[count] > 0 { clusters.append(FoundCluster(rows: rows[count], share: rows[count] / total, center: [])) }
        return (clusters, form.spread(Array(rows.dropLast())))
    }
}
