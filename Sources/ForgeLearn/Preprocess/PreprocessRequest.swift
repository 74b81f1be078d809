import ForgeModel

/// What a request says about one column, entries of "*" included; nil leaves it to the algorithm.
struct ColumnPreprocess: Sendable, Equatable {
    enum Impute: String, Sendable, CaseIterable {
        case median, mean
        case mostFrequent = "most_frequent"
        case constant, none
    }
    enum Scale: String, Sendable, CaseIterable {
        case standard, robust
        case minMax = "min_max"
        case none
    }
    enum Encode: String, Sendable, CaseIterable {
        case oneHot = "one_hot"
        case native, ordinal, target, frequency, hash, tfidf
        case dateParts = "date_parts"
    }
    enum Transform: String, Sendable, CaseIterable {
        case log, sqrt
        case yeoJohnson = "yeo_johnson"
        case none
    }
    struct Bins: Sendable, Equatable {
        var isQuantile = true
        var count = 5
        var isOrdinal = false
    }
    /// A share of the rows, or a number of them.
    enum Amount: Sendable, Equatable {
        case share(Double)
        case count(Int)

        /// Of so many.
        func of(_ total: Int) -> Double {
            switch self {
            case .share(let share): share * Double(total)
            case .count(let count): Double(count)
            }
        }
    }

    /// Valid entries by name.
    private let entries: JSONObject
    /// Whether the column's own entries treat it as a number, so that no other encoding is chosen for it.
    let isNumberByRequest: Bool

    init(_ entries: JSONObject = JSONObject(), own: JSONObject = JSONObject()) {
        self.entries = entries
        isNumberByRequest = own.contains { ["impute", "indicator", "scale", "transform", "degree"].contains($0.key) }
    }

    var impute: Impute? { text("impute").flatMap(Impute.init) }
    var fillValue: Double? { number("value") }
    var indicator: Bool? { entries["indicator"]?.boolValue }
    var scale: Scale? { text("scale").flatMap(Scale.init) }
    var encode: Encode? { text("encode").flatMap(Encode.init) }
    var transform: Transform? { text("transform").flatMap(Transform.init) }
    var degree: Int? { entries["degree"]?.intValue }
    var minFrequency: Amount? { amount("min_frequency") }
    var maxLevels: Amount? { amount("max_levels") }
    var levels: [Bytes]? { entries["levels"]?.arrayValue?.compactMap { $0.textValue.map { Bytes($0.utf8) } } }
    /// Rows that the overall mean counts for; nil: by the levels' variances.
    var smoothing: Double? { number("smoothing") }
    var buckets: Int? { entries["buckets"]?.intValue }
    var parts: [DatePart]? {
        guard let names = entries["parts"]?.arrayValue?.compactMap(\.textValue) else { return nil }
        return DatePart.allCases.filter { names.contains($0.name) }
    }
    var usesBigrams: Bool { entries["ngrams"]?.intValue == 2 }
    var maxFeatures: Int? { entries["max_features"]?.intValue }
    var minDocuments: Amount? { amount("min_df") }
    var sublinear: Bool { entries["sublinear"]?.boolValue ?? false }
    var drop: Bool { entries["drop"]?.boolValue ?? false }
    var bins: Bins? {
        guard let bin = entries["bin"], bin.objectValue != nil else { return nil }
        return Bins(
            isQuantile: bin["method"]?.textValue != "uniform", count: bin["bins"]?.intValue ?? 5,
            isOrdinal: bin["encode"]?.textValue == "ordinal")
    }

    /// True when the column is left as the algorithm likes it.
    var isAutomatic: Bool { entries.isEmpty }

    private func text(_ name: String) -> String? { entries[name]?.textValue }
    private func number(_ name: String) -> Double? { entries[name]?.doubleValue }
    private func amount(_ name: String) -> Amount? {
        number(name).map { $0 < 1 ? .share($0) : .count(Int($0)) }
    }
}

/// The `preprocess` of a request: `{"age": {"impute": "median", "scale": "standard"}, "plan": {"encode": "one_hot"},
/// "*": {…}}`, and what goes across columns under keys with an @.
public struct PreprocessRequest: Sendable, Equatable {
    struct Selection: Sendable, Equatable {
        var byImportance: Bool
        var amount: ColumnPreprocess.Amount
    }

