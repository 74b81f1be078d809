import ForgeModel

/// Percentile intervals of metrics (Efron 1979): the rows are drawn again with replacement, as many as there are.
struct Bootstrap: Sendable, Equatable {
    static let replicates = (default: 1_000, minimum: 100, maximum: 10_000)
    static let level = (default: 0.95, minimum: 0.5, maximum: 0.999)
    /// Of more rows, or of more rows times classes, a sample is drawn from, and its intervals are narrowed to the
    /// whole's size.
    static let rowLimit = 200_000
    static let scoreLimit = 500_000

    var replicates = Bootstrap.replicates.default
    /// Share of the replicates inside the interval.
    var level = Bootstrap.level.default
    var seed: Int

    /// Of `config.evaluation`: {"bootstrap": 1000, "level": 0.95}; nil unless it asks for a bootstrap.
    init?(json: JSONValue, seed: Int, problems: inout Problems) {
        guard let object = json.objectValue else {
            if !json.isNull { problems.add("config.evaluation must be an object, got \(json.serialized)") }
            return nil
        }
        self.seed = seed
        var isAsked = false
        for member in object {
            switch member.key {
            case "bootstrap":
                let (least, most) = (Self.replicates.minimum, Self.replicates.maximum)
                if let count = member.value.intValue, count == 0 || (least...most).contains(count) {
                    isAsked = count > 0
                    replicates = count
                } else {
                    problems.add(
                        "config.evaluation.bootstrap must be 0 or an integer from \(least) to \(most), got \(member.value.serialized)")
                }
            case "level":
                if let level = member.value.doubleValue, level >= Self.level.minimum, level <= Self.level.maximum {
                    self.level = level
                } else {
                    problems.add(
                        "config.evaluation.level must be a number from \(Self.level.minimum) to \(Self.level.maximum), got \(member.value.serialized)")
                }
            case "intervals", "importance", "repeats": break  // TrainingJob.readIntervals, ImportanceRequest
            default:
                problems.add(
                    "unknown entry config.evaluation.\(member.key); known: bootstrap, level, intervals, importance, repeats")
            }
        }
        guard isAsked else { return nil }
    }

    init(replicates: Int, level: Double = Bootstrap.level.default, seed: Int = 42) {
        (self.replicates, self.level, self.seed) = (replicates, level, seed)
    }

    struct Interval: Sendable, Equatable {
        var lower: Double
        var upper: Double
    }

    /// The interval of every metric that at least half of the replicates define. Equal seeds give equal intervals,
    /// whatever `threads` is.
    func intervals(of rows: some Measurable, threads: Int) -> [String: Interval] {
        let names = rows.measure([Double](repeating: 1, count: rows.units)).map(\.name)
        guard rows.units > 0 else { return [:] }
        var found = [[Double]](repeating: [], count: replicates)
        found.withUnsafeMutableBufferPointer { buffer in
            inParallel(replicates, threads: threads) { replicate in
                let measured = rows.measure(draw(replicate, of: rows.units))
                buffer[replicate] = measured.map { $0.value ?? .nan }
            }
        }
        var result: [String: Interval] = [:]
        for (index, name) in names.enumerated() {
            let values = found.map { $0[index] }.filter { !$0.isNaN }.sorted()
            guard 2 * values.count >= replicates else { continue }
            result[name] = Interval(
                lower: Self.quantile(values, (1 - level) / 2), upper: Self.quantile(values, (1 + level) / 2))
        }
        return result
    }

    /// Intervals around `values`, which are of all rows, from a sample of them: as far to each side as the sample's, by
    /// the root of the share of the rows that it has.
    func intervals(around values: Evaluation, sample: some Measurable, share: Double, threads: Int) -> [String: Interval] {
        let found = intervals(of: sample, threads: threads)
        guard share < 1 else { return found }
        let own = Evaluation(sample)
        var result: [String: Interval] = [:]
        for (name, value) in values.values {
            guard let interval = found[name], let center = own[name] else { continue }
            let narrowed = { (end: Double) in value + (end - center) * share.squareRoot() }
            result[name] = Interval(lower: narrowed(interval.lower), upper: narrowed(interval.upper))
        }
        return result
    }

    /// How often each unit is drawn.
    private func draw(_ replicate: Int, of count: Int) -> [Double] {
        var weights = [Double](repeating: 0, count: count)
        var state = splitmix64(UInt64(bitPattern: Int64(seed)) ^ splitmix64(UInt64(replicate) &+ 0x424F_4F54))
        for _ in 0..<count {
            state &+= 0x9E37_79B9_7F4A_7C15
            weights[Int(splitmix64(state).multipliedFullWidth(by: UInt64(count)).high)] += 1
        }
        return weights
    }

    /// As NumPy's `percentile`: linear between the values next to it.
    private static func quantile(_ sorted: [Double], _ share: Double) -> Double {
        let place = share * Double(sorted.count - 1)
        let low = Int(place)
        let high = min(low + 1, sorted.count - 1)
        return sorted[low] + (place - Double(low)) * (sorted[high] - sorted[low])
    }
}
