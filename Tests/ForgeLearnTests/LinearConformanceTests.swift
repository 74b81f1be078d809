import ForgeModel
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

    @Test(arguments: elasticNets)
    func agreesWithThePeer(_ test: Case) throws {
        let run = try test.run()
        let found = deviation(try run.scores(of: try run.train()), try Conformance.golden(test.golden))
        #expect(found <= test.tolerance, "\(test.golden): \(found)")
    }
}