    private var everywhere = JSONObject()
    private var byName: [Bytes: JSONObject] = [:]
    private var kinds: [Bytes: PreprocessRule.Kind] = [:]
    /// Pairs of features whose encoded features are multiplied.
    private(set) var crosses: [(left: Bytes, right: Bytes)] = []
    /// Whether the values of number columns are multiplied two by two; with names, of these columns only.
    private(set) var interactions: Interactions = .none
    private(set) var selection: Selection?
    /// nil: left to what they mean to the algorithm.
    private(set) var dropsConstants: Bool?
    private(set) var dropsDuplicates: Bool?

    enum Interactions: Sendable, Equatable {
        case none
        case all
        case among([Bytes])
    }

    /// The column's own entries over those of "*" that suit its kind.
    subscript(name: Bytes) -> ColumnPreprocess {
        var entries = JSONObject()
        for member in everywhere where suits(member, name) { entries[member.key] = member.value }
        let own = byName[name] ?? JSONObject()
        for member in own { entries[member.key] = member.value }
        return ColumnPreprocess(entries, own: own)
    }

    /// Whether the request speaks of the column by its name.
    func isNamed(_ name: Bytes) -> Bool {
        byName[name] != nil || crosses.contains { $0.left == name || $0.right == name }
    }

    private func suits(_ member: JSONObject.Member, _ name: Bytes) -> Bool {
        guard let kind = kinds[name], let rule = PreprocessRules.rule(member.key) else { return false }
        return rule.kinds.contains(kind) && Self.encodeRefusal(member, kind) == nil
    }

    public static func == (a: PreprocessRequest, b: PreprocessRequest) -> Bool {
        a.everywhere == b.everywhere && a.byName == b.byName && a.interactions == b.interactions
            && a.selection == b.selection && a.dropsConstants == b.dropsConstants
            && a.dropsDuplicates == b.dropsDuplicates
            && a.crosses.elementsEqual(b.crosses) { $0.left == $1.left && $0.right == $1.right }
    }
}

// MARK: - Reading

extension PreprocessRequest {
    init(_ json: JSONValue, columns: [JobColumn], problems: inout Problems) {
        for column in columns where column.role == .feature { kinds[Bytes(column.name.utf8)] = column.preprocessKind }
        guard let object = json.objectValue else {
            if !json.isNull { problems.add("preprocess must be an object, got \(json.serialized)") }
            return
        }
        if let all = object["*"] { everywhere = Self.checked(all, "*", over: JSONObject(), problems: &problems) }
        for member in object where member.key != "*" {
            if PreprocessRules.acrossColumns.contains(member.key) {
                readAcross(member, problems: &problems)
            } else {
                readColumn(member, columns, problems: &problems)
            }
        }
    }

    private mutating func readColumn(
        _ member: JSONObject.Member, _ columns: [JobColumn], problems: inout Problems
    ) {
        guard let column = columns.first(where: { $0.role == .feature && $0.name.utf8.elementsEqual(member.key.utf8) })
        else {
            return problems.add("preprocess names \"\(member.key)\", which is no feature of the source")
        }
        var usual = JSONObject()
        for entry in everywhere where suits(entry, Bytes(column.name.utf8)) { usual[entry.key] = entry.value }
        let steps = Self.checked(member.value, member.key, over: usual, problems: &problems)
        byName[Bytes(member.key.utf8)] = steps
        for refusal in Self.kindRefusals(steps, of: column) {
            problems.add("preprocess.\(column.name): \(refusal); the column is \(column.type)")
        }
    }

    /// The valid entries of a column's object; `usual` are those of "*" that reach it too.
    private static func checked(
        _ json: JSONValue, _ column: String, over usual: JSONObject, problems: inout Problems
    ) -> JSONObject {
        var valid = JSONObject()
        guard let object = json.objectValue else {
            problems.add("preprocess.\(column) must be an object, got \(json.serialized)")
            return valid
        }
        for member in object {
            let shown = "preprocess.\(column).\(member.key)"
            guard let rule = PreprocessRules.rule(member.key) else {
                problems.add("unknown entry \(shown); known: \(PreprocessRules.names.joined(separator: ", "))")
                continue
            }
            if let refusal = rule.refusal(of: member.value) {
                problems.add("\(shown) \(refusal), got \(member.value.serialized)")
                continue
            }
            valid[member.key] = member.value
            if let needs = rule.needs, (object[needs.entry] ?? usual[needs.entry] ?? nil)?.textValue != needs.value {
                problems.add("\(shown) needs \(needs.entry) \"\(needs.value)\" beside it")
            }
            let excluded = rule.excludes.filter { object[$0] != nil }
            if !excluded.isEmpty { problems.add("\(shown) cannot stand beside \(excluded.joined(separator: ", "))") }
        }
        if valid["impute"]?.textValue == "constant", (object["value"] ?? usual["value"]) == nil {
            problems.add("preprocess.\(column): impute \"constant\" needs \"value\"")
        }
        return valid
    }

