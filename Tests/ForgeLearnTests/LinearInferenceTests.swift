import ForgeModel
import Foundation
import Testing

@testable import ForgeLearn

/// Coefficients in the units of the data and what is said of them: agreement with statsmodels, scipy and NIST's
/// certified values (Tests/conformance/make_goldens_linear.py and make_goldens_nist.py).
@Suite struct LinearInferenceTests {
    typealias Case = ConformanceTests.Case
    static let keys = ["coefficient", "std_error", "statistic", "p_value", "lower", "upper"]

    private func table(_ outcome: TrainingOutcome, _ keys: [String] = keys) -> [[Double]] {
        (outcome.manifest["coefficients"]?.arrayValue ?? []).map { row in keys.map { row[$0]?.doubleValue ?? .nan } }
    }

    /// Largest |ours - theirs| over the row's standard error (of coefficients and intervals) or over 1.
    private func deviation(_ ours: [[Double]], _ theirs: [[Double]]) -> Double {
        guard ours.count == theirs.count else { return .infinity }
        return zip(ours, theirs).reduce(0) { largest, pair in
            let (mine, golden) = pair
            return golden.indices.reduce(largest) { largest, index in
                let unit = [0, 1, 4, 5].contains(index) ? golden[1] : max(1, abs(golden[index]))
                let found = abs(mine[index] - golden[index]) / unit
                return max(largest, found.isNaN ? .infinity : found)
            }
        }
    }

    static let tables: [Case] = [
        Case(
            golden: "diabetes.ols", algorithm: "linear_regression", params: ["statistics": "nonrobust"], tolerance: 1e-8
        ),
        Case(
            golden: "diabetes.ols_HC0", algorithm: "linear_regression", params: ["statistics": "HC0"], tolerance: 1e-8),
        Case(
            golden: "diabetes.ols_HC1", algorithm: "linear_regression", params: ["statistics": "HC1"], tolerance: 1e-8),
        Case(
            golden: "diabetes.ols_HC2", algorithm: "linear_regression", params: ["statistics": "HC2"], tolerance: 1e-8),
        Case(
            golden: "diabetes.ols_HC3", algorithm: "linear_regression", params: ["statistics": "HC3"], tolerance: 1e-8),
        Case(
            golden: "diabetes.ols_cluster", algorithm: "linear_regression", params: ["statistics": "cluster"],
            tolerance: 1e-8),
        Case(
            golden: "mixed.wls", algorithm: "linear_regression", target: "amount", params: ["statistics": "nonrobust"],
            weight: "weight", tolerance: 1e-8),
        Case(
            golden: "mixed.wls_HC3", algorithm: "linear_regression", target: "amount", params: ["statistics": "HC3"],
            weight: "weight", tolerance: 1e-8),
        logit("diabetes.logit", "nonrobust"), logit("diabetes.logit_HC0", "HC0"),
        logit("diabetes.logit_cluster", "cluster"),
        generalized("poisson", "nonrobust"), generalized("poisson", "HC0"), generalized("gamma", "nonrobust"),
        generalized("gamma", "HC0"), generalized("tweedie", "nonrobust"), generalized("tweedie", "HC0"),
        Case(
            golden: "diabetes.quantreg", algorithm: "quantile_regression", params: ["statistics": "nonrobust"],
            tolerance: 1e-4),
    ]

    private static func logit(_ golden: String, _ statistics: JSONValue) -> Case {
        Case(
            golden: golden, algorithm: "logistic_regression", task: "classification", target: "above",
            params: ["penalty": "none", "tol": 1e-12, "statistics": statistics], tolerance: 1e-7)
    }

    private static func generalized(_ algorithm: String, _ statistics: String) -> Case {
        Case(
            golden: "diabetes.glm_\(algorithm)\(statistics == "HC0" ? "_HC0" : "")", algorithm: algorithm,
            params: ["alpha": 0, "tol": 1e-12, "statistics": .text(statistics)], tolerance: 1e-6)
    }

