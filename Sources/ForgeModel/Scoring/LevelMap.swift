import CForgeMath

/// What the codes of a category column mean to its encoding. A code's place is the feature within the column that is 1
/// (one-hot, hashed), the level's index (native), or the row of its numbers (lookup); `none` leaves the features 0, or
/// missing.
public struct LevelMap: Sendable {
    public static let none: Int32 = -1

    private let places: [Int32]  // by code
    private let null: Int32
    /// By code, where the text itself is encoded; else empty.
    let texts: [Bytes]

    /// `texts[code]` is what a code stands for.
    public init(_ encoding: ColumnEncoding, texts: [Bytes]) {
        switch encoding {
        case .number, .transformed, .bins, .dateParts, .vector, .groupNumber: self.init(places: [], null: LevelMap.none)
        case .tfidf: self.init(places: [], null: LevelMap.none, texts: texts)
        case .native(let levels): self.init(levels, texts, null: LevelMap.none, other: LevelMap.none)
        case .oneHot(let levels, let nullLevel, let otherLevel):
            let count = Int32(truncatingIfNeeded: levels.count)
            let (null, other) = LevelMap.extraPlaces(levels: count, nullLevel: nullLevel, otherLevel: otherLevel)
            self.init(levels, texts, null: null, other: other)
        case .lookup(let levels, _, _), .groupLevel(let levels):
            let count = Int32(truncatingIfNeeded: levels.count)
            self.init(levels, texts, null: count, other: count &+ 1)
        case .hashed(let buckets):
            self.init(places: texts.map { text in text.withUnsafeBytes { LevelMap.bucket($0, of: buckets) } }, null: LevelMap.none)
        }
    }

    private init(places: [Int32], null: Int32, texts: [Bytes] = []) {
        self.texts = texts
        self.places = places
        self.null = null
    }

    private init(_ levels: [Bytes], _ texts: [Bytes], null: Int32, other: Int32) {
        let known = Dictionary(zip(levels, 0..<Int32.max), uniquingKeysWith: { first, _ in first })
        self.init(places: texts.map { known[$0] ?? other }, null: null)
    }

    private static func bucket(_ text: UnsafeRawBufferPointer, of buckets: Int) -> Int32 {
        let hash = withUnsafePointer(to: 0 as UInt8) { empty in
            forge_level_hash(text.baseAddress ?? UnsafeRawPointer(empty), Int64(text.count))
        }
        return Int32(truncatingIfNeeded: hash % UInt64(max(buckets, 1)))
    }

    /// Where a one-hot column has its features for NULL and for levels outside its list.
    static func extraPlaces(levels: Int32, nullLevel: Bool, otherLevel: Bool) -> (null: Int32, other: Int32) {
        (nullLevel ? levels : none, otherLevel ? levels &+ (nullLevel ? 1 : 0) : none)
    }

    /// The code's place, or `none`.
    public func place(of code: UInt32) -> Int32 { code == ColumnValues.missingCode ? null : places[Int(code)] }

    private func place(_ code: UInt32, _ places: UnsafeBufferPointer<Int32>) -> Int32 {
        code == ColumnValues.missingCode ? null : places[Int(code)]
    }

    /// The codes' places, counted from `first`.
    public func places(
        of codes: UnsafePointer<UInt32>, count: Int, from first: Int32, into out: UnsafeMutablePointer<Int32>
    ) {
        places.withUnsafeBufferPointer { places in
            for row in 0..<count {
                let place = place(codes[row], places)
                out[row] = place < 0 ? LevelMap.none : first &+ place
            }
        }
    }

    /// One feature of a one-hot column: 1 where the code's place is `feature`, else 0.
    public func indicate(
        _ feature: Int32, in codes: UnsafePointer<UInt32>, count: Int, into out: UnsafeMutablePointer<Float>
    ) {
        places.withUnsafeBufferPointer { places in
            for row in 0..<count { out[row] = place(codes[row], places) == feature ? 1 : 0 }
        }
    }

    /// The feature of a native column: the level's index, or NaN.
    public func encode(_ codes: UnsafePointer<UInt32>, count: Int, into out: UnsafeMutablePointer<Float>) {
        places.withUnsafeBufferPointer { places in
            for row in 0..<count {
                let place = place(codes[row], places)
                out[row] = place < 0 ? .nan : Float(place)
            }
        }
    }
}
