import CForgeMath

extension Description {
    /// Walks the columns once more, in their order: `body` gets the index and the column.
    func forEachColumn(_ body: (Int, Column) throws(Refusal) -> Void) throws(Refusal) {
        var reader = columns
        var index = 0
        while let column = try Description.readColumn(&reader) {
            try body(index, column)
            index &+= 1
        }
    }

    /// The next column of the array, nil at its end: `encoding`, `name`, `type`, and the fields of its encoding
    /// (docs/internals.md, "Artifact").
    static func readColumn(_ reader: inout Reader) throws(Refusal) -> Column? {
        let start = reader.next()
        if start == .endArray { return nil }
        try require(start == .beginObject, "a column is not an object")
        var column = Column(name: reader.text, type: reader.text, parts: reader)
        var seen = 0
        while true {
            let event = reader.next()
            if event == .endObject { break }
            try require(event == .key, "its description is not valid JSON")
            let bit = try readField(&reader, &column)
            try require(seen & bit == 0, "a field of a column comes twice")
            seen |= bit
        }
        try require(seen == Field.common | fields(of: column.encoding), "a column lacks a field, or has one too many")
        return column
    }

    /// One bit for each field that a column can have.
    private enum Field {
        static var common: Int { 1 | 2 | 4 }  // encoding, name, type
        static var fill: Int { 8 }
        static var indicator: Int { 16 }
        static var levels: Int { 32 }
        static var nullLevel: Int { 64 }
        static var otherLevel: Int { 128 }
        static var transform: Int { 256 }
        static var degree: Int { 512 }
        static var edges: Int { 1_024 }
        static var missing: Int { 2_048 }
        static var ordinal: Int { 4_096 }
        static var width: Int { 8_192 }
        static var buckets: Int { 16_384 }
        static var parts: Int { 32_768 }
        static var bigrams: Int { 65_536 }
        static var sublinear: Int { 131_072 }
        static var dimensions: Int { 262_144 }
    }

    private static func fields(of encoding: Int) -> Int {
        if encoding == FORGE_ENCODE_NUMBER { return Field.fill | Field.indicator }
        if encoding == FORGE_ENCODE_ONE_HOT { return Field.levels | Field.nullLevel | Field.otherLevel }
        if encoding == FORGE_ENCODE_TRANSFORMED { return Field.transform | Field.indicator | Field.degree }
        if encoding == FORGE_ENCODE_BINS { return Field.edges | Field.missing | Field.ordinal }
        if encoding == FORGE_ENCODE_LOOKUP { return Field.levels | Field.width }
        if encoding == FORGE_ENCODE_HASHED { return Field.buckets }
        if encoding == FORGE_ENCODE_DATE_PARTS { return Field.parts }
        if encoding == FORGE_ENCODE_TFIDF { return Field.levels | Field.bigrams | Field.sublinear }
        if encoding == FORGE_ENCODE_VECTOR { return Field.dimensions | Field.fill }
        if encoding == FORGE_ENCODE_GROUP_NUMBER { return 0 }
        return Field.levels
    }

    private static func readField(_ reader: inout Reader, _ column: inout Column) throws(Refusal) -> Int {
        let key = reader.text
        let event = reader.next()
        if event == .text { return try readText(key, reader.text, &column) }
        if event == .number { return try readCount(key, reader.integer ?? -1, &column) }
        if event == .beginArray {
            try require(key.equals("parts"), "a column has an unknown field")
            try readParts(&reader, &column)
            return Field.parts
        }
        try require(event == .yes || event == .no, "a column has an unknown field")
        return try readFlag(key, event == .yes, &column)
    }

    private static func readText(
        _ key: Reader.Text, _ text: Reader.Text, _ column: inout Column
    ) throws(Refusal) -> Int {
        if key.equals("encoding") {
            column.encoding = try readEncoding(text)
            return 1
        }
        if key.equals("name") {
            column.name = text
            return 2
        }
        if key.equals("type") {
            column.type = text
            return 4
        }
        try require(key.equals("transform"), "a column has an unknown field")
        column.transform = try readTransform(text)
        return Field.transform
    }

