import ForgeModel

/// k-means by small batches of rows: each centre moves towards the rows of a batch that are nearest to it, ever less
/// (Sculley, "Web-scale k-means clustering", 2010). Looks at a row a few times only.
struct MiniBatch {
    let table: ClusterTable
    let batchRows: Int
    let epochs: Int
    /// Batches without a better smoothed inertia after which it ends, as scikit-learn's.
    private static let patience = 10

    /// (k, width) from `start` on, and how many batches it took.
    func run(from start: [Double], random: inout RandomStream) throws -> (centers: [Double], batches: Int) {
        let width = table.width
        var centers = start
        var seen = [Double](repeating: 0, count: start.count / width)
        var progress = Progress(share: min(1, 2 * Double(batchRows) / Double(table.rows + 1)))
        let batches = max(1, epochs * table.rows / batchRows)
        for batch in 0..<batches {
            if table.observer.isCancelled { throw ForgeError(.cancelled, "training was cancelled") }
            let inertia = step(&centers, &seen, (0..<batchRows).map { _ in random.below(table.rows) })
            if progress.ends(after: inertia, patience: Self.patience) { return (centers, batch + 1) }
        }
        return (centers, batches)
    }

    private func step(_ centers: inout [Double], _ seen: inout [Double], _ rows: [Int]) -> Double {
        let width = table.width
        let nearest = rows.map { row -> (row: [Double], center: Int, distance: Double) in
            let values = table.row(row)
            var best = (center: 0, distance: Double.infinity)
            for center in seen.indices {
                var distance = 0.0
                for feature in 0..<width {
                    let difference = values[feature] - centers[center * width + feature]
                    distance += difference * difference
                }
                if distance < best.distance { best = (center, distance) }
            }
            return (values, best.center, best.distance)
        }
        var inertia = 0.0
        for (row, found) in zip(rows, nearest) {
            let weight = table.weight(row)
            seen[found.center] += weight
            let rate = weight / seen[found.center]
            for feature in 0..<width {
                centers[found.center * width + feature] +=
                    rate * (found.row[feature] - centers[found.center * width + feature])
            }
            inertia += weight * found.distance
        }
        return inertia / Double(rows.count)
    }

    /// The inertia of batches, smoothed, and for how long it did not fall.
    private struct Progress {
        let share: Double
        private var smoothed: Double?
        private var best = Double.infinity
        private var idle = 0

        init(share: Double) { self.share = share }

        mutating func ends(after inertia: Double, patience: Int) -> Bool {
            let value = smoothed.map { $0 * (1 - share) + inertia * share } ?? inertia
            smoothed = value
            idle = value < best ? 0 : idle + 1
            best = min(best, value)
            return idle >= patience
        }
    }
}
