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

    /// The next column of the array, nil at its end:
    /// `{"encoding": "number", "fill", "indicator", "name", "type"}`,
    /// `{"encoding": "one_hot", "levels", "name", "null_level", "other_level", "type"}` or
    /// `{"encoding": "native", "levels", "name", "type"}`.
    static func readColumn(_ reader: inout Reader) throws(Refusal) -> Column? {
        let start = reader.next()
        if start == .endArray { return nil }
        try require(start == .beginObject, "a column is not an object")
        var column = Column(name: reader.text, type: reader.text)
        var seen = 0
        while true {
            let event = reader.next()
            if event == .endObject { break }
            try require(event == .key, "its description is not valid JSON")
            let bit = try readField(&reader, &column)
            try require(seen & bit == 0, "a field of a column comes twice")
            seen |= bit
        }
        let expected =
            column.encoding == FORGE_ENCODE_NUMBER ? 0b0001_1111
            : column.encoding == FORGE_ENCODE_ONE_HOT ? 0b1110_0111 : 0b0010_0111
        try require(seen == expected, "a column lacks a field, or has one too many")
        return column
    }

    private static func readField(_ reader: inout Reader, _ column: inout Column) throws(Refusal) -> Int {
        let key = reader.text
        let event = reader.next()
        if key.equals("encoding") {
            try require(event == .text, "a column's encoding is not a text")
            column.encoding = try readEncoding(reader.text)
            return 1
        }
        if key.equals("name") || key.equals("type") {
            try require(event == .text, "a column's name or type is not a text")
            if key.equals("name") {
                column.name = reader.text
                return 2
            }
            column.type = reader.text
            return 4
        }
        if key.equals("levels") {
            guard event == .number, let count = reader.integer, count >= 0, count <= Int64(ModelLimits.levels) else {
                throw .corrupt("a column's number of levels is out of range")
            }
            column.levels = Int(truncatingIfNeeded: count)
            return 32
        }
        try require(event == .yes || event == .no, "a column has an unknown field")
        let flag = event == .yes
        if key.equals("fill") {
            column.filled = flag
            return 8
        }
        if key.equals("indicator") {
            column.indicator = flag
            return 16
        }
        if key.equals("null_level") {
            column.nullLevel = flag
            return 64
        }
        try require(key.equals("other_level"), "a column has an unknown field")
        column.otherLevel = flag
        return 128
    }

    private static func readEncoding(_ text: Reader.Text) throws(Refusal) -> Int {
        if text.equals("number") { return FORGE_ENCODE_NUMBER }
        if text.equals("one_hot") { return FORGE_ENCODE_ONE_HOT }
        if text.equals("native") { return FORGE_ENCODE_NATIVE }
        throw .newer("the model is of a kind that this version of Forge does not know")
    }
}

extension Description.Column {
    var width: Int {
        if encoding == FORGE_ENCODE_NUMBER { return indicator ? 2 : 1 }
        if encoding == FORGE_ENCODE_NATIVE { return 1 }
        return levels &+ (nullLevel ? 1 : 0) &+ (otherLevel ? 1 : 0)
    }
}
