/// The indices of `values` in rising order, equal values in the order in which they come; 0 and -0 are equal, no value
/// may be NaN.
///
/// A radix sort by the bytes of the values' bits, from the last: O(n).
func risingOrder(_ values: [Double]) -> [Int32] { risingOrder(values.map(sortableBits)) }

func risingOrder(_ numbers: [UInt64]) -> [Int32] {
    var keys = numbers
    var order = Array(0..<Int32(keys.count))
    var nextKeys = keys
    var nextOrder = order
    for (byte, counts) in byteCounts(keys).enumerated() where !counts.contains(Int32(keys.count)) {
        var places = counts
        var first: Int32 = 0
        for bucket in places.indices {
            places[bucket] = first
            first += counts[bucket]
        }
        scatter(keys, order, byte, &places, &nextKeys, &nextOrder)
        swap(&keys, &nextKeys)
        swap(&order, &nextOrder)
    }
    return order
}

/// Bits that rise with the value, as unsigned numbers.
private func sortableBits(_ value: Double) -> UInt64 {
    let bits = (value + 0).bitPattern  // -0 + 0 is 0
    return bits >> 63 == 0 ? bits | 1 << 63 : ~bits
}

/// How often each value of each byte comes, the last byte first.
private func byteCounts(_ keys: [UInt64]) -> [[Int32]] {
    var counts = [Int32](repeating: 0, count: 8 * 256)
    for key in keys { for byte in 0..<8 { counts[byte << 8 | Int(key >> (8 * byte) & 255)] += 1 } }
    return (0..<8).map { Array(counts[$0 << 8..<($0 + 1) << 8]) }
}

private func scatter(
    _ keys: [UInt64], _ order: [Int32], _ byte: Int, _ places: inout [Int32], _ nextKeys: inout [UInt64],
    _ nextOrder: inout [Int32]
) {
    nextKeys.withUnsafeMutableBufferPointer { nextKeys in
        nextOrder.withUnsafeMutableBufferPointer { nextOrder in
            for index in keys.indices {
                let bucket = Int(keys[index] >> (8 * byte) & 255)
                let place = Int(places[bucket])
                places[bucket] += 1
                nextKeys[place] = keys[index]
                nextOrder[place] = order[index]
            }
        }
    }
}
