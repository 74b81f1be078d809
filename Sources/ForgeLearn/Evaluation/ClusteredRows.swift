import ForgeModel

/// Metrics of rows in clusters, as scikit-learn defines them, on the encoded features. Rows of no cluster count for none.
struct ClusteredRows {
    private let part: Part
    private let plan: EncodingPlan
    private let labels: [Int32]  // (rows); -1: not looked at
    private let distances: [Double]  // (rows)
    private let threads: Int

    /// scores: (rows or those chosen, 2): cluster, distance.
    init(_ part: Part, _ plan: EncodingPlan, _ scores: PartScores, rows: [Int]?, threads: Int) {
        self.part = part
        self.plan = plan
        self.threads = threads
        var labels = [Int32](repeating: -1, count: part.rows)
        for (place, row) in (rows ?? Array(0..<part.rows)).enumerated() { labels[row] = Int32(scores.values[2 * place]) }
        self.labels = labels
        distances = scores.column(1)
    }

    func measure() -> [Measured] {
        let inertia = Measured("inertia", distances.reduce(0) { $0 + $1 * $1 })
        let counted = labels.count { $0 >= 0 }
        let found = Set(labels).subtracting([-1]).count
        if found < 2 { return Self.undefined("these rows are all of one cluster, or of none") + [inertia] }
        if found >= counted { return Self.undefined("these rows are each of a cluster of their own") + [inertia] }
        do {
            let table = try FeatureTable(part, plan, centred: true, threads: threads, observer: SilentObserver())
            let spread = try Spread(
                ClusterTable(table, weights: nil, threads: threads, observer: SilentObserver()), labels)
            return [
                Measured("silhouette", silhouette(table)), Measured("calinski_harabasz", spread.calinskiHarabasz),
                Measured("davies_bouldin", spread.daviesBouldin), inertia,
            ]
        } catch {
            return Self.undefined((error as? ForgeError)?.message ?? "\(error)") + [inertia]
        }
    }

    private static func undefined(_ reason: String) -> [Measured] {
        ["silhouette", "calinski_harabasz", "davies_bouldin"].map { Measured($0, nil, else: reason) }
    }

    private func silhouette(_ table: FeatureTable) -> Double? {
        let chosen = (part.firstByKey(Silhouette.rowLimit) ?? Array(0..<part.rows)).filter { labels[$0] >= 0 }
        return Silhouette(table, chosen, threads: threads).mean(chosen.map { labels[$0] })
    }
}

/// How far rows lie from the middle of their cluster, and clusters from each other.
private struct Spread {
    private let rows: [Double]  // (clusters)
    private let means: [[Double]]  // (clusters) packed features
    private let squares: Double  // of the rows' distances from the mean of their cluster
    private let distances: [Double]  // (clusters) mean distance

    /// labels: (rows), -1 for those left out.
    init(_ table: ClusterTable, _ labels: [Int32]) throws {
        let present = Array(Set(labels).subtracting([-1])).sorted()
        let place = Dictionary(uniqueKeysWithValues: present.enumerated().map { ($1, Int32($0)) })
        // What is left out is one more cluster behind the others.
        let clusters = labels.map { place[$0] ?? Int32(present.count) }
        let count = present.count + 1
        let width = table.width
        let sums = try table.inRuns(sums: count * width) { blocks in
            var sums = [Double](repeating: 0, count: count * width)
            var scratch = [Float](repeating: 0, count: count * table.table.numeric)
            clusters.withUnsafeBufferPointer { clusters in
                for block in blocks {
                    table.addRows(
                        of: block, clusters.baseAddress! + block * ClusterTable.blockRows, &scratch, to: &sums)
                }
            }
            return sums
        }.reduce(into: [Double](repeating: 0, count: count * width)) { total, run in
            for index in run.indices { total[index] += run[index] }
        }
        var rows = [Double](repeating: 0, count: count)
        for cluster in clusters { rows[Int(cluster)] += 1 }
        let means = sums.indices.map { sums[$0] / max(1, rows[$0 / width]) }
        let centers = CenterSet(means, of: table.table)
        let found = try table.inRuns(sums: count) { blocks in
            var found = (squares: [Double](repeating: 0, count: count), distances: [Double](repeating: 0, count: count))
            withUnsafeTemporaryAllocation(of: Float.self, capacity: ClusterTable.blockRows * count) { distances in
                for block in blocks {
                    let (first, rows) = table.distances(block, to: centers, into: distances.baseAddress!)
                    for row in 0..<rows {
                        let cluster = Int(clusters[first + row])
                        let square = Double(distances[row * count + cluster])
                        found.squares[cluster] += square
                        found.distances[cluster] += square.squareRoot()
                    }
                }
            }
            return found
        }
        self.rows = Array(rows.dropLast())
        self.means = present.indices.map { Array(means[$0 * width..<($0 + 1) * width]) }
        squares = found.reduce(0) { $0 + $1.squares.dropLast().reduce(0, +) }
        distances = present.indices.map { cluster in found.reduce(0) { $0 + $1.distances[cluster] } / rows[cluster] }
    }

    /// Variance between clusters over that within them (Caliński and Harabasz 1974).
    var calinskiHarabasz: Double? {
        let total = rows.reduce(0, +)
        let count = Double(rows.count)
        guard squares > 0 else { return 1 }
        let middle = means[0].indices.map { feature in
            rows.indices.reduce(0) { $0 + rows[$1] * means[$1][feature] } / total
        }
        let between = rows.indices.reduce(0) { $0 + rows[$1] * Self.square(means[$1], middle) }
        return between / squares * (total - count) / (count - 1)
    }

    /// Mean over the clusters of how much it overlaps with the one it overlaps most with (Davies and Bouldin 1979).
    var daviesBouldin: Double {
        let worst = rows.indices.map { cluster in
            rows.indices.reduce(0.0) { worst, other in
                let apart = Self.square(means[cluster], means[other]).squareRoot()
                return other == cluster || apart == 0 ? worst : max(worst, (distances[cluster] + distances[other]) / apart)
            }
        }
        return worst.reduce(0, +) / Double(worst.count)
    }

    private static func square(_ a: [Double], _ b: [Double]) -> Double {
        zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
}
