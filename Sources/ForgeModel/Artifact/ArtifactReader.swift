import CForgeMath

/// The bytes of an artifact, its header read and checked: a safetensors file (github.com/huggingface/safetensors) whose
/// tensors all have known names, follow each other without holes and fill the file. Allocates nothing.
struct ArtifactReader {
    typealias HeaderReader = JSONReader<MemorySource>

    private let base: UnsafeRawPointer
    private var table = ForgeTensorTable()
    private(set) var description: HeaderReader.Text

    init(_ artifact: UnsafePointer<UInt8>, count: Int) throws(Refusal) {
        base = UnsafeRawPointer(artifact)
        try require(count > 8, "it is too short")
        let headerLength = base.loadUnaligned(as: UInt64.self)
        try require(headerLength <= UInt64(count &- 8), "its header is longer than it")
        let header = Int(truncatingIfNeeded: headerLength)
        try require(artifact[8] == 0x7B, "its header is not an object")
        var reader = HeaderReader(MemorySource(artifact + 8, count: header))
        description = reader.text
        try readHeader(&reader, data: 8 &+ header, end: count)
    }

    private mutating func readHeader(_ reader: inout HeaderReader, data: Int, end: Int) throws(Refusal) {
        var described = false
        var next = data
        try require(reader.next() == .beginObject, "its header is not an object")
        while true {
            let event = reader.next()
            if event == .endObject { break }
            try require(event == .key, "its header is not valid JSON")
            if reader.text.equals("__metadata__") {
                try require(!described, "it has two descriptions")
                described = true
                try readMetadata(&reader)
            } else {
                next = try readTensor(&reader, start: next, data: data, end: end)
            }
        }
        try require(reader.next() == .end, "its header is not valid JSON")
        try require(described, "it has no description")
        try require(next == end, "its tensors do not fill it")
    }

    private mutating func readMetadata(_ reader: inout HeaderReader) throws(Refusal) {
        try require(reader.next() == .beginObject, "its metadata is not an object")
        try require(reader.next() == .key && reader.text.equals("forge"), "its metadata is not Forge's")
        try require(reader.next() == .text, "its description is not a text")
        description = reader.text
        try require(description.length <= ModelLimits.description, "its description is too long")
        try require(reader.next() == .endObject, "its metadata is not Forge's")
    }

    /// Returns where the tensor ends, which is where the next one starts.
    private mutating func readTensor(
        _ reader: inout HeaderReader, start: Int, data: Int, end: Int
    ) throws(Refusal) -> Int {
        let place = try ArtifactReader.place(of: reader.text)
        var tensor = ForgeTensor()
        var bytes = (first: Int64(-1), last: Int64(-1))
        var seen = 0
        try require(reader.next() == .beginObject, "a tensor is not an object")
        while true {
            let event = reader.next()
            if event == .endObject { break }
            try require(event == .key, "its header is not valid JSON")
            let bit: Int
            if reader.text.equals("dtype") {
                bit = 1
                try require(reader.next() == .text, "a tensor's type is not a text")
                tensor.dtype = try ArtifactReader.type(named: reader.text).rawValue
            } else if reader.text.equals("shape") {
                bit = 2
                try ArtifactReader.readShape(&reader, &tensor)
            } else {
                bit = 4
                try require(reader.text.equals("data_offsets"), "a tensor has an unknown field")
                bytes = try ArtifactReader.readOffsets(&reader)
            }
            try require(seen & bit == 0, "a tensor's field comes twice")
            seen |= bit
        }
        try require(seen == 7, "a tensor lacks a field")
        let size = Int64(TensorType(rawValue: tensor.dtype).map(\.size) ?? 1)
        let (length, overflow) = tensor.count.multipliedReportingOverflow(by: size)
        try require(!overflow && bytes.first == Int64(start &- data), "its tensors leave holes")
        try require(bytes.last >= bytes.first && bytes.last &- bytes.first == length, "a tensor's size is not its shape's")
        try require(bytes.last <= Int64(end &- data), "a tensor ends outside of it")
        tensor.offset = Int64(start)
        tensor.present = 1
        try store(tensor, at: place)
        return data &+ Int(truncatingIfNeeded: bytes.last)
    }

    private static func place(of name: HeaderReader.Text) throws(Refusal) -> Int {
        var place = 0
        while let tensor = TensorName(rawValue: place), tensor != .end {
            if name.equals(tensor.text) { return place }
            place &+= 1
        }
        throw .corrupt("it has a tensor of unknown name")
    }

