import ForgeModel

/// What a request says about one column; nil leaves it to the algorithm.
struct ColumnPreprocess: Sendable, Equatable {
    enum Impute: String, Sendable { case median, mean, constant, none }
    enum Scale: String, Sendable { case standard, none }
    enum Encode: String, Sendable {
        case oneHot = "one_hot"
        case native
    }

    var impute: Impute?
    var fillValue: Double?
    var indicator: Bool?
    var scale: Scale?
    var encode: Encode?

    /// `self` where it speaks, else `other`.
    func over(_ other: ColumnPreprocess) -> ColumnPreprocess {
        ColumnPreprocess(
            impute: impute ?? other.impute, fillValue: fillValue ?? other.fillValue,
            indicator: indicator ?? other.indicator,
            scale: scale ?? other.scale, encode: encode ?? other.encode)
    }

    var isAutomatic: Bool { self == ColumnPreprocess() }
}

/// The `preprocess` of a request: `{"age": {"impute": "median", "scale": "standard"}, "plan": {"encode": "one_hot"},
/// "*": {…}}`.
public struct PreprocessRequest: Sendable, Equatable {
    private var everywhere = ColumnPreprocess()
    private var byName: [Bytes: ColumnPreprocess] = [:]

    init(_ json: JSONValue, columns: [JobColumn], problems: inout Problems) {
        guard let object = json.objectValue else {
            if !json.isNull { problems.add("preprocess must be an object, got \(json.serialized)") }
            return
        }
        for member in object {
            let steps = Self.read(member.value, column: member.key, problems: &problems)
            if member.key == "*" {
                everywhere = steps
                continue
            }
            guard
                let column = columns.first(where: { $0.name.utf8.elementsEqual(member.key.utf8) && $0.role == .feature }
                )
            else {
                problems.add("preprocess names \"\(member.key)\", which is no feature of the source")
                continue
            }
            byName[Bytes(member.key.utf8)] = steps
            Self.checkKind(steps, of: column, problems: &problems)
        }
    }

    subscript(name: Bytes) -> ColumnPreprocess { (byName[name] ?? ColumnPreprocess()).over(everywhere) }

    private static func checkKind(_ steps: ColumnPreprocess, of column: JobColumn, problems: inout Problems) {
        let forNumbers = steps.impute != nil || steps.scale != nil || steps.indicator != nil
        if column.kind == .category, forNumbers {
            problems.add(
                "preprocess.\(column.name): impute, indicator and scale are for numbers; the column is \(column.type)")
        }
        if column.kind == .number, steps.encode != nil {
            problems.add("preprocess.\(column.name): encode is for categories; the column is \(column.type)")
        }
    }

    private static func read(_ json: JSONValue, column: String, problems: inout Problems) -> ColumnPreprocess {
        var steps = ColumnPreprocess()
        guard let object = json.objectValue else {
            problems.add("preprocess.\(column) must be an object, got \(json.serialized)")
            return steps
        }
        for member in object {
            let text = member.value.textValue
            let shown = "preprocess.\(column).\(member.key)"
            switch member.key {
            case "impute":
                steps.impute = text.flatMap(ColumnPreprocess.Impute.init)
                if steps.impute == nil {
                    problems.add("\(shown) must be median, mean, constant or none, got \(member.value.serialized)")
                }
            case "value":
                steps.fillValue = member.value.doubleValue
                if steps.fillValue == nil { problems.add("\(shown) must be a number, got \(member.value.serialized)") }
            case "indicator":
                steps.indicator = member.value.boolValue
                if steps.indicator == nil {
                    problems.add("\(shown) must be true or false, got \(member.value.serialized)")
                }
            case "scale":
                steps.scale = text.flatMap(ColumnPreprocess.Scale.init)
                if steps.scale == nil {
                    problems.add("\(shown) must be standard or none, got \(member.value.serialized)")
                }
            case "encode":
                steps.encode = text.flatMap(ColumnPreprocess.Encode.init)
                if steps.encode == nil {
                    problems.add("\(shown) must be one_hot or native, got \(member.value.serialized)")
                }
            default: problems.add("unknown entry \(shown); known: impute, value, indicator, scale, encode")
            }
        }
        if steps.impute == .constant, steps.fillValue == nil {
            problems.add("preprocess.\(column): impute \"constant\" needs \"value\"")
        }
        return steps
    }
}
