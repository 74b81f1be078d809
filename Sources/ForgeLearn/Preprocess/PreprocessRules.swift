import ForgeModel

/// One entry of a column's `preprocess`: what it takes, and beside what. SQL checks requests by the same table, which
/// `make generate` writes to sql/code/29_preprocess_rules.sql.
struct PreprocessRule: Sendable {
    /// What a column must be for the entry to have a meaning; under "*" the entry is for such columns only.
    enum Kind: String, Sendable, CaseIterable { case number, date, category, vector }

    var value: Hyperparameter
    /// A list of such values, none twice, not empty.
    var isList = false
    var kinds: [Kind]
    /// The entry that must say so for this one to have a meaning.
    var needs: (entry: String, value: String)?
    /// Entries that it cannot stand beside.
    var excludes: [String] = []
    /// A value below 1 is a share; from 1 on it must be whole.
    var isShareOrCount = false
    /// Entries of an object.
    var entries: [Hyperparameter] = []

    var name: String { value.name }

    /// Why `given` is refused, or nil.
    func refusal(of given: JSONValue) -> String? {
        if isList { return listRefusal(of: given) }
        if let refusal = value.refusal(of: given) { return refusal }
        if isShareOrCount, let number = given.doubleValue, number >= 1, number != number.rounded() {
            return "must be a share below 1 or a whole number"
        }
        guard !entries.isEmpty, let object = given.objectValue else { return nil }
        return entryRefusal(of: object, entries)
    }

    private func listRefusal(of given: JSONValue) -> String? {
        guard let list = given.arrayValue, !list.isEmpty else { return "must be a list" }
        for (index, item) in list.enumerated() {
            if let refusal = value.refusal(of: item) { return "holds \(item.serialized), which \(refusal)" }
            if list[..<index].contains(item) { return "holds \(item.serialized) twice" }
        }
        return nil
    }
}

/// Why an entry of `object` is refused, or nil.
private func entryRefusal(of object: JSONObject, _ entries: [Hyperparameter]) -> String? {
    for member in object {
        guard let entry = entries.first(where: { $0.name == member.key }) else {
            return "has no entry \"\(member.key)\"; known: \(entries.map(\.name).joined(separator: ", "))"
        }
        if let refusal = entry.refusal(of: member.value) { return "has \(member.key), which \(refusal)" }
    }
    return nil
}

enum PreprocessRules {
    static let names = columns.map(\.name)
    /// What goes across columns. A column of such a name is reached by "*" only.
    static let acrossColumns = ["@cross", "@interactions", "@select", "@drop"]

    static func rule(_ name: String) -> PreprocessRule? { columns.first { $0.name == name } }

    static let columns: [PreprocessRule] = [
        text("impute", of: ColumnPreprocess.Impute.allCases, [.number, .date, .vector], "What a missing value becomes."),
        PreprocessRule(
            value: Hyperparameter(
                name: "value", kind: .number, defaultValue: 0.0, minimum: -1e30, maximum: 1e30, choices: [],
                sentence: "The number for impute constant."),
            kinds: [.number, .date, .vector], needs: ("impute", "constant")),
        flag("indicator", [.number, .date], "A feature that says whether the value was missing."),
        text(
            "scale", of: ColumnPreprocess.Scale.allCases, [.number, .date, .vector],
            "standard: mean 0, deviation 1; robust: median 0, interquartile range 1; min_max: from 0 to 1."),
        text(
            "encode", of: ColumnPreprocess.Encode.allCases, [.category, .date],
            "How levels, texts and dates become features."),
        PreprocessRule(
            value: Hyperparameter(
                name: "min_frequency", kind: .number, defaultValue: 1.0, exclusiveMinimum: 0, choices: [],
                sentence: "Levels of fewer training rows, or of a smaller share, are grouped."),
            kinds: [.category], isShareOrCount: true),
        PreprocessRule(
            value: Hyperparameter(
                name: "max_levels", kind: .number, defaultValue: 1000.0, maximum: 65_536, exclusiveMinimum: 0,
                choices: [],
                sentence: "So many of the most frequent levels, or such a share, are kept; the others are grouped."),
            kinds: [.category], isShareOrCount: true),
        PreprocessRule(
            value: Hyperparameter(
                name: "levels", kind: .text, defaultValue: "", choices: [],
                sentence: "The levels from lowest to highest, for encode ordinal."),
            isList: true, kinds: [.category], needs: ("encode", "ordinal"), excludes: ["min_frequency", "max_levels"]),
        PreprocessRule(
            value: Hyperparameter(
                name: "smoothing", kind: .number, defaultValue: "auto", minimum: 0, maximum: 1e9, choices: ["auto"],
                sentence: "How many rows the overall mean counts for in a level's mean; auto: by the levels' variances."
            ),
            kinds: [.category], needs: ("encode", "target")),
        PreprocessRule(
            value: .integer(
                "buckets", 256, minimum: 2, maximum: 4_096, "Features that encode hash spreads levels over."),
            kinds: [.category], needs: ("encode", "hash")),
        PreprocessRule(
            value: Hyperparameter(
                name: "parts", kind: .text, defaultValue: "year", choices: DatePart.allCases.map(\.name),
                sentence: "Parts of the date in UTC; a cycle is a sine and a cosine."),
            isList: true, kinds: [.date], needs: ("encode", "date_parts")),
        PreprocessRule(
            value: .integer("ngrams", 1, minimum: 1, maximum: 2, "2 counts pairs of neighbouring words too."),
            kinds: [.category], needs: ("encode", "tfidf")),
        PreprocessRule(
            value: .integer("max_features", 1_000, minimum: 1, maximum: 4_096, "The most frequent terms are kept."),
            kinds: [.category], needs: ("encode", "tfidf")),
        PreprocessRule(
            value: Hyperparameter(
                name: "min_df", kind: .number, defaultValue: 2.0, exclusiveMinimum: 0, choices: [],
                sentence: "Terms of fewer texts, or of a smaller share, are left out."),
            kinds: [.category], needs: ("encode", "tfidf"), isShareOrCount: true),
        PreprocessRule(
            value: .boolean("sublinear", false, "Counts a term n times as 1 + ln n."), kinds: [.category],
            needs: ("encode", "tfidf")),
        PreprocessRule(
            value: Hyperparameter(
                name: "bin", kind: .object, defaultValue: [:], choices: [],
                sentence: "Intervals instead of the number; NULL has one of its own."),
            kinds: [.number, .date], excludes: ["impute", "value", "indicator", "scale", "transform", "degree"],
            entries: [
                .choice(
                    "method", "quantile", of: ["quantile", "uniform"], "Intervals of equal rows or of equal width."),
                .integer("bins", 5, minimum: 2, maximum: 1_000, "How many intervals."),
                .choice("encode", "one_hot", of: ["one_hot", "ordinal"], "A feature for each, or its number."),
            ]),
        text(
            "transform", of: ColumnPreprocess.Transform.allCases, [.number, .date],
            "log: sign(x)·ln(1 + |x|); sqrt: sign(x)·√|x|; yeo_johnson: the power that comes nearest to a normal distribution."
        ),
        PreprocessRule(
            value: .integer("degree", 1, minimum: 1, maximum: 5, "Powers of the number up to this one."),
            kinds: [.number, .date]),
        flag("drop", PreprocessRule.Kind.allCases, "Leaves the column out of the model."),
    ]

