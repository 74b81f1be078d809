import Glibc

/// k-means++ (Arthur and Vassilvitskii 2007): each centre is a row drawn by its squared distance from those before, the
/// best of 2 + ⌊ln k⌋ draws, as scikit-learn has it.
struct CenterSeeding {
    let table: ClusterTable
    var random: RandomStream

    /// (k, width) packed; fewer where there are fewer distinct rows.
    mutating func centers(_ count: Int) throws -> [Double] {
        var centers = table.row(drawByWeight())
        var closest = [Float](repeating: .infinity, count: table.rows)
        try take([centers], &closest, keeping: 0)
        let trials = 2 + Int(log(Double(count)))
        while centers.count < count * table.width {
            let potentials = try runPotentials(closest)
            guard potentials.reduce(0, +) > 0 else { break }
            let candidates = (0..<trials).map { _ in table.row(draw(closest, potentials)) }
            let best = try self.best(candidates, closest)
            centers += candidates[best]
            try take(candidates, &closest, keeping: best)
        }
        return centers
    }

    private mutating func drawByWeight() -> Int {
        guard let weights = table.weights else { return random.below(table.rows) }
        var left = random.unit() * table.totalWeight
        for row in weights.indices {
            left -= weights[row]
            if left < 0 { return row }
        }
        return table.rows - 1
    }

    private static let runRows = 1 << 16

    /// Weighted squared distances summed over runs of rows.
    private func runPotentials(_ closest: [Float]) throws -> [Double] {
        stride(from: 0, to: table.rows, by: Self.runRows).map { first in
            (first..<min(first + Self.runRows, table.rows)).reduce(0) { $0 + Double(closest[$1]) * table.weight($1) }
        }
    }

    private mutating func draw(_ closest: [Float], _ potentials: [Double]) -> Int {
        var left = random.unit() * potentials.reduce(0, +)
        var run = 0
        while run < potentials.count - 1, left >= potentials[run] {
            left -= potentials[run]
            run += 1
        }
        var chosen = run * Self.runRows
        for row in run * Self.runRows..<min((run + 1) * Self.runRows, table.rows) where closest[row] > 0 {
            chosen = row
            left -= Double(closest[row]) * table.weight(row)
            if left < 0 { break }
        }
        return chosen
    }

    /// The candidate that leaves the least potential.
    private func best(_ candidates: [[Double]], _ closest: [Float]) throws -> Int {
        let centers = CenterSet(candidates.flatMap { $0 }, of: table.table)
        let count = centers.count
        let runs = try table.inRuns(sums: count) { blocks in
            var sums = [Double](repeating: 0, count: count)
            withUnsafeTemporaryAllocation(of: Float.self, capacity: ClusterTable.blockRows * count) { distances in
                for block in blocks {
                    let (first, rows) = table.distances(block, to: centers, into: distances.baseAddress!)
                    for row in 0..<rows {
                        let (near, weight) = (closest[first + row], table.weight(first + row))
                        for index in 0..<count { sums[index] += Double(min(near, distances[row * count + index])) * weight }
                    }
                }
            }
            return sums
        }
        let potentials = (0..<count).map { index in runs.reduce(0) { $0 + $1[index] } }
        return potentials.indices.min { potentials[$0] < potentials[$1] }!
    }

    /// Lowers `closest` to the distances from a new centre.
    private func take(_ candidates: [[Double]], _ closest: inout [Float], keeping index: Int) throws {
        let centers = CenterSet(candidates[index], of: table.table)
        try closest.withUnsafeMutableBufferPointer { closest in
            _ = try table.inRuns(sums: 1) { blocks in
                withUnsafeTemporaryAllocation(of: Float.self, capacity: ClusterTable.blockRows) { distances in
                    for block in blocks {
                        let (first, rows) = table.distances(block, to: centers, into: distances.baseAddress!)
                        for row in 0..<rows { closest[first + row] = min(closest[first + row], distances[row]) }
                    }
                }
            }
        }
    }
}
