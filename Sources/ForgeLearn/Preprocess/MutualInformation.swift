import ForgeModel
import Glibc

/// How much a column says of the target, in nats. On few rows numbers are told apart by their nearest neighbours, as
/// scikit-learn's `mutual_info_classif` and `mutual_info_regression` do; on many, where that is slow and intervals have
/// no bias left, by intervals of equal rows. What has few values is estimated by their counts, less the bias by Miller
/// (1955).
struct MutualInformation {
    let data: DataSet
    let target: Target
    let threads: Int
    static let intervals = 32
    /// Beyond, a cell of the intervals of two numbers has five rows and more.
    static let fewRows = 5 * intervals * intervals

    /// By feature of the data set, none below 0.
    func scores(of features: [Int]) -> [Double] {
        let outcome = outcomes
        let neighbours = NearestNeighbours(rows: data.training.rows)
        var scores = [Double](repeating: 0, count: features.count)
        scores.withUnsafeMutableBufferPointer { buffer in
            inParallel(buffer.count, threads: threads) { place in
                buffer[place] = Self.information(variable(features[place]), outcome, neighbours)
            }
        }
        return scores
    }

    /// Each row's group, numbered from 0.
    struct Groups {
        var group: [Int32]
        var count: Int
    }

    enum Variable {
        case groups(Groups)
        /// Some may be missing.
        case numbers([Double])
    }

    private var outcomes: Variable {
        if case .classes(let classes) = target { return .groups(Groups(group: classes.training, count: classes.count)) }
        return Self.variable(data.training.targets)
    }

    /// Of a category each level, and missing values, are a group.
    private func variable(_ feature: Int) -> Variable {
        if data.features[feature].kind == .category {
            let levels = data.features[feature].levels.count
            let codes = data.training.codes(feature)
            return .groups(
                Groups(group: codes.map { $0 == missingCode ? Int32(levels) : Int32($0) }, count: levels + 1))
        }
        return Self.variable(
            data.training.chunks.flatMap { chunk in (0..<chunk.rows).map { chunk.number(feature, $0) } })
    }

    /// Numbers of few values, each of five rows and more, are groups too.
    static func variable(_ values: [Double]) -> Variable {
        let present = values.filter { !$0.isNaN }
        let distinct = Set(present)
        if distinct.count <= intervals, distinct.count * 5 <= present.count {
            let places = Dictionary(uniqueKeysWithValues: distinct.sorted().enumerated().map { ($1, Int32($0)) })
            return .groups(
                Groups(group: values.map { places[$0] ?? Int32(distinct.count) }, count: distinct.count + 1))
        }
        guard values.count > fewRows else { return .numbers(values) }
        let edges = BinEdges.learn(ColumnPreprocess.Bins(isQuantile: true, count: intervals, isOrdinal: true), present)
        return .groups(
            Groups(
                group: values.map { value in
                    value.isNaN ? Int32(edges.count + 1) : Int32(edges.count { $0 <= value })
                }, count: edges.count + 2))
    }

    static func information(_ column: Variable, _ outcome: Variable, _ neighbours: NearestNeighbours) -> Double {
        switch (column, outcome) {
        case (.groups(let column), .groups(let outcome)): return estimate(column, outcome)
        case (.groups(let groups), .numbers(let numbers)): return neighbours.information(numbers, groups)
        case (.numbers(let numbers), _):
            let present = numbers.indices.filter { !numbers[$0].isNaN }
            let values = present.map { numbers[$0] }
            let ofValues =
                switch outcome {
                case .groups(let outcome): neighbours.information(values, outcome.rows(present))
                case .numbers(let outcome): neighbours.information(values, present.map { outcome[$0] })
                }
            guard present.count < numbers.count else { return ofValues }
            // The chain rule: whether there is a value, and then which.
            let gaps = Groups(group: numbers.map { $0.isNaN ? 1 : 0 }, count: 2)
            return information(.groups(gaps), outcome, neighbours)
                + Double(present.count) / Double(numbers.count) * ofValues
        }
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

extension MutualInformation.Groups {
    fileprivate func rows(_ rows: [Int]) -> Self { Self(group: rows.map { group[$0] }, count: count) }
}
