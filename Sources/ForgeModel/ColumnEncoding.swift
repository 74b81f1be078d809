/// How one source column becomes encoded features. Stored in the artifact. Fits encode columns by `ColumnEncoder`,
/// `NumberEncoder` and `LevelMap`, which share their arithmetic with the kernels that score rows.
public enum ColumnEncoding: Sendable, Equatable {
    /// `[value]` or, with `indicator`, `[value, isMissing]`. A missing value becomes `fill` (nil: stays missing, NaN,
    /// for trees); the value is then `(value - shift) / scale`. The indicator is 0 or 1 and is not scaled.
    case number(fill: Double?, indicator: Bool, shift: Double, scale: Double)
    /// One 0/1 feature per level in byte order; then one for NULL if `nullLevel`; then one for levels outside the list
    /// if `otherLevel`. Without them, NULL or an unseen level gives all zeros.
    case oneHot(levels: [Bytes], nullLevel: Bool, otherLevel: Bool)
    /// One feature, the level's index in byte order; NULL and unseen levels are missing (NaN): trees send them their
    /// default way.
    case native(levels: [Bytes])
    /// A number through a function: `t = (transform(value or fill) - shift) / scale`, then its powers `t²`, …
    /// `t^degree` (`degree` ≥ 1), then, with `indicator`, 1 where the value is missing.
    case transformed(NumberTransform, fill: Double, indicator: Bool, shift: Double, scale: Double, degree: Int)
    /// The number of `edges` (strictly rising) that are ≤ the value: one 0/1 feature per bin, `edges + 1` of them, or
    /// when `ordinal` that number itself. A missing value has, with `missing`, a 0/1 feature of its own behind the bins
    /// (ordinal: the number -1); without, it gives all zeros (ordinal: NaN).
    case bins(edges: [Double], missing: Bool, ordinal: Bool)
    /// Each level's `width` numbers. `values`: (levels + 2, width) row-major, the levels in byte order, then NULL, then
    /// levels outside the list. Ordinal, frequency and target encodings.
    case lookup(levels: [Bytes], width: Int, values: [Double])
    /// A 0/1 feature per bucket, the level's being `forge_level_hash(bytes) % buckets`; NULL gives all zeros.
    case hashed(buckets: Int)
    /// Parts of a date or timestamp in UTC, in this order, then 1 where the value is missing and all parts are 0.
    case dateParts([ScaledDatePart])
    /// Text as scikit-learn's `TfidfVectorizer` sees it, Euclidean norm 1: tokens are runs of two or more Unicode word
    /// characters of the lower-cased text. `vocabulary` in byte order: tokens and, with `bigrams`, pairs of neighbours
    /// joined by a space. A term's weight is its count, or 1 + ln(count) when `sublinear`, times its `idf`. NULL gives
    /// all zeros.
    case tfidf(vocabulary: [Bytes], idf: [Double], bigrams: Bool, sublinear: Bool)
    /// A vector's elements, each a float4 widened: `(element or fill - shift) / scale`. A missing vector is missing in
    /// all of its elements (`fills` nil: it stays NaN, for trees). All three have the vector's dimensions.
    case vector(fills: [Double]?, shifts: [Double], scales: [Double])

    /// No features: with the other group columns it tells which group a row is of. NULL is a value like any other.
    case groupNumber
    /// The same of a category; levels outside the list are of no group that has a model.
    case groupLevel(levels: [Bytes])

    public var width: Int {
        switch self {
        case .number(_, let indicator, _, _): indicator ? 2 : 1
        case .oneHot(let levels, let nullLevel, let otherLevel):
            levels.count + (nullLevel ? 1 : 0) + (otherLevel ? 1 : 0)
        case .native: 1
        case .transformed(_, _, let indicator, _, _, let degree): degree + (indicator ? 1 : 0)
        case .bins(let edges, let missing, let ordinal): ordinal ? 1 : edges.count + 1 + (missing ? 1 : 0)
        case .lookup(_, let width, _): width
        case .hashed(let buckets): buckets
        case .dateParts(let parts): parts.reduce(1) { $0 + $1.part.width }
        case .tfidf(let vocabulary, _, _, _): vocabulary.count
        case .vector(_, let shifts, _): shifts.count
        case .groupNumber, .groupLevel: 0
        }
    }