    private static func readCount(_ key: Reader.Text, _ count: Int64, _ column: inout Column) throws(Refusal) -> Int {
        try require(count >= 0 && count <= Int64(ModelLimits.encodedWidth), "a number of a column is out of range")
        let value = Int(truncatingIfNeeded: count)
        if key.equals("levels") {
            try require(value <= ModelLimits.levels, "a column's number of levels is out of range")
            column.levels = value
            return Field.levels
        }
        if key.equals("degree") {
            try require(value >= 1 && value <= ModelLimits.degree, "a column's degree is out of range")
            column.degree = value
            return Field.degree
        }
        if key.equals("edges") {
            column.edges = value
            return Field.edges
        }
        try require(value >= 1, "a number of a column is out of range")
        if key.equals("width") {
            column.lookupWidth = value
            return Field.width
        }
        if key.equals("dimensions") {
            column.dimensions = value
            return Field.dimensions
        }
        try require(key.equals("buckets"), "a column has an unknown field")
        column.buckets = value
        return Field.buckets
    }

    private static func readFlag(_ key: Reader.Text, _ flag: Bool, _ column: inout Column) throws(Refusal) -> Int {
        if key.equals("fill") {
            column.filled = flag
            return Field.fill
        }
        if key.equals("indicator") {
            column.indicator = flag
            return Field.indicator
        }
        if key.equals("null_level") {
            column.nullLevel = flag
            return Field.nullLevel
        }
        if key.equals("other_level") {
            column.otherLevel = flag
            return Field.otherLevel
        }
        if key.equals("missing") {
            column.indicator = flag
            return Field.missing
        }
        if key.equals("ordinal") {
            column.ordinal = flag
            return Field.ordinal
        }
        if key.equals("bigrams") {
            column.bigrams = flag
            return Field.bigrams
        }
        try require(key.equals("sublinear"), "a column has an unknown field")
        column.sublinear = flag
        return Field.sublinear
    }

    private static func readParts(_ reader: inout Reader, _ column: inout Column) throws(Refusal) {
        column.parts = reader
        while let part = try readPart(&reader) {
            column.partCount &+= 1
            column.partWidth &+= Int(forge_date_part_width(Int32(truncatingIfNeeded: part)))
            try require(column.partCount <= ModelLimits.dateParts, "a column has too many parts of a date")
        }
    }

    /// The next part of the array, nil at its end.
    static func readPart(_ reader: inout Reader) throws(Refusal) -> Int? {
        let event = reader.next()
        if event == .endArray { return nil }
        try require(event == .text, "a part of a date is not a text")
        if reader.text.equals("year") { return FORGE_YEAR }
        if reader.text.equals("month") { return FORGE_MONTH }
        if reader.text.equals("day") { return FORGE_DAY }
        if reader.text.equals("day_of_week") { return FORGE_DAY_OF_WEEK }
        if reader.text.equals("day_of_year") { return FORGE_DAY_OF_YEAR }
        if reader.text.equals("hour") { return FORGE_HOUR }
        if reader.text.equals("minute") { return FORGE_MINUTE }
        if reader.text.equals("month_cycle") { return FORGE_MONTH_CYCLE }
        if reader.text.equals("day_of_week_cycle") { return FORGE_DAY_OF_WEEK_CYCLE }
        if reader.text.equals("day_of_year_cycle") { return FORGE_DAY_OF_YEAR_CYCLE }
        if reader.text.equals("hour_cycle") { return FORGE_HOUR_CYCLE }
        throw .newer("the model is of a kind that this version of Forge does not know")
    }

    private static func readTransform(_ text: Reader.Text) throws(Refusal) -> Int {
        if text.equals("identity") { return FORGE_IDENTITY_TRANSFORM }
        if text.equals("log1p") { return FORGE_LOG1P }
        if text.equals("sqrt") { return FORGE_SQRT }
        if text.equals("yeo_johnson") { return FORGE_YEO_JOHNSON }
        throw .newer("the model is of a kind that this version of Forge does not know")
    }

