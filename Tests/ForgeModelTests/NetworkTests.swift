import CForgeMath
import Testing

@testable import ForgeModel

/// Networks: what their activations are worth, and what the decoder refuses. Margins: ScoringTests; damage:
/// DamageTests.
struct NetworkTests {
    /// erf by its series up to 3, beyond by the continued fraction of erfc (Abramowitz and Stegun 7.1.5, 7.1.14).
    private static func erf(_ x: Double) -> Double {
        if x < 0 { return -erf(-x) }
        if x > 3 {
            var fraction = x
            for k in stride(from: 60, to: 0, by: -1) { fraction = x + Double(k) / 2 / fraction }
            return 1 - exp(-x * x) / (fraction * Double.pi.squareRoot())
        }
        var (term, sum) = (x, x)
        for n in 1..<80 {
            term *= -x * x / Double(n)
            sum += term / Double(2 * n + 1)
        }
        return 2 / Double.pi.squareRoot() * sum
    }

    private static func exp(_ x: Double) -> Double {
        var (term, sum) = (1.0, 1.0)
        for n in 1..<200 {
            term *= abs(x) / Double(n)
            sum += term
        }
        return x < 0 ? 1 / sum : sum
    }

    @Test func activationsAreTheirFunctionsInFloat32() {
        for step in -800...800 {
            let x = Float(step) / 100
            let exponential = NetworkTests.exp(2 * Double(x))
            let tanh = (exponential - 1) / (exponential + 1)
            let gelu = 0.5 * Double(x) * (1 + NetworkTests.erf(Double(x) / 2.0.squareRoot()))
            #expect(abs(Double(forge_tanh(x)) - tanh) < 5e-7, "tanh(\(x))")
            #expect(abs(Double(forge_gelu(x)) - gelu) < 5e-7 * max(1, abs(Double(x))), "gelu(\(x))")
            #expect(forge_relu(x) == max(x, 0))
        }
        #expect(forge_tanh(1e30) == 1 && forge_tanh(-1e30) == -1 && forge_gelu(1e30) == 1e30 && forge_gelu(-1e30) == 0)
    }

    private static func refusal(_ change: (inout ModelDocument, inout NetworkForm) -> Void) -> String {
        var make = RandomModels(seed: 8)
        var document = make.network(columns: 2, hidden: [4, 3], classes: 3, activation: .relu)
        guard case .network(var form) = document.form else { return "no network" }
        document.form = .network(form)
        change(&document, &form)
        document.form = .network(form)
        do {
            _ = try document.encoded()
            return "accepted"
        } catch let error as ForgeError { return error.message } catch { return "\(error)" }
    }

    @Test func networksThatDoNotFitThemselvesAreRefused() {
        let prefix = "the model's artifact is corrupt: "
        #expect(NetworkTests.refusal { _, _ in } == "accepted")
        #expect(NetworkTests.refusal { $1.layers[0] += 1 } == prefix + "a network's inputs are not the encoded features")
        #expect(NetworkTests.refusal { $1.layers[1] = 0 } == prefix + "a layer of a network is empty")
        #expect(NetworkTests.refusal { $1.layers[1] = -1 } == prefix + "a layer of a network is empty")
        #expect(NetworkTests.refusal { $1.layers[1] = 5 } == prefix + "a tensor has another shape than expected")
        #expect(
            NetworkTests.refusal { $1.layers = [$1.layers[3]] }
                == prefix + "a network has no layers")
        #expect(NetworkTests.refusal { $1.weights[2] = .infinity } == prefix + "a number is not finite")
        #expect(NetworkTests.refusal { $1.biases[2] = .nan } == prefix + "a number is not finite")
        #expect(NetworkTests.refusal { $1.intercepts[0] = .infinity } == prefix + "a number is not finite")
        #expect(NetworkTests.refusal { $1.biases.removeLast() } == prefix + "a tensor has another shape than expected")
        #expect(NetworkTests.refusal { $1.layers[1] = 16_385 } == "a layer of the network is too wide")
        #expect(
            NetworkTests.refusal { $1.layers.insert(contentsOf: Array(repeating: 4, count: 31), at: 1) }
                == "the network has too many layers")
        #expect(
            NetworkTests.refusal { document, _ in
                document.columns[2].encoding = .number(fill: nil, indicator: false, shift: 0, scale: 1)
            } == prefix + "a number of a network has no fill value")
    }

    @Test func valuesThatFloat32CannotHoldAreRefusedWithTheColumnsName() throws {
        var make = RandomModels(seed: 5)
        let document = make.network(columns: 0, hidden: [4], classes: 0, activation: .relu)
        let scorer = try Scorer(artifact: document.encoded())
        for (value, words) in [(1e39, "1e+39, which is beyond the range of real"), (-.infinity, "-Infinity, which no model takes")] {
            let error = #expect(throws: ForgeError.self) { try scorer.score([.numbers([value])]) }
            #expect(error?.code == .valueOutOfRange && error?.message == "column \"n0\" has the value \(words)")
        }
        #expect(try scorer.score([.numbers([1e30])])[0].isFinite)
    }
}