    @Test(arguments: tables)
    func agreesWithStatsmodels(_ test: Case) throws {
        var run = try test.run()
        run.table.add("g", (0..<run.table.rows).map { Double($0 % 37) }, role: .group)
        let found = deviation(table(try run.train()), try Conformance.golden("\(test.golden).table"))
        #expect(found <= test.tolerance, "\(test.golden): \(found)")
    }

    @Test func namesTermsInUnitsOfTheDataAndSetsTheFirstLevelApart() throws {
        let outcome = try Self.tables[6].run().train()
        let terms = outcome.manifest["coefficients"]?.arrayValue?.compactMap { $0["term"]?.textValue }
        #expect(
            terms == [
                "(intercept)", "age", "age is null", "income", "income is null", "plan=plus", "plan=pro",
                "plan=Ünlimited", "region=islands", "region=north", "region=south", "region=west", "region is null",
            ])
        #expect(outcome.manifest["data_report"]?["reference_terms"] == ["plan=basic", "region=east"])
    }

    /// Scaled or not, the columns span the same models: powers and products, too, are in the units of the data.
    @Test(arguments: ["nonrobust", "none"])
    func productsAndPowersAreInUnitsOfTheData(_ statistics: String) throws {
        func rows(_ scale: JSONValue) throws -> [JSONValue] {
            var preprocess: JSONValue = [
                "@interactions": true, "age": ["degree": 2, "scale": scale], "income": ["scale": scale],
                "region": ["drop": true],
            ]
            if statistics == "none" {
                preprocess["plan"] = ["drop": true]  // its levels would leave the bare coefficients undetermined
            } else {
                preprocess["@cross"] = [["plan", "age"], ["plan", "income"]]
            }
            let run = try Case(
                golden: "mixed.ridge", algorithm: "linear_regression", target: "amount",
                params: ["statistics": .text(statistics)], preprocess: preprocess, tolerance: 0
            ).run()
            return try run.train().manifest["coefficients"]?.arrayValue ?? []
        }
        let (scaled, plain) = (try rows("standard"), try rows("none"))
        #expect(
            scaled.map { $0["term"] } == plain.map { $0["term"] } && scaled.contains { $0["term"] == "age * income" })
        for (a, b) in zip(scaled, plain) {
            for field in ["coefficient", "std_error"] {
                guard let x = a[field]?.doubleValue, let y = b[field]?.doubleValue else { continue }
                #expect(abs(x - y) <= 1e-6 * abs(y), "\(a) \(b)")
            }
        }
    }

    @Test func saysHowMuchTermsDependOnEachOther() throws {
        let run = try Case(
            golden: "diabetes.ols", algorithm: "linear_regression", params: ["statistics": "nonrobust"],
            preprocess: ConformanceTests.raw, tolerance: 0
        ).run()
        let outcome = try run.train()
        let inflation = table(outcome, ["vif"]).dropFirst()
        for (ours, theirs) in zip(inflation, try Conformance.golden("diabetes.vif")) {
            #expect(abs(ours[0] - theirs[0]) < 1e-8 * theirs[0])
        }
        let condition = outcome.manifest["data_report"]?["condition_number"]?.doubleValue ?? 0
        let theirs = try Conformance.golden("diabetes.condition")[0][0]
        #expect(abs(condition - theirs) < 1e-6 * theirs)
    }

    /// Columns far from 0, divided but not shifted; a constant column of one's own is the intercept.
    @Test(arguments: ["ols", "poisson"])
    func withoutAnInterceptAgreesWithStatsmodels(_ model: String) throws {
        let run = try Case.throughOrigin(
            "origin_\(model)", model == "ols" ? "linear_regression" : "poisson",
            model == "ols" ? ["statistics": "nonrobust"] : ["alpha": 0, "tol": 1e-12, "statistics": "nonrobust"]
        ).run()
        let outcome = try run.train()
        let found = deviation(table(outcome), try Conformance.golden("wine.origin_\(model).table"))
        #expect(found <= 1e-7, "\(found)")
        let inflation = table(outcome, ["vif"])
        for (ours, theirs) in zip(inflation, try Conformance.golden("wine.origin_vif")) {
            #expect(abs(ours[0] - theirs[0]) < 1e-7 * theirs[0])
        }
    }

    @Test(arguments: ["nonrobust", "none"])
    func aConstantColumnIsTheInterceptOfALineThroughTheOrigin(_ statistics: String) throws {
        func run(_ intercept: Bool) throws -> Run {
            try Case(
                golden: "wine.origin_ols", algorithm: "linear_regression",
                params: ["fit_intercept": .bool(intercept), "statistics": .text(statistics)], tolerance: 0
            ).run()
        }
        var own = try run(false)
        own.table.columns.insert(
            Table.Column(name: "one", type: "integer", cells: Array(repeating: 1, count: own.table.rows)), at: 0)
        let (ours, usual) = (table(try own.train(), ["coefficient"]), table(try run(true).train(), ["coefficient"]))
        #expect(ours.count == usual.count)
        for (a, b) in zip(ours, usual) { #expect(abs(a[0] - b[0]) < 1e-7 * max(1, abs(b[0]))) }
    }

    /// Errors need more rows than coefficients, however few the rows are.
    @Test(
        arguments: [(4, 10), (5, 10), (10, 20), (30, 60), (10, 12)],
        ["linear_regression", "poisson", "quantile_regression"])
    func refusesStatisticsOfMoreColumnsThanRows(_ shape: (rows: Int, columns: Int), _ algorithm: String) throws {
        var random = Random(UInt64(shape.rows))
        var table = Table()
        for column in 0..<shape.columns { table.add("x\(column)", (0..<shape.rows).map { _ in random.normal() }) }
        table.add("y", (0..<shape.rows).map { _ in 1 + random.uniform() }, role: .target)
        var params: JSONValue = ["statistics": "nonrobust"]
        if algorithm == "poisson" { params["alpha"] = 0 }
        let run = Run(table: table, algorithm: algorithm, task: "regression", params: params)
        let error = try #require(throws: ForgeError.self) { try run.train() }
        #expect(error.code == .notEnoughRows, "\(error)")
    }

    @Test func comparesClassesWithTheFirst() throws {
        var run = try Case(
            golden: "wine", algorithm: "logistic_regression", task: "classification",
            params: ["penalty": "none", "tol": 1e-12, "statistics": "nonrobust"], tolerance: 0
        ).run()
        run.table.columns = [0, 1, 13].map { run.table.columns[$0] }
        let outcome = try run.train()
        let ours = table(outcome, ["coefficient", "std_error"])
        for (mine, golden) in zip(ours, try Conformance.golden("wine.mnlogit.table")) {
            #expect(abs(mine[0] - golden[0]) < 1e-5 * golden[1] && abs(mine[1] - golden[1]) < 1e-5 * golden[1])
        }
        let classes = outcome.manifest["coefficients"]?.arrayValue?.compactMap { $0["class"]?.textValue }
        #expect(classes == ["1", "1", "1", "2", "2", "2"])
    }

    @Test func studentsDistributionIsThatOfScipy() throws {
        for row in try Conformance.golden("student_t") {
            let found = StudentT(degrees: row[1] == 0 ? .infinity : row[1]).twoSided(row[0])
            #expect(abs(found - row[2]) <= 1e-12 * row[2], "t \(row[0]), \(row[1]) degrees: \(found) \(row[2])")
        }
        #expect(abs(StudentT(degrees: .infinity).quantile(0.975) - 1.959963984540054) < 1e-14)
        #expect(abs(StudentT(degrees: 10).quantile(0.975) - 2.228138851986274) < 1e-14)
        #expect(abs(normalQuantile(0.1) + 1.2815515655446004) < 1e-14)
    }

    // MARK: - NIST

    struct Certified: Sendable, CustomTestStringConvertible {
        var name: String
        var digits: Double
        var intercept = true
        var testDescription: String { name }
    }

    /// Digits of coefficients and standard errors, as they come by default: columns standardised, coefficients brought
    /// back.
    @Test(arguments: [
        Certified(name: "norris", digits: 12), Certified(name: "pontius", digits: 11),
        Certified(name: "longley", digits: 9),
        Certified(name: "wampler1", digits: 6.5), Certified(name: "wampler2", digits: 9),
        Certified(name: "wampler3", digits: 6), Certified(name: "wampler4", digits: 6),
        Certified(name: "wampler5", digits: 6),
        Certified(name: "filip", digits: 6), Certified(name: "noint1", digits: 13, intercept: false),
        Certified(name: "noint2", digits: 13, intercept: false),
    ])
    func hasTheDigitsThatNISTCertifies(_ set: Certified) throws {
        let run = Run(
            table: try Conformance.table(set.name == "longley" ? "longley" : "nist_\(set.name)"),
            algorithm: "linear_regression", task: "regression",
            params: ["fit_intercept": .bool(set.intercept), "statistics": "nonrobust"],
            preprocess: set.intercept ? nil : ConformanceTests.raw)
        let ours = table(try run.train(), ["coefficient", "std_error"])
        let theirs = try Conformance.golden("nist_\(set.name)")
        try #require(ours.count == theirs.count)
        let fitted = theirs.reduce(0) { max($0, abs($1[1])) } == 0
        for (mine, golden) in zip(ours, theirs) {
            let digits = -log10(max(abs(mine[0] - golden[0]) / abs(golden[0]), 1e-15))
            #expect(digits >= set.digits, "\(digits) digits of \(golden[0])")
            if !fitted {
                let digits = -log10(max(abs(mine[1] - golden[1]) / golden[1], 1e-15))
                #expect(digits >= set.digits, "\(digits) digits of standard error \(golden[1])")
            }
        }
    }

    // MARK: - What has no standard errors

    @Test func withoutStatisticsThereAreBareCoefficientsOfEveryTerm() throws {
        let outcome = try Case(golden: "mixed.ridge", algorithm: "ridge", target: "amount", tolerance: 0).run().train()
        let rows = outcome.manifest["coefficients"]?.arrayValue ?? []
        #expect(rows.count == 15)  // the intercept, two numbers with indicators, four plans, five regions and NULL
        #expect(rows.allSatisfy { $0["coefficient"]?.doubleValue != nil && $0["std_error"] == nil })
    }

    @Test func penalisedCoefficientsAreRefusedStatistics() throws {
        let error = try #require(throws: ForgeError.self) {
            try Case(golden: "diabetes.poisson", algorithm: "poisson", params: ["statistics": "HC1"], tolerance: 0)
                .run().train()
        }
        #expect(error.code == .invalidParameter && error.hint?.contains("alpha 0") == true)
    }

    @Test func dependentColumnsAreLeftOutAndNamed() throws {
        var run = try Self.tables[0].run()
        let age = run.table.columns[0].cells
        run.table.columns.insert(Table.Column(name: "twice", type: "double precision", cells: age), at: 1)
        run.table.map("twice") { 2 * $0 }
        let outcome = try run.train()
        #expect(outcome.manifest["data_report"]?["reference_terms"] == ["twice"])
        let found = deviation(table(outcome), try Conformance.golden("diabetes.ols.table"))
        #expect(found <= 1e-8, "\(found)")
    }

    @Test func fewerRowsThanColumnsLeaveNoErrorsToLearnFrom() throws {
        let run = try Self.tables[0].run()
        var small = run
        small.table = run.table.rows(Array(0..<9))
        let error = try #require(throws: ForgeError.self) { try small.train() }
        #expect(error.code == .notEnoughRows && error.message.contains("9 training rows"))
    }
}
