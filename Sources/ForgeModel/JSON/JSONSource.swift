/// Where JSON comes from, a byte at a time. Values below zero are `sourceEnd` and `sourceInvalid`, returned again and
/// again.
protocol ByteSource {
    mutating func next() -> Int
}

let sourceEnd = -1
let sourceInvalid = -2

/// Bytes in memory that outlive the source.
struct MemorySource: ByteSource {
    private let base: UnsafePointer<UInt8>?
    private let count: Int
    private(set) var position = 0

    init(_ base: UnsafePointer<UInt8>?, count: Int) {
        self.base = base
        self.count = base == nil ? 0 : count
    }

    mutating func next() -> Int {
        guard let base, position < count else { return sourceEnd }
        let byte = Int(base[position])
        position &+= 1
        return byte
    }
}

/// The text between the quotes of a JSON string, escapes resolved, as checked UTF-8. Being a source itself,
/// it lets a reader walk through a JSON document that is the value of a string in another, without a copy.
struct TextSource<Source: ByteSource>: ByteSource {
    private(set) var source: Source
    private var pending: UInt32 = 0  // bytes of an escaped scalar still to deliver, first one lowest
    private var pendingCount = 0
    private var continuationBytes = 0
    private var lowest = 0x80
    private var highest = 0xBF
    private var ending = 0

    /// `source` stands after the opening quote.
    init(_ source: Source) { self.source = source }

    mutating func next() -> Int {
        if ending < 0 { return ending }
        let byte = step()
        if byte < 0 { ending = byte }
        return byte
    }

    private mutating func step() -> Int {
        if pendingCount > 0 { return takePending() }
        let byte = source.next()
        if continuationBytes > 0 {
            guard byte >= lowest, byte <= highest else { return sourceInvalid }
            expect(continuationBytes &- 1)
            return byte
        }
        switch byte {
        case 0x22: return sourceEnd
        case 0x5C: return escape()
        case 0x20...0x7F: return byte
        case 0xC2...0xDF: expect(1)
        case 0xE0: expect(2, 0xA0)
        case 0xED: expect(2, 0x80, 0x9F)
        case 0xE1...0xEF: expect(2)
        case 0xF0: expect(3, 0x90)
        case 0xF1...0xF3: expect(3)
        case 0xF4: expect(3, 0x80, 0x8F)
        default: return sourceInvalid
        }
        return byte
    }

    private mutating func expect(_ count: Int, _ low: Int = 0x80, _ high: Int = 0xBF) {
        continuationBytes = count
        lowest = low
        highest = high
    }

    private mutating func takePending() -> Int {
        let byte = Int(pending & 0xFF)
        pending >>= 8
        pendingCount &-= 1
        return byte
    }

    private mutating func escape() -> Int {
        switch source.next() {
        case 0x22: return 0x22
        case 0x5C: return 0x5C
        case 0x2F: return 0x2F
        case 0x62: return 0x08
        case 0x66: return 0x0C
        case 0x6E: return 0x0A
        case 0x72: return 0x0D
        case 0x74: return 0x09
        case 0x75: return unicodeEscape()
        default: return sourceInvalid
        }
    }

    private mutating func unicodeEscape() -> Int {
        var scalar = fourDigits()
        if scalar >= 0xD800, scalar < 0xDC00 {
            guard source.next() == 0x5C, source.next() == 0x75 else { return sourceInvalid }
            let low = fourDigits()
            guard low >= 0xDC00, low < 0xE000 else { return sourceInvalid }
            scalar = 0x10000 &+ ((scalar &- 0xD800) << 10) &+ (low &- 0xDC00)
        } else if scalar < 0 || (scalar >= 0xDC00 && scalar < 0xE000) {
            return sourceInvalid
        }
        queue(UInt32(truncatingIfNeeded: scalar))
        return takePending()
    }

    private mutating func fourDigits() -> Int {
        var value = 0
        for _ in 0..<4 {
            let byte = source.next()
            switch byte {
            case 0x30...0x39: value = value << 4 | (byte &- 0x30)
            case 0x41...0x46: value = value << 4 | (byte &- 0x37)
            case 0x61...0x66: value = value << 4 | (byte &- 0x57)
            default: return sourceInvalid
            }
        }
        return value
    }

    private mutating func queue(_ scalar: UInt32) {
        switch scalar {
        case 0..<0x80:
            pending = scalar
            pendingCount = 1
        case 0x80..<0x800:
            pending = (0xC0 | scalar >> 6) | (0x80 | scalar & 0x3F) << 8
            pendingCount = 2
        case 0x800..<0x10000:
            pending = (0xE0 | scalar >> 12) | (0x80 | scalar >> 6 & 0x3F) << 8 | (0x80 | scalar & 0x3F) << 16
            pendingCount = 3
        default:
            pending = (0xF0 | scalar >> 18) | (0x80 | scalar >> 12 & 0x3F) << 8 | (0x80 | scalar >> 6 & 0x3F) << 16
            pending |= (0x80 | scalar & 0x3F) << 24
            pendingCount = 4
        }
    }
}
