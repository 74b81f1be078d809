import ForgeModel

/// Takes the reader's blocks as they come. In a block a vector column is one column; to the data set it is the columns
/// of its elements, which are known once its first vector has come: until then blocks wait.
public final class DataSetReader {
    private let job: TrainingJob
    private let columns: [JobColumn]  // of the blocks
    private let fingerprint = Fingerprint()
    private var dimensions: [Int]  // (columns) 0: no vector column, or not known yet
    private var waiting: [Bytes] = []
    private var builder: DataSetBuilder?

    /// `header` is the reader's first block. Only its bytes up to the call's return are used.
    public init(header: UnsafeRawBufferPointer, job: TrainingJob) throws {
        guard header.count >= 4, header[..<4].elementsEqual("FGH1".utf8) else {
            throw malformedBlock("the header does not begin with FGH1")
        }
        guard let json = try? JSONValue(parsing: Bytes(header[4...])) else {
            throw malformedBlock("the header is no JSON")
        }
        self.job = job
        columns = try TrainingJob.readColumns(json)
        if let strange = columns.first(where: { $0.kind == .vector && $0.role != .feature }) {
            throw malformedBlock("the vector column \"\(strange.name)\" is a \(strange.role.rawValue)")
        }
        dimensions = Array(repeating: 0, count: columns.count)
        fingerprint.update(header)
        try startIfKnown()
    }

    /// Adds one data block. Only the call's duration may use its bytes.
    public func append(block bytes: UnsafeRawBufferPointer) throws {
        let block = try Block(bytes, header: columns)
        fingerprint.update(bytes)
        for (column, values) in block.columns.enumerated() {
            guard case .vectors(_, let count) = values, count > 0 else { continue }
            guard dimensions[column] == 0 || dimensions[column] == count else {
                throw malformedBlock("a vector column of \(dimensions[column]) dimensions has \(count)")
            }
            dimensions[column] = count
        }
        try startIfKnown()
        if let builder {
            try block.withElements(dimensions) { try builder.append($0) }
        } else {
            waiting.append(Bytes(bytes))
        }
    }

    /// Ends the reading. Throws what is wrong with the values, all columns together.
    public func finish() throws -> DataSet {
        for column in columns.indices where columns[column].kind == .vector && dimensions[column] == 0 {
            dimensions[column] = 1  // NULL in all rows: one element that is missing
        }
        try startIfKnown()
        return try builder!.finish(fingerprint: fingerprint.finish())
    }

    private func startIfKnown() throws {
        guard builder == nil, columns.indices.allSatisfy({ columns[$0].kind != .vector || dimensions[$0] > 0 }) else {
            return
        }
        let builder = try DataSetBuilder(
            columns: columns.indices.flatMap { columns[$0].elements(dimensions[$0]) }, job: job)
        for bytes in waiting {
            try bytes.withUnsafeBytes {
                try Block($0, header: columns).withElements(dimensions) { try builder.append($0) }
            }
        }
        waiting = []
        self.builder = builder
    }
}

extension JobColumn {
    fileprivate func elements(_ dimensions: Int) -> [JobColumn] {
        guard kind == .vector else { return [self] }
        return (0..<dimensions).map {
            let element = VectorElement(vector: name, index: $0, dimensions: dimensions)
            return JobColumn(name: element.name, type: type, kind: .number, role: role, element: element)
        }
    }
}

extension Block {
    /// The same rows with each vector column as the columns of its elements, for the call only.
    fileprivate func withElements(_ dimensions: [Int], _ body: (Block) throws -> Void) throws {
        let count = dimensions.reduce(0, +) * rows
        guard count > 0 || dimensions.contains(where: { $0 > 0 }) else { return try body(self) }
        let memory = UnsafeMutablePointer<Double>.allocate(capacity: max(count, 1))
        defer { memory.deallocate() }
        var free = memory
        var expanded: [Values] = []
        var places: [Int] = []
        for (column, values) in columns.enumerated() {
            places.append(expanded.count)
            guard case .vectors(let bytes, let known) = values else {
                expanded.append(values)
                continue
            }
            for element in 0..<dimensions[column] {
                for row in 0..<rows {
                    let value = known == 0 ? Float.nan : Float(bitPattern: loadCode(bytes, row * known + element))
                    free[row] = value.isNaN ? Double(bitPattern: nullBits) : Double(value)
                }
                expanded.append(.numbers(UnsafeRawBufferPointer(start: free, count: 8 * rows)))
                free += rows
            }
        }
        try body(
            Block(
                rows: rows, keys: keys, columns: expanded,
                levels: levels.map { (column: places[$0.column], new: $0.new) }))
    }
}
