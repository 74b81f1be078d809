import CForgeMath

/// The JSON description inside an artifact, read without a copy. Keys are all known and come once each:
/// `{"activation" (networks), "algorithm", "columns": […], "form", "format": 1, "link", "metric" (neighbors), "neighbors"
/// (neighbors), "outputs", "positive", "precisions" (centroids), "task", "weights" (neighbors)}`.
struct Description {
    typealias Reader = JSONReader<TextSource<MemorySource>>

    static let format: Int64 = 1

    /// A column as described; its numbers and levels are in tensors.
    struct Column {
        var name: Reader.Text
        var type: Reader.Text
        var parts: Reader  // stands at the first part of a date
        var encoding = FORGE_ENCODE_NUMBER
        var filled = false
        var indicator = false  // or `missing` of bins
        var levels = 0
        var nullLevel = false
        var otherLevel = false
        var transform = FORGE_IDENTITY_TRANSFORM
        var degree = 0
        var edges = 0
        var ordinal = false
        var lookupWidth = 0
        var buckets = 0
        var partCount = 0
        var partWidth = 0
        var bigrams = false
        var sublinear = false
        var dimensions = 0
    }

    private(set) var form = FORGE_LINEAR
    private(set) var activation = FORGE_RELU
    private(set) var link = FORGE_IDENTITY
    private(set) var precisions = FORGE_NO_PRECISIONS
    private(set) var metric = FORGE_EUCLIDEAN
    private(set) var neighbors = 0
    private(set) var votesByDistance = false
    private(set) var task = FORGE_REGRESSION
    private(set) var outputs = 0
    private(set) var positive = -1
    private(set) var columnCount = 0
    private(set) var columns: Reader  // stands at the first column

    init(_ text: ArtifactReader.HeaderReader.Text) throws(Refusal) {
        var reader = Reader(text.bytes)
        columns = reader
        try require(reader.next() == .beginObject, "its description is not an object")
        var seen = 0
        while true {
            let event = reader.next()
            if event == .endObject { break }
            try require(event == .key, "its description is not valid JSON")
            let bit = try readField(&reader)
            try require(seen & bit == 0, "a field of its description comes twice")
            seen |= bit
        }
        try require(reader.next() == .end, "its description is not valid JSON")
        let own = form == FORGE_NETWORK ? 0x100 : form == FORGE_CENTROIDS ? 0x200 : form == FORGE_NEIGHBORS ? 0x1C00 : 0
        try require(seen == 0xFF | own, "its description lacks a field, or has one too many")
    }

    private mutating func readField(_ reader: inout Reader) throws(Refusal) -> Int {
        let key = reader.text
        if key.equals("columns") {
            try require(reader.next() == .beginArray, "its columns are not an array")
            columns = reader
            while try Description.readColumn(&reader) != nil { columnCount &+= 1 }
            return 1
        }
        let event = reader.next()
        if key.equals("algorithm") {
            try require(event == .text, "its algorithm is not a text")
            return 2
        }
        if key.equals("form") {
            form = try Description.readForm(event, reader.text)
            return 4
        }
        if key.equals("activation") {
            activation = try Description.readActivation(event, reader.text)
            return 256
        }
        if key.equals("precisions") {
            precisions = try Description.readPrecisions(event, reader.text)
            return 512
        }
        if key.equals("metric") {
            metric = try Description.readMetric(event, reader.text)
            return 1024
        }
        if key.equals("weights") {
            votesByDistance = try Description.readWeights(event, reader.text)
            return 2048
        }
        if key.equals("link") {
            link = try Description.readLink(event, reader.text)
            return 8
        }
        if key.equals("task") {
            task = try Description.readTask(event, reader.text)
            return 16
        }
        let number = event == .number ? reader.integer : nil
        if key.equals("format") {
            guard let number, number > 0 else { throw .corrupt("its format is not a number") }
            if number > Description.format { throw .newer("the model has a newer format than this version of Forge reads") }
            return 32
        }
        if key.equals("outputs") {
            guard let number, number > 0, number <= Int64(ModelLimits.classes) else {
                throw .corrupt("its number of outputs is out of range")
            }
            outputs = Int(truncatingIfNeeded: number)
            return 64
        }
        if key.equals("neighbors") {
            guard let number, number > 0, number <= Int64(ModelLimits.neighbors) else {
                throw .corrupt("its number of neighbours is out of range")
            }
            neighbors = Int(truncatingIfNeeded: number)
            return 4096
        }
        guard key.equals("positive"), let number, number >= -1, number <= 1 else {
            throw .corrupt("its description has an unknown field")
        }
        positive = Int(truncatingIfNeeded: number)
        return 128
    }

