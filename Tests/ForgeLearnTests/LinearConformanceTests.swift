import ForgeModel
import Foundation
import Testing

@testable import ForgeLearn

/// Agreement of the linear family with scikit-learn and statsmodels (Tests/conformance/make_goldens_linear.py).
@Suite struct LinearConformanceTests {
    typealias Case = ConformanceTests.Case

    static let elasticNets: [Case] = [
        Case(golden: "diabetes.lasso", algorithm: "lasso", params: ["tol": 1e-14], tolerance: 1e-9),
        Case(
            golden: "diabetes.elastic_net", algorithm: "elastic_net",
            params: ["alpha": 0.5, "l1_ratio": 0.3, "tol": 1e-14], tolerance: 1e-9),
        Case(
            golden: "diabetes.elastic_net_no_intercept", algorithm: "elastic_net",
            params: ["alpha": 0.001, "fit_intercept": false, "tol": 1e-14], preprocess: ConformanceTests.raw,
            tolerance: 1e-9),
        Case(
            golden: "mixed.elastic_net", algorithm: "elastic_net", target: "amount",
            params: ["alpha": 0.1, "tol": 1e-14], tolerance: 1e-8),
        Case(
            golden: "mixed.lasso_weighted", algorithm: "lasso", target: "amount", params: ["alpha": 0.2, "tol": 1e-14],
            weight: "weight", tolerance: 1e-8),
    ]

    static let generalized: [Case] = [
        Case(golden: "diabetes.poisson", algorithm: "poisson", params: ["tol": 1e-10], tolerance: 1e-9),
        Case(
            golden: "diabetes.poisson_unpenalised", algorithm: "poisson", params: ["alpha": 0, "tol": 1e-10],
            tolerance: 1e-8),
        Case(golden: "diabetes.gamma", algorithm: "gamma", params: ["alpha": 0.1, "tol": 1e-10], tolerance: 1e-9),
        Case(
            golden: "diabetes.tweedie_0", algorithm: "tweedie", params: ["power": 0, "alpha": 0.5, "tol": 1e-10],
            tolerance: 1e-9),
        Case(
            golden: "diabetes.tweedie_1.5", algorithm: "tweedie", params: ["alpha": 0.5, "tol": 1e-10],
            tolerance: 1e-9),
        Case(
            golden: "diabetes.tweedie_3", algorithm: "tweedie", params: ["power": 3, "alpha": 0.5, "tol": 1e-10],
            tolerance: 1e-9),
    ]

    static let origins: [Case] = [
        Case.throughOrigin("origin_linear_regression", "linear_regression"),
        Case.throughOrigin("origin_ridge", "ridge", ["alpha": 2]),
        Case.throughOrigin("origin_lasso", "lasso", ["alpha": 0.1, "tol": 1e-14], tolerance: 1e-7),
        Case.throughOrigin("origin_poisson", "poisson", ["alpha": 0.1, "tol": 1e-12]),
        Case.throughOrigin("origin_quantile_regression", "quantile_regression", tolerance: 1e-6),
        Case.throughOrigin(
            "origin_linear_svm", "linear_svm",
            ["loss": "squared_epsilon_insensitive", "C": 0.1, "tol": 1e-12], tolerance: 1e-6),
        Case(
            golden: "breast_cancer.origin_logistic_regression", algorithm: "logistic_regression",
            task: "classification", params: ["fit_intercept": false, "C": 0.5, "tol": 1e-11], tolerance: 1e-7),
    ]

    static let others: [Case] = [
        Case(golden: "diabetes.quantile_0.5_0", algorithm: "quantile_regression", tolerance: 1e-6),
        Case(
            golden: "diabetes.quantile_0.9_0", algorithm: "quantile_regression", params: ["quantile": 0.9],
            tolerance: 1e-6),
        Case(
            golden: "diabetes.quantile_0.25_0.5", algorithm: "quantile_regression",
            params: ["quantile": 0.25, "alpha": 0.5], tolerance: 1e-6),
        Case(
            golden: "mixed.quantile_weighted", algorithm: "quantile_regression", target: "amount",
            params: ["quantile": 0.3, "alpha": 0.01], weight: "weight", tolerance: 1e-6),
        // liblinear's own tolerance is what limits these.
        Case(
            golden: "diabetes.svm_insensitive", algorithm: "linear_svm",
            params: ["epsilon": 10, "C": 5, "tol": 1e-12], tolerance: 1e-5),
        Case(
            golden: "diabetes.svm_squared", algorithm: "linear_svm",
            params: ["loss": "squared_epsilon_insensitive", "epsilon": 5, "tol": 1e-10], tolerance: 1e-7),
    ]

