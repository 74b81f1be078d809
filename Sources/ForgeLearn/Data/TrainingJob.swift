import ForgeModel

public enum LearningTask: String, Sendable, CaseIterable {
    case classification, regression
    /// Orders the rows of a group (a query); the target is a row's relevance, the score means something beside its group only.
    case ranking
    /// Puts rows that are like each other into clusters. Without a target.
    case clustering
    /// Tells rows by a few components instead of many columns. Without a target.
    case decomposition

    public var hasTarget: Bool { self != .clustering && self != .decomposition }
}

/// A column that the reader delivers, or the id column behind the rows' keys.
public struct JobColumn: Sendable, Equatable {
    public enum Role: String, Sendable {
        case feature, target, weight, id, part, group, time
        /// A model of its own for each of its values.
        case modelGroup = "model_group"
    }
    public var name: String
    public var type: String
    public var kind: ColumnKind
    public var role: Role
    /// Of a vector column, if it is one.
    var element: VectorElement?

    /// The column of the source that it comes from.
    var sourceName: String { element?.vector ?? name }
}

public enum Sample: Sendable, Equatable {
    case rows(Int)
    case fraction(Double)
}

/// What a request asks for, resolved: every hyperparameter has a value, every name is known.
public struct TrainingJob: Sendable {
    public let id: Int
    public let model: String
    public let task: LearningTask
    public private(set) var algorithm: Algorithm
    public private(set) var parameters: Parameters
    public let preprocess: PreprocessRequest
    public let split: Split
    public let sample: Sample?
    /// Intervals of the metrics; nil: none are asked for.
    let bootstrap: Bootstrap?
    /// What importances are measured on the held-out rows; nil: none.
    let importance: ImportanceRequest?
    /// Whether the model comes with intervals, learned from the validation part, which then nothing else sees.
    let learnsIntervals: Bool
    /// From which probability on a row is said to be of the positive class; nil: the likelier class is meant.
    let decision: DecisionThreshold?
    /// How probabilities are corrected by predictions out of fold; nil: they are not.
    let calibration: CalibrationMethod?
    /// Which rows explanations compare with.
    var explanation: ExplanationRequest
    /// The models that make up the one to be trained; empty: the algorithm itself fits one.
    var members: [EnsembleMember] = []
    /// How hyperparameters are found; nil: they are given.
    public let search: SearchPlan?
    /// Whether the folds are of the request, and not of its search alone.
    private let asksForFolds: Bool
    /// Which groups have models of their own; nil: one model is all.
    let groups: GroupRequest?
    public let columns: [JobColumn]
    public let threads: Int
    /// The version to beat; nil when there is none.
    public let champion: JSONValue?
    /// The version to continue; nil: the fit starts afresh.
    let base: BaseModel?

    /// Reads what `forge.job` returns (docs/internals.md). Throws one error that names all problems.
    public init(json: JSONValue, baseArtifact: [UInt8]? = nil) throws {
        var problems = Problems()
        base = try BaseModel(json: json["base"] ?? nil, artifact: baseArtifact)
        id = json["id"]?.intValue ?? 0
        model = json["model"]?.textValue ?? ""
        task = try Self.readTask(json)
        algorithm = try AlgorithmRegistry.algorithm(json["algorithm"]?.textValue ?? "", for: task)
        let given = json["params"] ?? nil
        let params = base?.completing(given, of: algorithm) ?? given
        parameters = Parameters(params, of: algorithm, task: task, problems: &problems)
        columns = try Self.readColumns(json)
        preprocess = PreprocessRequest(json["preprocess"] ?? nil, columns: columns, problems: &problems)
        var split = Split(json: json["split"] ?? nil, task: task, problems: &problems)
        search = SearchPlan(
            json: json["search"] ?? nil, algorithm: algorithm, task: task, base: params, problems: &problems)
        asksForFolds = split.folds > 0
        if search != nil, !asksForFolds { split.folds = json["search"]?["folds"]?.intValue ?? SearchPlan.defaultFolds }
        learnsIntervals = Self.readIntervals(
            json["evaluation"] ?? nil, task: task, split: split, problems: &problems)
        decision = DecisionThreshold(json: json["decision"] ?? nil, task: task, problems: &problems)
        let apart = learnsIntervals ? split.settingApart() : split
        calibration = CalibrationMethod(json: json["decision"] ?? nil, task: task, problems: &problems)
        self.split = decision?.isLearned == true || calibration != nil ? apart.foldedForLearning() : apart
        sample = Self.readSample(json["sample"] ?? nil, problems: &problems)
        explanation = ExplanationRequest(json: json["explain"] ?? nil, seed: split.seed, problems: &problems)
        bootstrap = Bootstrap(json: json["evaluation"] ?? nil, seed: split.seed, problems: &problems)
        importance = ImportanceRequest(json: json["evaluation"] ?? nil, problems: &problems)
        if !task.hasTarget { problems.add(targetless: task, json["evaluation"] ?? nil, preprocess) }
        groups = GroupRequest(json: json["groups"] ?? nil, columns: columns, problems: &problems)
        threads = max(1, json["threads"]?.intValue ?? 1)
        champion = json["champion"].flatMap { $0.isNull ? .none : .some($0) }  // nil would be JSON's null
        BaseModel.addProblems(of: json, to: &problems)
        try problems.throwIfAny()
    }

