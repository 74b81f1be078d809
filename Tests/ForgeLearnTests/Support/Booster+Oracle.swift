import CXGBoost
import ForgeModel

@testable import ForgeLearn

/// XGBoost's own margins, the oracle of the exported form.
extension Booster {
    private static let marginsOfAllTrees =
        "{\"type\":1,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,\"strict_shape\":true,\"missing\":NaN,\"cache_id\":0}"

    /// (rows, outputs) of the rows it learned from, as binned for it.
    func trainingMargins() throws -> [Float] {
        var shape: UnsafePointer<UInt64>?
        var dimensions: UInt64 = 0
        var out: UnsafePointer<Float>?
        try callXGBoost(
            XGBoosterPredictFromDMatrix(handle, matrix.handle, Self.marginsOfAllTrees, &shape, &dimensions, &out))
        return Self.copy(out, shape, dimensions)
    }

    /// (rows, outputs) of encoded rows; `columns[j]` holds feature j of all rows.
    func margins(_ columns: [[Float]], categorical: [Bool]) throws -> [Float] {
        var proxy: DMatrixHandle?
        try callXGBoost(XGProxyDMatrixCreate(&proxy))
        defer { XGDMatrixFree(proxy) }
        let buffers = columns.map { column in
            let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: column.count)
            _ = buffer.initialize(from: column)
            return buffer
        }
        defer { buffers.forEach { $0.deallocate() } }
        let interfaces = buffers.map { ArrayInterface(base: $0.baseAddress!, shape: [$0.count]).json }
        try setFeatureTypes(proxy, categorical)
        var shape: UnsafePointer<UInt64>?
        var dimensions: UInt64 = 0
        var out: UnsafePointer<Float>?
        try callXGBoost(
            XGBoosterPredictFromColumnar(
                handle, "[\(interfaces.joined(separator: ","))]", Self.marginsOfAllTrees, proxy, &shape, &dimensions,
                &out))
        return Self.copy(out, shape, dimensions)
    }

    private static func copy(
        _ values: UnsafePointer<Float>?, _ shape: UnsafePointer<UInt64>?, _ dimensions: UInt64
    ) -> [Float] {
        let count = (0..<Int(dimensions)).reduce(1) { $0 * Int(shape![$1]) }
        return Array(UnsafeBufferPointer(start: values, count: count))
    }
}
