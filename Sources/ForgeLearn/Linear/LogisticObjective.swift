import ForgeLinalg
import Glibc

/// Mean log loss of a logistic (one output) or softmax (an output per class) model plus `penalty / 2 ·
/// ‖coefficients‖²`, intercepts free: scikit-learn's objective with penalty = 1 / (C · Σ weights).
///
/// A point is `theta` (outputs, width) row-major in the design's packed order; the design carries the intercept's
/// column of ones.
struct LogisticObjective: SmoothObjective {
    var design: Design
    let labels: [Int32]  // (rows) class; for one output 1 is the positive class
    let weights: [Double]?
    let outputs: Int
    let penalty: Double
    /// Whether an L1 penalty, which is not part of this function, is added to it.
    var hasLasso = false
    /// (outputs)(rows) what a base model adds to the margins; empty: nothing.
    var offsets: [[Double]] = []
    var totalWeight: Double
    let threads: Int
    let observer: any TrainingObserver

    func sample(every step: Int) -> LogisticObjective {
        var result = self
        result.design = design.sample(every: step)
        result.totalWeight = totalWeight * Double(result.design.rows) / Double(design.rows)
        return result
    }

    var size: Int { outputs * design.width }

    private struct Lane {
        var loss = 0.0
        var gradient: [Double]
        var blocks: [[Double]]  // (outputs · (outputs + 1) / 2) Gram matrices (width, width): classes (a, b), b ≤ a
        var margins: [Double]  // (outputs, tile rows)
        var rowWeights: [Double]  // (tile rows)
    }

    func evaluate(_ theta: [Double], hessian wantsHessian: Bool) throws -> ObjectiveValue {
        let width = design.width
        let blockCount = wantsHessian ? outputs * (outputs + 1) / 2 : 0
        let lanes = try design.forEachTile(threads: threads, observer: observer) {
            Lane(
                gradient: Array(repeating: 0, count: size),
                blocks: Array(repeating: Array(repeating: 0, count: width * width), count: blockCount),
                margins: Array(repeating: 0, count: outputs * Design.tileRows),
                rowWeights: Array(repeating: 0, count: Design.tileRows))
        } _: { tile, lane in
            computeMargins(tile, theta, &lane)
            lane.loss += outputs == 1 ? logisticInPlace(tile, &lane) : softmaxInPlace(tile, &lane)
            if wantsHessian { addHessian(tile, &lane) }
            addGradient(tile, &lane)
        }
        return assemble(lanes, theta, wantsHessian)
    }

    private func computeMargins(_ tile: EncodedTile, _ theta: [Double], _ lane: inout Lane) {
        lane.margins.withUnsafeMutableBufferPointer { margins in
            margins.update(repeating: 0)
            theta.withUnsafeBufferPointer { theta in
                for output in 0..<outputs {
                    tile.addProduct(
                        theta.baseAddress! + output * design.width, to: margins.baseAddress! + output * Design.tileRows)
                }
            }
            for (output, offsets) in offsets.enumerated() {
                for row in 0..<tile.rows { margins[output * Design.tileRows + row] += offsets[tile.firstRow + row] }
            }
        }
    }

    /// Whether the margin of every row's own class is above those of all others.
    func separates(_ theta: [Double]) throws -> Bool {
        let stride = Design.tileRows
        let lanes = try design.forEachTile(threads: threads, observer: observer) {
            let margins = [Double](repeating: 0, count: outputs * stride)
            return (separate: true, lane: Lane(gradient: [], blocks: [], margins: margins, rowWeights: []))
        } _: { tile, found in
            guard found.separate else { return }
            computeMargins(tile, theta, &found.lane)
            let margins = found.lane.margins
            found.separate = (0..<tile.rows).allSatisfy { row in
                let label = Int(labels[tile.firstRow + row])
                if outputs == 1 { return label == 1 ? margins[row] > 0 : margins[row] < 0 }
                let own = margins[label * stride + row]
                return (0..<outputs).allSatisfy { $0 == label || margins[$0 * stride + row] < own }
            }
        }
        return lanes.allSatisfy(\.separate)
    }

    private func weight(_ row: Int) -> Double { weights?[row] ?? 1 }

    /// Turns margins into probabilities; returns the weighted loss.
    private func logisticInPlace(_ tile: EncodedTile, _ lane: inout Lane) -> Double {
        var loss = 0.0
        for row in 0..<tile.rows {
            let margin = lane.margins[row]
            let small = exp(-abs(margin))
            let positive = labels[tile.firstRow + row] == 1
            loss += weight(tile.firstRow + row) * (log1p(small) + max(positive ? -margin : margin, 0))
            lane.margins[row] = margin >= 0 ? 1 / (1 + small) : small / (1 + small)
        }
        return loss
    }

