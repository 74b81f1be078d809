import ForgeModel
import Glibc

/// How much a column says of the target, in nats: the plug-in estimate over intervals of equal rows, less its bias by
/// Miller (1955). scikit-learn's `mutual_info_classif` and `mutual_info_regression` estimate the same by nearest
/// neighbours, with noise; this one gives the same number every time.
struct MutualInformation {
    let data: DataSet
    let target: Target
    let threads: Int
    static let intervals = 32

    /// By feature of the data set, none below 0.
    func scores(of features: [Int]) -> [Double] {
        let outcome = outcomes
        var scores = [Double](repeating: 0, count: features.count)
        scores.withUnsafeMutableBufferPointer { buffer in
            inParallel(buffer.count, threads: threads) { place in
                buffer[place] = Self.estimate(self.groups(features[place]), outcome)
            }
        }
        return scores
    }

    /// Each row's group, numbered from 0.
    struct Groups {
        var group: [Int32]
        var count: Int
    }

    private var outcomes: Groups {
        if case .classes(let classes) = target { return Groups(group: classes.training, count: classes.count) }
        return Self.intervals(data.training.targets)
    }

    /// A level or an interval each; the last group is of missing values.
    private func groups(_ feature: Int) -> Groups {
        if data.features[feature].kind == .category {
            let levels = data.features[feature].levels.count
            let codes = data.training.codes(feature)
            return Groups(group: codes.map { $0 == missingCode ? Int32(levels) : Int32($0) }, count: levels + 1)
        }
        return Self.intervals(
            data.training.chunks.flatMap { chunk in (0..<chunk.rows).map { chunk.number(feature, $0) } })
    }

    private static func intervals(_ values: [Double]) -> Groups {
        let bins = ColumnPreprocess.Bins(isQuantile: true, count: intervals, isOrdinal: true)
        let edges = BinEdges.learn(bins, values.filter { !$0.isNaN })
        return Groups(
            group: values.map { value in
                value.isNaN ? Int32(edges.count + 1) : Int32(edges.count { $0 <= value })
            }, count: edges.count + 2)
    }

    static func estimate(_ a: Groups, _ b: Groups) -> Double {
        var joint: [UInt64: Int] = [:]
        var (left, right) = ([Int](repeating: 0, count: a.count), [Int](repeating: 0, count: b.count))
        for row in a.group.indices {
            let (x, y) = (Int(a.group[row]), Int(b.group[row]))
            joint[UInt64(x) << 32 | UInt64(y), default: 0] += 1
            left[x] += 1
            right[y] += 1
        }
        let rows = Double(a.group.count)
        guard rows > 0 else { return 0 }
        var information = 0.0
        for (cell, count) in joint.sorted(by: { $0.key < $1.key }) {
            let (x, y) = (Int(cell >> 32), Int(cell & 0xFFFF_FFFF))
            let share = Double(count) / rows
            information += share * log(share * rows * rows / (Double(left[x]) * Double(right[y])))
        }
        let cells = { (counts: [Int]) in Double(counts.count { $0 > 0 }) }
        let bias = (Double(joint.count) - cells(left) - cells(right) + 1) / (2 * rows)
        return max(0, information - bias)
    }
}