    private static func logistic(_ golden: String, _ params: JSONValue) -> Case {
        var params = params
        params["tol"] = 1e-11
        return Case(
            golden: golden, algorithm: "logistic_regression", task: "classification", params: params, tolerance: 1e-6)
    }

    static let logistics = [
        logistic("breast_cancer.logistic_l1", ["penalty": "l1", "C": 0.5]),
        logistic("breast_cancer.logistic_elasticnet", ["penalty": "elasticnet", "C": 0.2, "l1_ratio": 0.4]),
        logistic("wine.logistic_l1", ["penalty": "l1"]),
        logistic("wine.logistic_elasticnet", ["penalty": "elasticnet", "class_weight": "balanced"]),
    ]

    @Test(arguments: elasticNets + generalized + origins + others + logistics)
    func agreesWithThePeer(_ test: Case) throws {
        let run = try test.run()
        let found = deviation(try run.scores(of: try run.train()), try Conformance.golden(test.golden))
        #expect(found <= test.tolerance, "\(test.golden): \(found)")
    }

    /// Classes around 0 on a line, `gap` apart; below 0 they overlap by one row.
    private func line(_ rows: Int, gap: Double, classes: Int = 2) -> Table {
        var table = Table()
        let x = (0..<rows).map { Double($0) / Double(rows) + gap * Double($0 * classes / rows) }
        table.add("x", x)
        table.add("z", (0..<rows).map { Double($0 * 7_919 % 101) })
        var labels = (0..<rows).map { "class \($0 * classes / rows)" }
        if gap < 0 { labels.swapAt(rows / 2 - 1, rows / 2) }
        table.add("y", labels, role: .target)
        return table
    }

    /// However loose the tolerance, and however narrow the gap.
    @Test(arguments: [1e-8, 1e-6, 1e-2, 0.3], [(100, 0.2, 2), (100, 0, 2), (2_000, 0, 2), (120, 0.1, 3)])
    func separableClassesAreRefusedWithoutAPenalty(
        _ tol: Double, _ shape: (rows: Int, gap: Double, classes: Int)
    ) throws {
        let run = Run(
            table: line(shape.rows, gap: shape.gap, classes: shape.classes), algorithm: "logistic_regression",
            task: "classification", params: ["penalty": "none", "tol": .number(tol)])
        let error = try #require(throws: ForgeError.self) { try run.train() }
        #expect(error.code == .numericalFailure)
        #expect(error.message.hasPrefix("the columns separate the classes perfectly"))
    }

    /// One pair of rows on each other's side is enough for finite coefficients.
    @Test(arguments: [1e-8, 1e-6, 1e-2], [100, 2_000])
    func classesThatTouchAreNotTakenForSeparable(_ tol: Double, _ rows: Int) throws {
        var table = line(rows, gap: -1e-9)
        table.columns.remove(at: 1)  // with which they would not touch
        let run = Run(
            table: table, algorithm: "logistic_regression", task: "classification",
            params: ["penalty": "none", "tol": .number(tol)])
        _ = try run.train()
    }

    struct Margins: Sendable, CustomTestStringConvertible {
        var golden: String
        var params: JSONValue = ["tol": 1e-12]
        var tolerance: Double
        var testDescription: String { golden }
    }

