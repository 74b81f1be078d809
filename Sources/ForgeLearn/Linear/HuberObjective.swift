import ForgeLinalg

/// Huber's concomitant scale (Owen, "A robust hybrid of lasso and ridge regression", 2007; scikit-learn's
/// HuberRegressor): mean of `σ + ρ(r/σ)·σ` over the rows plus `penalty / 2 · ‖coefficients‖²`, where ρ(u) is u² up to
/// epsilon and 2·epsilon·|u| − epsilon² beyond. Convex in coefficients and σ together.
///
/// A point is (width) in the design's packed order, then σ. Rows that fit exactly would draw σ to 0, where nothing is
/// defined: the squares get `floor`² added, far below rounding anywhere else.
struct HuberObjective: SmoothObjective {
    var design: Design
    let targets: [Double]
    let weights: [Double]?
    let epsilon: Double
    let penalty: Double
    let floor: Double
    var totalWeight: Double
    let threads: Int
    let observer: any TrainingObserver

    var size: Int { design.width + 1 }

    /// An outlier's loss is linear, it has no curvature. This share of what iterated reweighting would give it keeps
    /// the Hessian regular when a step finds few inliers, and costs a Newton step next to nothing.
    private static let outlierCurvature = 1e-3

    func sample(every step: Int) -> HuberObjective {
        var result = self
        result.design = design.sample(every: step)
        result.totalWeight = totalWeight * Double(result.design.rows) / Double(design.rows)
        return result
    }

    private struct Lane {
        var loss = 0.0
        var scaleSlope = 0.0
        var scaleCurvature = 0.0
        var gradient: [Double]  // (width)
        var cross: [Double]  // (width): of coefficients and scale
        var gram: [Double]  // (width, width), or empty
        var slopes = [Double](repeating: 0, count: Design.tileRows)
        var crosses = [Double](repeating: 0, count: Design.tileRows)
        var curvatures = [Double](repeating: 0, count: Design.tileRows)
    }

    func evaluate(_ point: [Double], hessian wantsHessian: Bool) throws -> ObjectiveValue {
        let width = design.width
        let scale = point[width]
        guard scale > 0 else {
            return ObjectiveValue(loss: .infinity, gradient: Array(repeating: 0, count: size), hessian: nil)
        }
        let lanes = try design.forEachTile(threads: threads, observer: observer) {
            Lane(
                gradient: Array(repeating: 0, count: width), cross: Array(repeating: 0, count: width),
                gram: Array(repeating: 0, count: wantsHessian ? width * width : 0))
        } _: { tile, lane in
            addRows(of: tile, point, scale, &lane)
            Self.add(tile, lane.slopes, to: &lane.gradient)
            guard wantsHessian else { return }
            Self.add(tile, lane.crosses, to: &lane.cross)
            lane.curvatures.withUnsafeBufferPointer { curvatures in
                lane.gram.withUnsafeMutableBufferPointer {
                    tile.addGram(weights: curvatures.baseAddress!, to: $0.baseAddress!)
                }
            }
        }
        return assemble(lanes, point, wantsHessian)
    }

    private static func add(_ tile: EncodedTile, _ values: [Double], to sums: inout [Double]) {
        values.withUnsafeBufferPointer { values in
            sums.withUnsafeMutableBufferPointer {
                tile.addTransposedProduct(values.baseAddress!, to: $0.baseAddress!)
            }
        }
    }

    private func addRows(of tile: EncodedTile, _ point: [Double], _ scale: Double, _ lane: inout Lane) {
        lane.slopes.withUnsafeMutableBufferPointer { margins in
            margins.update(repeating: 0)
            point.withUnsafeBufferPointer { tile.addProduct($0.baseAddress!, to: margins.baseAddress!) }
        }
        let floorSquare = floor * floor
        for row in 0..<tile.rows {
            let weight = weights?[tile.firstRow + row] ?? 1
            let residual = targets[tile.firstRow + row] - lane.slopes[row]
            let size = abs(residual)
            if size <= epsilon * scale {
                let ratio = residual / scale
                lane.loss += weight * (scale + residual * ratio + floorSquare / scale)
                lane.scaleSlope += weight * (1 - ratio * ratio - floorSquare / (scale * scale))
                lane.scaleCurvature += weight * 2 * (ratio * ratio + floorSquare / (scale * scale)) / scale
                lane.slopes[row] = weight * -2 * ratio
                lane.crosses[row] = weight * 2 * ratio / scale
                lane.curvatures[row] = weight * 2 / scale
            } else {
                lane.loss += weight * (scale * (1 - epsilon * epsilon) + 2 * epsilon * size + floorSquare / scale)
                lane.scaleSlope += weight * (1 - epsilon * epsilon - floorSquare / (scale * scale))
                lane.scaleCurvature += weight * 2 * floorSquare / (scale * scale * scale)
                lane.slopes[row] = weight * (residual > 0 ? -2 : 2) * epsilon
                lane.crosses[row] = 0
                lane.curvatures[row] = weight * Self.outlierCurvature * 2 * epsilon / size
            }
        }
    }

    private func assemble(_ lanes: [Lane], _ point: [Double], _ wantsHessian: Bool) -> ObjectiveValue {
        let width = design.width
        var value = ObjectiveValue(loss: 0, gradient: Array(repeating: 0, count: size), hessian: nil)
        var hessian = Matrix(rows: wantsHessian ? size : 0, columns: wantsHessian ? size : 0)
        for lane in lanes {
            value.loss += lane.loss / totalWeight
            value.gradient[width] += lane.scaleSlope / totalWeight
            for index in 0..<width { value.gradient[index] += lane.gradient[index] / totalWeight }
            guard wantsHessian else { continue }
            hessian[width, width] += lane.scaleCurvature / totalWeight
            for column in 0..<width {
                hessian[width, column] += lane.cross[column] / totalWeight
                for row in column..<width { hessian[row, column] += lane.gram[column * width + row] / totalWeight }
            }
        }
        for index in 0..<width where index != design.intercept {
            value.loss += penalty / 2 * point[index] * point[index]
            value.gradient[index] += penalty * point[index]
            if wantsHessian { hessian[index, index] += penalty }
        }
        if wantsHessian { value.hessian = hessian }
        return value
    }
}
