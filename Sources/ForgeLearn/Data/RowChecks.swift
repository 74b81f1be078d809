import ForgeModel

/// Rows left out or refused for their target, weight or part.
struct RowTally {
    private(set) var nullTargets = 0
    private var nanTargets = 0
    private var infiniteTargets = 0
    private var missingWeights = 0
    private var zeroWeights = 0
    /// Beyond these a sum of weights may overflow, or a weight vanish in XGBoost's Float32.
    private static let weights = 1e-30...1e30
    private var badWeights = 0
    private var firstBadWeight = 0.0
    private var outsideParts = 0
    private var missingTimes = 0
    /// Rows between those trained on and later ones.
    var gap = 0

    mutating func accepts(target value: Double) -> Bool {
        if value.isFinite { return true }
        if value.bitPattern == nullBits {
            nullTargets += 1
        } else if value.isNaN {
            nanTargets += 1
        } else {
            infiniteTargets += 1
        }
        return false
    }

    mutating func accepts(weight value: Double) -> Bool {
        if RowTally.weights.contains(value) { return true }
        if value.isNaN {
            missingWeights += 1
        } else if value == 0 {
            zeroWeights += 1
        } else {
            if badWeights == 0 { firstBadWeight = value }
            badWeights += 1
        }
        return false
    }

    mutating func accepts(time value: Double) -> Bool {
        if value.isNaN { missingTimes += 1 }
        return !value.isNaN
    }

    mutating func dropOutsideParts() { outsideParts += 1 }

    var dropped: [(reason: String, rows: Int)] {
        [
            ("target is NULL", nullTargets), ("weight is NULL", missingWeights), ("weight is zero", zeroWeights),
            ("time is NULL", missingTimes), ("part is neither train, test nor validation", outsideParts),
            ("in the gap of the split", gap),
        ].filter { $0.1 > 0 }.map { (reason: $0.0, rows: $0.1) }
    }

    func check(target: JobColumn?, weight: JobColumn?) throws {
        if let target, nanTargets + infiniteTargets > 0 {
            throw ForgeError(
                .unusableTarget,
                "target \"\(target.name)\" holds \(nanTargets) NaN and \(infiniteTargets) infinite values",
                hint: "filter these rows in the source, or make them NULL: rows with a NULL target are left out")
        }
        if badWeights > 0, let weight {
            throw ForgeError(
                .valueOutOfRange,
                "weight column \"\(weight.name)\" holds \(badWeights) values that are no weights, first \(firstBadWeight)",
                hint: "weights lie between 1e-30 and 1e30; rows with weight 0 or NULL are left out")
        }
    }
}

/// Watches a number column for values that the model cannot take.
struct ValueRange {
    enum Limit {
        case float32, float64
        /// Beyond 2^53, values that differ become the same double.
        case exactIntegers
    }

    private let limit: Limit
    private var infinite = 0
    private var tooLarge = 0
    private var first = 0.0

    init(limit: Limit) { self.limit = limit }

    var isBad: Bool { infinite + tooLarge > 0 }

    /// Copies the values of `rows` (row numbers of `bytes`) to `out`.
    mutating func copy(
        _ bytes: UnsafeRawBufferPointer, _ rows: UnsafeBufferPointer<Int32>, _ out: UnsafeMutablePointer<Float>
    ) {
        var bad = false
        for i in 0..<rows.count {
            let value = Float(loadNumber(bytes, Int(rows[i])))
            out[i] = value
            bad = bad || abs(value) == .infinity
        }
        if bad { count(bytes, rows) }
    }

    mutating func copy(
        _ bytes: UnsafeRawBufferPointer, _ rows: UnsafeBufferPointer<Int32>, _ out: UnsafeMutablePointer<Double>
    ) {
        let largest =
            switch limit {
            case .float32: Self.largestFloat32
            case .float64: Double.greatestFiniteMagnitude
            case .exactIntegers: Self.largestInteger
            }
        var bad = false
        for i in 0..<rows.count {
            let value = loadNumber(bytes, Int(rows[i]))
            out[i] = value
            bad = bad || abs(value) > largest
        }
        if bad { count(bytes, rows) }
    }

    /// Beyond it a double rounds to an infinite Float32 (half a unit above the largest, ties go up).
    private static let largestFloat32 = (0x1.ffffffp127).nextDown

    private static let largestInteger = 0x1p53 - 1

    private func exceeds(_ value: Double) -> Bool {
        switch limit {
        case .float32: abs(Float(value)) == .infinity
        case .float64: abs(value) == .infinity
        case .exactIntegers: abs(value) > Self.largestInteger
        }
    }

    private mutating func count(_ bytes: UnsafeRawBufferPointer, _ rows: UnsafeBufferPointer<Int32>) {
        for row in rows {
            let value = loadNumber(bytes, Int(row))
            guard exceeds(value) else { continue }
            if !isBad { first = value }
            if value.isInfinite { infinite += 1 } else { tooLarge += 1 }
        }
    }

    func complaint(_ column: JobColumn) -> String {
        var parts: [String] = []
        if infinite > 0 { parts.append("\(infinite) infinite values") }
        let bound = limit == .exactIntegers ? "what a double tells apart (2^53 - 1)" : "float32 (3.4e38)"
        if tooLarge > 0 { parts.append("\(tooLarge) values beyond \(bound)") }
        return "column \"\(column.name)\" holds \(parts.joined(separator: " and ")), first \(first)"
    }
}

extension JobColumn {
    /// What its values may not exceed in the algorithm's arithmetic, or to be told apart as groups.
    func limit(_ job: TrainingJob) -> ValueRange.Limit {
        if role == .modelGroup { return type == "bigint" || type == "numeric" ? .exactIntegers : .float64 }
        return job.algorithm.form == .trees ? .float32 : .float64
    }
}
