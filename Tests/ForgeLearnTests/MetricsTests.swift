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

    private func classes(_ truth: [Int32], _ scores: PartScores, _ positive: Int) -> Evaluation {
        Evaluation(
            ClassRows(
                truth: truth, scores: scores, labels: (0..<scores.width).map { "class \($0)" }, positive: positive))
    }

    @Test func twoClassMetricsAgreeWithScikitLearnOnTies() throws {
        let data = try columns("binary_scores")
        let truth = data[0].map { Int32($0) }
        let scores = PartScores(values: data[1].flatMap { [1 - $0, $0] }, width: 2)
        let found = classes(truth, scores, 1)
        try check(["roc_auc", "log_loss", "accuracy", "f1", "f1_macro"].map { found[$0] }, "binary_scores.metrics")
    }

    @Test func multiclassMetricsAgreeWithScikitLearn() throws {
        let data = try columns("class_scores")
        let scores = PartScores(values: data[0].indices.flatMap { row in (1...3).map { data[$0][row] } }, width: 3)
        let found = classes(data[0].map { Int32($0) }, scores, -1)
        try check(["log_loss", "accuracy", "f1_macro"].map { found[$0] }, "class_scores.metrics")
        #expect(found["roc_auc"] == nil)
    }

    @Test func regressionMetricsAgreeWithScikitLearn() throws {
        let data = try columns("value_scores")
        let found = Evaluation(RegressionRows(truth: data[0], prediction: data[1]))
        try check(["rmse", "mae", "r2"].map { found[$0] }, "value_scores.metrics")
    }

    private static let averages = ["precision", "recall", "f1"].flatMap { name in
        ["macro", "micro", "weighted"].map { "\(name)_\($0)" }
    }

    private static func perClass(_ count: Int) -> [String] {
        ["precision", "recall", "f1"].flatMap { name in (0..<count).map { "\(name)/class \($0)" } }
    }

    @Test func allTwoClassMetricsAgreeWithScikitLearn() throws {
        let data = try columns("binary_scores")
        let scores = PartScores(values: data[1].flatMap { [1 - $0, $0] }, width: 2)
        let found = classes(data[0].map { Int32($0) }, scores, 1)
        let names =
            [
                "roc_auc", "pr_auc", "log_loss", "brier", "accuracy", "balanced_accuracy", "mcc", "cohen_kappa",
                "precision", "recall", "f1",
            ] + Self.averages + Self.perClass(2)
        try check(names.map { found[$0] }, "folds_binary.metrics")
        #expect(Set(found.values.map(\.name)) == Set(names))
    }

    @Test func allMulticlassMetricsAgreeWithScikitLearnOnTies() throws {
        let data = try columns("folds_classes")
        let scores = PartScores(values: data[0].indices.flatMap { row in (1...5).map { data[$0][row] } }, width: 5)
        let found = classes(data[0].map { Int32($0) }, scores, -1)
        let names =
            [
                "roc_auc_ovr", "roc_auc_ovr_weighted", "roc_auc_ovo", "roc_auc_ovo_weighted", "pr_auc", "log_loss",
                "brier",
                "accuracy", "balanced_accuracy", "mcc", "cohen_kappa",
            ] + Self.averages + Self.perClass(5)
        try check(names.map { found[$0] }, "folds_classes.metrics")
        #expect(Set(found.values.map(\.name)) == Set(names))
    }

    @Test func allRegressionMetricsAgreeWithScikitLearn() throws {
        var data = try columns("folds_values")
        var found = Evaluation(RegressionRows(truth: data[0], prediction: data[1], quantile: 0.8))
        let names = [
            "rmse", "mae", "median_absolute_error", "mape", "r2", "explained_variance", "pinball",
            "mean_poisson_deviance",
            "mean_gamma_deviance",
        ]
        try check(names.map { found[$0] }, "folds_values.metrics")
        data = try columns("folds_counts")
        found = Evaluation(RegressionRows(truth: data[0], prediction: data[1]))
        try check(["mean_poisson_deviance", "mape"].map { found[$0] }, "folds_counts.metrics")
        #expect(found["mean_gamma_deviance"] == nil && found.undefined.isEmpty)
    }

    @Test func allRankingMetricsAgreeWithScikitLearnOnTies() throws {
        let data = try columns("folds_ranking")
        let found = Evaluation(
            RankedQueries(relevance: data[1], scores: data[2], groups: data[0].map { UInt64($0) }))
        try check(["ndcg", "ndcg@5", "ndcg@10", "map@10"].map { found[$0] }, "folds_ranking.metrics")
    }

    @Test func theOrderOfTheRowsDoesNotMatterToTiesOfARanking() throws {
        let data = try columns("folds_ranking")
        let found = [Array(data[0].indices), data[0].indices.reversed()].map { rows in
            Evaluation(
                RankedQueries(
                    relevance: rows.map { data[1][$0] }, scores: rows.map { data[2][$0] },
                    groups: rows.map { UInt64(data[0][$0]) }))
        }
        for metric in ["ndcg", "ndcg@5", "map@10"] {
            #expect(abs(found[0][metric]! - found[1][metric]!) < 1e-12, "\(metric)")
        }
    }

    @Test func windowsOfTimeFoldsAreThoseOfScikitLearn() throws {
        let line = TimeLine(Array(0..<103), (0..<103).map(Double.init))
        let windows = line.windows(4, in: 103, gap: .rows(7))
        let golden = try Conformance.golden("folds_windows")
        #expect(windows.map { [0, Double($0.trainingEnd - 1), Double($0.start), Double($0.end - 1)] } == golden)
    }

    // MARK: - Weights and intervals

    /// Rows that count twice are rows that are there twice, for every metric.
    @Test func aWeightSaysHowOftenARowCounts() throws {
        var random = Random(17)
        let counts = (0..<200).map { _ in Double(random.index(4)) }
        let repeated = (0..<200).flatMap { Array(repeating: $0, count: Int(counts[$0])) }
        func expectEqual(_ weighted: [Measured], _ plain: [Measured]) {
            #expect(weighted.map(\.name) == plain.map(\.name))
            for (a, b) in zip(weighted, plain) {
                #expect(abs((a.value ?? -7) - (b.value ?? -7)) < 1e-12, "\(a) \(b)")
            }
        }
        func ones(_ count: Int) -> [Double] { Array(repeating: 1, count: count) }
        let values = try columns("folds_values")
        func regression(_ rows: [Int]) -> RegressionRows {
            RegressionRows(truth: rows.map { values[0][$0] }, prediction: rows.map { values[1][$0] })
        }
        expectEqual(regression(Array(0..<200)).measure(counts), regression(repeated).measure(ones(repeated.count)))
        let data = try columns("folds_classes")
        func classified(_ rows: [Int]) -> ClassRows {
            ClassRows(
                truth: rows.map { $0 % 50 == 7 ? -1 : Int32(data[0][$0]) },
                scores: PartScores(values: rows.flatMap { row in (1...5).map { data[$0][row] } }, width: 5),
                labels: ["a", "b", "c", "d", "e"], positive: -1)
        }
        expectEqual(classified(Array(0..<200)).measure(counts), classified(repeated).measure(ones(repeated.count)))
        let all = (0..<200).filter { $0 % 50 != 7 }
        let kept = all.flatMap { Array(repeating: $0, count: Int(counts[$0])) }
        expectEqual(classified(all).measure(all.map { counts[$0] }), classified(kept).measure(ones(kept.count)))
        let two = try columns("binary_scores")
        func binary(_ rows: [Int]) -> ClassRows {
            ClassRows(
                truth: rows.map { Int32(two[0][$0]) },
                scores: PartScores(values: rows.flatMap { [1 - two[1][$0], two[1][$0]] }, width: 2),
                labels: ["n", "y"],
                positive: 1)
        }
        expectEqual(binary(Array(0..<200)).measure(counts), binary(repeated).measure(ones(repeated.count)))
    }

    /// The mean's interval is mean ± 1.96 standard errors, nearly.
    @Test func bootstrapIntervalsAreAsWideAsTheStandardError() throws {
        var random = Random(2)
        let truth = [Double](repeating: 0, count: 2_000)
        let error = truth.map { _ in abs(random.normal()) }
        let rows = RegressionRows(truth: truth, prediction: error)
        let found = try #require(Bootstrap(replicates: 2_000).intervals(of: rows, threads: 1)["mae"])
        let mean = error.reduce(0, +) / 2_000
        let spread = (error.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2_000).squareRoot() / 2_000.0.squareRoot()
        #expect(abs(found.lower - (mean - 1.96 * spread)) < 0.15 * spread)
        #expect(abs(found.upper - (mean + 1.96 * spread)) < 0.15 * spread)
    }

    @Test func intervalsCoverTheTruthAsOftenAsTheySay() throws {
        var random = Random(12)
        var covered = 0
        for sample in 0..<200 {
            let error = (0..<150).map { _ in random.normal() }
            let rows = RegressionRows(truth: error.map { _ in 0 }, prediction: error)
            let found = Bootstrap(replicates: 200, level: 0.9, seed: sample).intervals(of: rows, threads: 1)["mae"]!
            let expected = 0.7972  // mean |sum of 12 uniforms - 6|, within 0.001 of the normal's
            if found.lower <= expected, expected <= found.upper { covered += 1 }
        }
        #expect(covered > 165 && covered < 195, "\(covered)")
    }

    @Test func equalSeedsGiveEqualIntervalsOnAnyNumberOfThreads() throws {
        let two = try columns("binary_scores")
        let rows = ClassRows(
            truth: two[0].map { Int32($0) }, scores: PartScores(values: two[1].flatMap { [1 - $0, $0] }, width: 2),
            labels: ["n", "y"], positive: 1)
        let plain = Bootstrap(replicates: 300).intervals(of: rows, threads: 1)
        #expect(plain == Bootstrap(replicates: 300).intervals(of: rows, threads: 2))
        #expect(plain != Bootstrap(replicates: 300, seed: 7).intervals(of: rows, threads: 1))
        let narrow = Bootstrap(replicates: 300, level: 0.5).intervals(of: rows, threads: 1)
        for (name, value) in Evaluation(rows).values {
            let (wide, tight) = (try #require(plain[name]), try #require(narrow[name]))
            #expect(wide.lower <= tight.lower && tight.upper <= wide.upper, "\(name)")
            #expect(wide.lower <= value && value <= wide.upper, "\(name)")
        }
    }

    @Test func aSampleOfTheRowsGivesTheIntervalOfAllOfThem() throws {
        var random = Random(6)
        let truth = (0..<8_000).map { _ in random.normal() }
        let guess = truth.map { $0 + random.normal() }
        func rows(_ count: Int) -> RegressionRows {
            RegressionRows(truth: Array(truth[..<count]), prediction: Array(guess[..<count]))
        }
        let bootstrap = Bootstrap(replicates: 500)
        let whole = bootstrap.intervals(of: rows(8_000), threads: 1)["rmse"]!
        let sampled = bootstrap.intervals(
            around: Evaluation(rows(8_000)), sample: rows(2_000), share: 0.25, threads: 1)["rmse"]!
        let width = whole.upper - whole.lower
        #expect(abs(sampled.lower - whole.lower) < 0.3 * width && abs(sampled.upper - whole.upper) < 0.3 * width)
    }

    @Test func metricsOfNoRowsAreAbsent() {
        let nothing = Evaluation(RegressionRows(truth: [], prediction: []))
        #expect(nothing.values.isEmpty && nothing.undefined.count == 7)
        #expect(classes([], PartScores(values: [], width: 2), 1).values.isEmpty)
    }

    @Test func undefinedMetricsAreAbsentWithTheirReason() {
        let oneClass = classes([1, 1], PartScores(values: [0.1, 0.9, 0.2, 0.8], width: 2), 1)
        #expect(oneClass["roc_auc"] == nil)
        #expect(oneClass.undefined.map(\.name) == ["roc_auc", "cohen_kappa"])
        #expect(oneClass["log_loss"] != nil)
        #expect(Evaluation(RegressionRows(truth: [0.1, 0.1, 0.1], prediction: [1, 2, 3]))["r2"] == nil)
        let constant = Evaluation(RegressionRows(truth: [3, 3], prediction: [1, 2]))
        #expect(constant["r2"] == nil)
        #expect(abs(constant["rmse"]! - (2.5 as Double).squareRoot()) < 1e-15)
    }

    @Test func aClassNeverSeenInTrainingCostsTheClippedLogLoss() {
        let found = classes([-1], PartScores(values: [0.5, 0.5], width: 2), 1)
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
