import ForgeLinalg
import ForgeModel

/// Minimises `Σ weight · (above·max(0, r) + below·max(0, −r)) + Σ_j (ridge_j/2 · w_j² + lasso_j · |w_j|)` over w, where
/// the residuals are `r = sign · (target − x·w) − shift`: the pinball, hinge and ε-insensitive losses are of this kind.
///
/// The dual has one number `a` for each residual, between −weight·below and weight·above; it is a linear program,
/// quadratic where there is a ridge. Frisch and Newton's primal-dual method with Mehrotra's predictor and corrector
/// solves it in some twenty steps, each as dear as two of weighted least squares (Portnoy and Koenker, "The Gaussian
/// hare and the Laplacian tortoise", 1997).
struct InteriorPoint {
    /// A residual of every row; a row may have several.
    struct Piece {
        var sign = 1.0
        var shift = 0.0
        var above: Double
        var below: Double
    }

    let design: Design
    let targets: [Double]  // (rows), of about unit size
    /// (rows) ±1, times the pieces' own; nil: all 1.
    var signs: [Double]?
    let weights: [Double]?
    let pieces: [Piece]
    let ridge: [Double]  // (width)
    let lasso: [Double]  // (width)
    /// Features to use, none of which depends on the others; the rest stay 0.
    let active: [Int]
    let maximumIterations: Int
    let tolerance: Double
    let threads: Int
    let observer: any TrainingObserver
    let report: (Int, Double) -> Void

    struct Outcome {
        var point: [Double]  // (width)
        var loss: Double
        var iterations: Int
        var converged: Bool
    }

    func solve() throws -> Outcome {
        let state = State(count: pieces.count * targets.count + design.width)
        var point = [Double](repeating: 0, count: design.width)
        var stalls = 0
        start(state)
        for iteration in 0..<maximumIterations {
            let system = try assemble(state, point)
            guard system.loss.isFinite, system.gap.isFinite else { throw notFinite() }
            report(iteration, system.loss)
            let scale = system.loss + 1e-3 * system.weight
            if system.gap <= tolerance * scale, system.infeasibility <= 1e-9 * system.weight {
                return Outcome(point: point, loss: system.loss, iterations: iteration, converged: true)
            }
            guard stalls < 3, let factor = Factor(system.hessian, active) else {
                let near = system.gap <= 1e-6 * scale
                return Outcome(point: point, loss: system.loss, iterations: iteration, converged: near)
            }
            // Predictor: straight at the optimum.
            let straight = factor.solve(system.right)
            var steps = try turn(state, straight, target: nil)
            // Corrector: towards the path on which all products are equal, with the predictor's second-order error
            // mended.
            let reached = products(state, steps)
            let share = reached / system.gap
            let target = share * share * share * system.gap / Double(2 * system.count)
            let right = try correctedRight(state, system, target)
            let direction = factor.solve(right)
            steps = try turn(state, direction, target: target)
            advance(state, &point, direction, steps)
            stalls = max(steps.primal, steps.dual) < 1e-6 ? stalls + 1 : 0
        }
        let system = try assemble(state, point)
        return Outcome(point: point, loss: system.loss, iterations: maximumIterations, converged: false)
    }
}

// MARK: - What the rows are to the method

extension InteriorPoint {
    /// Of every residual: its dual `a` and its positive and negative parts, and the last direction of each. The
    /// residuals of one piece follow each other; behind the last piece are those of the lasso, one a feature.
    final class State {
        let count: Int
        let a, above, below, da, dAbove, dBelow: UnsafeMutablePointer<Double>
        private let memory: UnsafeMutablePointer<Double>

        init(count: Int) {
            self.count = count
            memory = .allocate(capacity: 6 * count)
            memory.initialize(repeating: 0, count: 6 * count)
            a = memory
            above = memory + count
            below = memory + 2 * count
            da = memory + 3 * count
            dAbove = memory + 4 * count
            dBelow = memory + 5 * count
        }

        deinit { memory.deallocate() }

        /// How much of the direction's products the residual at `k`, with bounds −lower and upper, has in w: 1 / (p/s +
        /// n/v).
        @inline(__always)
        func stiffness(_ k: Int, _ lower: Double, _ upper: Double) -> Double {
            1 / (above[k] / (upper - a[k]) + below[k] / (a[k] + lower))
        }

