import CForgeNeural
import ForgeModel

/// Lloyd's iteration: every row to its nearest centre, every centre to the mean of its rows.
struct Lloyd {
    let table: ClusterTable
    let iterations: Int
    /// Of the mean variance of the features: centres that together move less have come to rest.
    let tolerance: Double

    struct Solution {
        var centers: [Double]  // (k, width) packed
        /// (rows) nearest centre.
        var nearest: [Int32]
        var inertia: Double
        /// (k) weight of its rows.
        var weights: [Double]
        var iterations: Int
        var isAtRest: Bool
    }

    func run(from start: [Double], report: (Int, Double) -> Void = { _, _ in }) throws -> Solution {
        let limit = tolerance * table.meanVariance
        var centers = start
        var nearest = [Int32](repeating: -1, count: table.rows)
        var (iteration, isAtRest) = (0, false)
        while iteration < iterations, !isAtRest {
            iteration += 1
            let pass = try assign(CenterSet(centers, of: table.table), &nearest, summing: true)
            report(iteration, pass.inertia)
            let moved = try pass.means(table, nearest, from: centers)
            let shift = zip(moved, centers).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            isAtRest = pass.changed == 0 || shift <= limit
            centers = moved
        }
        let last = try assign(CenterSet(centers, of: table.table), &nearest, summing: false)
        return Solution(
            centers: centers, nearest: nearest, inertia: last.inertia, weights: last.weights, iterations: iteration,
            isAtRest: isAtRest)
    }

    /// What one walk over the rows found.
    struct Pass {
        var inertia = 0.0
        var changed = 0
        var weights: [Double]  // (k)
        var sums: [Double]  // (k, width) packed, or empty
        /// The rows farthest from their centres, the farthest first: where centres without rows go.
        var farthest: [(distance: Float, row: Int)] = []

        mutating func add(_ other: Pass) {
            inertia += other.inertia
            changed += other.changed
            for index in weights.indices { weights[index] += other.weights[index] }
            for index in sums.indices { sums[index] += other.sums[index] }
            farthest = Array((farthest + other.farthest).sorted { $0.distance > $1.distance }.prefix(Self.spares))
        }

        fileprivate static let spares = 8
    }

    func assign(_ centers: CenterSet, _ nearest: inout [Int32], summing: Bool) throws -> Pass {
        let runs = try nearest.withUnsafeMutableBufferPointer { nearest in
            try table.inRuns(sums: centers.count * table.width) { blocks in
                walk(blocks, centers, nearest.baseAddress!, summing: summing)
            }
        }
        return runs.dropFirst().reduce(into: runs[0]) { $0.add($1) }
    }

    private func walk(
        _ blocks: Range<Int>, _ centers: CenterSet, _ nearest: UnsafeMutablePointer<Int32>, summing: Bool
    ) -> Pass {
        let count = centers.count
        var pass = Pass(
            weights: Array(repeating: 0, count: count),
            sums: summing ? Array(repeating: 0, count: count * table.width) : [])
        var least = [Float](repeating: 0, count: ClusterTable.blockRows)
        var scratch = [Float](repeating: 0, count: count * table.table.numeric)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: ClusterTable.blockRows * count) { distances in
            for block in blocks {
                let (first, rows) = table.distances(block, to: centers, into: distances.baseAddress!)
                pass.changed += Int(forge_cluster_nearest(
                    distances.baseAddress!, Int64(rows), Int64(count), nearest + first, &least))
                add(least, nearest + first, first, rows, to: &pass)
                if summing { table.addRows(of: block, nearest + first, &scratch, to: &pass.sums) }
            }
        }
        return pass
    }

    private func add(
        _ least: [Float], _ nearest: UnsafePointer<Int32>, _ first: Int, _ rows: Int, to pass: inout Pass
    ) {
        for row in 0..<rows {
            let weight = table.weight(first + row)
            pass.inertia += weight * Double(least[row])
            pass.weights[Int(nearest[row])] += weight
            if least[row] > pass.farthest.last?.distance ?? -1 || pass.farthest.count < Pass.spares {
                let place = pass.farthest.firstIndex { $0.distance < least[row] } ?? pass.farthest.count
                pass.farthest.insert((least[row], first + row), at: place)
                if pass.farthest.count > Pass.spares { pass.farthest.removeLast() }
            }
        }
    }
}

extension Lloyd.Pass {
    /// The centres' new places: (k, width). One without rows goes to a row that is far from its own centre and leaves that
    /// one's sums.
    fileprivate func means(_ table: ClusterTable, _ nearest: [Int32], from centers: [Double]) throws -> [Double] {
        let width = table.width
        var (sums, weights, spare) = (sums, weights, farthest[...])
        for center in weights.indices where weights[center] == 0 {
            guard let (distance, row) = spare.popFirst(), distance > 0 else { continue }
            let (values, weight, old) = (table.row(row), table.weight(row), Int(nearest[row]))
            guard weights[old] > weight else { continue }
            for feature in 0..<width {
                sums[old * width + feature] -= weight * values[feature]
                sums[center * width + feature] = weight * values[feature]
            }
            weights[old] -= weight
            weights[center] = weight
        }
        return sums.indices.map { index in
            let weight = weights[index / width]
            return weight > 0 ? sums[index] / weight : centers[index]
        }
    }
}
