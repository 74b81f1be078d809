import CForgeMath
import ForgeLinalg
import ForgeModel

extension Algorithm {
    /// As scikit-learn's `NMF` with the Frobenius norm.
    static let nmf = Algorithm(
        name: "nmf", tasks: [.decomposition], form: .nonnegative,
        description: "Non-negative factors: a row is a sum of parts, none of which is taken away. For counts, words, amounts.",
        parameters: [
            .componentCount(2, most: ModelLimits.nonnegativeFactors, "Factors to find."),
            .integer("max_iter", 200, minimum: 1, maximum: 100_000, "Walks over the rows, at most."),
            .number("tol", 1e-4, minimum: 0, "It ends when the error falls by less than this share of the first one."),
        ],
        fit: fitNMF)
}

private func fitNMF(_ input: borrowing FitInput) throws -> FittedModel {
    let count = input.parameters.integer("n_components")
    let design = Design(input.data.training, input.plan)
    guard count <= min(design.width, input.rows) else {
        throw ForgeError(
            .invalidParameter, "params.n_components is \(count), and there can be \(min(design.width, input.rows)) factors at most",
            detail: "\(design.width) encoded features, \(input.rows) training rows",
            hint: "ask for fewer components, or give more columns and rows")
    }
    try requireNonnegative(design, input)
    let factoring = Factoring(design: design, count: count, weights: input.weights, threads: input.threads, observer: input.observer)
    let (factors, errors) = try factoring.run(
        iterations: input.parameters.integer("max_iter"), tolerance: input.parameters.number("tol"))
    let encoded = factors.map(design.encoded)
    var fitted = FittedModel(
        form: .nonnegative(NonnegativeForm(outputs: count, factors: encoded.flatMap { $0 })), link: .identity,
        importance: (0..<encoded[0].count).map { feature in encoded.reduce(0) { $0 + $1[feature] } }, iterations: errors.count)
    fitted.components = encoded.map { FoundComponent(loadings: $0) }
    fitted.findings["reconstruction_error"] = .number(errors[errors.count - 1])
    if errors.count == input.parameters.integer("max_iter") {
        fitted.notes.append("the factors still changed after \(errors.count) iterations; a larger max_iter lets them rest")
    }
    return fitted
}

/// A feature below 0 is no sum of parts.
private func requireNonnegative(_ design: Design, _ input: borrowing FitInput) throws {
    let lanes = try design.forEachTile(threads: input.threads, observer: input.observer) {
        [Double](repeating: 0, count: design.dense.count)
    } _: { tile, least in
        for feature in least.indices {
            let column = tile.values + feature * Design.tileRows
            for row in 0..<tile.rows { least[feature] = min(least[feature], column[row]) }
        }
    }
    let negative = (0..<design.dense.count).filter { feature in lanes.contains { $0[feature] < 0 } }
    guard !negative.isEmpty else { return }
    let plan = input.plan
    var names: [String] = []
    for feature in negative {
        let name = plan.columns.last { $0.offset <= design.encodedIndex[feature] }?.shownName ?? ""
        if !names.contains(name) { names.append(name) }
    }
    throw ForgeError(
        .valueOutOfRange,
        "nmf takes no number below 0, and \(names.count == 1 ? "column" : "columns") \(names.map { "\"\($0)\"" }.joined(separator: ", ")) \(names.count == 1 ? "holds" : "hold") some",
        hint: "add a constant in the source, leave the column out, or use pca")
}

/// Alternating least squares: the rows' weights for the factors, then the factors for the weights, each by coordinate
/// descent (Hsieh and Dhillon 2011), which never raises the error.
private struct Factoring {
    let design: Design
    let count: Int
    let weights: [Double]?
    let threads: Int
    let observer: any TrainingObserver

    /// The factors (count, width) packed, and the Frobenius norm of what they leave, walk by walk.
    func run(iterations: Int, tolerance: Double) throws -> (factors: [[Double]], errors: [Double]) {
        var factors = try start()
        var errors: [Double] = []
        for iteration in 0..<iterations {
            let sums = try walk(factors)
            errors.append(sums.error(factors))
            observer.metric(step: iteration + 1, name: "reconstruction_error", value: errors[iteration])
            guard errors[iteration].isFinite else {
                throw ForgeError(
                    .numericalFailure, "the factors' error is not finite",
                    hint: "scale the columns (preprocess scale standard) or clip their largest values")
            }
            if iteration > 0, errors[iteration - 1] - errors[iteration] <= tolerance * errors[0] { break }
            if iteration < iterations - 1 { sums.improve(&factors) }
        }
        return (factors, errors)
    }