    /// As artifacts and manifests write it.
    public var name: String {
        switch self {
        case .number: "number"
        case .oneHot: "one_hot"
        case .native: "native"
        case .transformed: "transformed"
        case .bins: "bins"
        case .lookup: "lookup"
        case .hashed: "hashed"
        case .dateParts: "date_parts"
        case .tfidf: "tfidf"
        case .vector: "vector"
        case .groupNumber: "group_number"
        case .groupLevel: "group_level"
        }
    }

    /// The texts that the encoding knows, in byte order; nil where it knows none.
    public var levels: [Bytes]? {
        switch self {
        case .oneHot(let levels, _, _), .native(let levels), .lookup(let levels, _, _), .tfidf(let levels, _, _, _),
            .groupLevel(let levels):
            levels
        case .number, .transformed, .bins, .hashed, .dateParts, .vector, .groupNumber: nil
        }
    }

    /// Whether the column tells a row's group.
    public var isGroup: Bool {
        switch self {
        case .groupNumber, .groupLevel: true
        default: false
        }
    }

    /// What the column must hold to be encoded so.
    public var kind: ColumnKind {
        switch self {
        case .number, .transformed, .bins, .dateParts, .groupNumber: .number
        case .oneHot, .native, .lookup, .hashed, .tfidf, .groupLevel: .category
        case .vector: .vector
        }
    }
}

/// A function that a number goes through before it is shifted and scaled.
public enum NumberTransform: Sendable, Equatable {
    case identity
    /// sign(x) · ln(1 + |x|)
    case log1p
    /// sign(x) · √|x|
    case sqrt
    /// Yeo & Johnson 2000, as scikit-learn's `PowerTransformer` has it.
    case yeoJohnson(lambda: Double)

    /// As artifacts and requests write it.
    public var name: String {
        switch self {
        case .identity: "identity"
        case .log1p: "log1p"
        case .sqrt: "sqrt"
        case .yeoJohnson: "yeo_johnson"
        }
    }
}

/// `(part - shift) / scale`; a cycle, which lies within -1 and 1 already, has 0 and 1.
public struct ScaledDatePart: Sendable, Equatable {
    public var part: DatePart
    public var shift: Double
    public var scale: Double

    public init(_ part: DatePart, shift: Double = 0, scale: Double = 1) {
        self.part = part
        self.shift = shift
        self.scale = scale
    }
}

/// A part of a date or timestamp, in UTC. A cycle is two features, sine and cosine of the part's share of its period.
public enum DatePart: Int32, Sendable, Equatable, CaseIterable {
    case year = 0, month, day
    /// 0 is Sunday, as in `extract(dow from …)`.
    case dayOfWeek
    /// 1 … 366
    case dayOfYear
    case hour, minute
    case monthCycle, dayOfWeekCycle, dayOfYearCycle, hourCycle

    public var width: Int { rawValue < DatePart.monthCycle.rawValue ? 1 : 2 }

    /// As artifacts and requests write it.
    public var name: String {
        switch self {
        case .year: "year"
        case .month: "month"
        case .day: "day"
        case .dayOfWeek: "day_of_week"
        case .dayOfYear: "day_of_year"
        case .hour: "hour"
        case .minute: "minute"
        case .monthCycle: "month_cycle"
        case .dayOfWeekCycle: "day_of_week_cycle"
        case .dayOfYearCycle: "day_of_year_cycle"
        case .hourCycle: "hour_cycle"
        }
    }
}
