/// What a reader meets next. `key` and `text` leave their characters in `reader.text`, numbers theirs in
/// `reader.integer` (when whole and within Int64) and `reader.number`.
enum JSONEvent {
    case beginObject, endObject, beginArray, endArray
    case key, text, number, yes, no, null
    case end, invalid
}

/// A pull reader of JSON (RFC 8259): total, without allocation or recursion. Any input ends in `end` or `invalid`.
///
/// Containers nest at most `maximumDepth` deep. Whether keys repeat is for the caller to see, who knows which there may
/// be.
struct JSONReader<Source: ByteSource> {
    static var maximumDepth: Int { 16 }

    /// A string's characters, escapes resolved; may be walked any number of times.
    struct Text {
        fileprivate var inside: Source
        fileprivate(set) var length: Int  // bytes of UTF-8
        var bytes: TextSource<Source> { TextSource(inside) }
    }

    private enum Expectation { case value, firstKey, key, firstElement, separator, nothing }

    private var source: Source
    private var look: Int  // the byte after those consumed
    private var lookSource: Source  // the source as it stands before `look`
    private var expectation = Expectation.value
    private var depth = 0
    private var objects: UInt32 = 0  // bit d: the container at depth d + 1 is an object
    private var failed = false
    private(set) var consumed = 0
    private(set) var text: Text
    private(set) var number: Text
    private(set) var integer: Int64?

    init(_ source: Source) {
        self.source = source
        lookSource = source
        look = 0
        text = Text(inside: source, length: 0)
        number = text
        look = self.source.next()
    }

    mutating func next() -> JSONEvent {
        if failed { return .invalid }
        let event = step()
        if event == .invalid { failed = true }
        return event
    }

    private mutating func step() -> JSONEvent {
        skipSpace()
        switch expectation {
        case .nothing: return look == sourceEnd ? .end : .invalid
        case .separator: return separator()
        case .firstKey: return look == 0x7D ? close() : key()
        case .key: return key()
        case .firstElement: return look == 0x5D ? close() : value()
        case .value: return value()
        }
    }

    private mutating func separator() -> JSONEvent {
        switch look {
        case 0x2C:
            take()
            skipSpace()
            return inObject ? key() : value()
        case 0x7D: return inObject ? close() : .invalid
        case 0x5D: return inObject ? .invalid : close()
        default: return .invalid
        }
    }

    private mutating func key() -> JSONEvent {
        guard look == 0x22, readText() else { return .invalid }
        skipSpace()
        guard look == 0x3A else { return .invalid }
        take()
        expectation = .value
        return .key
    }

    private mutating func value() -> JSONEvent {
        switch look {
        case 0x7B: return open(object: true)
        case 0x5B: return open(object: false)
        case 0x22: return readText() ? done(.text) : .invalid
        case 0x2D, 0x30...0x39: return readNumber() ? done(.number) : .invalid
        case 0x74: return readWord("true") ? done(.yes) : .invalid
        case 0x66: return readWord("false") ? done(.no) : .invalid
        case 0x6E: return readWord("null") ? done(.null) : .invalid
        default: return .invalid
        }
    }

    private var inObject: Bool { depth > 0 && objects & (1 << UInt32(truncatingIfNeeded: depth &- 1)) != 0 }

    private mutating func open(object: Bool) -> JSONEvent {
        guard depth < Self.maximumDepth else { return .invalid }
        take()
        let bit: UInt32 = 1 << UInt32(truncatingIfNeeded: depth)
        objects = object ? objects | bit : objects & ~bit
        depth &+= 1
        expectation = object ? .firstKey : .firstElement
        return object ? .beginObject : .beginArray
    }

    private mutating func close() -> JSONEvent {
        let event: JSONEvent = inObject ? .endObject : .endArray
        take()
        depth &-= 1
        return done(event)
    }

    private mutating func done(_ event: JSONEvent) -> JSONEvent {
        expectation = depth == 0 ? .nothing : .separator
        return event
    }

    private mutating func take() {
        consumed &+= 1
        lookSource = source
        look = source.next()
    }

    private mutating func skipSpace() {
        while look == 0x20 || look == 0x0A || look == 0x0D || look == 0x09 { take() }
    }

    private mutating func readText() -> Bool {
        var characters = TextSource(source)
        text = Text(inside: source, length: 0)
        while true {
            let byte = characters.next()
            if byte == sourceEnd { break }
            if byte < 0 { return false }
            text.length &+= 1
        }
        source = characters.source
        consumed &+= text.length &+ 1  // escapes make this a lower bound: it only guides error messages
        take()
        return true
    }

    private mutating func readWord(_ word: StaticString) -> Bool {
        var rest = StaticBytes(word)
        while let byte = rest.next() {
            guard look == Int(byte) else { return false }
            take()
        }
        return true
    }

    private mutating func readNumber() -> Bool {
        number = Text(inside: lookSource, length: 0)
        var whole = true
        let negative = look == 0x2D
        if negative { takeDigit() }
        let zero = look == 0x30
        var value: Int64? = 0
        let wholeDigits = readDigits { digit in
            guard let soFar = value else { return }
            let (scaled, overflow) = soFar.multipliedReportingOverflow(by: 10)
            let (next, overflow2) = scaled.addingReportingOverflow(negative ? 0 &- digit : digit)
            value = overflow || overflow2 ? nil : next
        }
        guard wholeDigits > 0, !zero || wholeDigits == 1 else { return false }
        if look == 0x2E {
            whole = false
            takeDigit()
            guard readDigits({ _ in }) > 0 else { return false }
        }
        if look == 0x65 || look == 0x45 {
            whole = false
            takeDigit()
            if look == 0x2B || look == 0x2D { takeDigit() }
            guard readDigits({ _ in }) > 0 else { return false }
        }
        integer = whole ? value : nil
        return true
    }

    private mutating func takeDigit() {
        number.length &+= 1
        take()
    }

    private mutating func readDigits(_ body: (Int64) -> Void) -> Int {
        var count = 0
        while look >= 0x30, look <= 0x39 {
            body(Int64(truncatingIfNeeded: look &- 0x30))
            takeDigit()
            count &+= 1
        }
        return count
    }
}

extension JSONReader.Text {
    func equals(_ word: StaticString) -> Bool {
        var rest = StaticBytes(word)
        guard length == rest.count else { return false }
        var characters = bytes
        while let byte = rest.next() {
            guard characters.next() == Int(byte) else { return false }
        }
        return true
    }
}

extension JSONReader {
    /// The characters of `number`: digits, sign, point and exponent stand unescaped.
    var numberSource: Source { number.inside }
}