    private static func type(named text: HeaderReader.Text) throws(Refusal) -> TensorType {
        var raw: Int32 = 0
        while let type = TensorType(rawValue: raw), type != .end {
            if text.equals(type.text) { return type }
            raw &+= 1
        }
        throw .corrupt("a tensor has an unknown type")
    }

    private static func readShape(_ reader: inout HeaderReader, _ tensor: inout ForgeTensor) throws(Refusal) {
        try require(reader.next() == .beginArray, "a tensor's shape is not an array")
        tensor.count = 1
        tensor.shape = (1, 1)
        tensor.rank = 0
        while true {
            let event = reader.next()
            if event == .endArray { break }
            try require(event == .number, "a tensor's shape is not made of numbers")
            guard let extent = reader.integer, extent >= 0 else { throw .corrupt("a tensor's shape is not valid") }
            if tensor.rank == 0 { tensor.shape.0 = extent } else { tensor.shape.1 = extent }
            tensor.rank &+= 1
            let (count, overflow) = tensor.count.multipliedReportingOverflow(by: extent)
            try require(!overflow && tensor.rank <= 2, "a tensor's shape is not valid")
            tensor.count = count
        }
    }

    private static func readOffsets(_ reader: inout HeaderReader) throws(Refusal) -> (first: Int64, last: Int64) {
        try require(reader.next() == .beginArray, "a tensor's offsets are not an array")
        guard reader.next() == .number, let first = reader.integer, first >= 0, reader.next() == .number,
            let last = reader.integer, reader.next() == .endArray
        else { throw .corrupt("a tensor's offsets are not two numbers") }
        return (first, last)
    }

    private mutating func store(_ tensor: ForgeTensor, at place: Int) throws(Refusal) {
        let repeated = withUnsafeMutablePointer(to: &table) { pointer in
            let items = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: ForgeTensor.self)
            let repeated = items[place].present != 0
            items[place] = tensor
            return repeated
        }
        try require(!repeated, "a tensor comes twice")
    }

    private func tensor(_ name: TensorName) -> ForgeTensor {
        withUnsafePointer(to: table) { pointer in
            UnsafeRawPointer(pointer).assumingMemoryBound(to: ForgeTensor.self)[name.rawValue]
        }
    }

    func has(_ name: TensorName) -> Bool { tensor(name).present != 0 }

    /// Extents of a tensor that is there, as (first, second); (0, 0) when it is not.
    func shape(_ name: TensorName) -> (Int, Int) {
        let tensor = tensor(name)
        guard tensor.present != 0 else { return (0, 0) }
        return (Int(truncatingIfNeeded: tensor.shape.0), Int(truncatingIfNeeded: tensor.shape.1))
    }

    /// The elements of a vector; `count` nil: any number.
    func vector<Element: TensorElement>(
        _ name: TensorName, _ type: Element.Type = Element.self, count: Int? = nil, as stored: TensorType? = nil
    ) throws(Refusal) -> Elements<Element> {
        let found = tensor(name)
        try require(found.present != 0, "a tensor is missing")
        try require(found.dtype == (stored ?? Element.type).rawValue, "a tensor has another type than expected")
        try require(found.rank == 1, "a tensor has another rank than expected")
        if let count { try require(found.count == Int64(count), "a tensor has another shape than expected") }
        return elements(found)
    }

    func matrix<Element: TensorElement>(
        _ name: TensorName, _ type: Element.Type = Element.self, rows: Int? = nil, columns: Int
    ) throws(Refusal) -> Elements<Element> {
        let found = tensor(name)
        try require(found.present != 0, "a tensor is missing")
        try require(found.dtype == Element.type.rawValue, "a tensor has another type than expected")
        try require(found.rank == 2, "a tensor has another rank than expected")
        try require(found.shape.1 == Int64(columns), "a tensor has another shape than expected")
        if let rows { try require(found.shape.0 == Int64(rows), "a tensor has another shape than expected") }
        return elements(found)
    }

    private func elements<Element: TensorElement>(_ tensor: ForgeTensor) -> Elements<Element> {
        Elements(
            base: base + Int(truncatingIfNeeded: tensor.offset), count: Int(truncatingIfNeeded: tensor.count))
    }
}
