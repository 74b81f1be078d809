import ForgeModel
import Glibc

/// The values that a search may give one parameter. Declared with the parameter (`Hyperparameter.search`), shown in
/// `forge.algorithms`, and replaced by a request's `search.space`.
public struct SearchRange: Sendable, Equatable {
    public enum Values: Sendable, Equatable {
        case integers(ClosedRange<Int>)
        case numbers(ClosedRange<Double>)
        case choices([JSONValue])
    }

    /// Points of a range in a grid: default, minimum, maximum.
    public static let steps = (standard: 5, minimum: 2, maximum: 1_000)

    public var values: Values
    /// Whether equal ratios, not equal differences, are equally likely; the range begins above 0 then.
    public var isLogarithmic = false
    /// Points that a grid takes of the range; nil: all of up to five integers, else five.
    public var steps: Int?

    public init(_ values: Values, isLogarithmic: Bool = false, steps: Int? = nil) {
        self.values = values
        self.isLogarithmic = isLogarithmic
        self.steps = steps
    }

    /// How many values there are; nil: a continuum.
    var count: Int? {
        switch values {
        case .integers(let range): range.count
        case .numbers(let range): range.lowerBound == range.upperBound ? 1 : nil
        case .choices(let choices): choices.count
        }
    }

    /// Values without an order of their own.
    var choices: [JSONValue]? { if case .choices(let choices) = values { choices } else { nil } }

    /// The value at a place of [0, 1): all values of choices and of linear ranges are equally likely.
    func value(at place: Double) -> JSONValue {
        switch values {
        case .integers(let range):
            let value = isLogarithmic ? exp(spread(place)).rounded() : floor(spread(place))
            return .integer(Int64(min(max(Int(value), range.lowerBound), range.upperBound)))
        case .numbers(let range):
            let value = isLogarithmic ? exp(spread(place)) : spread(place)
            return .shortest(min(max(Self.rounded(value), range.lowerBound), range.upperBound))
        case .choices(let choices):
            return choices[min(Int(place * Double(choices.count)), choices.count - 1)]
        }
    }

    /// Where a value lies in [0, 1]; nil when it is none of the range.
    func place(of value: JSONValue) -> Double? {
        switch values {
        case .integers(let range):
            guard let value = value.intValue, range.contains(value) else { return nil }
            return gathered(isLogarithmic ? log(Double(value)) : Double(value) + 0.5)
        case .numbers(let range):
            guard let value = value.doubleValue, range.contains(value) else { return nil }
            return gathered(isLogarithmic ? log(value) : value)
        case .choices(let choices):
            guard let index = choices.firstIndex(where: { $0.isSame(as: value) }) else { return nil }
            return (Double(index) + 0.5) / Double(choices.count)
        }
    }

    /// The values of a grid, from the smallest to the largest.
    var grid: [JSONValue] {
        if case .choices(let choices) = values { return choices }
        if let count, count <= (steps ?? Self.steps.standard) { return all }
        let points = steps ?? Self.steps.standard
        // A range of numbers from end to end; of integers the middles of equal parts, so that ends are reached too.
        let values = (0..<points).map { point -> JSONValue in
            let share = Double(point) / Double(points - 1)
            if case .integers(let range) = self.values, !isLogarithmic {
                return .integer(Int64((Double(range.lowerBound) + share * Double(range.count - 1)).rounded()))
            }
            return value(at: share)
        }
        return values.enumerated().filter { $0 == 0 || values[$0 - 1] != $1 }.map(\.element)
    }

    /// Every value; only of a range that has a `count`.
    var all: [JSONValue] {
        switch values {
        case .integers(let range): range.map { .integer(Int64($0)) }
        case .numbers(let range): [.shortest(range.lowerBound)]
        case .choices(let choices): choices
        }
    }

    // MARK: - The scale on which values are equally likely

    private var ends: (low: Double, high: Double) {
        switch values {
        case .integers(let range):
            let (low, high) = (Double(range.lowerBound), Double(range.upperBound))
            return isLogarithmic ? (log(low - 0.5), log(high + 0.5)) : (low, high + 1)
        case .numbers(let range):
            let (low, high) = (range.lowerBound, range.upperBound)
            return isLogarithmic ? (log(low), log(high)) : (low, high)
        case .choices: return (0, 1)
        }
    }

    private func spread(_ place: Double) -> Double { ends.low + place * (ends.high - ends.low) }

    private func gathered(_ value: Double) -> Double {
        let (low, high) = ends
        return high > low ? min(max((value - low) / (high - low), 0), 1) : 0.5
    }

    /// To six digits: nothing learned depends on more, and people read them.
    private static func rounded(_ value: Double) -> Double {
        guard value != 0, value.isFinite else { return value }
        let digits = 5 - floor(log10(value.magnitude))
        let unit = pow(10, digits.magnitude)
        return digits >= 0 ? (value * unit).rounded() / unit : (value / unit).rounded() * unit
    }
}

extension JSONValue {
    /// `3` is `3.0`.
    func isSame(as other: JSONValue) -> Bool {
        if let a = doubleValue, let b = other.doubleValue { return a == b }
        if let a = arrayValue, let b = other.arrayValue {
            return a.count == b.count && zip(a, b).allSatisfy { $0.isSame(as: $1) }
        }
        return self == other
    }
}

extension SearchRange {
    /// As `forge.algorithms` and a request's `search.space` write it.
    public var json: JSONValue {
        var entry: JSONValue
        switch values {
        case .integers(let range):
            entry = ["min": .integer(Int64(range.lowerBound)), "max": .integer(Int64(range.upperBound))]
        case .numbers(let range): entry = ["min": .shortest(range.lowerBound), "max": .shortest(range.upperBound)]
        case .choices(let choices): return ["choices": .array(choices)]
        }
        if isLogarithmic { entry["log"] = true }
        entry["steps"] = steps.map { .integer(Int64($0)) }
        return entry
    }

    /// Reads an entry of a resolved space. `isWhole`: of an integer parameter. nil: it is none.
    public init?(json: JSONValue, isWhole: Bool) {
        if let choices = json.arrayValue ?? json["choices"]?.arrayValue {
            guard !choices.isEmpty else { return nil }
            self.init(.choices(choices))
            return
        }
        let isLogarithmic = json["log"]?.boolValue ?? false
        guard let low = json["min"]?.doubleValue, let high = json["max"]?.doubleValue, low <= high,
            !isLogarithmic || low > 0
        else { return nil }
        var values = Values.numbers(low...high)
        if isWhole {
            guard let low = Int(exactly: low), let high = Int(exactly: high) else { return nil }
            values = .integers(low...high)
        }
        self.init(values, isLogarithmic: isLogarithmic, steps: json["steps"]?.intValue)
    }
}
