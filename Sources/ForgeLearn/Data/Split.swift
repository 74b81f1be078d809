import ForgeModel

/// Which rows are held out, which are set apart for validation, and how many folds the training rows go into.
public struct Split: Sendable, Equatable {
    public enum Method: String, Sendable, CaseIterable { case random, stratified, time, group, column, none }

    /// What lies between training rows and later rows that test them.
    public enum Gap: Sendable, Equatable {
        case rows(Int)
        /// `text` is the interval as the request writes it.
        case seconds(Double, text: String)
    }

    public static let foldRange = (minimum: 2, maximum: 100)
    public static let outerFoldRange = (minimum: 2, maximum: 20)

    public var method = Method.random
    /// Share of the rows held out; 0.2 by default, in [0, 1). `column` and `none` know no share.
    public var test = 0.2
    /// Share of the rows that are neither trained on nor tested with; 0 by default.
    public var validation = 0.0
    /// Seed of the split, of the sample and of the fit; 42 by default.
    public var seed = 42
    /// Name of the text column that `column` reads.
    public var column: String?
    /// Folds of the cross-validation; 0: none.
    public var folds = 0
    /// Outer folds of a nested cross-validation; 0: none.
    public var outerFolds = 0
    /// Of `time`.
    public var gap = Gap.rows(0)
    /// Of a ranking: rows of one group (a query) are taken, held out and folded together, whatever the method.
    public var keepsGroups = false

    public static let defaults = Split()

    /// Whether a row's side is decided by its key alone, as it is read.
    var isDecidedByKey: Bool { method == .random || method == .none }
    /// Whether the sides are known only once all rows are read.
    var isDecidedAfterReading: Bool { method == .stratified || method == .time || method == .group }
    var holdsOutShare: Bool { method != .column && method != .none }
    /// Whether the hash of a row's group and not its key decides its fold.
    var isByGroup: Bool { method == .group || keepsGroups }
}

extension Split {
    init(json: JSONValue, task: LearningTask, problems: inout Problems) {
        if task == .ranking {
            method = .group
            keepsGroups = true
        }
        guard let object = json.objectValue else {
            if !json.isNull { problems.add("split must be an object, got \(json.serialized)") }
            return
        }
        for member in object { read(member.key, member.value, json, &problems) }
        if holdsOutShare, test + validation >= 1 {
            problems.add("split.test and split.validation must leave rows to train on, got \(test) and \(validation)")
        }
        if outerFolds > 0, folds == 0 { problems.add("split.outer_folds needs split.folds, the inner ones") }
        if method == .column, validation > 0 {
            problems.add("split.validation is a share; the column of split.method \"column\" says validation itself")
        }
        if keepsGroups, method == .random || method == .stratified {
            problems.add("split.method \"\(method.rawValue)\" parts rows, and a ranking learns from whole queries")
        }
        if method != .time, gap != .rows(0) { problems.add("split.gap is for split.method \"time\"") }
    }

    private mutating func read(_ key: String, _ value: JSONValue, _ whole: JSONValue, _ problems: inout Problems) {
        switch key {
        case "method":
            if let method = value.textValue.flatMap(Method.init) {
                self.method = method
            } else {
                let known = Method.allCases.map(\.rawValue).joined(separator: ", ")
                problems.add("split.method must be one of \(known), got \(value.serialized)")
            }
        case "test": test = Self.share("test", value, &problems) ?? test
        case "validation": validation = Self.share("validation", value, &problems) ?? validation
        case "seed":
            if let seed = value.intValue {
                self.seed = seed
            } else {
                problems.add("split.seed must be an integer, got \(value.serialized)")
            }
        case "folds": folds = Self.count("folds", value, Self.foldRange, &problems) ?? folds
        case "outer_folds": outerFolds = Self.count("outer_folds", value, Self.outerFoldRange, &problems) ?? outerFolds
        case "gap":
            if let rows = value.intValue, rows >= 0 {
                gap = .rows(rows)
            } else if let text = value.textValue, let seconds = whole["gap_seconds"]?.doubleValue, seconds >= 0 {
                gap = .seconds(seconds, text: text)
            } else {
                problems.add(
                    "split.gap must be a number of rows or an interval that is not negative, got \(value.serialized)")
            }
        case "column": column = value.textValue
        case "gap_seconds": break  // of a gap that is an interval: forge.job adds it
        case "key", "boundary", "boundaries": break  // what became of it: written into manifests by `resolved`
        default: problems.add("unknown split entry \"\(key)\"")
        }
    }

    private static func share(_ name: String, _ value: JSONValue, _ problems: inout Problems) -> Double? {
        if let share = value.doubleValue, share >= 0, share < 1 { return share }
        problems.add("split.\(name) must be a number in [0, 1), got \(value.serialized)")
        return nil
    }

    private static func count(
        _ name: String, _ value: JSONValue, _ range: (minimum: Int, maximum: Int), _ problems: inout Problems
    ) -> Int? {
        if let count = value.intValue, count == 0 || (range.minimum...range.maximum).contains(count) { return count }
        problems.add(
            "split.\(name) must be 0 or an integer from \(range.minimum) to \(range.maximum), got \(value.serialized)")
        return nil
    }
}
