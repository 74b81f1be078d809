import ForgeModel

/// Keeps each value of the blocks once, in the width that the algorithm computes with.
///
/// Rows are told apart by their keys, so that the held-out rows and the sample do not depend on order or block size.
final class DataSetBuilder {
    /// Distinct values, as the reader refuses more. A column that is not hashed or read as text has at most
    /// `ModelLimits.levels` levels in its encoding.
    static let levelLimit = (target: 65_536, others: 4 << 20)

    let job: TrainingJob
    let columns: [JobColumn]  // of the blocks
    private let features: [Int]  // block columns that are features, or part the rows into groups
    let target: Int?
    private let weight: Int?
    private let part: Int?
    private let time: Int?
    private let groups: [Int]
    private let split: KeyedChoice
    private let sampling: KeyedChoice
    let narrow: ChunkLayout
    let training: Part
    let heldOut: Part
    let validation: Part
    var levels: [[Bytes]]
    private var rowsRead = 0
    private var sampledOut = 0
    var tally = RowTally()
    private var range: [ValueRange]

    /// `columns` are those of the blocks, a vector's elements one by one.
    init(columns: [JobColumn], job: TrainingJob) throws {
        self.job = job
        self.columns = columns
        func only(_ role: JobColumn.Role) -> Int? { columns.firstIndex { $0.role == role } }
        target = only(.target)
        guard target != nil || !job.task.hasTarget else {
            throw ForgeError(
                .missingColumn, "the source has no target column", hint: "name one of its columns as target")
        }
        weight = only(.weight)
        part = only(.part)
        time = only(.time)
        groups = columns.indices.filter { columns[$0].role == .group }
        features = columns.indices.filter { columns[$0].role == .feature || columns[$0].role == .modelGroup }
        guard columns.contains(where: { $0.role == .feature }) else {
            throw ForgeError(
                .missingColumn, "the source has no feature columns",
                hint: "name features, or a source with more columns")
        }
        split = KeyedChoice(seed: job.split.seed, purpose: .split)
        sampling = KeyedChoice(seed: job.split.seed, purpose: .sample)
        try Self.requireColumns(of: job, columns)
        let narrow = features.map { Self.storage(of: columns[$0], job: job, heldOut: false) }
        let wide = features.map { Self.storage(of: columns[$0], job: job, heldOut: true) }
        self.narrow = ChunkLayout(narrow)
        heldOut = Part(ChunkLayout(wide))
        // Whatever may yet be held out keeps all its bits.
        training = Part(job.split.isDecidedAfterReading ? heldOut.layout : self.narrow)
        validation = Part(self.narrow)
        levels = Array(repeating: [], count: columns.count)
        range = columns.map { ValueRange(limit: $0.limit(job)) }
    }

    private static func requireColumns(of job: TrainingJob, _ columns: [JobColumn]) throws {
        func lacks(_ role: JobColumn.Role) -> Bool { !columns.contains { $0.role == role } }
        switch job.split.method {
        case _ where job.split.keepsGroups && lacks(.group):
            throw ForgeError(
                .missingColumn, "a ranking needs groups: the rows of a query",
                hint: "name in group_columns what rows of one query have in common")
        case .column where lacks(.part):
            throw ForgeError(
                .missingColumn, "split.method is column, and the source has no part column",
                hint: "name a text column of train and test as split.column")
        case .group where lacks(.group):
            throw ForgeError(
                .missingColumn, "split.method is group, and no column says which rows belong together",
                hint: "name what they have in common in group_columns")
        case .stratified where job.task != .classification:
            throw ForgeError(
                .invalidParameter, "split.method is stratified, and \(job.task.rawValue) has no classes",
                hint: "use split.method random")
        case .time where lacks(.time):
            throw ForgeError(
                .missingColumn, "split.method is time, and no column says when a row was",
                hint: "name it as time_column")
        default: break
        }
    }

    /// Trees compare Float32. Held-out rows keep all bits when a champion, which may be linear, scores them too; so do
    /// columns that are imputed or scaled before they are rounded, and dates, of whose seconds Float32 would lose
    /// minutes.
    private static func storage(of column: JobColumn, job: TrainingJob, heldOut: Bool) -> Storage {
        if column.kind == .category { return .codes }
        if column.role == .modelGroup { return .float64 }
        if column.type == "date" || column.type.hasPrefix("timestamp") { return .float64 }
        let isAsGiven =
            job.base?.takesAsIs(column.sourceName) ?? job.preprocess[Bytes(column.sourceName.utf8)].isAutomatic
        let rounded = job.algorithm.form == .trees && isAsGiven
        return rounded && !(heldOut && job.champion != nil) ? .float32 : .float64
    }

    /// Adds one data block. Only the call's duration may use its bytes.
    func append(_ block: Block) throws {
        try addLevels(of: block)
        place(block)
        copy(block)
        rowsRead += block.rows
        trimSample(slack: 16_384)
    }

