import CForgeMath

/// Hands out the arena piece by piece. Without memory it only counts, so that measuring and decoding cannot disagree.
struct ArenaBuilder {
    private let base: UnsafeMutableRawPointer?
    private let capacity: Int
    private(set) var used = 0

    init(_ base: UnsafeMutableRawPointer?, capacity: Int) {
        self.base = base
        self.capacity = capacity
    }

    var measuring: Bool { base == nil }

    /// `count` elements, 16-byte aligned.
    mutating func reserve<Element: BitwiseCopyable>(
        _ type: Element.Type, count: Int
    ) throws(Refusal) -> Region<Element> {
        let (size, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        guard count >= 0, !overflow, size <= ModelLimits.arena &- used else { throw .tooLarge("the model is too large") }
        let offset = used
        used = (used &+ size &+ 15) & ~15
        try require(base == nil || used <= capacity, "it needs more memory than measured")
        return Region(base: base.map { $0 + offset }, offset: offset, count: count)
    }

    /// What lies at `span`, reserved before.
    func region<Element: BitwiseCopyable>(_ span: ForgeSpan, of type: Element.Type) -> Region<Element> {
        let offset = Int(truncatingIfNeeded: span.offset)
        return Region(base: base.map { $0 + offset }, offset: offset, count: Int(truncatingIfNeeded: span.count))
    }
}

/// Elements in the arena. Access outside, or while measuring, does nothing: a decoder's mistake stays harmless.
struct Region<Element: BitwiseCopyable> {
    let base: UnsafeMutableRawPointer?
    let offset: Int
    let count: Int

    var span: ForgeSpan { ForgeSpan(offset: Int64(offset), count: Int64(count)) }

    func store(_ value: Element, at index: Int) {
        guard let base, index >= 0, index < count else { return }
        base.storeBytes(of: value, toByteOffset: index &* MemoryLayout<Element>.stride, as: Element.self)
    }

    /// nil outside and while measuring.
    func load(_ index: Int) -> Element? {
        guard let base, index >= 0, index < count else { return nil }
        return base.load(fromByteOffset: index &* MemoryLayout<Element>.stride, as: Element.self)
    }

    /// The first `count` elements.
    func prefix(_ count: Int) -> Region { Region(base: base, offset: offset, count: min(max(count, 0), self.count)) }
}
