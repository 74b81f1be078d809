extension ModelDocument {
    /// Reads an artifact back (sidecar: allocates). Refuses whatever the extension refuses.
    public init(artifact: Bytes) throws {
        _ = try DecodedModel(artifact)
        self = try artifact.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { throw Refusal.corrupt("it is empty").error }
            do {
                return try ModelDocument(ArtifactReader(base, count: buffer.count))
            } catch let refusal as Refusal {
                throw refusal.error
            }
        }
    }

    private init(_ artifact: ArtifactReader) throws {
        let description = try JSONValue(parsing: artifact.description.string)
        guard let algorithm = description["algorithm"]?.textValue, let task = description["task"]?.textValue,
            let link = description["link"]?.textValue.flatMap(Link.init(rawValue:)),
            let outputs = description["outputs"]?.intValue, let positive = description["positive"]?.intValue,
            let columns = description["columns"]?.arrayValue, let form = description["form"]?.textValue
        else { throw Refusal.corrupt("its description lacks a field") }
        self.init(
            task: task, algorithm: algorithm, link: link, columns: try ModelDocument.columns(columns, artifact),
            labels: try artifact.texts(.labels, .labelOffsets), positive: positive,
            form: form == "linear"
                ? .linear(try LinearForm(artifact, outputs: outputs)) : .trees(try TreeForm(artifact, outputs: outputs)))
    }

    private static func columns(_ described: [JSONValue], _ artifact: ArtifactReader) throws -> [ColumnSchema] {
        let fills = try artifact.vector(.fills, Double.self)
        let shifts = try artifact.vector(.shifts, Double.self)
        let scales = try artifact.vector(.scales, Double.self)
        var levels = try artifact.texts(.levels, .levelOffsets)[...]
        return described.enumerated().map { index, column in
            let count = column["levels"]?.intValue ?? 0
            let own = Array(levels.prefix(count))
            levels = levels.dropFirst(count)
            let encoding: ColumnEncoding =
                switch column["encoding"]?.textValue {
                case "one_hot":
                    .oneHot(
                        levels: own, nullLevel: column["null_level"]?.boolValue ?? false,
                        otherLevel: column["other_level"]?.boolValue ?? false)
                case "native": .native(levels: own)
                default:
                    .number(
                        fill: column["fill"]?.boolValue == true ? fills[index] : nil,
                        indicator: column["indicator"]?.boolValue ?? false, shift: shifts[index], scale: scales[index])
                }
            return ColumnSchema(
                name: Bytes((column["name"]?.textValue ?? "").utf8), sqlType: Bytes((column["type"]?.textValue ?? "").utf8),
                kind: encoding.kind, encoding: encoding)
        }
    }
}

extension ColumnEncoding {
    /// What the column must hold to be encoded so.
    public var kind: ColumnKind {
        if case .number = self { .number } else { .category }
    }
}

extension LinearForm {
    fileprivate init(_ artifact: ArtifactReader, outputs: Int) throws {
        let width = artifact.shape(.coefficients).1
        self.init(
            outputs: outputs, coefficients: try artifact.matrix(.coefficients, Double.self, columns: width).array,
            intercepts: try artifact.vector(.intercepts, Double.self).array,
            means: try artifact.vector(.means, Double.self).array)
    }
}

extension TreeForm {
    fileprivate init(_ artifact: ArtifactReader, outputs: Int) throws {
        self.init(
            outputs: outputs, baseScores: try artifact.vector(.baseScores, Double.self).array,
            roots: try artifact.vector(.roots, Int32.self).array,
            treeOutputs: try artifact.vector(.treeOutputs, Int32.self).array,
            features: try artifact.vector(.features, Int32.self).array,
            thresholds: try artifact.vector(.thresholds, Float.self).array,
            left: try artifact.vector(.left, Int32.self).array, right: try artifact.vector(.right, Int32.self).array,
            defaultLeft: try artifact.vector(.defaultLeft, UInt8.self, as: .bool).array.map { $0 != 0 },
            covers: try artifact.vector(.covers, Float.self).array,
            categoryOffsets: try artifact.vector(.categoryOffsets, Int32.self).array,
            categoryBits: try artifact.vector(.categoryBits, UInt32.self).array,
            leafVectors: try artifact.matrix(.leafVectors, Float.self, columns: outputs).array)
    }
}

extension ArtifactReader {
    /// The texts of a table (allocates).
    fileprivate func texts(_ bytes: TensorName, _ offsets: TensorName) throws -> [Bytes] {
        let text = try vector(bytes, UInt8.self).array
        let ends = try vector(offsets, Int64.self).array
        return zip(ends, ends.dropFirst()).map { Bytes(text[Int($0)..<Int($1)]) }
    }
}

extension Elements {
    /// A copy (allocates).
    fileprivate var array: [Element] { (0..<count).map { self[$0] } }
}

extension Refusal {
    /// For the sidecar: the same words as the extension's status.
    var error: ForgeError {
        let prefix = code == .corruptArtifact ? "the model's artifact is corrupt: " : ""
        return ForgeError(code, prefix + reason.description, hint: hint.description)
    }
}