    private static func readEncoding(_ text: Reader.Text) throws(Refusal) -> Int {
        if text.equals("number") { return FORGE_ENCODE_NUMBER }
        if text.equals("one_hot") { return FORGE_ENCODE_ONE_HOT }
        if text.equals("native") { return FORGE_ENCODE_NATIVE }
        if text.equals("transformed") { return FORGE_ENCODE_TRANSFORMED }
        if text.equals("bins") { return FORGE_ENCODE_BINS }
        if text.equals("lookup") { return FORGE_ENCODE_LOOKUP }
        if text.equals("hashed") { return FORGE_ENCODE_HASHED }
        if text.equals("date_parts") { return FORGE_ENCODE_DATE_PARTS }
        if text.equals("tfidf") { return FORGE_ENCODE_TFIDF }
        if text.equals("vector") { return FORGE_ENCODE_VECTOR }
        if text.equals("group_number") { return FORGE_ENCODE_GROUP_NUMBER }
        if text.equals("group_level") { return FORGE_ENCODE_GROUP_LEVEL }
        throw .newer("the model is of a kind that this version of Forge does not know")
    }
}

extension Description.Column {
    var width: Int {
        if encoding == FORGE_ENCODE_NUMBER { return indicator ? 2 : 1 }
        if encoding == FORGE_ENCODE_NATIVE { return 1 }
        if encoding == FORGE_ENCODE_TRANSFORMED { return degree &+ (indicator ? 1 : 0) }
        if encoding == FORGE_ENCODE_BINS { return ordinal ? 1 : edges &+ 1 &+ (indicator ? 1 : 0) }
        if encoding == FORGE_ENCODE_LOOKUP { return lookupWidth }
        if encoding == FORGE_ENCODE_HASHED { return buckets }
        if encoding == FORGE_ENCODE_DATE_PARTS { return partWidth &+ 1 }
        if encoding == FORGE_ENCODE_VECTOR { return dimensions }
        if isGroup { return 0 }
        return levels &+ (nullLevel ? 1 : 0) &+ (otherLevel ? 1 : 0)
    }

    var isNumber: Bool {
        encoding == FORGE_ENCODE_NUMBER || encoding == FORGE_ENCODE_TRANSFORMED || encoding == FORGE_ENCODE_BINS
            || encoding == FORGE_ENCODE_DATE_PARTS || encoding == FORGE_ENCODE_GROUP_NUMBER
    }

    var isVector: Bool { encoding == FORGE_ENCODE_VECTOR }

    /// The kernel reads the cell's bytes, not a number or a level.
    var readsBytes: Bool { encoding == FORGE_ENCODE_TFIDF || isVector }
    var isGroup: Bool { encoding == FORGE_ENCODE_GROUP_NUMBER || encoding == FORGE_ENCODE_GROUP_LEVEL }

    /// What a value of a category column tells apart, NULL and the unseen aside.
    var categories: Int { encoding == FORGE_ENCODE_HASHED ? buckets : levels }

    /// How many of the tensor `column_numbers` are the column's.
    var numbers: Int {
        if encoding == FORGE_ENCODE_TRANSFORMED { return transform == FORGE_YEO_JOHNSON ? 1 : 0 }
        if encoding == FORGE_ENCODE_BINS { return edges }
        if encoding == FORGE_ENCODE_LOOKUP { return (levels &+ 2) &* lookupWidth }
        if encoding == FORGE_ENCODE_DATE_PARTS { return partCount &* 2 }
        if isVector { return dimensions &* (filled ? 3 : 2) }
        return encoding == FORGE_ENCODE_TFIDF ? levels : 0
    }

    /// Some kernel has the encoding folded in; of the others it reads prepared features.
    var isFolded: Bool {
        encoding == FORGE_ENCODE_NUMBER || encoding == FORGE_ENCODE_ONE_HOT || encoding == FORGE_ENCODE_NATIVE
            || encoding == FORGE_ENCODE_HASHED
    }

    /// A feature of the column can be NaN.
    var staysMissing: Bool {
        if encoding == FORGE_ENCODE_NUMBER || isVector { return !filled }
        return encoding == FORGE_ENCODE_NATIVE || (encoding == FORGE_ENCODE_BINS && ordinal && !indicator)
    }
}
