import CForgeMath

/// Encodes a number column a block of values at a time, by the C function that encodes it in a row.
public struct NumberEncoder: Sendable {
    private let fill: Double?
    private let shift: Double
    private let scale: Double

    public init(fill: Double?, shift: Double, scale: Double) {
        self.fill = fill
        self.shift = shift
        self.scale = scale
    }

    /// The column's first feature; NaN when the value is missing and not filled.
    public func encode(_ values: UnsafePointer<Double>, count: Int, into features: UnsafeMutablePointer<Double>) {
        forge_encode_numbers(values, Int64(count), fill == nil ? 0 : 1, fill ?? 0, shift, scale, features)
    }

    /// The same rounded to Float32, as trees compare it.
    public func encode(_ values: UnsafePointer<Double>, count: Int, into features: UnsafeMutablePointer<Float>) {
        forge_encode_numbers_rounded(values, Int64(count), fill == nil ? 0 : 1, fill ?? 0, shift, scale, features)
    }

    /// The column's indicator: 1 where the value is missing, else 0.
    @inlinable
    public static func indicate<Feature: BinaryFloatingPoint>(
        _ values: UnsafePointer<Double>, count: Int, into features: UnsafeMutablePointer<Feature>
    ) {
        for row in 0..<count { features[row] = values[row].isNaN ? 1 : 0 }
    }
}
