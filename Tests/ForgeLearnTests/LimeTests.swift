import CForgeABI
import CForgeMath
import Glibc
import Testing

@testable import ForgeLearn

/// The parts of LIME that compute; forge.explain_lime as a whole is in Tests/regress/sql/lime.sql.
@Suite struct LimeTests {
    /// Moments of rows, freed with it.
    private final class Neighbourhood {
        var moments: ForgeLimeMoments

        init(_ rows: [(same: [UInt8], prediction: Double)], width: Double) {
            let columns = rows[0].same.count
            func zeros(_ count: Int) -> UnsafeMutablePointer<Double> {
                let memory = UnsafeMutablePointer<Double>.allocate(capacity: count)
                memory.initialize(repeating: 0, count: count)
                return memory
            }
            moments = ForgeLimeMoments(
                columns: Int32(columns), weight: 0, target: 0, squares: 0, means: zeros(columns), targets: zeros(columns),
                products: zeros(columns * columns))
            for row in rows {
                let weight = forge_lime_weight(row.same, Int32(columns), width)
                forge_lime_add(&moments, row.same, weight, row.prediction - rows[0].prediction)
            }
            forge_lime_center(&moments)
        }

        deinit {
            moments.means.deallocate()
            moments.targets.deallocate()
            moments.products.deallocate()
        }

        func regress(_ chosen: [Int32], alpha: Double) -> [Double] {
            let count = chosen.count
            var factor = [Double](repeating: 0, count: count * count)
            var coefficients = [Double](repeating: 0, count: count)
            for row in 0..<count { forge_lime_factor_row(&moments, chosen, Int32(count), alpha, Int32(row), &factor) }
            forge_lime_solve(&moments, chosen, Int32(count), factor, &coefficients)
            return coefficients
        }
    }

    private func neighbourhood() throws -> [(same: [UInt8], prediction: Double)] {
        let table = try Conformance.table("lime_neighbourhood", target: "prediction")
        let columns = table.columns.map { column in
            column.cells.map { cell -> Double in if case .number(let value) = cell { value } else { .nan } }
        }
        return columns[0].indices.map { row in ((0..<8).map { UInt8(columns[$0][row]) }, columns[8][row]) }
    }

    private func largest(_ coefficients: [Double], _ count: Int) -> [Int32] {
        var chosen = [Int32](repeating: -1, count: count)
        forge_lime_largest(coefficients, Int32(coefficients.count), Int32(count), &chosen)
        return chosen
    }

    /// Of the same rows around: columns chosen one by one up to six, else the heaviest of all, then ridge.
    @Test func regressionIsThatOfThePackageLime() throws {
        let rows = try neighbourhood()
        for golden in try Conformance.golden("lime_neighbourhood.fits") {
            let count = Int(golden[0])
            let area = Neighbourhood(rows, width: 0.75 * 8.0.squareRoot())
            var chosen = [Int32](repeating: -1, count: count)
            if count <= 6 {
                let swept = Neighbourhood(rows, width: 0.75 * 8.0.squareRoot())
                for found in 0..<count { forge_lime_choose_next(&swept.moments, &chosen, Int32(found)) }
            } else {
                chosen = largest(area.regress(Array(0..<8), alpha: 0.01), count)
            }
            let weights = area.regress(chosen, alpha: 1)
            let order = largest(weights, count).map(Int.init)
            let score = forge_lime_score(&area.moments, chosen, Int32(count), weights)
            let intercept = rows[0].prediction + area.moments.target
                - zip(chosen, weights).reduce(0) { $0 + area.moments.means[Int($1.0)] * $1.1 }
            let found = [intercept, score, intercept + weights.reduce(0, +)] + order.map { weights[$0] }
            let theirs = Array(golden[1...3]) + stride(from: 5, to: golden.count, by: 2).map { golden[$0] }
            #expect(deviation([found], [theirs]) < 1e-10, "\(count): \(found) \(theirs)")
            // Two columns that are always alike weigh the same: their order is rounding's.
            let columns = order.map { chosen[$0] == 6 ? 0 : Int(chosen[$0]) }
            let expected = stride(from: 4, to: golden.count, by: 2).map { golden[$0] == 6 ? 0 : Int(golden[$0]) }
            #expect(columns == expected, "\(count)")
        }
    }

    @Test func constantPredictionsWeighNothing() throws {
        let rows = try neighbourhood().map { (same: $0.same, prediction: 0.3) }
        let area = Neighbourhood(rows, width: 1)
        var chosen: [Int32] = [-1, -1]
        let weights = area.regress([0, 7], alpha: 1)
        #expect(weights == [0, 0] && forge_lime_score(&area.moments, [0, 7], 2, weights) == 1)
        for found in 0..<2 { forge_lime_choose_next(&area.moments, &chosen, Int32(found)) }
        #expect(chosen == [0, 1])
    }

