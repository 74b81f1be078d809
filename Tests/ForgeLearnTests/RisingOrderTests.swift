import Testing

@testable import ForgeLearn

@Suite struct RisingOrderTests {
    @Test(arguments: [0, 1, 2, 1_000])
    func theOrderIsThatOfAStableSortByComparison(count: Int) {
        var state: UInt64 = 7
        let values = (0..<count).map { _ -> Double in
            state = splitmix64(state)
            switch state % 8 {
            case 0: return 0
            case 1: return -0.0
            case 2: return Double(Int64(bitPattern: state) >> 60)  // ties
            case 3: return Double(bitPattern: state >> 12)  // subnormal
            case 4: return state & 256 == 0 ? .infinity : -.infinity
            default: return Double(Int64(bitPattern: state)) * 1e-9
            }
        }
        let expected = values.indices.sorted { values[$0] != values[$1] ? values[$0] < values[$1] : $0 < $1 }
        #expect(risingOrder(values) == expected.map(Int32.init))
    }
}
