import ForgeModel

/// One entry of `params`: its type, default and range, as shown in `forge.algorithms`.
public struct Hyperparameter: Sendable, Equatable {
    public enum Kind: String, Sendable { case integer, number, boolean, text, object, integers }

    public var name: String
    public var kind: Kind
    /// The value when a request names none; null leaves the choice to the algorithm, as the sentence says.
    public var defaultValue: JSONValue
    public var minimum: Double?
    public var maximum: Double?
    public var exclusiveMinimum: Double?
    /// Of `integers`: most of them; the bounds are each one's.
    public var mostItems: Int?
    /// The texts allowed; beside them an `object` takes any object.
    public var choices: [String]
    /// nil: all tasks of the algorithm.
    public var task: LearningTask?
    /// Values that a search tries unless its request names others; nil: it leaves the parameter as it is.
    public var search: SearchRange? = nil
    /// Of `base_model`: the algorithms whose versions it takes.
    public var bases: [String] = []
    /// Whether a base model, where there is one, has decided it.
    public var isFixedByBase = false
    public var sentence: String

    public static func integer(
        _ name: String, _ value: Int?, minimum: Int? = nil, maximum: Int? = nil, _ sentence: String
    ) -> Hyperparameter {
        Hyperparameter(
            name: name, kind: .integer, defaultValue: JSONValue(value), minimum: minimum.map(Double.init),
            maximum: maximum.map(Double.init), choices: [], sentence: sentence)
    }

    /// An array of integers.
    public static func integers(
        _ name: String, _ value: [Int], minimum: Int, maximum: Int, most: Int, _ sentence: String
    ) -> Hyperparameter {
        Hyperparameter(
            name: name, kind: .integers, defaultValue: .array(value.map { .integer(Int64($0)) }),
            minimum: Double(minimum),
            maximum: Double(maximum), mostItems: most, choices: [], sentence: sentence)
    }

    public static func number(
        _ name: String, _ value: Double?, minimum: Double? = nil, above exclusiveMinimum: Double? = nil,
        maximum: Double? = nil,
        _ sentence: String
    ) -> Hyperparameter {
        Hyperparameter(
            name: name, kind: .number, defaultValue: JSONValue(value), minimum: minimum, maximum: maximum,
            exclusiveMinimum: exclusiveMinimum, choices: [], sentence: sentence)
    }

    public static func boolean(_ name: String, _ value: Bool, _ sentence: String) -> Hyperparameter {
        Hyperparameter(name: name, kind: .boolean, defaultValue: .bool(value), choices: [], sentence: sentence)
    }

    public static func choice(_ name: String, _ value: String, of choices: [String], _ sentence: String)
        -> Hyperparameter
    {
        Hyperparameter(name: name, kind: .text, defaultValue: .text(value), choices: choices, sentence: sentence)
    }

    /// The same, with the range that a search tries.
    public func searched(_ range: ClosedRange<Double>, log: Bool = false) -> Hyperparameter {
        var result = self
        result.search = SearchRange(
            kind == .integer ? .integers(Int(range.lowerBound)...Int(range.upperBound)) : .numbers(range),
            isLogarithmic: log)
        return result
    }

    /// The same, with the values that a search tries.
    public func searched(_ choices: [JSONValue]) -> Hyperparameter {
        var result = self
        result.search = SearchRange(.choices(choices))
        return result
    }

    public static let positiveClass = Hyperparameter(
        name: "positive_class", kind: .text, defaultValue: nil, choices: [], task: .classification,
        sentence:
            "Text of the class whose probability forge.predict returns; by default true, 1, or the last label in byte order."
    )

    public static let classWeight = Hyperparameter(
        name: "class_weight", kind: .object, defaultValue: nil, choices: ["balanced"], task: .classification,
        sentence:
            "Weight of each class's rows, as {\"label\": weight} (1 for those not named), or \"balanced\": rows / (classes · rows of the class)."
    )

    /// Why `value` is refused, or nil. Mirrors forge.check_request.
    func refusal(of value: JSONValue) -> String? {
        if value.isNull { return defaultValue.isNull ? nil : "must not be null" }
        if let text = value.textValue, kind != .text, choices.contains(text) { return nil }
        switch kind {
        case .integer:
            guard value.intValue != nil else { return "must be an integer" }
        case .number:
            guard let number = value.doubleValue, number.isFinite else { return "must be a number" }
        case .boolean:
            guard value.boolValue != nil else { return "must be true or false" }
        case .integers: return arrayRefusal(of: value)
        case .text:
            guard let text = value.textValue else { return "must be a text" }
            if !choices.isEmpty, !choices.contains(text) { return "must be one of \(choices.joined(separator: ", "))" }
        case .object:
            guard value.objectValue != nil else {
                return "must be an object" + choices.map { " or \"\($0)\"" }.joined()
            }
        }
        return value.doubleValue.flatMap(rangeRefusal)
    }