        /// Right side of the residual's equation: what its parts should change by, besides x·dw.
        @inline(__always)
        func pull(_ k: Int, _ lower: Double, _ upper: Double, _ target: Double?) -> Double {
            guard let target else { return above[k] - below[k] }
            let (s, v) = (upper - a[k], a[k] + lower)
            return -(target - s * above[k] + da[k] * dAbove[k]) / s + (target - v * below[k] - da[k] * dBelow[k]) / v
        }

        /// Sets the direction for a change `move` of the residual's x·w, and shortens the steps to where nothing turns
        /// negative.
        @inline(__always)
        func turn(
            _ k: Int, _ lower: Double, _ upper: Double, _ target: Double?, _ move: Double, _ steps: inout Steps
        ) {
            let (s, v) = (upper - a[k], a[k] + lower)
            let change = stiffness(k, lower, upper) * (pull(k, lower, upper, target) - move)
            var (first, second) = (-s * above[k], -v * below[k])
            if let target {
                first += target + da[k] * dAbove[k]
                second += target - da[k] * dBelow[k]
            }
            da[k] = change
            dAbove[k] = (first + above[k] * change) / s
            dBelow[k] = (second - below[k] * change) / v
            if change > 0 { steps.dual = min(steps.dual, s / change) }
            if change < 0 { steps.dual = min(steps.dual, -v / change) }
            if dAbove[k] < 0 { steps.primal = min(steps.primal, -above[k] / dAbove[k]) }
            if dBelow[k] < 0 { steps.primal = min(steps.primal, -below[k] / dBelow[k]) }
        }
    }

    struct Steps {
        var primal = Double.infinity
        var dual = Double.infinity
    }

    private struct System {
        var hessian: Matrix  // (width, width) lower triangle
        var right: [Double]  // (width) of the predictor
        var dual: [Double]  // (width): ridge·w − Xᵀa, zero when feasible
        var loss = 0.0
        var gap = 0.0
        var weight = 0.0
        var infeasibility = 0.0
        var count = 0
    }

    @inline(__always)
    private func weight(_ row: Int) -> Double { weights?[row] ?? 1 }

    /// Residuals at w = 0, parted around a little slack; duals in the middle, or at 0 where that is inside.
    private func start(_ state: State) {
        let rows = targets.count
        for (number, piece) in pieces.enumerated() {
            for row in 0..<rows {
                let k = number * rows + row
                let residual = piece.sign * (signs?[row] ?? 1) * targets[row] - piece.shift
                state.above[k] = max(residual, 0) + 0.5
                state.below[k] = max(-residual, 0) + 0.5
                state.a[k] = piece.below > 0 && piece.above > 0 ? 0 : weight(row) * (piece.above - piece.below) / 2
            }
        }
        for k in pieces.count * rows..<state.count {
            state.above[k] = 0.5
            state.below[k] = 0.5
        }
    }

    private struct Lane {
        var system: System
        var pulls = [Double](repeating: 0, count: Design.tileRows)
        var duals = [Double](repeating: 0, count: Design.tileRows)
        var margins = [Double](repeating: 0, count: Design.tileRows)
        var curvatures = [Double](repeating: 0, count: Design.tileRows)
    }

    private var emptySystem: System {
        System(
            hessian: Matrix(rows: design.width, columns: design.width), right: Array(repeating: 0, count: design.width),
            dual: Array(repeating: 0, count: design.width))
    }

    /// The equations of the predictor, and how far the point is from the optimum.
    private func assemble(_ state: State, _ point: [Double]) throws -> System {
        let lanes = try design.forEachTile(threads: threads, observer: observer) {
            Lane(system: emptySystem)
        } _: { tile, lane in
            tile.product(point, into: &lane.margins)
            for row in 0..<tile.rows {
                lane.pulls[row] = 0
                lane.duals[row] = 0
                lane.curvatures[row] = 0
                let weight = weight(tile.firstRow + row)
                guard weight > 0 else { continue }
                addResiduals(of: tile.firstRow + row, weight, lane.margins[row], state, &lane, row)
            }
            tile.addTransposed(lane.pulls, to: &lane.system.right)
            tile.addTransposed(lane.duals, to: &lane.system.dual)
            lane.curvatures.withUnsafeBufferPointer { curvatures in
                lane.system.hessian.values.withUnsafeMutableBufferPointer {
                    tile.addGram(weights: curvatures.baseAddress!, to: $0.baseAddress!)
                }
            }
        }
        return finish(lanes.map(\.system), state, point)
    }

