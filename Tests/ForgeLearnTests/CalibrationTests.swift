import Glibc
import ForgeModel
import Testing

@testable import ForgeLearn

/// Probabilities corrected by predictions out of fold.
@Suite struct CalibrationTests {
    private func scored() throws -> (x: [Double], isPositive: [Bool]) {
        let table = try Conformance.table("binary_scores", target: "")
        let columns = table.columns.map { column in
            column.cells.map { cell -> Double in if case .number(let value) = cell { value } else { .nan } }
        }
        return (columns[1], columns[0].map { $0 == 1 })
    }

    @Test func isotonicPointsAreThoseOfScikitLearn() throws {
        let (x, isPositive) = try scored()
        let fitted = Calibration.Isotonic(x: x, isPositive: isPositive)
        #expect(try deviation(fitted.x.map { [$0] }, Conformance.golden("binary_scores.isotonic_x")) == 0)
        #expect(try deviation(fitted.y.map { [$0] }, Conformance.golden("binary_scores.isotonic_y")) < 1e-12)
    }

    /// scikit-learn stops L-BFGS earlier than Newton's steps do.
    @Test func sigmoidsAreThoseOfScikitLearn() throws {
        let (x, isPositive) = try scored()
        for (name, x) in [("probability", x), ("margin", x.map { 10 * $0 - 3 })] {
            let calibration = Calibration.sigmoid([.init(x: x, isPositive: isPositive)])
            let found = x.map { [calibration.probability(0, $0)] }
            #expect(try deviation(found, Conformance.golden("binary_scores.platt_\(name)")) < 1e-5, "\(name)")
        }
    }

    @Test func constantsAndSeparableScoresHaveFiniteSigmoids() {
        for (x, isPositive) in [
            ([1.0, 1, 1], [true, false, true]), ([0, 0], [true, false]), ([-700, -1, 1, 700], [false, false, true, true]),
            ([1e-300, 2e-300], [false, true]), ([1, 2, 3], [false, false, false]),
        ] {
            let sigmoid = Calibration.Sigmoid(x: x, isPositive: isPositive)
            #expect(sigmoid.slope.isFinite && sigmoid.intercept.isFinite, "\(x)")
        }
        #expect(Calibration.Isotonic(x: [2, 2, 2], isPositive: [true, false, false]).y == [1.0 / 3])
    }

    /// Deep trees that know their rows by heart say too much of others.
    private func run(_ algorithm: String, _ calibration: String?, classes: Int = 2, rows: Int = 1_500) -> Run {
        var random = Random(5)
        var table = Table()
        let x = (0..<rows).map { _ in random.normal() }
        table.add("x", x)
        table.add("z", (0..<rows).map { _ in random.normal() })
        table.add(
            "y", x.map { x -> String? in "class \(min(classes - 1, max(0, Int((x + random.normal() + 0.8).rounded(.down)))))" },
            role: .target)
        let params: JSONValue =
            switch algorithm {
            case "gaussian_nb": [:]
            case "decision_tree": ["max_depth": 8]
            default: ["n_estimators": 30, "max_depth": 8]
            }
        return Run(
            table: table, algorithm: algorithm, task: "classification", params: params, split: [:],
            decision: calibration.map { ["calibration": .text($0)] } ?? nil)
    }

    @Test(arguments: [("gradient_boosting", "platt"), ("gradient_boosting", "isotonic"), ("decision_tree", "isotonic")])
    func calibrationLessensTheSquaredErrorOfOverfittedModels(_ algorithm: String, _ method: String) throws {
        for classes in [2, 3] {
            let plain = try run(algorithm, nil, classes: classes).train().manifest
            let outcome = try run(algorithm, method, classes: classes).train()
            let loss = [plain, outcome.manifest].map { $0["metrics"]!["brier"]!.doubleValue! }
            #expect(loss[1] < loss[0], "\(classes) classes: \(loss)")
            #expect(outcome.manifest["calibration"] == .text(method) && plain["calibration"] == .null)
            for row in try run(algorithm, method, classes: classes).scores(of: outcome) {
                #expect(abs(row.reduce(0, +) - 1) < 1e-12 && row.allSatisfy { $0 >= 0 && $0 <= 1 })
            }
        }
    }

    /// The fit itself stays that of all training rows: margins, and with them explanations, do not move.
    @Test func calibrationLeavesTheFormAlone() throws {
        let plain = try ModelDocument(artifact: run("gaussian_nb", nil).train().artifact)
        let split: JSONValue = ["folds": 5]
        var folded = run("gaussian_nb", nil)
        folded.split = split
        let calibrated = try ModelDocument(artifact: run("gaussian_nb", "platt").train().artifact)
        let cross = try ModelDocument(artifact: folded.train().artifact)
        #expect(calibrated.form == cross.form && calibrated.calibration != nil && plain.calibration == nil)
    }

    @Test func trainingRowsAloneCalibrate() throws {
        let run = run("gradient_boosting", "isotonic", rows: 600)
        let outcome = try run.train()
        var changed = run
        let heldOut = Set(try run.read().heldOut.keys)
        changed.table.columns[2].cells = changed.table.columns[2].cells.enumerated().map { row, cell in
            heldOut.contains(run.table.key(row)) ? "class 0" : cell
        }
        #expect(try changed.train().artifact == outcome.artifact)
    }

    /// The threshold is one of the corrected probability.
    @Test func thresholdsAreChosenOnCorrectedProbabilities() throws {
        var run = run("gradient_boosting", "platt")
        run.decision = ["calibration": "platt", "threshold": ["cost_matrix": ["false_positive": 1, "false_negative": 4]]]
        let threshold = try #require(try run.train().manifest["threshold"]?.doubleValue)
        #expect(abs(threshold - 0.2) < 0.12, "\(threshold)")  // 1 / (1 + 4)
    }

    @Test func otherCalibrationsAreRefused() {
        for wrong: JSONValue in ["beta", 1, ["platt"]] {
            var run = run("gaussian_nb", nil)
            run.decision = ["calibration": wrong]
            #expect(throws: ForgeError.self) { try run.job }
        }
    }
}