    /// Ends the reading. Throws what is wrong with the values, all columns together.
    func finish(fingerprint: String) throws -> DataSet {
        try checkValues()
        trimSample(slack: 0)
        let kept = parts.reduce(0) { $0 + $1.rows }
        guard kept > 0 else { throw noRowsError() }
        let rows = try allotted()
        try rows.requireWholeQueries(job.split)
        guard rows.cells.contains(where: { $0.fitted.rows > 0 }) else {
            throw ForgeError(
                .notEnoughRows, "no rows to train on: all \(rows.heldOut.rows) are held out",
                detail: "Rows that are equal in all columns stay together, unless an id_column tells them apart.",
                hint: "give more rows, a smaller split.test, or {\"method\": \"none\"}")
        }
        let all = columns.indices.map { index in
            FeatureColumn(
                name: Bytes(columns[index].name.utf8), type: Bytes(columns[index].type.utf8), kind: columns[index].kind,
                levels: levels[index], element: columns[index].element, isGroup: columns[index].role == .modelGroup)
        }
        return DataSet(
            features: features.map { all[$0] }, target: target.map { all[$0] }, rows: rows, fingerprint: fingerprint,
            rowsRead: rowsRead, dropped: tally.dropped, sampledOut: sampledOut)
    }

    private var parts: [Part] { [training, validation, heldOut] }

    // MARK: - Levels

    private func addLevels(of block: Block) throws {
        for (column, new) in block.levels {
            levels[column] += new
            let limit = columns[column].role == .target ? Self.levelLimit.target : Self.levelLimit.others
            guard levels[column].count <= limit else {
                throw ForgeError(
                    .tooManyLevels,
                    "column \"\(columns[column].name)\" has more than \(limit) distinct levels",
                    hint: "exclude the column, or group its levels in the source")
            }
        }
        for (column, values) in block.columns.enumerated() {
            guard case .categories(let codes) = values else { continue }
            let count = UInt32(levels[column].count)
            var unknown = false
            for row in 0..<block.rows { unknown = unknown || loadCode(codes, row) &+ 1 > count }  // missingCode + 1 is 0
            guard !unknown else { throw malformedBlock("a code beyond its \(count) levels") }
        }
    }

    // MARK: - Where rows go

    /// Rows of the block by destination, in their order.
    private var trainingRows: [Int32] = []
    private var validationRows: [Int32] = []
    private var heldOutRows: [Int32] = []

    private func place(_ block: Block) {
        trainingRows.removeAll(keepingCapacity: true)
        validationRows.removeAll(keepingCapacity: true)
        heldOutRows.removeAll(keepingCapacity: true)
        let needsTime = job.split.method == .time ? time : nil
        for row in 0..<block.rows {
            let key = loadKey(block.keys, row)
            guard sampleTakes(job.split.keepsGroups ? group(block, row) : key) else { continue }
            if let target, !tally.accepts(target: number(block, target, row)) { continue }
            if let weight, !tally.accepts(weight: number(block, weight, row)) { continue }
            if let needsTime, !tally.accepts(time: number(block, needsTime, row)) { continue }
            switch side(key, block, row) {
            case .training: trainingRows.append(Int32(row))
            case .validation: validationRows.append(Int32(row))
            case .test: heldOutRows.append(Int32(row))
            case .gap: tally.dropOutsideParts()
            }
        }
    }

    private func side(_ key: UInt64, _ block: Block, _ row: Int) -> Allotment.Side {
        switch job.split.method {
        case .random, .none:
            let test = job.split.method == .random ? job.split.test : 0
            let position = split.position(key)
            return position < test ? .test : position < test + job.split.validation ? .validation : .training
        case .column:
            guard let part else { return .gap }
            let code = number(block, part, row)
            guard !code.isNaN else { return .gap }
            let text = levels[part][Int(code)]
            return Self.sides.first { text.elementsEqual($0.text) }?.side ?? .gap
        case .stratified, .group, .time: return .training  // until all rows are read
        }
    }

    private static let sides: [(text: String.UTF8View, side: Allotment.Side)] = [
        ("train".utf8, .training), ("test".utf8, .test), ("validation".utf8, .validation),
    ]

    private func sampleTakes(_ unit: UInt64) -> Bool {
        guard case .fraction(let fraction) = job.sample else { return true }
        if sampling.takes(unit, fraction: fraction) { return true }
        sampledOut += 1
        return false
    }

    /// Of `{"rows": n}` the n smallest hashes stay, of a ranking with the rest of the last one's query. Trimmed when
    /// more than `slack` beyond 2n wait, so that memory stays bounded.
    private func trimSample(slack: Int) {
        guard case .rows(let wanted) = job.sample else { return }
        let parts = parts
        let kept = parts.reduce(0) { $0 + $1.rows }
        guard kept > (slack == 0 ? wanted : 2 * wanted + slack) else { return }
        let hashes = parts.flatMap { job.split.keepsGroups ? $0.groups : $0.keys }.map(sampling.hash)
        let limit = hashes.sorted()[wanted - 1]
        var room = wanted - hashes.count { $0 < limit }  // rows of equal keys: the first ones stay
        let keep = hashes.map { hash in
            guard hash == limit, !job.split.keepsGroups else { return hash <= limit }
            room -= 1
            return room >= 0
        }
        var first = 0
        for part in parts {
            let rows = part.rows
            part.filter(Array(keep[first..<first + rows]))
            first += rows
        }
        sampledOut += keep.count { !$0 }
    }