    private func addResiduals(
        of row: Int, _ weight: Double, _ margin: Double, _ state: State, _ lane: inout Lane, _ place: Int
    ) {
        for (number, piece) in pieces.enumerated() {
            let k = number * targets.count + row
            let (lower, upper) = (weight * piece.below, weight * piece.above)
            let sign = piece.sign * (signs?[row] ?? 1)
            let residual = sign * (targets[row] - margin) - piece.shift
            // The parts differ by the residual: what rounding took from one is given back.
            let error = residual - (state.above[k] - state.below[k])
            if error > 0 { state.above[k] += error } else { state.below[k] -= error }
            let stiffness = state.stiffness(k, lower, upper)
            lane.pulls[place] += sign * stiffness * (state.above[k] - state.below[k])
            lane.duals[place] += sign * state.a[k]
            lane.curvatures[place] += stiffness
            lane.system.loss += upper * max(residual, 0) + lower * max(-residual, 0)
            lane.system.gap += (upper - state.a[k]) * state.above[k] + (state.a[k] + lower) * state.below[k]
            lane.system.count += 1
        }
        lane.system.weight += weight
    }

    /// Sums of the lanes, the penalties, and the equations of those that are penalties of absolute values.
    private func finish(_ lanes: [System], _ state: State, _ point: [Double]) -> System {
        var system = lanes[0]
        for lane in lanes.dropFirst() {
            for index in lane.right.indices {
                system.right[index] += lane.right[index]
                system.dual[index] += lane.dual[index]
            }
            for index in lane.hessian.values.indices { system.hessian.values[index] += lane.hessian.values[index] }
            system.loss += lane.loss
            system.gap += lane.gap
            system.weight += lane.weight
            system.count += lane.count
        }
        for j in 0..<design.width where lasso[j] > 0 {
            let k = pieces.count * targets.count + j
            let error = -lasso[j] * point[j] - (state.above[k] - state.below[k])
            if error > 0 { state.above[k] += error } else { state.below[k] -= error }
            let stiffness = state.stiffness(k, 1, 1)
            system.right[j] += lasso[j] * stiffness * (state.above[k] - state.below[k])
            system.dual[j] += lasso[j] * state.a[k]
            system.hessian[j, j] += lasso[j] * lasso[j] * stiffness
            system.loss += lasso[j] * abs(point[j])
            system.gap += (1 - state.a[k]) * state.above[k] + (state.a[k] + 1) * state.below[k]
            system.count += 1
        }
        for j in 0..<design.width {
            system.hessian[j, j] += ridge[j]
            system.loss += ridge[j] / 2 * point[j] * point[j]
            system.dual[j] = ridge[j] * point[j] - system.dual[j]
            system.right[j] -= system.dual[j]
        }
        system.infeasibility = active.reduce(0) { max($0, abs(system.dual[$1])) }
        return system
    }

    private func correctedRight(_ state: State, _ system: System, _ target: Double) throws -> [Double] {
        let lanes = try design.forEachTile(threads: threads, observer: observer) {
            (sums: [Double](repeating: 0, count: design.width), pulls: [Double](repeating: 0, count: Design.tileRows))
        } _: { tile, lane in
            for place in 0..<tile.rows {
                let row = tile.firstRow + place
                let weight = weight(row)
                lane.pulls[place] = 0
                guard weight > 0 else { continue }
                for (number, piece) in pieces.enumerated() {
                    let k = number * targets.count + row
                    let (lower, upper) = (weight * piece.below, weight * piece.above)
                    lane.pulls[place] +=
                        piece.sign * (signs?[row] ?? 1) * state.stiffness(k, lower, upper)
                        * state.pull(k, lower, upper, target)
                }
            }
            tile.addTransposed(lane.pulls, to: &lane.sums)
        }
        var right = system.dual.map { -$0 }
        for lane in lanes { for j in right.indices { right[j] += lane.sums[j] } }
        for j in 0..<design.width where lasso[j] > 0 {
            let k = pieces.count * targets.count + j
            right[j] += lasso[j] * state.stiffness(k, 1, 1) * state.pull(k, 1, 1, target)
        }
        return right
    }

