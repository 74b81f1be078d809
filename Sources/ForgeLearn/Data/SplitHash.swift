import CForgeMath

/// One step of SplitMix64, the same as in the server.
@inline(__always)
func splitmix64(_ x: UInt64) -> UInt64 { forge_splitmix64(x) }

/// Decides by a row's key alone, so that a row keeps its place whatever rows come beside or before it.
struct KeyedChoice: Sendable, Equatable {
    private let salt: UInt64

    /// Choices of different purposes are independent of each other.
    enum Purpose: UInt64 {
        case split = 0
        case sample = 0x5A4D_504C_45
        case calibration = 0xCA11_B8A7E
        case stopping = 0x5354_4F50
        case fold = 0x464F_4C44
        case outer = 0x4F55_5445_52
        case report = 0x5245_504F_5254
        case targetEncoding = 0x5447_5445_4E43
        case background = 0x4241_434B_4744
        case trial = 0x5452_4941_4C
    }

    init(seed: Int, purpose: Purpose) { salt = splitmix64(UInt64(bitPattern: Int64(seed))) ^ purpose.rawValue }

    func hash(_ key: UInt64) -> UInt64 { splitmix64(key ^ salt) }

    /// The hash as a number in [0, 1): a share of about p of all keys lies below p.
    func position(_ key: UInt64) -> Double { Double(hash(key)) * 0x1p-64 }

    /// True for a share of about `fraction` of all keys.
    func takes(_ key: UInt64, fraction: Double) -> Bool { position(key) < fraction }
}