    /// Entries that mean nothing for such a column.
    private static func kindRefusals(_ steps: JSONObject, of column: JobColumn) -> [String] {
        let kind = column.preprocessKind
        let strange = steps.filter { PreprocessRules.rule($0.key)?.kinds.contains(kind) == false }.map(\.key)
        var refusals: [String] = []
        if !strange.isEmpty {
            let kinds =
                kind == .vector ? "other columns" : kind == .category ? "numbers" : strange == ["parts"] ? "dates" : "categories"
            refusals.append("\(strange.joined(separator: ", ")) \(strange.count == 1 ? "is" : "are") for \(kinds)")
        }
        for member in steps { encodeRefusal(member, kind).map { refusals.append($0) } }
        return refusals
    }

    /// Dates are encoded as their parts or as a number, categories in every other way.
    private static func encodeRefusal(_ member: JSONObject.Member, _ kind: PreprocessRule.Kind) -> String? {
        guard member.key == "encode", let encode = member.value.textValue, kind == .date || kind == .category else {
            return nil
        }
        if (encode == "date_parts") == (kind == .date) { return nil }
        return kind == .date ? "encode of a date is date_parts" : "encode date_parts is for dates"
    }

    private mutating func readAcross(_ member: JSONObject.Member, problems: inout Problems) {
        let shown = "preprocess.\(member.key)"
        switch member.key {
        case "@cross": readCrosses(member.value, shown, problems: &problems)
        case "@interactions": readInteractions(member.value, shown, problems: &problems)
        case "@select": readSelection(member.value, shown, problems: &problems)
        default:
            guard let object = member.value.objectValue else {
                return problems.add("\(shown) must be an object, got \(member.value.serialized)")
            }
            if let refusal = PreprocessRules.refusal(of: object, among: PreprocessRules.drop) {
                return problems.add("\(shown) \(refusal)")
            }
            dropsConstants = object["constant"]?.boolValue
            dropsDuplicates = object["duplicates"]?.boolValue
        }
    }

    private mutating func readCrosses(_ json: JSONValue, _ shown: String, problems: inout Problems) {
        guard let list = json.arrayValue else {
            return problems.add("\(shown) must be a list of pairs of features, got \(json.serialized)")
        }
        for item in list {
            let names = item.arrayValue?.compactMap(\.textValue) ?? []
            guard names.count == 2, item.arrayValue?.count == 2 else {
                problems.add("\(shown) holds \(item.serialized), which is no pair of features")
                continue
            }
            for name in names where kinds[Bytes(name.utf8)] == nil {
                problems.add("\(shown) names \"\(name)\", which is no feature of the source")
            }
            crosses.append((Bytes(names[0].utf8), Bytes(names[1].utf8)))
        }
    }

    private mutating func readInteractions(_ json: JSONValue, _ shown: String, problems: inout Problems) {
        if let all = json.boolValue {
            interactions = all ? .all : .none
            return
        }
        guard let list = json.arrayValue, list.count > 1, list.allSatisfy({ $0.textValue != nil }) else {
            return problems.add("\(shown) must be true or a list of number columns, got \(json.serialized)")
        }
        let names = list.compactMap { $0.textValue.map { Bytes($0.utf8) } }
        for name in names where kinds[name] != .number {
            problems.add("\(shown) names \"\(String(decoding: name, as: UTF8.self))\", which is no number column")
        }
        interactions = .among(names)
    }

    private mutating func readSelection(_ json: JSONValue, _ shown: String, problems: inout Problems) {
        guard let object = json.objectValue else {
            return problems.add("\(shown) must be an object, got \(json.serialized)")
        }
        if let refusal = PreprocessRules.refusal(of: object, among: PreprocessRules.select) {
            return problems.add("\(shown) \(refusal)")
        }
        let (k, fraction) = (object["k"]?.intValue, object["fraction"]?.doubleValue)
        guard (k == nil) != (fraction == nil) else { return problems.add("\(shown) needs either k or fraction") }
        selection = Selection(
            byImportance: object["method"]?.textValue == "importance",
            amount: k.map { .count($0) } ?? .share(fraction!))
    }
}

extension JobColumn {
    var preprocessKind: PreprocessRule.Kind {
        kind == .category ? .category : kind == .vector ? .vector : type.hasPrefix("date") || type.hasPrefix("timestamp") ? .date : .number
    }
}