    private func arrayRefusal(of value: JSONValue) -> String? {
        guard let items = value.arrayValue, items.allSatisfy({ $0.intValue != nil }) else {
            return "must be an array of integers"
        }
        if let mostItems, items.count > mostItems { return "must have at most \(mostItems) items" }
        return items.lazy.compactMap { $0.doubleValue.flatMap(rangeRefusal) }.first.map { "items \($0)" }
    }

    private func rangeRefusal(of number: Double) -> String? {
        if let minimum, number < minimum { return "must be at least \(bound(minimum))" }
        if let exclusiveMinimum, number <= exclusiveMinimum { return "must be greater than \(bound(exclusiveMinimum))" }
        if let maximum, number > maximum { return "must be at most \(bound(maximum))" }
        return nil
    }

    private func bound(_ value: Double) -> JSONValue.Shown { JSONValue.Shown(value) }

    /// As one value of `forge.algorithms.parameters`.
    var json: JSONValue {
        var entry: JSONValue = [
            "type": .text(kind.rawValue), "default": defaultValue.doubleValue.map(JSONValue.shortest) ?? defaultValue,
            "description": .text(sentence),
        ]
        entry["minimum"] = minimum.map(JSONValue.shortest)
        entry["maximum"] = maximum.map(JSONValue.shortest)
        entry["max_items"] = mostItems.map { .integer(Int64($0)) }
        entry["exclusive_minimum"] = exclusiveMinimum.map(JSONValue.shortest)
        entry["search"] = search?.json
        if !bases.isEmpty { entry["bases"] = .array(bases.map(JSONValue.text)) }
        if isFixedByBase { entry["fixed_by_base"] = true }
        if !choices.isEmpty { entry["choices"] = .array(choices.map(JSONValue.text)) }
        if let task { entry["task"] = .text(task.rawValue) }
        return entry
    }
}

extension JSONValue {
    /// Whole numbers without the `.0`.
    static func shortest(_ value: Double) -> JSONValue {
        Int64(exactly: value).map(JSONValue.integer) ?? .number(value)
    }

    /// A bound as a message shows it.
    struct Shown: CustomStringConvertible {
        let value: Double
        init(_ value: Double) { self.value = value }
        var description: String { JSONValue.shortest(value).serialized }
    }
}

/// The hyperparameters of one run: every one has a value of its type.
public struct Parameters: Sendable, Equatable {
    private(set) var values: JSONObject

    init(_ given: JSONValue, of algorithm: Algorithm, task: LearningTask, problems: inout Problems) {
        values = JSONObject()
        let known = algorithm.parameters.filter { $0.task == nil || $0.task == task }
        for parameter in known { values[parameter.name] = parameter.defaultValue }
        guard let object = given.objectValue else {
            if !given.isNull { problems.add("params must be an object, got \(given.serialized)") }
            return
        }
        for member in object {
            guard let parameter = known.first(where: { $0.name == member.key }) else {
                problems.add(
                    "unknown parameter \"\(member.key)\" of \(algorithm.name); known: \(known.map(\.name).sorted().joined(separator: ", "))"
                )
                continue
            }
            if let refusal = parameter.refusal(of: member.value) {
                problems.add("params.\(member.key) \(refusal), got \(member.value.serialized)")
            } else {
                values[member.key] = Self.typed(member.value, parameter.kind)
            }
        }
    }

    /// `3` and `3.0` give the same model and the same manifest.
    static func typed(_ value: JSONValue, _ kind: Hyperparameter.Kind) -> JSONValue {
        switch kind {
        case .integer: value.intValue.map { .integer(Int64($0)) } ?? value
        case .number: value.doubleValue.map { .number($0) } ?? value
        case .integers: value.arrayValue.map { .array($0.map { typed($0, .integer) }) } ?? value
        default: value
        }
    }

    public subscript(name: String) -> JSONValue { values[name] ?? nil }

    func integer(_ name: String) -> Int { required(values[name]?.intValue, name) }
    func integers(_ name: String) -> [Int] { required(values[name]?.arrayValue?.compactMap(\.intValue), name) }
    func number(_ name: String) -> Double { required(values[name]?.doubleValue, name) }
    func boolean(_ name: String) -> Bool { required(values[name]?.boolValue, name) }
    func text(_ name: String) -> String { required(values[name]?.textValue, name) }

    private func required<T>(_ value: T?, _ name: String) -> T {
        guard let value else { preconditionFailure("the algorithm declares no \(T.self) named \(name)") }
        return value
    }

    public var json: JSONValue { .object(values) }

    /// The same without inference on coefficients.
    var withoutStatistics: Parameters {
        var copy = self
        if copy.values["statistics"] != nil { copy.values["statistics"] = "none" }
        return copy
    }
}