    /// Log-odds are scikit-learn's margins times one positive factor: of two classes exactly, of more up to what is the
    /// same for all.
    @Test(arguments: [
        Margins(golden: "breast_cancer.svm_squared_hinge", tolerance: 1e-7),
        Margins(
            golden: "breast_cancer.svm_hinge",
            params: ["loss": "hinge", "C": 0.1, "class_weight": "balanced", "tol": 1e-13], tolerance: 1e-4),
        Margins(golden: "wine.svm", tolerance: 1e-7),
    ])
    func supportVectorsHaveThePeersMargins(_ test: Margins) throws {
        let run = try Case(
            golden: test.golden, algorithm: "linear_svm", task: "classification", params: test.params, tolerance: 0
        ).run()
        let scores = try run.scores(of: try run.train())
        let theirs = try Conformance.golden(test.golden)
        let ours = scores.map { row in
            row.count == 2 ? [log(row[1] / row[0])] : row.map { log($0) - row.map { log($0) }.reduce(0, +) / 3 }
        }
        let centered = theirs.map { row in row.count == 1 ? row : row.map { $0 - row.reduce(0, +) / 3 } }
        let product = zip(ours.joined(), centered.joined()).reduce(0) { $0 + $1.0 * $1.1 }
        let factor = product / centered.joined().reduce(0) { $0 + $1 * $1 }
        #expect(factor > 0)
        let found = deviation(ours.map { $0.map { $0 / factor } }, centered)
        #expect(found <= test.tolerance, "\(test.golden): \(found)")
        for (score, margin) in zip(scores, theirs) {
            let best = margin.count == 1 ? (margin[0] > 0 ? 1 : 0) : margin.firstIndex(of: margin.max()!)!
            #expect(score.firstIndex(of: score.max()!) == best)
        }
    }

    @Test func gammaAgreesWithThePeerOnWeightedRows() throws {
        var run = try Case(
            golden: "mixed.gamma_weighted", algorithm: "gamma", target: "amount", params: ["alpha": 0.01, "tol": 1e-10],
            weight: "weight", tolerance: 1e-9
        ).run()
        run.table.map("amount") { exp($0 / 20) }
        let found = deviation(
            try run.scores(of: try run.train()), try Conformance.golden("mixed.gamma_weighted"))
        #expect(found <= 1e-9, "\(found)")
    }

    @Test func huberAgreesWithThePeerAmongOutliers() throws {
        var run = try Case(golden: "diabetes.huber", algorithm: "huber", tolerance: 1e-7).run()
        var row = -1
        run.table.map("target") {
            row += 1
            return row % 9 == 0 ? $0 * 10 : $0
        }
        let found = deviation(try run.scores(of: try run.train()), try Conformance.golden("diabetes.huber"))
        #expect(found <= 1e-7, "\(found)")
    }

    @Test func countsBelowZeroAndZeroAmountsAreRefusedByValueAndRows() throws {
        for (algorithm, wrong, text, remedy) in [
            ("poisson", -2.0, "0 or greater, got -2.0 among 2 of 40", "huber"),
            ("gamma", 0, "greater than 0, got 0.0 among 2 of 40", "tweedie"),
            ("gamma", -1, "greater than 0, got -1.0 among 2 of 40", "huber"),
        ] {
            var table = Table()
            table.add("x", (0..<40).map { Double($0) })
            table.add("y", (0..<40).map { (row: Int) -> Double in [3, 30].contains(row) ? wrong : Double(row + 1) }, role: .target)
            let error = try #require(throws: ForgeError.self) {
                try Run(table: table, algorithm: algorithm, task: "regression").train()
            }
            #expect(error.code == .unusableTarget && error.message.contains(text), "\(error)")
            #expect(error.hint?.contains(remedy) == true, "\(error)")
        }
    }

    @Test func tweedieHasNoPowerBetweenZeroAndOne() throws {
        var table = Table()
        table.add("x", (0..<40).map { Double($0) })
        table.add("y", (0..<40).map { Double($0) }, role: .target)
        let error = try #require(throws: ForgeError.self) {
            try Run(table: table, algorithm: "tweedie", task: "regression", params: ["power": 0.5]).train()
        }
        #expect(error.code == .invalidParameter && error.message.contains("0.5"))
    }
}

extension Table {
    mutating func map(_ name: String, _ change: (Double) -> Double) {
        let index = columns.firstIndex { $0.name == name }!
        columns[index].cells = columns[index].cells.map { cell in
            if case .number(let value) = cell { .number(change(value)) } else { cell }
        }
    }
}

extension ConformanceTests.Case {
    /// wine's classes as the numbers 1, 2 and 3, without an intercept.
    static func throughOrigin(
        _ golden: String, _ algorithm: String, _ params: JSONValue = [:], tolerance: Double = 1e-8
    ) -> Self {
        var params = params
        params["fit_intercept"] = false
        return Self(
            golden: "wine.\(golden)", algorithm: algorithm, target: "one more", params: params, tolerance: tolerance)
    }
}
