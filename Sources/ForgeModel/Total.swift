/// The parts of the standard library that the decoder needs, without their traps: in a backend a trap ends every
/// session of the server (docs/safety.md).

/// 0, 1, … `count - 1`; nothing when `count` is negative, where `0..<count` would trap.
struct Counter: Sequence, IteratorProtocol {
    private var position = 0
    private let count: Int

    init(_ count: Int) { self.count = count }

    mutating func next() -> Int? {
        guard position < count else { return nil }
        defer { position &+= 1 }
        return position
    }
}

func upTo(_ count: Int) -> Counter { Counter(count) }

/// The bytes of a literal. `StaticString.utf8Start` checks, and could trap, each time; its layout is frozen: pointer,
/// count, flags.
struct StaticBytes: Sequence, IteratorProtocol {
    private(set) var count: Int
    private var position: UnsafePointer<UInt8>?

    init(_ text: StaticString) {
        let parts = unsafeBitCast(text, to: (start: UInt, count: Int, flags: UInt8).self)
        let pointer = parts.flags & 1 == 0 ? UnsafePointer<UInt8>(bitPattern: parts.start) : nil
        position = pointer
        count = pointer == nil ? 0 : parts.count
    }

    mutating func next() -> UInt8? {
        guard count > 0, let pointer = position else { return nil }
        position = pointer + 1
        count &-= 1
        return pointer.pointee
    }

    func withPointer(_ body: (UnsafePointer<UInt8>, Int) -> Void) {
        if let position { body(position, count) }
    }
}