    private func softmaxInPlace(_ tile: EncodedTile, _ lane: inout Lane) -> Double {
        let stride = Design.tileRows
        var loss = 0.0
        for row in 0..<tile.rows {
            var largest = -Double.infinity
            for output in 0..<outputs { largest = max(largest, lane.margins[output * stride + row]) }
            let own = lane.margins[Int(labels[tile.firstRow + row]) * stride + row] - largest
            var sum = 0.0
            for output in 0..<outputs {
                let value = exp(lane.margins[output * stride + row] - largest)
                lane.margins[output * stride + row] = value
                sum += value
            }
            for output in 0..<outputs { lane.margins[output * stride + row] /= sum }
            loss += weight(tile.firstRow + row) * (log(sum) - own)
        }
        return loss
    }

    /// Block (a, b): Σ w · p_a · ([a = b] − p_b) · x·xᵀ; off the diagonal its negative is gathered.
    private func addHessian(_ tile: EncodedTile, _ lane: inout Lane) {
        let stride = Design.tileRows
        var block = 0
        for a in 0..<outputs {
            for b in 0...a {
                for row in 0..<tile.rows {
                    let p = lane.margins[a * stride + row]
                    let q = a == b ? 1 - p : lane.margins[b * stride + row]
                    lane.rowWeights[row] = weight(tile.firstRow + row) * p * q
                }
                lane.rowWeights.withUnsafeBufferPointer { weights in
                    lane.blocks[block].withUnsafeMutableBufferPointer {
                        tile.addGram(weights: weights.baseAddress!, to: $0.baseAddress!)
                    }
                }
                block += 1
            }
        }
    }

    private func addGradient(_ tile: EncodedTile, _ lane: inout Lane) {
        let stride = Design.tileRows
        for output in 0..<outputs {
            let label = outputs == 1 ? 1 : Int32(output)
            for row in 0..<tile.rows {
                let truth = labels[tile.firstRow + row] == label ? 1.0 : 0.0
                lane.rowWeights[row] = weight(tile.firstRow + row) * (lane.margins[output * stride + row] - truth)
            }
            lane.rowWeights.withUnsafeBufferPointer { residuals in
                lane.gradient.withUnsafeMutableBufferPointer {
                    tile.addTransposedProduct(residuals.baseAddress!, to: $0.baseAddress! + output * design.width)
                }
            }
        }
    }

    private func assemble(_ lanes: [Lane], _ theta: [Double], _ wantsHessian: Bool) -> ObjectiveValue {
        var value = ObjectiveValue(loss: 0, gradient: Array(repeating: 0, count: size), hessian: nil)
        for lane in lanes {
            value.loss += lane.loss / totalWeight
            for index in 0..<size { value.gradient[index] += lane.gradient[index] / totalWeight }
        }
        for index in 0..<size where isPenalised(index) {
            value.loss += penalty / 2 * theta[index] * theta[index]
            value.gradient[index] += penalty * theta[index]
        }
        if wantsHessian { value.hessian = assembleHessian(lanes) }
        return value
    }

    private func isPenalised(_ index: Int) -> Bool { index % design.width != design.intercept }

    private func assembleHessian(_ lanes: [Lane]) -> Matrix {
        let width = design.width
        var hessian = Matrix(rows: size, columns: size)
        var block = 0
        for a in 0..<outputs {
            for b in 0...a {
                let sign = a == b ? 1 / totalWeight : -1 / totalWeight
                for column in 0..<width {
                    for row in column..<width {
                        let sum = sign * lanes.reduce(0) { $0 + $1.blocks[block][column * width + row] }
                        hessian[a * width + row, b * width + column] = sum
                        hessian[a * width + column, b * width + row] = sum
                    }
                }
                block += 1
            }
        }
        for index in 0..<size where isPenalised(index) { hessian[index, index] += penalty }
        if outputs > 1 { pinSums(&hessian) }
        return hessian
    }

    /// Adding one vector to all classes' coefficients changes no probability. Unpenalised coefficients get curvature
    /// along that direction, in which the gradient is zero: the solution's classes then sum to zero, as when descending
    /// from zero.
    private func pinSums(_ hessian: inout Matrix) {
        for feature in 0..<design.width where (penalty == 0 && !hasLasso) || !isPenalised(feature) {
            for a in 0..<outputs {
                for b in 0...a { hessian[a * design.width + feature, b * design.width + feature] += 1 }
            }
        }
    }
}
