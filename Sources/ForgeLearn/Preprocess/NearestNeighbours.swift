import Glibc

/// Mutual information, in nats, by how far a row's nearest neighbours are: without the bias that intervals have on few
/// rows. Three neighbours, as scikit-learn's `mutual_info_regression` and `mutual_info_classif`.
struct NearestNeighbours {
    static let count = 3
    /// Harmonic numbers: digamma(n) is that of n - 1 less Euler's constant.
    private let harmonic: [Double]

    /// For at most `rows` rows.
    init(rows: Int) {
        var sums = [0.0]
        for n in 1...max(1, rows) { sums.append(sums[n - 1] + 1 / Double(n)) }
        harmonic = sums
    }

    private func digamma(_ n: Int) -> Double { harmonic[n - 1] - 0.5772156649015329 }

    // MARK: - Two numbers

    /// Kraskov, Stögbauer and Grassberger 2004, estimator 1.
    func information(_ x: [Double], _ y: [Double]) -> Double {
        guard x.count > Self.count else { return 0 }
        let (x, y) = (standardized(x, axis: 0), standardized(y, axis: 1))
        let order = x.indices.sorted { x[$0] < x[$1] }
        let (rising, beside) = (order.map { x[$0] }, order.map { y[$0] })
        let alone = y.sorted()
        let sum = rising.indices.reduce(0.0) { sum, row in
            let radius = distance(row, rising, beside).nextDown
            return sum + digamma(within(radius, of: rising[row], rising))
                + digamma(within(radius, of: beside[row], alone))
        }
        return max(0, digamma(x.count) + digamma(Self.count) - sum / Double(x.count))
    }

    /// To the third nearest row, by the larger of the differences; rows in order of x are looked at from the nearest on.
    private func distance(_ row: Int, _ x: [Double], _ y: [Double]) -> Double {
        var nearest = [Double](repeating: .infinity, count: Self.count)
        var (left, right) = (row - 1, row + 1)
        while true {
            let before = left >= 0 ? x[row] - x[left] : .infinity
            let behind = right < x.count ? x[right] - x[row] : .infinity
            guard min(before, behind) < nearest[Self.count - 1] else { return nearest[Self.count - 1] }
            let other = before <= behind ? left : right
            if before <= behind { left -= 1 } else { right += 1 }
            var found = max(min(before, behind), abs(y[other] - y[row]))
            for place in nearest.indices where found < nearest[place] { swap(&found, &nearest[place]) }
        }
    }

    // MARK: - A number and groups

    /// Ross 2014. A group's only row has no neighbour and is left out.
    func information(_ x: [Double], _ groups: MutualInformation.Groups) -> Double {
        var members = [[Double]](repeating: [], count: groups.count)
        for (value, group) in zip(standardized(x, axis: 0), groups.group) { members[Int(group)].append(value) }
        members = members.filter { $0.count > 1 }.map { $0.sorted() }
        let all = members.joined().sorted()
        guard !all.isEmpty else { return 0 }
        var sum = 0.0
        for group in members {
            let neighbours = min(Self.count, group.count - 1)
            for row in group.indices {
                let radius = distance(row, group, neighbours).nextDown
                sum += digamma(neighbours) - digamma(group.count) - digamma(within(radius, of: group[row], all))
            }
        }
        return max(0, digamma(all.count) + sum / Double(all.count))
    }

    /// To the `neighbours`-th nearest of rising numbers.
    private func distance(_ row: Int, _ rising: [Double], _ neighbours: Int) -> Double {
        var (left, right, reach) = (row - 1, row + 1, 0.0)
        for _ in 0..<neighbours {
            let before = left >= 0 ? rising[row] - rising[left] : .infinity
            let behind = right < rising.count ? rising[right] - rising[row] : .infinity
            reach = min(before, behind)
            if before <= behind { left -= 1 } else { right += 1 }
        }
        return reach
    }

    // MARK: - Distances

    /// Deviation 1, and equal values a hair apart, the same way in every run: ties have no nearest neighbour.
    private func standardized(_ values: [Double], axis: UInt64) -> [Double] {
        let scale = Scaling.learn(.standard, values, weights: nil)?.scale ?? 1
        let size = values.reduce(0) { $0 + abs($1 / scale) } / Double(max(1, values.count))
        var state = axis
        return values.map { value in
            state = splitmix64(state)
            return value / scale + 1e-10 * max(1, size) * (Double(state >> 11) * 0x1p-53 - 0.5)
        }
    }

    /// How many of rising numbers are at most `radius` from `center`, itself among them.
    private func within(_ radius: Double, of center: Double, _ rising: [Double]) -> Int {
        let first = partition(rising) { center - $0 <= radius }
        let end = partition(rising) { $0 - center > radius }
        return max(1, end - first)
    }

    /// The first place from which on `holds` is true.
    private func partition(_ rising: [Double], _ holds: (Double) -> Bool) -> Int {
        var (low, high) = (0, rising.count)
        while low < high {
            let middle = (low + high) / 2
            if holds(rising[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
