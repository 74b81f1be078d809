import CForgeMath

extension ArenaDecoder {
    mutating func decodeColumns() throws(Refusal) {
        let count = description.columnCount
        try require(count > 0 && count <= ModelLimits.columns, "its number of columns is out of range")
        let fills = try artifact.vector(.fills, Double.self, count: count)
        let shifts = try artifact.vector(.shifts, Double.self, count: count)
        let scales = try artifact.vector(.scales, Double.self, count: count)
        let bytes = try artifact.vector(.levels, UInt8.self)
        let offsets = try artifact.vector(.levelOffsets, Int64.self)
        try checkOffsets(offsets, bytes: bytes.count)

        let table = try builder.reserve(ForgeColumn.self, count: count)
        let categories = try builder.reserve(Int32.self, count: count)
        arena.columns = Int32(truncatingIfNeeded: count)
        arena.padded = (arena.columns &+ FORGE_LANES &- 1) & ~(FORGE_LANES &- 1)
        let texts = try builder.reserve(Int32.self, count: count)
        let numbers = try columnNumbers()
        var first = 0
        var firstLevel = 0
        var firstNumber = 0
        var categoryCount = 0
        var textCount = 0
        var work: Int64 = 0
        var prepared: Int32 = 0
        var builder = self.builder
        try description.forEachColumn { index, described throws(Refusal) in
            var column = ForgeColumn()
            column.name = try ArenaDecoder.copy(described.name, &builder)
            column.type = try ArenaDecoder.copy(described.type, &builder)
            column.encoding = Int32(truncatingIfNeeded: described.encoding)
            column.first = Int32(truncatingIfNeeded: first)
            column.width = Int32(truncatingIfNeeded: described.width)
            first &+= described.width
            guard first <= ModelLimits.encodedWidth else { throw .tooLarge("the model has too many encoded features") }
            column.text = -1
            column.levels = Int32(truncatingIfNeeded: described.categories)
            if !described.isFolded { prepared = 1 }
            if described.isNumber {
                column.kind = Int32(FORGE_NUMBER)
                try ArenaDecoder.number(described, fill: fills[index], shift: shifts[index], scale: scales[index], &column)
            } else if described.isVector {
                column.kind = Int32(FORGE_VECTOR)
                column.filled = described.filled ? 1 : 0
            } else {
                column.kind = Int32(FORGE_CATEGORY)
                try ArenaDecoder.category(described, bytes, offsets, firstLevel, &column, &builder)
                firstLevel &+= described.levels
                categories.store(Int32(truncatingIfNeeded: index), at: categoryCount)
                categoryCount &+= 1
            }
            try ArenaDecoder.numbers(described, numbers, firstNumber, &column, &builder)
            firstNumber &+= described.numbers
            if described.readsBytes || description.form == FORGE_ENSEMBLE && !described.isNumber {
                column.text = Int32(truncatingIfNeeded: textCount)
                texts.store(Int32(truncatingIfNeeded: index), at: textCount)
                textCount &+= 1
                if described.encoding == FORGE_ENCODE_TFIDF {
                    work = max(work, withUnsafePointer(to: column) { forge_text_work($0) })
                }
            }
            table.store(column, at: index)
        }
        self.builder = builder
        try require(firstNumber == numbers.count, "it has numbers of no column")
        try require(first > 0, "it has no encoded features")
        try require(firstLevel == offsets.count &- 1, "it has levels of no column")
        arena.encoded = Int32(truncatingIfNeeded: first)
        arena.prepared = readsFeatures ? 1 : description.form == FORGE_ENSEMBLE ? 0 : prepared
        arena.texts = Int32(truncatingIfNeeded: textCount)
        arena.work = work
        arena.text_columns = texts.prefix(textCount).span
        arena.column_table = table.span
        arena.category_columns = categories.prefix(categoryCount).span
    }

    /// Forms whose kernels have no encoding folded in.
    private var readsFeatures: Bool {
        description.form == FORGE_CENTROIDS || description.form == FORGE_NONNEGATIVE || description.form == FORGE_NEIGHBORS
    }

    static func copy(_ text: Description.Reader.Text, _ builder: inout ArenaBuilder) throws(Refusal) -> ForgeSpan {
        let region = try builder.reserve(UInt8.self, count: text.length)
        if !builder.measuring {
            var bytes = text.bytes
            for i in upTo(text.length) { region.store(UInt8(truncatingIfNeeded: bytes.next()), at: i) }
        }
        return region.span
    }

