import ForgeModel

/// The column to learn, as the fit needs it.
enum Target: Sendable {
    case values  // of a regression, relevances of a ranking
    case classes(Classes)
    case none  // of a clustering, a decomposition
}

/// The labels of a classification, in byte order.
struct Classes: Sendable, Equatable {
    static let limit = 1_000

    var labels: [Bytes]
    /// Index of the positive class; -1 unless there are two.
    var positive: Int
    /// Class of each training row.
    var training: [Int32]
    /// The target's values that have a class.
    fileprivate var known: DistinctValues
    fileprivate var classOf: [Int32]  // (values) by their number

    var count: Int { labels.count }
    var isBinary: Bool { labels.count == 2 }

    /// The target's value that stands for a class: a number, or a level's code.
    func value(of index: Int) -> Double? { classOf.firstIndex(of: Int32(index)).map { known.values[$0] } }

    /// Class of each row; -1: one that no training row has.
    func of(_ part: Part) -> [Int32] { of(part.targets) }

    func of(_ targets: [Double]) -> [Int32] { targets.map { known.index(of: $0).map { classOf[$0] } ?? -1 } }
}

extension DataSet {
    /// Checks the target against the task and turns labels into classes.
    func resolveTarget(_ job: TrainingJob) throws -> Target {
        switch job.task {
        case .regression:
            try checkNumericTarget(job)
            try job.base?.requireShape(of: self, job, labels: [])
            return .values
        case .ranking:
            try checkNumericTarget(job)
            try checkRelevances()
            try job.base?.requireShape(of: self, job, labels: [])
            return .values
        case .classification: return .classes(try resolveClasses(job))
        case .clustering, .decomposition:
            try requireRows(2)
            return .none
        }
    }

    var targetName: String { String(decoding: target?.name ?? [], as: UTF8.self) }
    var targetType: String { String(decoding: target?.type ?? [], as: UTF8.self) }

    private func checkNumericTarget(_ job: TrainingJob) throws {
        guard target?.kind == .number else {
            throw ForgeError(
                .unusableTarget, "target \"\(targetName)\" is \(targetType), \(job.task.rawValue) needs a number",
                hint: "use task classification, or another target")
        }
        try requireRows(2)
        let (low, high) = (training.targets.min()!, training.targets.max()!)
        guard low < high else {
            throw ForgeError(
                .unusableTarget, "target \"\(targetName)\" is \(low) in all \(training.rows) training rows",
                hint: "give rows with different values of the target")
        }
        let largest = training.targets.reduce(0) { max($0, abs($1)) }
        guard (largest * largest * Double(training.rows)).isFinite else {
            throw ForgeError(
                .valueOutOfRange,
                "target \"\(targetName)\" holds \(largest) in magnitude, too large for its squares to be summed",
                hint: "divide the target by a constant, or take its logarithm")
        }
        guard (high - low) * (high - low) >= Double.leastNormalMagnitude else {
            throw ForgeError(
                .valueOutOfRange,
                "target \"\(targetName)\" varies by \(high - low) only, too little for its squares to be told from 0",
                hint: "multiply the target by a constant")
        }
    }

    private func checkRelevances() throws {
        if let low = training.targets.first(where: { $0 < 0 }) {
            throw ForgeError(
                .unusableTarget, "target \"\(targetName)\" holds \(low), a relevance is at least 0",
                hint: "0 means irrelevant; larger is better")
        }
    }

    private func requireRows(_ count: Int) throws {
        guard training.rows < count else { return }
        throw ForgeError(
            .notEnoughRows, "\(training.rows) training row is too few: at least \(count) are needed",
            detail: "\(rowsRead) rows read, \(heldOut.rows) held out", hint: "give more rows")
    }

    private func resolveClasses(_ job: TrainingJob) throws -> Classes {
        try requireRows(2)
        var distinct = DistinctValues()
        let numbers = try training.targets.map { value in
            let index = distinct.index(adding: value)
            guard index < Classes.limit else { throw tooManyClasses() }
            return index
        }
        let texts = distinct.values.map(try labelWriter())
        let own = texts.sorted { $0.lexicographicallyPrecedes($1) }
        try job.base?.requireShape(of: self, job, labels: own)
        let labels = job.base?.document.labels ?? own  // those of a fold may be fewer
        guard labels.count > 1 else {
            throw ForgeError(
                .unusableTarget,
                "target \"\(targetName)\" has one class only, \"\(String(decoding: labels[0], as: UTF8.self))\", in all \(training.rows) training rows",
                detail: heldOut.rows == 0
                    ? nil : "\(heldOut.rows) rows are held out; rows that are equal in all columns stay together.",
                hint: "give rows of at least two classes")
        }
        let classes = Dictionary(zip(labels, 0..<Int32.max), uniquingKeysWith: { first, _ in first })
        let classOf = texts.map { classes[$0]! }
        return Classes(
            labels: labels, positive: try positiveClass(labels, job), training: numbers.map { classOf[$0] },
            known: distinct, classOf: classOf)
    }

    private func tooManyClasses() -> ForgeError {
        ForgeError(
            .tooManyLevels, "target \"\(targetName)\" has more than \(Classes.limit) classes",
            hint: "use task regression, or group the labels in the source")
    }

    /// A label's text as Postgres prints it.
    private func labelWriter() throws -> (Double) -> Bytes {
        if let target, target.kind == .category { return { levels in { levels[Int($0)] } }(target.levels) }
        switch targetType {
        case "boolean": return { Bytes(($0 == 0 ? "false" : "true").utf8) }
        case let type where type.hasPrefix("date") || type.hasPrefix("time") || type.hasPrefix("interval"):
            throw ForgeError(
                .unsupportedType, "target \"\(targetName)\" is \(type), which is no class",
                hint: "use task regression, or a text, enum, boolean or integer target")
        default:
            return { Bytes(JSONValue.shortest($0 == 0 ? 0 : $0).serialized.utf8) }
        }
    }

    private func positiveClass(_ labels: [Bytes], _ job: TrainingJob) throws -> Int {
        let asked = job.parameters["positive_class"].textValue
        guard labels.count == 2 else {
            if asked != nil {
                throw ForgeError(
                    .multiclass, "positive_class is for two classes, target \"\(targetName)\" has \(labels.count)",
                    hint: "leave positive_class out, or make the target a yes or no")
            }
            return -1
        }
        if let asked {
            guard let index = labels.firstIndex(of: Bytes(asked.utf8)) else {
                throw ForgeError(
                    .invalidParameter, "positive_class \"\(asked)\" is no label of target \"\(targetName)\"",
                    detail: "labels: "
                        + labels.map { "\"\(String(decoding: $0, as: UTF8.self))\"" }.joined(separator: ", "),
                    hint: "name one of its two labels")
            }
            return index
        }
        if let base = job.base { return base.document.positive }
        for usual in ["true", "1"] {
            if let index = labels.firstIndex(of: Bytes(usual.utf8)) { return index }
        }
        return 1
    }
}

/// Values numbered as they come. A few are found faster by looking through them than by hashing.
private struct DistinctValues: Sendable, Equatable {
    fileprivate(set) var values: [Double] = []
    private var numbers: [Double: Int] = [:]
    private static let few = 16

    func index(of value: Double) -> Int? {
        guard values.count <= Self.few else { return numbers[value] }
        for index in values.indices where values[index] == value { return index }
        return nil
    }

    mutating func index(adding value: Double) -> Int {
        if let index = index(of: value) { return index }
        values.append(value)
        numbers[value] = values.count - 1
        return values.count - 1
    }
}