    struct Sums {
        var squares = 0.0
        var gram: [Double]  // (count, count) of the rows' weights
        var mixed: [Double]  // (width, count) features with weights

        func error(_ factors: [[Double]]) -> Double {
            let count = factors.count
            var told = 0.0
            for (a, factor) in factors.enumerated() {
                for feature in factor.indices { told -= 2 * mixed[feature * count + a] * factor[feature] }
                for (b, other) in factors.enumerated() {
                    told += gram[a * count + b] * zip(factor, other).reduce(0) { $0 + $1.0 * $1.1 }
                }
            }
            return max(0, squares + told).squareRoot()
        }

        func improve(_ factors: inout [[Double]]) {
            let count = factors.count
            var memory = [Double](factorsToSolve: count)
            for feature in factors[0].indices {
                var column = factors.map { $0[feature] }
                let right = Array(mixed[feature * count..<(feature + 1) * count])
                forge_factor_solve(gram, right, Int32(count), &memory, &column)
                for index in 0..<count { factors[index][feature] = column[index] }
            }
        }
    }

    private func walk(_ factors: [[Double]]) throws -> Sums {
        let width = design.width
        let own = factors.flatMap { a in factors.map { b in zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } } }
        let origin = [Double](repeating: 0, count: width)
        let lanes = try design.forEachTile(threads: threads, observer: observer) {
            Sums(gram: Array(repeating: 0, count: count * count), mixed: Array(repeating: 0, count: width * count))
        } _: { tile, sums in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: Design.tileRows * width) { block in
                tile.unpack(less: origin, into: block.baseAddress!)
                var right = [Double](repeating: 0, count: count)
                var solved = right
                var memory = [Double](factorsToSolve: count)
                for row in 0..<tile.rows {
                    for index in 0..<count {
                        right[index] = 0
                        solved[index] = 0
                        for feature in 0..<width {
                            right[index] += factors[index][feature] * block[feature * Design.tileRows + row]
                        }
                    }
                    forge_factor_solve(own, right, Int32(count), &memory, &solved)
                    sums.add(solved, block.baseAddress! + row, weights?[tile.firstRow + row] ?? 1, width)
                }
            }
        }
        return lanes.dropFirst().reduce(into: lanes[0]) { whole, lane in
            whole.squares += lane.squares
            for index in whole.gram.indices { whole.gram[index] += lane.gram[index] }
            for index in whole.mixed.indices { whole.mixed[index] += lane.mixed[index] }
        }
    }

    /// The non-negative part of each singular vector, of the sign that tells more (Boutsidis and Gallopoulos 2008).
    private func start() throws -> [[Double]] {
        let sums = try NormalEquations(
            design: design, targets: nil, weights: weights, alpha: 0, fitIntercept: false, threads: threads, observer: observer
        ).centered()
        let eigen = try Eigen(sums.sums.gram)
        let mean = max(1e-6, sums.moments.means.reduce(0, +) / Double(max(1, sums.moments.means.count)))
        return (0..<count).map { index in
            let vector = eigen.vectors[index]
            let positive = vector.reduce(0) { $0 + max(0, $1) * max(0, $1) }
            let part = index == 0 ? vector.map(abs) : vector.map { positive >= 0.5 ? max(0, $0) : max(0, -$0) }
            return part.map { $0 > 0 ? $0 : mean * 0.01 }
        }
    }
}

extension [Double] {
    /// Memory for `forge_factor_solve`.
    fileprivate init(factorsToSolve count: Int) {
        self.init(repeating: 0, count: Int(forge_factor_memory(Int32(count))) / MemoryLayout<Double>.stride)
    }
}

extension Factoring.Sums {
    fileprivate mutating func add(_ solved: [Double], _ features: UnsafePointer<Double>, _ weight: Double, _ width: Int) {
        let count = solved.count
        for feature in 0..<width {
            let value = features[feature * Design.tileRows] * weight
            guard value != 0 else { continue }
            squares += value * features[feature * Design.tileRows]
            for index in 0..<count { mixed[feature * count + index] += value * solved[index] }
        }
        for a in 0..<count where solved[a] != 0 {
            for b in 0..<count { gram[a * count + b] += weight * solved[a] * solved[b] }
        }
    }
}