    private static func number(
        _ described: Description.Column, fill: Double, shift: Double, scale: Double, _ column: inout ForgeColumn
    ) throws(Refusal) {
        try require(fill.isFinite && shift.isFinite && scale.isFinite && scale != 0, "a column's scaling is not valid")
        column.filled = described.filled || described.encoding == FORGE_ENCODE_TRANSFORMED ? 1 : 0
        column.indicator = described.indicator ? 1 : 0
        column.fill = fill
        column.shift = shift
        column.scale = scale
        column.encoded_fill = forge_encode_number(fill, 0, 0, shift, scale)
        try require(Float(column.encoded_fill).isFinite, "a column's fill value is out of range")
    }

    private static func category(
        _ described: Description.Column, _ bytes: Elements<UInt8>, _ offsets: Elements<Int64>, _ firstLevel: Int,
        _ column: inout ForgeColumn, _ builder: inout ArenaBuilder
    ) throws(Refusal) {
        let levels = described.levels
        try require(levels <= offsets.count &- 1 &- firstLevel, "a column has more levels than there are")
        let (null, other) = LevelMap.extraPlaces(
            levels: column.levels, nullLevel: described.nullLevel, otherLevel: described.otherLevel)
        column.null_feature = null < 0 ? -1 : column.first &+ null
        column.other_feature = other < 0 ? -1 : column.first &+ other
        let start = Int(truncatingIfNeeded: offsets[firstLevel])
        let length = Int(truncatingIfNeeded: offsets[firstLevel &+ levels]) &- start
        let text = try builder.reserve(UInt8.self, count: length)
        let ends = try builder.reserve(Int64.self, count: levels &+ 1)
        var slotCount = 2
        while slotCount < 2 &* levels { slotCount &*= 2 }
        let slots = try builder.reserve(ForgeSlot.self, count: slotCount)
        column.level_ends = ends.span
        column.slots = slots.span
        column.slot_mask = UInt32(truncatingIfNeeded: slotCount &- 1)
        if described.encoding == FORGE_ENCODE_TFIDF {
            var longest: Int64 = 0
            for i in upTo(levels) { longest = max(longest, offsets[firstLevel &+ i &+ 1] &- offsets[firstLevel &+ i]) }
            guard longest <= Int64(ModelLimits.term) else { throw .tooLarge("the model has a term that is too long") }
            column.longest = Int32(truncatingIfNeeded: longest)
        }
        if builder.measuring { return }
        for i in upTo(length) { text.store(bytes[start &+ i], at: i) }
        for i in upTo(levels &+ 1) {
            ends.store(offsets[firstLevel &+ i] &- Int64(start) &+ Int64(text.offset), at: i)
        }
        for level in upTo(levels) { try insert(level, column, ends, slots, builder) }
    }

    /// Puts a level into the column's hash table, refusing levels that are not in strict byte order.
    private static func insert(
        _ level: Int, _ column: ForgeColumn, _ ends: Region<Int64>, _ slots: Region<ForgeSlot>,
        _ builder: ArenaBuilder
    ) throws(Refusal) {
        let bytes = text(of: level, ends, builder)
        let previous = text(of: level &- 1, ends, builder)
        guard let base = bytes.base else { return }
        if let before = previous.base {
            let ordered = forge_levels_ascend(before, Int64(previous.count), base, Int64(bytes.count))
            try require(ordered != 0, "a column's levels are not in order")
        }
        let hash = forge_level_hash(base, Int64(bytes.count))
        var place = UInt32(truncatingIfNeeded: hash) & column.slot_mask
        while let slot = slots.load(Int(place)), slot.level != 0 { place = (place &+ 1) & column.slot_mask }
        let slot = ForgeSlot(tag: UInt32(truncatingIfNeeded: hash >> 32), level: UInt32(truncatingIfNeeded: level) &+ 1)
        slots.store(slot, at: Int(place))
    }

    private static func text(of level: Int, _ ends: Region<Int64>, _ builder: ArenaBuilder) -> Region<UInt8> {
        guard let start = ends.load(level), let end = ends.load(level &+ 1) else {
            return Region(base: nil, offset: 0, count: 0)
        }
        return builder.region(ForgeSpan(offset: start, count: end &- start), of: UInt8.self)
    }
}
