import CForgeMath

/// Decodes an artifact into an arena (`forge_arena.h`) in one pass that is run twice: first without memory, to measure.
/// Total: every length, offset and index of hostile bytes is checked, with arithmetic that cannot trap.
struct ArenaDecoder {
    let artifact: ArtifactReader
    let description: Description
    var builder: ArenaBuilder
    var arena = ForgeArena()
    /// Which form of the tensors is decoded: 0 is the whole's, then those of the groups.
    var slice = 0
    var slices = 1

    static func measure(_ artifact: UnsafePointer<UInt8>, count: Int) throws(Refusal) -> Int {
        try measured(artifact, count: count).builder.used
    }

    /// A decoder that has run without memory. `isMember`: of an artifact inside of another, which is no ensemble.
    static func measured(
        _ artifact: UnsafePointer<UInt8>, count: Int, isMember: Bool = false
    ) throws(Refusal) -> ArenaDecoder {
        var decoder = try ArenaDecoder(artifact, count: count, arena: nil, capacity: 0)
        if isMember { try require(decoder.description.form != FORGE_ENSEMBLE, "a member of it is an ensemble") }
        try decoder.run()
        return decoder
    }

    static func decode(
        _ artifact: UnsafePointer<UInt8>, count: Int, into arena: UnsafeMutableRawPointer, capacity: Int
    ) throws(Refusal) {
        try require(capacity >= MemoryLayout<ForgeArena>.stride, "it needs more memory than measured")
        arena.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
        var decoder = try ArenaDecoder(artifact, count: count, arena: arena, capacity: capacity)
        try decoder.run()
    }

    private init(
        _ artifact: UnsafePointer<UInt8>, count: Int, arena: UnsafeMutableRawPointer?, capacity: Int
    ) throws(Refusal) {
        self.artifact = try ArtifactReader(artifact, count: count)
        description = try Description(self.artifact.description)
        builder = ArenaBuilder(arena, capacity: capacity)
    }

    private mutating func run() throws(Refusal) {
        let root = try builder.reserve(ForgeArena.self, count: 1)
        arena.magic = FORGE_ARENA_MAGIC
        arena.form = Int32(truncatingIfNeeded: description.form)
        arena.link = Int32(truncatingIfNeeded: description.link)
        arena.task = Int32(truncatingIfNeeded: description.task)
        try decodeClasses()
        try decodeColumns()
        try decodeProducts()
        try decodeBackground()
        try decodeGroupKeys()
        try decodeForm()
        try decodeGroups()
        arena.length = Int64(builder.used)
        root.store(arena, at: 0)
    }

    mutating func decodeForm() throws(Refusal) {
        switch description.form {
        case FORGE_LINEAR: try decodeLinear()
        case FORGE_NETWORK: try decodeNetwork()
        case FORGE_ENSEMBLE: try decodeEnsemble()
        case FORGE_CENTROIDS: try decodeCentroids()
        case FORGE_NONNEGATIVE: try decodeNonnegative()
        case FORGE_NEIGHBORS: try decodeNeighbors()
        default: try decodeTrees()
        }
        arena.scratch = withUnsafePointer(to: arena) { forge_scratch_size($0) }
        arena.explain_scratch = withUnsafePointer(to: arena) { forge_explain_scratch_size($0) }
    }

    var columns: Region<ForgeColumn> { builder.region(arena.column_table, of: ForgeColumn.self) }

    /// Copies `count` bytes of a text tensor.
    mutating func copy(_ bytes: Elements<UInt8>, from start: Int, count: Int) throws(Refusal) -> ForgeSpan {
        let region = try builder.reserve(UInt8.self, count: count)
        if !builder.measuring { for i in upTo(count) { region.store(bytes[start &+ i], at: i) } }
        return region.span
    }

    /// Offsets of a table of texts: from 0 to the end of its bytes, none before its predecessor.
    func checkOffsets(_ offsets: Elements<Int64>, bytes: Int) throws(Refusal) {
        try require(offsets.count > 0 && offsets[0] == 0, "offsets of texts do not start at 0")
        for i in upTo(offsets.count &- 1) {
            try require(offsets[i &+ 1] >= offsets[i], "offsets of texts decrease")
        }
        try require(offsets[offsets.count &- 1] == Int64(bytes), "offsets of texts do not cover them")
    }

    private mutating func decodeClasses() throws(Refusal) {
        let bytes = try artifact.vector(.labels, UInt8.self)
        let offsets = try artifact.vector(.labelOffsets, Int64.self)
        try require(offsets.count <= ModelLimits.classes &+ 1, "it has too many classes")
        try checkOffsets(offsets, bytes: bytes.count)
        let classes = offsets.count &- 1
        try checkLink(classes: classes)
        let labels = try builder.reserve(ForgeSpan.self, count: classes)
        for i in upTo(classes) {
            let start = Int(truncatingIfNeeded: offsets[i])
            let span = try copy(bytes, from: start, count: Int(truncatingIfNeeded: offsets[i &+ 1]) &- start)
            labels.store(span, at: i)
        }
        arena.labels = labels.span
        arena.classes = Int32(truncatingIfNeeded: classes)
        arena.outputs = Int32(truncatingIfNeeded: description.outputs)
        arena.positive = Int32(truncatingIfNeeded: description.positive)
        try decodeThreshold(classes: classes)
        try decodeCalibration(classes: classes)
    }

    private mutating func decodeThreshold(classes: Int) throws(Refusal) {
        arena.threshold = .nan
        guard artifact.has(.decisionThreshold) else { return }
        let values = try artifact.vector(.decisionThreshold, Double.self)
        try require(
            classes == 2 && values.count == 1 && values[0] >= 0 && values[0] <= 1, "its decision threshold is not valid")
        arena.threshold = values[0]
    }

    /// Task, classes, outputs, link and positive class must fit each other.
    private func checkLink(classes: Int) throws(Refusal) {
        let link = description.link
        let outputs = description.outputs
        let fits: Bool
        let form = description.form
        try require(
            description.task == FORGE_CLUSTERING ? form == FORGE_CENTROIDS
                : description.task == FORGE_DECOMPOSITION ? form == FORGE_LINEAR || form == FORGE_NONNEGATIVE
                : form != FORGE_CENTROIDS && form != FORGE_NONNEGATIVE, "its task is none of its form's")
        if description.task == FORGE_CLUSTERING {
            let mixture = description.precisions != FORGE_NO_PRECISIONS
            fits = classes == 0 && link == (mixture ? FORGE_SOFTMAX : FORGE_DISTANCES)
        } else if description.task == FORGE_DECOMPOSITION {
            fits = classes == 0 && link == FORGE_IDENTITY
        } else if description.task == FORGE_REGRESSION {
            fits = classes == 0 && outputs == 1 && (link == FORGE_IDENTITY || link == FORGE_LOG)
        } else if classes == 2 {
            fits = outputs == 1 && (link == FORGE_LOGISTIC || link == FORGE_SHARES)
        } else {
            fits = classes > 2 && outputs == classes && (link == FORGE_SOFTMAX || link == FORGE_SHARES)
        }
        try require(fits, "its task, link, outputs and classes do not fit each other")
        try require(classes == 2 ? description.positive >= 0 : description.positive == -1, "its positive class is not one")
    }
}