    // MARK: - Copying

    private func copy(_ block: Block) {
        trainingRows.withUnsafeBufferPointer { copy(block, $0, into: training, keys: keepsTrainingKeys) }
        validationRows.withUnsafeBufferPointer {
            copy(block, $0, into: validation, keys: keepsTrainingKeys || job.learnsIntervals)
        }
        heldOutRows.withUnsafeBufferPointer { copy(block, $0, into: heldOut, keys: true) }
    }

    private var keepsTrainingKeys: Bool {
        if case .rows = job.sample { return true }
        return job.split.isDecidedAfterReading || job.split.folds > 0 || job.stoppingShare != nil
            || job.algorithm.needsKeys || job.mayEncodeByTarget
    }

    private func copy(_ block: Block, _ rows: UnsafeBufferPointer<Int32>, into part: Part, keys: Bool) {
        guard !rows.isEmpty else { return }
        part.extend(by: rows.count) { chunk, start, count, done in
            let chosen = UnsafeBufferPointer(rebasing: rows[done..<done + count])
            for (feature, column) in features.enumerated() {
                switch (block.columns[column], part.layout.storages[feature]) {
                case (.numbers(let bytes), .float32):
                    range[column].copy(bytes, chosen, chunk.float32(feature) + start)
                case (.numbers(let bytes), _):
                    range[column].copy(bytes, chosen, chunk.float64(feature) + start)
                case (.categories(let bytes), _):
                    let out = chunk.codes(feature) + start
                    for i in 0..<chosen.count { out[i] = loadCode(bytes, Int(chosen[i])) }
                case (.hashes, _): preconditionFailure("a group is no feature")
                case (.vectors, _): preconditionFailure("a vector comes as its elements")
                }
            }
        }
        if let target { for row in rows { part.targets.append(number(block, target, Int(row))) } }
        if let weight { for row in rows { part.weights.append(number(block, weight, Int(row))) } }
        if keys { for row in rows { part.keys.append(loadKey(block.keys, Int(row))) } }
        if let time { for row in rows { part.times.append(number(block, time, Int(row))) } }
        if !groups.isEmpty { for row in rows { part.groups.append(group(block, Int(row))) } }
    }

    /// One hash of the values of all group columns.
    private func group(_ block: Block, _ row: Int) -> UInt64 {
        groups.reduce(0) { hash, column in
            guard case .hashes(let bytes) = block.columns[column] else { return hash }
            return splitmix64(hash ^ loadKey(bytes, row))
        }
    }

    /// A cell as a number: a category's code, NaN when missing.
    private func number(_ block: Block, _ column: Int, _ row: Int) -> Double {
        switch block.columns[column] {
        case .numbers(let bytes): return loadNumber(bytes, row)
        case .categories(let bytes):
            let code = loadCode(bytes, row)
            return code == missingCode ? Double(bitPattern: nullBits) : Double(code)
        case .hashes: preconditionFailure("a group's hash is no number")
        case .vectors: preconditionFailure("a vector is no number")
        }
    }

    // MARK: - Refusals

    private func checkValues() throws {
        try tally.check(target: target.map { columns[$0] }, weight: weight.map { columns[$0] })
        let bad = columns.indices.filter { range[$0].isBad }
        guard let first = bad.first else { return }
        let lines = bad.map { range[$0].complaint(columns[$0]) }
        throw ForgeError(
            .valueOutOfRange,
            bad.count == 1
                ? lines[0] : "\(bad.count) columns hold values out of range, first \"\(columns[first].name)\"",
            detail: bad.count == 1 ? nil : lines.joined(separator: "\n"),
            hint: bad.allSatisfy { columns[$0].role == .modelGroup }
                ? "cast the group column to text in the source"
                : "write nullif(column, 'Infinity'), clip the value, or exclude the column")
    }

    private func noRowsError() -> ForgeError {
        var reasons = tally.dropped.map { "\($0.rows) rows: \($0.reason)" }
        if sampledOut > 0 { reasons.append("\(sampledOut) rows: not in the sample") }
        if let target, rowsRead > 0, tally.nullTargets == rowsRead {
            return ForgeError(
                .unusableTarget, "target \"\(columns[target].name)\" is NULL in all \(rowsRead) rows",
                hint: "name another target, or fill it in the source")
        }
        return ForgeError(
            .notEnoughRows, rowsRead == 0 ? "the source has no rows" : "none of \(rowsRead) rows can be used",
            detail: reasons.isEmpty ? nil : reasons.joined(separator: "\n"),
            hint: sampledOut > 0 ? "take a larger sample" : "look at the source with a plain SELECT")
    }
}
