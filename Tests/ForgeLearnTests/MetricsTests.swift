import Testing

@testable import ForgeLearn

@Suite struct MetricsTests {
    private func columns(_ name: String) throws -> [[Double]] {
        let table = try Conformance.table(name, target: "")
        return table.columns.map { column in
            column.cells.map { if case .number(let value) = $0 { value } else { .nan } }
        }
    }

    private func check(_ ours: [Double?], _ golden: String) throws {
        let theirs = try Conformance.golden(golden)
        #expect(deviation(ours.map { [$0 ?? .nan] }, theirs) < 1e-12, "\(ours) \(theirs)")
        #expect(ours.allSatisfy { $0 != nil })
    }

    @Test func twoClassMetricsAgreeWithScikitLearnOnTies() throws {
        let data = try columns("binary_scores")
        let truth = data[0].map { Int32($0) }
        let scores = PartScores(values: data[1].flatMap { [1 - $0, $0] }, width: 2)
        let found = Evaluation(truth: truth, scores, positive: 1)
        try check(["roc_auc", "log_loss", "accuracy", "f1", "f1_macro"].map { found[$0] }, "binary_scores.metrics")
    }

    @Test func multiclassMetricsAgreeWithScikitLearn() throws {
        let data = try columns("class_scores")
        let scores = PartScores(values: data[0].indices.flatMap { row in (1...3).map { data[$0][row] } }, width: 3)
        let found = Evaluation(truth: data[0].map { Int32($0) }, scores, positive: -1)
        try check(["log_loss", "accuracy", "f1_macro"].map { found[$0] }, "class_scores.metrics")
        #expect(found["roc_auc"] == nil)
    }

    @Test func regressionMetricsAgreeWithScikitLearn() throws {
        let data = try columns("value_scores")
        let found = Evaluation(regression: data[0], PartScores(values: data[1], width: 1))
        try check(["rmse", "mae", "r2"].map { found[$0] }, "value_scores.metrics")
    }

    @Test func undefinedMetricsAreAbsentWithTheirReason() {
        let oneClass = Evaluation(truth: [1, 1], PartScores(values: [0.1, 0.9, 0.2, 0.8], width: 2), positive: 1)
        #expect(oneClass["roc_auc"] == nil)
        #expect(oneClass.undefined.map(\.name) == ["roc_auc"])
        #expect(oneClass["log_loss"] != nil)
        let constant = Evaluation(regression: [3, 3], PartScores(values: [1, 2], width: 1))
        #expect(constant["r2"] == nil)
        #expect(constant["rmse"] == (2.5 as Double).squareRoot())
    }

    @Test func aClassNeverSeenInTrainingCostsTheClippedLogLoss() {
        let found = Evaluation(truth: [-1], PartScores(values: [0.5, 0.5], width: 2), positive: 1)
        #expect(abs(found["log_loss"]! - 36.04365338911715) < 1e-9)
        #expect(found["accuracy"] == 0)
    }

    @Test func medianIsTheMiddleOrTheMeanOfTheMiddleTwo() {
        var random = Random(5)
        for count in 1...60 {
            var values = (0..<count).map { _ in (random.normal() * 4).rounded() }
            let sorted = values.sorted()
            let expected = count % 2 == 1 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2
            #expect(median(&values) == expected, "\(sorted)")
        }
        var none: [Double] = []
        #expect(median(&none) == nil)
    }
}
