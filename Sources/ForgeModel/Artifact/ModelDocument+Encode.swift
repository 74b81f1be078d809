extension ModelDocument {
    /// The artifact: the same document gives the same bytes. Refuses what no backend could decode.
    public func encoded() throws -> Bytes {
        try checkNames()
        let description = try describe()
        var writer = SafetensorsWriter()
        addColumns(to: &writer)
        writer.add(.labels, offsets: .labelOffsets, texts: labels)
        calibration?.add(to: &writer)
        if let threshold { writer.add(.decisionThreshold, [threshold]) }
        background?.add(to: &writer)
        try groups?.add(to: &writer, beside: form)
        switch try groups?.joined(to: form) ?? form {
        case .linear(let linear): linear.add(to: &writer, width: encodedWidth)
        case .trees(let trees): trees.add(to: &writer)
        case .network(let network): network.add(to: &writer)
        case .ensemble(let ensemble): try ensemble.add(to: &writer)
        case .centroids(let centroids): centroids.add(to: &writer)
        case .nonnegative(let factors): factors.add(to: &writer)
        case .neighbors(let neighbors): neighbors.add(to: &writer)
        }
        let bytes = writer.encoded(metadata: description)
        _ = try DecodedModel(bytes)
        return bytes
    }

    private func checkNames() throws {
        guard Set(columns.map(\.name)).count == columns.count else {
            throw ForgeError(.invalidParameter, "two feature columns have the same name")
        }
        for column in columns {
            guard let levels = column.encoding.levels, levels.count > ModelLimits.levels else { continue }
            throw ForgeError.tooManyLevels(levels.count, column: column.name)
        }
        for column in columns where String(validating: column.name) == nil || String(validating: column.sqlType) == nil {
            let name = String(decoding: column.name, as: UTF8.self)
            throw ForgeError(.unsupportedType, "the name or type of column \"\(name)\" is not valid UTF-8",
                hint: "rename the column")
        }
    }

    private func describe() throws -> String {
        var description: JSONValue = [
            "algorithm": .text(algorithm), "columns": .array(columns.map(\.description)), "form": .text(form.name),
            "format": .integer(Description.format), "link": .text(link.rawValue), "outputs": .integer(Int64(form.outputs)),
            "positive": .integer(Int64(positive)), "task": .text(task),
        ]
        if case .network(let network) = form { description["activation"] = .text(network.activation.rawValue) }
        if case .centroids(let centroids) = form { description["precisions"] = .text(centroids.precisions?.name ?? "none") }
        if case .neighbors(let neighbors) = form { neighbors.describe(in: &description) }
        let text = description.serialized
        guard text.utf8.count <= ModelLimits.description else {
            throw ForgeError(
                .tooLarge, "the model's description needs \(text.utf8.count) bytes, more than \(ModelLimits.description)",
                hint: "use fewer columns, or shorter names")
        }
        return text
    }

    private func addColumns(to writer: inout SafetensorsWriter) {
        let scalings = columns.map(\.encoding.scaling)
        writer.add(.fills, scalings.map(\.fill))
        writer.add(.shifts, scalings.map(\.shift))
        writer.add(.scales, scalings.map(\.scale))
        writer.add(.levels, offsets: .levelOffsets, texts: columns.flatMap { $0.encoding.levels ?? [] })
        let numbers = columns.flatMap(\.encoding.numbers)
        if !numbers.isEmpty { writer.add(.columnNumbers, numbers) }
        if !products.isEmpty { writer.add(.products, products.flatMap { [$0.left, $0.right] }, shape: [products.count, 2]) }
    }
}

extension ColumnEncoding {
    fileprivate var scaling: (fill: Double, shift: Double, scale: Double) {
        switch self {
        case .number(let fill, _, let shift, let scale): (fill ?? 0, shift, scale)
        case .transformed(_, let fill, _, let shift, let scale, _): (fill, shift, scale)
        case .oneHot, .native, .bins, .lookup, .hashed, .dateParts, .tfidf, .vector, .groupNumber, .groupLevel: (0, 0, 1)
        }
    }

    /// The column's part of the tensor `column_numbers`.
    fileprivate var numbers: [Double] {
        switch self {
        case .transformed(.yeoJohnson(let lambda), _, _, _, _, _): [lambda]
        case .bins(let edges, _, _): edges
        case .lookup(_, _, let values): values
        case .tfidf(_, let idf, _, _): idf
        case .dateParts(let parts): parts.flatMap { [$0.shift, $0.scale] }
        case .vector(let fills, let shifts, let scales): shifts + scales + (fills ?? [])
        case .number, .oneHot, .native, .transformed, .hashed, .groupNumber, .groupLevel: []
        }
    }

