import ForgeModel

/// One algorithm with the parameters that are searched and those that are not.
public struct SearchArm: Sendable, Equatable {
    public struct Dimension: Sendable, Equatable {
        public var name: String
        public var range: SearchRange

        public init(_ name: String, _ range: SearchRange) {
            self.name = name
            self.range = range
        }
    }

    public var algorithm: String
    /// Parameters that every trial of the arm has.
    public var fixed: JSONObject
    /// In the order of their names.
    public var dimensions: [Dimension]
    /// Points tried before any that are drawn; those outside of the space are passed over. What a point does not name
    /// has its default.
    public var starts: [JSONObject]

    public init(algorithm: String, fixed: JSONObject, dimensions: [Dimension], starts: [JSONObject] = []) {
        self.algorithm = algorithm
        self.fixed = fixed
        self.dimensions = dimensions.sorted { $0.name < $1.name }
        self.starts = starts
    }

    /// How many points there are; nil: a continuum, or more than an Int can count.
    var count: Int? {
        dimensions.reduce(1) { product, dimension in
            guard let product, let count = dimension.range.count else { return nil }
            let (result, overflow) = product.multipliedReportingOverflow(by: count)
            return overflow ? nil : result
        }
    }

    /// The point at places in [0, 1), a place a dimension.
    func point(at places: [Double]) -> JSONObject {
        var point = fixed
        for (dimension, place) in zip(dimensions, places) { point[dimension.name] = dimension.range.value(at: place) }
        return point
    }

    /// Places of a point; nil when it is not in the space.
    func places(of point: JSONObject) -> [Double]? {
        var places: [Double] = []
        for dimension in dimensions {
            guard let value = point[dimension.name], let place = dimension.range.place(of: value) else { return nil }
            places.append(place)
        }
        return places
    }

    /// The `index`-th combination of `values`, the last dimension turning fastest.
    func point(_ index: Int, of values: [[JSONValue]]) -> JSONObject {
        var point = fixed
        var rest = index
        for (dimension, values) in zip(dimensions, values).reversed() {
            point[dimension.name] = values[rest % values.count]
            rest /= values.count
        }
        return point
    }
}

/// What is searched: the parameters of one algorithm, or of several, of which each trial takes one.
public struct SearchSpace: Sendable, Equatable {
    public var arms: [SearchArm]

    public init(arms: [SearchArm]) {
        precondition(!arms.isEmpty, "a space has at least one arm")
        self.arms = arms
    }

    var count: Int? {
        arms.reduce(0) { sum, arm in
            guard let sum, let count = arm.count else { return nil }
            let (result, overflow) = sum.addingReportingOverflow(count)
            return overflow ? nil : result
        }
    }

    func drawn(_ random: inout RandomStream) -> Candidate {
        let arm = random.below(arms.count)
        let places = arms[arm].dimensions.map { _ in random.unit() }
        return Candidate(arm: arm, params: arms[arm].point(at: places))
    }

    /// The starts of all arms that lie in their space, the first of each arm before the second of any.
    var starts: [Candidate] {
        let most = arms.map(\.starts.count).max() ?? 0
        return (0..<most).flatMap { place in
            arms.enumerated().compactMap { index, arm in
                guard arm.starts.indices.contains(place) else { return nil }
                var point = arm.fixed
                for dimension in arm.dimensions {
                    guard let value = arm.starts[place][dimension.name] else { continue }
                    guard dimension.range.place(of: value) != nil else { return nil }
                    point[dimension.name] = value
                }
                return Candidate(arm: index, params: point)
            }
        }
    }

    /// Every point of a grid, arm after arm.
    var grid: Grid { Grid(self, \.range.grid) }

    /// Combinations of some values of each dimension, counted through without being written out.
    struct Grid {
        private let space: SearchSpace
        private let values: [[[JSONValue]]]
        private let counts: [Int]
        let count: Int

        init(_ space: SearchSpace, _ values: (SearchArm.Dimension) -> [JSONValue]) {
            self.space = space
            self.values = space.arms.map { $0.dimensions.map(values) }
            counts = self.values.map { values in
                values.reduce(1) { product, values in
                    let (result, overflow) = product.multipliedReportingOverflow(by: values.count)
                    return overflow ? Int.max >> 16 : result  // far more than any search tries
                }
            }
            count = counts.reduce(0, +)
        }

        subscript(index: Int) -> Candidate {
            var rest = index
            var arm = 0
            while rest >= counts[arm] {
                rest -= counts[arm]
                arm += 1
            }
            return Candidate(arm: arm, params: space.arms[arm].point(rest, of: values[arm]))
        }
    }
}

/// What a trial is to try.
public struct Candidate: Sendable, Equatable {
    /// Place of its arm in the space.
    public var arm: Int
    /// Parameters, with the arm's fixed ones.
    public var params: JSONObject
    /// Share of the rows that each fold is trained on.
    public var share = 1.0

    public init(arm: Int, params: JSONObject, share: Double = 1) {
        self.arm = arm
        self.params = params
        self.share = share
    }

    /// Tells candidates apart, whatever their share.
    var key: String { "\(arm) \(JSONValue.object(params).serialized)" }
}

extension RandomStream {
    /// Of one seed, generation and place always the same numbers.
    init(seed: Int, generation: Int, place: Int) { self.init(seed: seed, number: generation << 32 | place) }

    /// A place among weights, in proportion to them.
    mutating func index(weighted weights: [Double]) -> Int {
        var rest = unit() * weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
            rest -= weight
            if rest < 0 { return index }
        }
        return weights.count - 1
    }
}