    static let select: [Hyperparameter] = [
        .choice(
            "method", "mutual_information", of: ["mutual_information", "importance"],
            "Mutual information with the target, or importance in a small boosted model."),
        .integer("k", 20, minimum: 1, "How many columns are kept."),
        .number("fraction", 0.5, above: 0, maximum: 1, "The share of the columns that is kept."),
    ]

    static let drop: [Hyperparameter] = [
        .boolean(
            "constant", true,
            "Columns with one value only in the training rows; kept by default for multinomial_nb and with fit_intercept false."
        ),
        .boolean(
            "duplicates", true,
            "Columns that repeat another one in all training rows; kept by default for naive Bayes."),
    ]

    static func refusal(of object: JSONObject, among entries: [Hyperparameter]) -> String? {
        entryRefusal(of: object, entries)
    }

    private static func text<Choice: RawRepresentable<String>>(
        _ name: String, of choices: [Choice], _ kinds: [PreprocessRule.Kind], _ sentence: String
    ) -> PreprocessRule {
        PreprocessRule(
            value: Hyperparameter(
                name: name, kind: .text, defaultValue: .text(choices[0].rawValue), choices: choices.map(\.rawValue),
                sentence: sentence),
            kinds: kinds)
    }

    private static func flag(_ name: String, _ kinds: [PreprocessRule.Kind], _ sentence: String) -> PreprocessRule {
        PreprocessRule(value: .boolean(name, false, sentence), kinds: kinds)
    }
}

extension PreprocessRules {
    /// The text of sql/code/29_preprocess_rules.sql.
    static var sql: String {
        let rules = columns.map { "    \(JSONValue.text($0.name).serialized): \($0.json.serialized)" }
        func group(_ entries: [Hyperparameter]) -> String {
            (.object(JSONObject(entries)) as JSONValue).serialized
        }
        func quoted(_ text: String) -> String {
            text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
        }
        return """
            -- Generated from Sources/ForgeLearn/Preprocess/PreprocessRules.swift. Do not edit; write it again with make generate.

            create or replace function forge.preprocess_rules() returns jsonb
            language sql immutable parallel safe
            set search_path = pg_catalog, pg_temp
            as $rules$ select '{
            "column": {
            \(rules.map(quoted).joined(separator: ",\n"))
            },
            "@select": \(quoted(group(select))),
            "@drop": \(quoted(group(drop)))
            }'::jsonb $rules$;
            comment on function forge.preprocess_rules is
                'what preprocess takes: the entries of a column as in forge.algorithms.parameters, with the kinds of column they are for, the entry they need and those they exclude; the entries of @select and @drop';

            """
    }
}

extension PreprocessRule {
    /// As one value of `forge.preprocess_rules() -> 'column'`.
    fileprivate var json: JSONValue {
        var json = value.json
        json["for"] = .array(kinds.map { .text($0.rawValue) })
        if isList { json["list"] = true }
        if isShareOrCount { json["share_or_count"] = true }
        if let needs { json["needs"] = [needs.entry: .text(needs.value)] }
        if !excludes.isEmpty { json["excludes"] = .array(excludes.map(JSONValue.text)) }
        if !entries.isEmpty { json["entries"] = .object(JSONObject(entries)) }
        return json
    }
}

extension JSONObject {
    fileprivate init(_ entries: [Hyperparameter]) {
        self.init()
        for entry in entries { self[entry.name] = entry.json }
    }
}
