extension ModelDocument {
    /// The artifact: the same document gives the same bytes. Refuses what no backend could decode.
    public func encoded() throws -> Bytes {
        try checkNames()
        let description = try describe()
        var writer = SafetensorsWriter()
        addColumns(to: &writer)
        writer.add(.labels, offsets: .labelOffsets, texts: labels)
        switch form {
        case .linear(let linear): linear.add(to: &writer)
        case .trees(let trees): trees.add(to: &writer)
        }
        let bytes = writer.encoded(metadata: description)
        _ = try DecodedModel(bytes)
        return bytes
    }

    private func checkNames() throws {
        guard Set(columns.map(\.name)).count == columns.count else {
            throw ForgeError(.invalidParameter, "two feature columns have the same name")
        }
        for column in columns where String(validating: column.name) == nil || String(validating: column.sqlType) == nil {
            let name = String(decoding: column.name, as: UTF8.self)
            throw ForgeError(.unsupportedType, "the name or type of column \"\(name)\" is not valid UTF-8",
                hint: "rename the column")
        }
    }

    private func describe() throws -> String {
        let (formName, outputs) =
            switch form {
            case .linear(let linear): ("linear", linear.outputs)
            case .trees(let trees): ("trees", trees.outputs)
            }
        let description: JSONValue = [
            "algorithm": .text(algorithm), "columns": .array(columns.map(\.description)), "form": .text(formName),
            "format": .integer(Description.format), "link": .text(link.rawValue), "outputs": .integer(Int64(outputs)),
            "positive": .integer(Int64(positive)), "task": .text(task),
        ]
        let text = description.serialized
        guard text.utf8.count <= ModelLimits.description else {
            throw ForgeError(
                .tooLarge, "the model's description needs \(text.utf8.count) bytes, more than \(ModelLimits.description)",
                hint: "use fewer columns, or shorter names")
        }
        return text
    }

    private func addColumns(to writer: inout SafetensorsWriter) {
        var fills: [Double] = []
        var shifts: [Double] = []
        var scales: [Double] = []
        var levels: [Bytes] = []
        for column in columns {
            var numbers = (fill: 0.0, shift: 0.0, scale: 1.0)
            switch column.encoding {
            case .number(let fill, _, let shift, let scale): numbers = (fill ?? 0, shift, scale)
            case .oneHot(let own, _, _), .native(let own): levels += own
            }
            fills.append(numbers.fill)
            shifts.append(numbers.shift)
            scales.append(numbers.scale)
        }
        writer.add(.fills, fills)
        writer.add(.shifts, shifts)
        writer.add(.scales, scales)
        writer.add(.levels, offsets: .levelOffsets, texts: levels)
    }
}

extension ColumnSchema {
    fileprivate var description: JSONValue {
        var object: JSONObject = [
            "name": .text(String(decoding: name, as: UTF8.self)), "type": .text(String(decoding: sqlType, as: UTF8.self)),
        ]
        switch encoding {
        case .number(let fill, let indicator, _, _):
            object["encoding"] = "number"
            object["fill"] = .bool(fill != nil)
            object["indicator"] = .bool(indicator)
        case .oneHot(let levels, let nullLevel, let otherLevel):
            object["encoding"] = "one_hot"
            object["levels"] = .integer(Int64(levels.count))
            object["null_level"] = .bool(nullLevel)
            object["other_level"] = .bool(otherLevel)
        case .native(let levels):
            object["encoding"] = "native"
            object["levels"] = .integer(Int64(levels.count))
        }
        return .object(object)
    }
}

extension LinearForm {
    fileprivate func add(to writer: inout SafetensorsWriter) {
        writer.add(.coefficients, coefficients, shape: [outputs, outputs > 0 ? coefficients.count / outputs : 0])
        writer.add(.intercepts, intercepts)
        writer.add(.means, means)
    }
}

extension TreeForm {
    fileprivate func add(to writer: inout SafetensorsWriter) {
        writer.add(.baseScores, baseScores)
        writer.add(.roots, roots)
        writer.add(.treeOutputs, treeOutputs)
        writer.add(.features, features)
        writer.add(.thresholds, thresholds)
        writer.add(.left, left)
        writer.add(.right, right)
        writer.add(.defaultLeft, defaultLeft)
        writer.add(.covers, covers)
        writer.add(.categoryOffsets, categoryOffsets)
        writer.add(.categoryBits, categoryBits)
        writer.add(.leafVectors, leafVectors, shape: [outputs > 0 ? leafVectors.count / outputs : 0, outputs])
    }
}

extension String {
    fileprivate init?(validating bytes: Bytes) { self.init(validating: bytes, as: UTF8.self) }
}
