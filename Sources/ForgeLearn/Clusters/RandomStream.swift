import CForgeMath

/// Numbers drawn from a seed, by SplitMix64.
struct RandomStream {
    private var state: UInt64

    /// Streams of different numbers are independent of each other.
    init(seed: Int, number: Int) {
        state = splitmix64(UInt64(bitPattern: Int64(seed)) ^ splitmix64(UInt64(truncatingIfNeeded: number)))
    }

    mutating func bits() -> UInt64 { forge_splitmix64_next(&state) }

    /// In [0, 1).
    mutating func unit() -> Double { Double(bits() >> 11) * 0x1p-53 }

    /// In 0 ..< count.
    mutating func below(_ count: Int) -> Int { min(count - 1, Int(unit() * Double(count))) }

    /// From the standard normal distribution.
    mutating func normal() -> Double { normalQuantile(max(unit(), 0x1p-54)) }
}
