import ForgeLinalg
import Glibc

/// A row's loss as a function of its margin, the weighted sum of its features.
protocol MarginLoss: Sendable {
    /// The loss, its first derivative, and a curvature, none negative, for Newton's method: the second derivative, or
    /// what the loss prescribes in its place.
    func evaluate(margin: Double, target: Double) -> (loss: Double, slope: Double, curvature: Double)
}

/// Mean loss of the rows plus `penalty / 2 · ‖coefficients‖²`, for losses of one margin.
///
/// A point is (width) in the design's packed order; the design carries the intercept's column of ones, which is free of
/// penalty unless `penalisesIntercept`.
struct MarginObjective<Loss: MarginLoss>: SmoothObjective {
    var design: Design
    let targets: [Double]
    let weights: [Double]?
    let loss: Loss
    let penalty: Double
    var penalisesIntercept = false
    /// (rows) what a base model adds to the margins; nil: nothing.
    var offsets: [Double]? = nil
    var totalWeight: Double
    let threads: Int
    let observer: any TrainingObserver

    var size: Int { design.width }

    func sample(every step: Int) -> MarginObjective {
        var result = self
        result.design = design.sample(every: step)
        result.totalWeight = totalWeight * Double(result.design.rows) / Double(design.rows)
        return result
    }

    private struct Lane {
        var loss = 0.0
        var gradient: [Double]  // (width)
        var gram: [Double]  // (width, width), or empty
        var slopes = [Double](repeating: 0, count: Design.tileRows)  // margins, then slopes times weights
        var curvatures = [Double](repeating: 0, count: Design.tileRows)
    }

    func evaluate(_ point: [Double], hessian wantsHessian: Bool) throws -> ObjectiveValue {
        let width = design.width
        let lanes = try design.forEachTile(threads: threads, observer: observer) {
            Lane(
                gradient: Array(repeating: 0, count: width),
                gram: Array(repeating: 0, count: wantsHessian ? width * width : 0))
        } _: { tile, lane in
            addRows(of: tile, point, &lane)
            lane.slopes.withUnsafeBufferPointer { slopes in
                lane.gradient.withUnsafeMutableBufferPointer {
                    tile.addTransposedProduct(slopes.baseAddress!, to: $0.baseAddress!)
                }
            }
            guard wantsHessian else { return }
            lane.curvatures.withUnsafeBufferPointer { curvatures in
                lane.gram.withUnsafeMutableBufferPointer {
                    tile.addGram(weights: curvatures.baseAddress!, to: $0.baseAddress!)
                }
            }
        }
        return assemble(lanes, point, wantsHessian)
    }

    private func addRows(of tile: EncodedTile, _ point: [Double], _ lane: inout Lane) {
        lane.slopes.withUnsafeMutableBufferPointer { margins in
            margins.update(repeating: 0)
            point.withUnsafeBufferPointer { tile.addProduct($0.baseAddress!, to: margins.baseAddress!) }
        }
        for row in 0..<tile.rows {
            let weight = weights?[tile.firstRow + row] ?? 1
            let margin = lane.slopes[row] + (offsets?[tile.firstRow + row] ?? 0)
            let found = loss.evaluate(margin: margin, target: targets[tile.firstRow + row])
            lane.loss += weight * found.loss
            lane.slopes[row] = weight * found.slope
            lane.curvatures[row] = weight * found.curvature
        }
    }

    private func assemble(_ lanes: [Lane], _ point: [Double], _ wantsHessian: Bool) -> ObjectiveValue {
        let width = design.width
        var value = ObjectiveValue(loss: 0, gradient: Array(repeating: 0, count: width), hessian: nil)
        var hessian = Matrix(rows: wantsHessian ? width : 0, columns: wantsHessian ? width : 0)
        for lane in lanes {
            value.loss += lane.loss / totalWeight
            for index in 0..<width { value.gradient[index] += lane.gradient[index] / totalWeight }
            for index in lane.gram.indices { hessian.values[index] += lane.gram[index] / totalWeight }
        }
        for index in 0..<width where penalisesIntercept || index != design.intercept {
            value.loss += penalty / 2 * point[index] * point[index]
            value.gradient[index] += penalty * point[index]
            if wantsHessian { hessian[index, index] += penalty }
        }
        if wantsHessian { value.hessian = hessian }
        return value
    }
}
