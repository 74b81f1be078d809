import ForgeModel

/// `config.explain`: which rows explanations compare with.
struct ExplanationRequest: Sendable, Equatable {
    /// shap's `max_samples`.
    static let defaultRows = 100
    static let leastSamples = 100
    /// Of an ensemble, which scores each row of them by all of its members, and of neighbours, which compares each with
    /// all training rows.
    static let fewRows = 25

    /// Whether interventional explanations are asked for; a network has no other.
    var isInterventional = false
    /// Rows of the background.
    var rows = ExplanationRequest.defaultRows
    /// Of the choice of these rows, and of coalitions.
    var seed: Int
    /// Coalitions that a sampled explanation takes; nil: as many as shap's `nsamples = "auto"`.
    var samples: Int?

    /// Of {"method": "interventional", "background": 100, "seed": 42, "samples": 5000}.
    init(json: JSONValue, seed: Int, problems: inout Problems) {
        self.seed = seed
        guard let object = json.objectValue else {
            if !json.isNull { problems.add("config.explain must be an object, got \(json.serialized)") }
            return
        }
        isInterventional = true
        for member in object where !member.value.isNull {
            switch member.key {
            case "method":
                if member.value.textValue != "interventional" {
                    problems.add("config.explain.method must be \"interventional\", got \(member.value.serialized)")
                }
            case "background":
                rows = Self.integer(member, 1...ModelLimits.backgroundRows, &problems) ?? rows
            case "samples":
                samples = Self.integer(member, Self.leastSamples...ModelLimits.coalitions, &problems)
            case "seed":
                if let given = member.value.intValue { self.seed = given } else {
                    problems.add("config.explain.seed must be an integer, got \(member.value.serialized)")
                }
            default:
                problems.add("unknown entry config.explain.\(member.key); known: method, background, seed, samples")
            }
        }
    }

    private static func integer(
        _ member: JSONObject.Element, _ range: ClosedRange<Int>, _ problems: inout Problems
    ) -> Int? {
        if let value = member.value.intValue, range.contains(value) { return value }
        let (least, most) = (range.lowerBound, range.upperBound)
        problems.add(
            "config.explain.\(member.key) must be an integer from \(least) to \(most), got \(member.value.serialized)")
        return nil
    }
}