    /// The direction of all residuals for the direction `dw`, and how far it can be gone.
    private func turn(_ state: State, _ dw: [Double], target: Double?) throws -> Steps {
        let lanes = try design.forEachTile(threads: threads, observer: observer) {
            (steps: Steps(), moves: [Double](repeating: 0, count: Design.tileRows))
        } _: { tile, lane in
            tile.product(dw, into: &lane.moves)
            for place in 0..<tile.rows {
                let row = tile.firstRow + place
                let weight = weight(row)
                guard weight > 0 else { continue }
                for (number, piece) in pieces.enumerated() {
                    state.turn(
                        number * targets.count + row, weight * piece.below, weight * piece.above, target,
                        piece.sign * (signs?[row] ?? 1) * lane.moves[place], &lane.steps)
                }
            }
        }
        var steps = Steps()
        for lane in lanes {
            steps.primal = min(steps.primal, lane.steps.primal)
            steps.dual = min(steps.dual, lane.steps.dual)
        }
        for j in 0..<design.width where lasso[j] > 0 {
            state.turn(pieces.count * targets.count + j, 1, 1, target, lasso[j] * dw[j], &steps)
        }
        steps.primal = min(1, 0.9995 * steps.primal)
        steps.dual = min(1, 0.9995 * steps.dual)
        // A ridge ties the dual equation to both: then they go together.
        if ridge.contains(where: { $0 > 0 }) {
            steps.primal = min(steps.primal, steps.dual)
            steps.dual = steps.primal
        }
        return steps
    }

    /// Sum of the products of parts and distances to the bounds after such steps.
    private func products(_ state: State, _ steps: Steps) -> Double {
        var sum = 0.0
        forEachResidual { k, lower, upper in
            let a = state.a[k] + steps.dual * state.da[k]
            sum += (upper - a) * (state.above[k] + steps.primal * state.dAbove[k])
            sum += (a + lower) * (state.below[k] + steps.primal * state.dBelow[k])
        }
        return sum
    }

    private func advance(_ state: State, _ point: inout [Double], _ dw: [Double], _ steps: Steps) {
        for j in point.indices { point[j] += steps.primal * dw[j] }
        forEachResidual { k, _, _ in
            state.a[k] += steps.dual * state.da[k]
            state.above[k] += steps.primal * state.dAbove[k]
            state.below[k] += steps.primal * state.dBelow[k]
        }
    }

    @inline(__always)
    private func forEachResidual(_ body: (Int, Double, Double) -> Void) {
        for (number, piece) in pieces.enumerated() {
            for row in 0..<targets.count {
                let weight = weight(row)
                if weight > 0 { body(number * targets.count + row, weight * piece.below, weight * piece.above) }
            }
        }
        for j in 0..<design.width where lasso[j] > 0 { body(pieces.count * targets.count + j, 1, 1) }
    }
}

/// Cholesky's factor of some rows and columns of a matrix, scaled to a unit diagonal; with a little more on the
/// diagonal where rounding takes more than there is.
private struct Factor {
    private let cholesky: Cholesky
    private let units: [Double]
    private let active: [Int]
    private let size: Int

    init?(_ matrix: Matrix, _ active: [Int]) {
        self.active = active
        size = matrix.rows
        units = active.map { matrix[$0, $0] > 0 ? 1 / matrix[$0, $0].squareRoot() : 1 }
        var scaled = Matrix(rows: active.count, columns: active.count)
        for (column, from) in active.enumerated() {
            for (row, source) in active.enumerated().dropFirst(column) {
                scaled[row, column] = matrix[max(source, from), min(source, from)] * units[row] * units[column]
            }
        }
        for extra in [0, 1e-14, 1e-12, 1e-10, 1e-8] {
            for index in active.indices { scaled[index, index] = 1 + extra }
            if let cholesky = Cholesky(scaled) {
                self.cholesky = cholesky
                return
            }
        }
        return nil
    }

    func solve(_ right: [Double]) -> [Double] {
        var result = [Double](repeating: 0, count: size)
        let solved = cholesky.solve(active.indices.map { right[active[$0]] * units[$0] })
        for (index, place) in active.enumerated() { result[place] = solved[index] * units[index] }
        return result
    }
}

extension EncodedTile {
    /// Margins of the tile's rows; result: (tile rows).
    func product(_ point: [Double], into result: inout [Double]) {
        result.withUnsafeMutableBufferPointer { result in
            result.update(repeating: 0)
            point.withUnsafeBufferPointer { addProduct($0.baseAddress!, to: result.baseAddress!) }
        }
    }

    /// `sums += Xᵀ · vector`; vector: (tile rows), sums: (width) packed.
    func addTransposed(_ vector: [Double], to sums: inout [Double]) {
        vector.withUnsafeBufferPointer { vector in
            sums.withUnsafeMutableBufferPointer { addTransposedProduct(vector.baseAddress!, to: $0.baseAddress!) }
        }
    }
}