    private static var unknownKind: Refusal { .newer("the model is of a kind that this version of Forge does not know") }

    private static func readForm(_ event: JSONEvent, _ text: Reader.Text) throws(Refusal) -> Int {
        try require(event == .text, "its form is not a text")
        if text.equals("linear") { return FORGE_LINEAR }
        if text.equals("trees") { return FORGE_TREES }
        if text.equals("network") { return FORGE_NETWORK }
        if text.equals("ensemble") { return FORGE_ENSEMBLE }
        if text.equals("centroids") { return FORGE_CENTROIDS }
        if text.equals("nonnegative") { return FORGE_NONNEGATIVE }
        if text.equals("neighbors") { return FORGE_NEIGHBORS }
        throw unknownKind
    }

    private static func readActivation(_ event: JSONEvent, _ text: Reader.Text) throws(Refusal) -> Int {
        try require(event == .text, "its activation is not a text")
        if text.equals("relu") { return FORGE_RELU }
        if text.equals("gelu") { return FORGE_GELU }
        if text.equals("tanh") { return FORGE_TANH }
        throw unknownKind
    }

    private static func readPrecisions(_ event: JSONEvent, _ text: Reader.Text) throws(Refusal) -> Int {
        try require(event == .text, "its kind of precisions is not a text")
        if text.equals("none") { return FORGE_NO_PRECISIONS }
        if text.equals("spherical") { return FORGE_SPHERICAL }
        if text.equals("diag") { return FORGE_DIAGONAL }
        if text.equals("full") { return FORGE_FULL }
        if text.equals("tied") { return FORGE_TIED }
        throw unknownKind
    }

    private static func readMetric(_ event: JSONEvent, _ text: Reader.Text) throws(Refusal) -> Int {
        try require(event == .text, "its metric is not a text")
        if text.equals("euclidean") { return FORGE_EUCLIDEAN }
        if text.equals("manhattan") { return FORGE_MANHATTAN }
        if text.equals("cosine") { return FORGE_COSINE }
        throw unknownKind
    }

    private static func readWeights(_ event: JSONEvent, _ text: Reader.Text) throws(Refusal) -> Bool {
        try require(event == .text, "its weights are not a text")
        if text.equals("uniform") { return false }
        if text.equals("distance") { return true }
        throw unknownKind
    }

    private static func readTask(_ event: JSONEvent, _ text: Reader.Text) throws(Refusal) -> Int {
        try require(event == .text, "its task is not a text")
        if text.equals("regression") || text.equals("ranking") { return FORGE_REGRESSION }
        if text.equals("classification") { return FORGE_CLASSIFICATION }
        if text.equals("clustering") { return FORGE_CLUSTERING }
        if text.equals("decomposition") { return FORGE_DECOMPOSITION }
        throw unknownKind
    }

    private static func readLink(
        _ event: JSONEvent, _ text: Reader.Text
    ) throws(Refusal) -> Int {
        try require(event == .text, "its link is not a text")
        if text.equals("identity") { return FORGE_IDENTITY }
        if text.equals("logistic") { return FORGE_LOGISTIC }
        if text.equals("softmax") { return FORGE_SOFTMAX }
        if text.equals("log") { return FORGE_LOG }
        if text.equals("shares") { return FORGE_SHARES }
        if text.equals("distances") { return FORGE_DISTANCES }
        throw unknownKind
    }
}
