import ForgeModel
import Testing

@testable import ForgeLearn

/// What a request may say about the preparation of its columns.
@Suite struct PreprocessRequestTests {
    private static let columns: [JobColumn] = [
        JobColumn(name: "age", type: "integer", kind: .number, role: .feature),
        JobColumn(name: "born", type: "date", kind: .number, role: .feature),
        JobColumn(name: "seen", type: "timestamp with time zone", kind: .number, role: .feature),
        JobColumn(name: "city", type: "text", kind: .category, role: .feature),
        JobColumn(name: "plan", type: "text", kind: .category, role: .feature),
        JobColumn(name: "y", type: "double precision", kind: .number, role: .target),
    ]

    private func read(_ json: JSONValue) -> (request: PreprocessRequest, problems: [String]) {
        var problems = Problems()
        let request = PreprocessRequest(json, columns: Self.columns, problems: &problems)
        return (request, problems.messages)
    }

    @Test(arguments: [
        ["age": ["impute": "most_frequent", "scale": "robust", "transform": "yeo_johnson", "degree": 3]],
        ["age": ["impute": "constant", "value": -1, "indicator": true, "scale": "min_max"]],
        ["age": ["bin": ["method": "uniform", "bins": 8, "encode": "ordinal"]], "born": ["bin": [:]]],
        ["born": ["encode": "date_parts", "parts": ["year", "month_cycle"]], "seen": ["scale": "standard"]],
        ["city": ["encode": "target", "smoothing": "auto", "min_frequency": 0.01, "max_levels": 50]],
        ["city": ["encode": "ordinal", "levels": ["low", "high"]], "plan": ["encode": "hash", "buckets": 64]],
        ["city": ["encode": "tfidf", "ngrams": 2, "max_features": 100, "min_df": 3, "sublinear": true]],
        ["city": ["drop": true], "*": ["encode": "frequency", "scale": "none", "impute": "mean"]],
        // An entry's condition may be met by "*".
        ["city": ["buckets": 32], "*": ["encode": "hash"]],
        ["age": ["bin": [:]], "*": ["impute": "median", "scale": "none"]],
        ["@cross": [["city", "plan"], ["age", "age"]], "@interactions": true, "@drop": ["constant": false]],
        ["@select": ["method": "importance", "fraction": 0.5]], ["@select": ["k": 2]],
        ["@interactions": false], [:], nil,
    ] as [JSONValue])
    func takes(_ json: JSONValue) { #expect(read(json).problems == []) }

    @Test(arguments: [
        (["age": ["impute": "zero"]], "preprocess.age.impute must be one of median, mean, most_frequent, constant, none"),
        (["age": ["impute": "constant"]], "impute \"constant\" needs \"value\""),
        (["age": ["bins": 3]], "unknown entry preprocess.age.bins"),
        (["age": ["bin": ["bins": 1]]], "preprocess.age.bin has bins, which must be at least 2"),
        (["age": ["bin": ["edges": [1]]]], "preprocess.age.bin has no entry \"edges\""),
        (["age": ["bin": [:], "scale": "none"]], "preprocess.age.bin cannot stand beside scale"),
        (["age": ["encode": "one_hot"]], "preprocess.age: encode is for categories"),
        (["city": ["impute": "mean", "degree": 2]], "preprocess.city: degree, impute are for numbers"),
        (["born": ["encode": "one_hot"]], "encode of a date is date_parts"),
        (["city": ["encode": "date_parts"]], "encode date_parts is for dates"),
        (["age": ["parts": ["year"]]], "preprocess.age: parts is for dates"),
        (["born": ["encode": "date_parts", "parts": ["week"]]], "holds \"week\", which must be one of year"),
        (["born": ["encode": "date_parts", "parts": []]], "preprocess.born.parts must be a list"),
        (["city": ["smoothing": 1]], "preprocess.city.smoothing needs encode \"target\" beside it"),
        (["city": ["encode": "ordinal", "levels": ["a", "a"]]], "holds \"a\" twice"),
        (["city": ["min_frequency": 1.5]], "must be a share below 1 or a whole number"),
        (["city": ["min_frequency": 0]], "must be greater than 0"),
        (["@cross": [["city"]]], "preprocess.@cross holds [\"city\"], which is no pair of features"),
        (["@cross": [["city", "y"]]], "preprocess.@cross names \"y\", which is no feature"),
        (["@interactions": ["age", "city"]], "preprocess.@interactions names \"city\", which is no number column"),
        (["@interactions": 2], "must be true or a list of number columns"),
        (["@select": ["k": 1, "fraction": 0.5]], "preprocess.@select needs either k or fraction"),
        (["@select": ["method": "mutual_information"]], "preprocess.@select needs either k or fraction"),
        (["@select": ["k": 0]], "preprocess.@select has k, which must be at least 1"),
        (["@drop": ["missing": true]], "preprocess.@drop has no entry \"missing\""),
        (["@scale": [:]], "preprocess names \"@scale\", which is no feature"),
    ] as [(JSONValue, String)])
    func refuses(_ json: JSONValue, because: String) {
        let problems = read(json).problems
        #expect(problems.count { $0.contains(because) } == 1, "\(problems)")
    }

    @Test func allProblemsComeTogether() {
        let problems = read(["age": ["scale": 1, "bins": 2], "nobody": [:], "@select": 1, "*": ["degree": 9]]).problems
        #expect(problems.count == 5, "\(problems)")
    }

    @Test func entriesForAllReachTheColumnsTheySuit() {
        let request = read(["*": ["encode": "target", "scale": "none", "degree": 2], "age": ["scale": "robust"]]).request
        let (age, born, city) = (request[Bytes("age".utf8)], request[Bytes("born".utf8)], request[Bytes("city".utf8)])
        #expect(age.scale == .robust && age.degree == 2 && age.encode == nil)
        #expect(born.encode == nil && born.scale == ColumnPreprocess.Scale.none && !born.isNumberByRequest)
        #expect(city.encode == .target && city.scale == nil && city.degree == nil)
        #expect(read(["*": ["encode": "hash"]]).request[Bytes("age".utf8)].isAutomatic)
    }
}