    fileprivate func describe(in object: inout JSONObject) {
        object["encoding"] = .text(name)
        if let levels { object["levels"] = .integer(Int64(levels.count)) }
        switch self {
        case .number(let fill, let indicator, _, _):
            object["fill"] = .bool(fill != nil)
            object["indicator"] = .bool(indicator)
        case .oneHot(_, let nullLevel, let otherLevel):
            object["null_level"] = .bool(nullLevel)
            object["other_level"] = .bool(otherLevel)
        case .native, .groupNumber, .groupLevel: break
        case .transformed(let transform, _, let indicator, _, _, let degree):
            object["transform"] = .text(transform.name)
            object["indicator"] = .bool(indicator)
            object["degree"] = .integer(Int64(degree))
        case .bins(let edges, let missing, let ordinal):
            object["edges"] = .integer(Int64(edges.count))
            object["missing"] = .bool(missing)
            object["ordinal"] = .bool(ordinal)
        case .lookup(_, let width, _): object["width"] = .integer(Int64(width))
        case .hashed(let buckets): object["buckets"] = .integer(Int64(buckets))
        case .dateParts(let parts): object["parts"] = .array(parts.map { .text($0.part.name) })
        case .tfidf(_, _, let bigrams, let sublinear):
            object["bigrams"] = .bool(bigrams)
            object["sublinear"] = .bool(sublinear)
        case .vector(let fills, let shifts, _):
            object["dimensions"] = .integer(Int64(shifts.count))
            object["fill"] = .bool(fills != nil)
        }
    }
}

extension ColumnSchema {
    fileprivate var description: JSONValue {
        var object: JSONObject = [
            "name": .text(String(decoding: name, as: UTF8.self)), "type": .text(String(decoding: sqlType, as: UTF8.self)),
        ]
        encoding.describe(in: &object)
        return .object(object)
    }
}

extension ModelForm {
    fileprivate var name: String {
        switch self {
        case .linear: "linear"
        case .trees: "trees"
        case .network: "network"
        case .ensemble: "ensemble"
        case .centroids: "centroids"
        case .nonnegative: "nonnegative"
        case .neighbors: "neighbors"
        }
    }
}

extension EnsembleForm {
    fileprivate func add(to writer: inout SafetensorsWriter) throws {
        writer.add(.members, offsets: .memberOffsets, texts: try members.map { try $0.encoded() })
        writer.add(.memberWeights, weights)
    }
}

extension NetworkForm {
    fileprivate func add(to writer: inout SafetensorsWriter) {
        writer.add(.networkLayers, layers.map { Int32(clamping: $0) })
        writer.add(.networkWeights, weights)
        writer.add(.networkBiases, biases)
        writer.add(.intercepts, intercepts)
    }
}

extension CentroidForm {
    fileprivate func add(to writer: inout SafetensorsWriter) {
        let points = memberships.count
        writer.add(.centers, centers, shape: [points, points > 0 ? centers.count / points : 0])
        writer.add(.memberships, memberships)
        if let radius { writer.add(.clusterRadius, [radius]) }
        if let precisions { writer.add(.precisions, precisions.values) }
        writer.add(.intercepts, constants)
    }
}

extension NonnegativeForm {
    fileprivate func add(to writer: inout SafetensorsWriter) {
        writer.add(.coefficients, factors, shape: [outputs, outputs > 0 ? factors.count / outputs : 0])
    }
}

extension NeighborForm {
    fileprivate func add(to writer: inout SafetensorsWriter) {
        writer.add(.neighborRows, rows, shape: [targets.count, targets.isEmpty ? 0 : rows.count / targets.count])
        writer.add(.neighborTargets, targets)
        if let weights { writer.add(.neighborWeights, weights) }
    }

    fileprivate func describe(in description: inout JSONValue) {
        description["metric"] = .text(metric.rawValue)
        description["neighbors"] = .integer(Int64(count))
        description["weights"] = .text(byDistance ? "distance" : "uniform")
    }
}

extension CentroidForm.Precisions {
    fileprivate var name: String {
        switch self {
        case .spherical: "spherical"
        case .diagonal: "diag"
        case .full: "full"
        case .tied: "tied"
        }
    }

    fileprivate var values: [Double] {
        switch self {
        case .spherical(let values), .diagonal(let values), .full(let values), .tied(let values): values
        }
    }
}

extension Background {
    fileprivate func add(to writer: inout SafetensorsWriter) {
        writer.add(.background, features, shape: [rows, rows > 0 ? features.count / rows : 0])
        writer.add(.explanation, [Int64(seed), Int64(samples)])
    }
}

extension Calibration {
    fileprivate func add(to writer: inout SafetensorsWriter) {
        switch self {
        case .sigmoid(let sigmoids):
            writer.add(
                .calibrationSigmoids, sigmoids.flatMap { [$0.slope, $0.intercept] }, shape: [sigmoids.count, 2])
        case .isotonic(let tables):
            var offsets: [Int32] = [0]
            for table in tables { offsets.append(offsets[offsets.count - 1] + Int32(clamping: table.x.count)) }
            writer.add(.calibrationOffsets, offsets)
            writer.add(.calibrationX, tables.flatMap(\.x))
            writer.add(.calibrationY, tables.flatMap(\.y))
        }
    }
}

extension LinearForm {
    fileprivate func add(to writer: inout SafetensorsWriter, width: Int) {
        writer.add(.coefficients, coefficients, shape: [width > 0 ? coefficients.count / width : 0, width])
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
