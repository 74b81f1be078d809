import CForgeMath
import Foundation
import Testing

@testable import ForgeModel

/// Corrected probabilities, by the kernels and in plain words.
struct CalibrationTests {
    private func corrected(_ calibration: Calibration, _ calibrator: Int, _ x: Double) -> Double {
        switch calibration {
        case .sigmoid(let sigmoids): return 1 / (1 + exp(sigmoids[calibrator].slope * x + sigmoids[calibrator].intercept))
        case .isotonic(let tables):
            let points = Array(zip(tables[calibrator].x, tables[calibrator].y))
            guard let above = points.firstIndex(where: { $0.0 > x }) else { return points.last!.1 }
            guard above > 0 else { return points[0].1 }
            let (low, high) = (points[above - 1], points[above])
            return low.1 + (high.1 - low.1) * ((x - low.0) / (high.0 - low.0))
        }
    }

    @Test(arguments: 0..<UInt64(40))
    func kernelsCorrectAsTheDocumentSays(_ seed: UInt64) throws {
        var make = RandomModels(seed: seed &+ 77)
        for document in ScoringTests.documents(seed) {
            guard let calibration = document.calibration else { continue }
            var plain = document
            plain.calibration = nil
            let rows = make.rows(20, of: document.columns)
            let (scorer, uncorrected) = (try Scorer(artifact: document.encoded()), try Scorer(artifact: plain.encoded()))
            let (found, before) = (try scorer.score(rows), try uncorrected.score(rows))
            let margins = try scorer.margins(rows)
            #expect(margins == (try uncorrected.margins(rows)))
            let width = scorer.scores
            for row in 0..<20 {
                let scores = Array(before[row * width..<(row + 1) * width])
                var expected: [Double]
                if width == 2 {
                    let x = document.link == .logistic ? margins[row] : scores[document.positive]
                    let p = corrected(calibration, 0, x)
                    expected = document.positive == 1 ? [1 - p, p] : [p, 1 - p]
                } else {
                    expected = scores.indices.map { corrected(calibration, $0, scores[$0]) }
                    let sum = expected.reduce(0, +)
                    expected = expected.map { sum > 0 ? $0 / sum : 1 / Double(width) }
                }
                let same = zip(found[row * width..<(row + 1) * width], expected).allSatisfy { abs($0 - $1) < 1e-12 }
                #expect(same, "seed \(seed), row \(row)")
            }
        }
    }

    private func refusal(classes: Int, _ calibration: Calibration) -> String? {
        var make = RandomModels(seed: 3)
        var document = make.linear(columns: 2, classes: classes)
        document.calibration = calibration
        do {
            _ = try document.encoded()
            return nil
        } catch {
            return (error as? ForgeError)?.message
        }
    }

    @Test func calibratorsThatAreNoneAreRefused() {
        let prefix = "the model's artifact is corrupt: "
        let one = Calibration.Sigmoid(slope: -1, intercept: 0)
        func table(_ x: [Double], _ y: [Double]) -> Calibration { .isotonic([.init(x: x, y: y)]) }
        #expect(refusal(classes: 2, .sigmoid([one])) == nil && refusal(classes: 3, .sigmoid([one, one, one])) == nil)
        #expect(refusal(classes: 2, table([0], [1])) == nil)
        #expect(refusal(classes: 0, .sigmoid([one])) == prefix + "its calibration is not of classes")
        #expect(refusal(classes: 3, .sigmoid([one])) == prefix + "its calibration is not of its classes")
        #expect(refusal(classes: 3, table([0], [1])) == prefix + "its calibration is not of its classes")
        #expect(refusal(classes: 2, .sigmoid([.init(slope: .nan, intercept: 0)])) == prefix + "a number is not finite")
        #expect(refusal(classes: 2, table([], [])) == prefix + "a calibrator has no points")
        for wrong in [
            table([1, 1], [0, 1]), table([2, 1], [0, 1]), table([0, .infinity], [0, 1]), table([.nan], [0]), table([0], [1.5]),
            table([0], [-0.1]), table([0], [.nan]),
        ] {
            #expect(refusal(classes: 2, wrong) == prefix + "a calibrator's points are not in order")
        }
    }

    /// The fuzzer starts from these bytes too. FORGE_WRITE_GENERATED=1 writes them.
    @Test func calibratedArtifactsKeepTheirBytes() throws {
        let column = ColumnSchema(
            name: Bytes("x".utf8), sqlType: Bytes("real".utf8), kind: .number,
            encoding: .number(fill: 0, indicator: false, shift: 0, scale: 1))
        func document(_ classes: Int, _ calibration: Calibration, threshold: Double?) -> ModelDocument {
            let outputs = classes > 2 ? classes : 1
            return ModelDocument(
                task: "classification", algorithm: "test", link: classes > 2 ? .softmax : .logistic, columns: [column],
                labels: (0..<classes).map { Bytes("\($0)".utf8) }, positive: classes > 2 ? -1 : 1,
                calibration: calibration, threshold: threshold,
                form: .linear(
                    LinearForm(
                        outputs: outputs, coefficients: (0..<outputs).map(Double.init),
                        intercepts: Array(repeating: 0, count: outputs), means: [0])))
        }
        for (name, document) in [
            ("calibrated_sigmoid", document(2, .sigmoid([.init(slope: -2, intercept: 0.5)]), threshold: 0.25)),
            ("calibrated_isotonic", document(
                3, .isotonic((1...3).map { .init(x: [0, Double($0) / 4, 1], y: [0, 0.5, 1]) }), threshold: nil)),
        ] {
            let file = GoldenTests.folder.appendingPathComponent("\(name).safetensors")
            let bytes = try document.encoded()
            if ProcessInfo.processInfo.environment["FORGE_WRITE_GENERATED"] != nil { try Data(bytes).write(to: file) }
            #expect(try Bytes(Data(contentsOf: file)) == bytes)
        }
    }
}