    // MARK: - Drawing

    private func choice(
        _ reach: Double, drawn: Bool, _ lower: Double = 0, _ upper: Double = 0, mean: Double = 0, deviation: Double = 0
    ) -> ForgeLimeChoice {
        ForgeLimeChoice(
            reach: reach, drawn: drawn ? 1 : 0, lower: lower, upper: upper, mean: mean, deviation: deviation,
            cell: ForgeCell(number: .nan, bytes: nil, length: 0))
    }

    private func draws(
        _ choices: [ForgeLimeChoice], own: Int32, seed: UInt64 = 42, _ samples: Range<Int64>
    ) -> [(Double, UInt8)] {
        var choices = choices
        return choices.withUnsafeMutableBufferPointer { buffer in
            let column = ForgeLimeColumn(
                choices: Int32(buffer.count), own: own, choice: buffer.baseAddress,
                cell: ForgeCell(number: 7, bytes: nil, length: 0))
            return samples.map { sample in
                var (cell, same) = (ForgeCell(), UInt8(9))
                withUnsafePointer(to: column) { forge_lime_draw($0, 1, seed, sample, &cell, &same) }
                return (cell.number, same)
            }
        }
    }

    @Test func drawsFollowTheTrainingRowsAndStayInTheirBins() {
        // 30 % below 10, none up to 20, 50 % up to 40, a fifth missing.
        let choices = [
            choice(0.3, drawn: true, 0, 10, mean: 8, deviation: 3), choice(0.3, drawn: true, 10, 20, mean: 0, deviation: 0),
            choice(0.8, drawn: true, 20, 40, mean: 25, deviation: 4), choice(1, drawn: false),
        ]
        let found = draws(choices, own: 2, 1..<20_001)
        let low = found.filter { $0.0 <= 10 }.map(\.0)
        let high = found.filter { $0.0 >= 20 }.map(\.0)
        let missing = found.filter(\.0.isNaN)
        #expect(low.count + high.count + missing.count == 20_000)
        #expect(abs(low.count - 6_000) < 260 && abs(high.count - 10_000) < 290 && abs(missing.count - 4_000) < 230)
        #expect(found.allSatisfy { ($0.1 == 1) == ($0.0 >= 20) })
        // The mean of a normal cut off at both ends: μ + σ (φ(a) - φ(b)) / (Φ(b) - Φ(a)).
        for (values, bin) in [(low, choices[0]), (high, choices[2])] {
            let (a, b) = ((bin.lower - bin.mean) / bin.deviation, (bin.upper - bin.mean) / bin.deviation)
            func density(_ z: Double) -> Double { exp(-z * z / 2) / (2 * Double.pi).squareRoot() }
            func share(_ z: Double) -> Double { erfc(-z / 2.0.squareRoot()) / 2 }
            let expected = bin.mean + bin.deviation * (density(a) - density(b)) / (share(b) - share(a))
            let mean = values.reduce(0, +) / Double(values.count)
            #expect(abs(mean - expected) < 5 * bin.deviation / Double(values.count).squareRoot(), "\(mean) \(expected)")
            #expect(values.allSatisfy { $0 >= bin.lower && $0 <= bin.upper })
        }
    }

    @Test func rowsAreDrawnAlikeInAnyOrderAndTheFirstIsTheExplainedOne() {
        let choices = [choice(0.5, drawn: true, 0, 1, mean: 0.5, deviation: 0.3), choice(1, drawn: false)]
        let all = draws(choices, own: 0, 0..<100)
        #expect(all[0] == (7, 1))
        let later = draws(choices, own: 0, 50..<100)
        #expect(zip(all[50...], later).allSatisfy { $0.1 == $1.1 && $0.0.bitPattern == $1.0.bitPattern })
        let other = draws(choices, own: 0, seed: 43, 0..<100)
        #expect(zip(all, other).contains { $0.0.bitPattern != $1.0.bitPattern })
        // A column without choices stays as it is; one whose level training never saw never falls as in the row.
        #expect(draws([], own: -1, 1..<9).allSatisfy { $0 == (7, 1) })
        #expect(draws(choices, own: -1, 1..<99).allSatisfy { $0.1 == 0 })
    }

    @Test func kernelIsThatOfThePackage() {
        #expect(abs(forge_lime_weight([1, 0, 1, 0], 4, 1.5) - exp(-2 / 1.5 / 1.5).squareRoot()) < 1e-15)
        #expect(forge_lime_weight([1, 1], 2, 0.1) == 1)
    }
}