    public var target: JobColumn? { columns.first { $0.role == .target } }
    public var features: [JobColumn] { columns.filter { $0.role == .feature } }

    /// Whether the model is cross-fitted beside its fit: the folds of a search alone have served by then.
    var crossFits: Bool { asksForFolds || learnsFromFolds }

    /// The same rows with other hyperparameters, or another algorithm. Throws all that is wrong with them.
    func with(algorithm name: String, params: JSONValue) throws -> TrainingJob {
        var job = self
        var problems = Problems()
        job.algorithm = try AlgorithmRegistry.algorithm(name, for: task)
        job.parameters = Parameters(params, of: job.algorithm, task: task, problems: &problems)
        try problems.throwIfAny()
        return job
    }

    /// Whether a model takes something from predictions out of fold, so that outer folds need inner ones of their own.
    var learnsFromFolds: Bool { decision?.isLearned == true || calibration != nil }

    /// Share of the training rows set apart for early stopping; nil unless the hyperparameters `early_stopping` (true) or
    /// `early_stopping_rounds` (at least 1) ask for it. `validation_fraction` is the share, 0.1 where it is not declared.
    var stoppingShare: Double? {
        let stops =
            parameters["early_stopping"].boolValue == true || parameters["early_stopping_rounds"].intValue ?? 0 > 0
        return stops ? parameters["validation_fraction"].doubleValue ?? 0.1 : nil
    }

    private static func readTask(_ json: JSONValue) throws -> LearningTask {
        let text = json["task"]?.textValue ?? ""
        guard let task = LearningTask(rawValue: text) else {
            throw ForgeError(
                .unknownAlgorithm, "unknown task \"\(text)\"",
                hint: "use one of: \(LearningTask.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return task
    }

    static func readColumns(_ json: JSONValue) throws -> [JobColumn] {
        guard let list = json["columns"]?.arrayValue else {
            throw ForgeError(.versionMismatch, "the job lists no columns", hint: Self.releaseHint)
        }
        return try list.map { entry in
            guard let name = entry["name"]?.textValue, let type = entry["type"]?.textValue,
                let kind = entry["kind"]?.textValue.flatMap(ColumnKind.init(name:)),
                let role = entry["role"]?.textValue.flatMap(JobColumn.Role.init)
            else {
                throw ForgeError(.versionMismatch, "unreadable column \(entry.serialized)", hint: Self.releaseHint)
            }
            return JobColumn(name: name, type: type, kind: kind, role: role)
        }
    }

    static let releaseHint =
        "install the extension, the schema and the sidecar of one release; forgectl doctor compares them"

    private static func readSample(_ json: JSONValue, problems: inout Problems) -> Sample? {
        guard !json.isNull else { return nil }
        if let rows = json["rows"]?.intValue, rows >= 1, json.objectValue?.count == 1 { return .rows(rows) }
        if let fraction = json["fraction"]?.doubleValue, fraction > 0, fraction <= 1, json.objectValue?.count == 1 {
            return .fraction(fraction)
        }
        problems.add("sample must be {\"rows\": at least 1} or {\"fraction\": in (0, 1]}, got \(json.serialized)")
        return nil
    }
}

extension ColumnKind {
    init?(name: String) {
        switch name {
        case "number": self = .number
        case "category": self = .category
        case "vector": self = .vector
        default: return nil
        }
    }

    var name: String {
        switch self {
        case .number: "number"
        case .category: "category"
        case .vector: "vector"
        }
    }
}

extension Problems {
    /// What a request asks for that only a target could give.
    fileprivate mutating func add(targetless task: LearningTask, _ evaluation: JSONValue, _ preprocess: PreprocessRequest) {
        for entry in ["bootstrap", "importance"] {
            guard let asked = evaluation[entry], !asked.isNull, asked.intValue != 0 else { continue }
            add("config.evaluation.\(entry) needs a target, and a \(task.rawValue) has none")
        }
        if preprocess.selection != nil { add("preprocess.@select needs a target, and a \(task.rawValue) has none") }
    }
}

/// What is wrong with a request, gathered so that a user mends it in one go.
public struct Problems: Sendable {
    private(set) var messages: [String] = []
    public init() {}
    mutating func add(_ message: String) { messages.append(message) }

    func throwIfAny() throws {
        guard let first = messages.first else { return }
        throw ForgeError(
            .invalidParameter, messages.count == 1 ? first : "\(messages.count) entries of the request are invalid",
            detail: messages.count == 1 ? nil : messages.joined(separator: "\n"),
            hint: "select name, parameters from forge.algorithms lists names, defaults and ranges")
    }
}
