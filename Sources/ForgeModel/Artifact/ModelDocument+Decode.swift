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
        let (whole, groups) = try ModelGroups.parted(
            try ModelDocument.form(form, artifact, description, outputs: outputs), artifact)
        self.init(
            task: task, algorithm: algorithm, link: link, columns: try ModelDocument.columns(columns, artifact),
            products: try ModelDocument.products(artifact),
            labels: try artifact.texts(.labels, .labelOffsets), positive: positive,
            calibration: try Calibration(artifact),
            threshold: artifact.has(.decisionThreshold) ? try artifact.vector(.decisionThreshold, Double.self)[0] : nil,
            background: try Background(artifact),
            form: whole, groups: groups)
    }

    private static func form(
        _ name: String, _ artifact: ArtifactReader, _ description: JSONValue, outputs: Int
    ) throws -> ModelForm {
        switch name {
        case "linear": .linear(try LinearForm(artifact, outputs: outputs))
        case "ensemble": .ensemble(try EnsembleForm(artifact))
        case "network": .network(try NetworkForm(artifact, description["activation"]))
        case "centroids": .centroids(try CentroidForm(artifact, description["precisions"], outputs: outputs))
        case "nonnegative": .nonnegative(try NonnegativeForm(artifact, outputs: outputs))
        case "neighbors": .neighbors(try NeighborForm(artifact, description))
        default: .trees(try TreeForm(artifact, outputs: outputs))
        }
    }

    private static func columns(_ described: [JSONValue], _ artifact: ArtifactReader) throws -> [ColumnSchema] {
        let fills = try artifact.vector(.fills, Double.self)
        let shifts = try artifact.vector(.shifts, Double.self)
        let scales = try artifact.vector(.scales, Double.self)
        var texts = try artifact.texts(.levels, .levelOffsets)[...]
        var numbers = artifact.has(.columnNumbers) ? try artifact.vector(.columnNumbers, Double.self).array[...] : []
        return try described.enumerated().map { index, column in
            let levels = Array(texts.prefix(column.count("levels")))
            texts = texts.dropFirst(levels.count)
            let scaling = (fill: fills[index], shift: shifts[index], scale: scales[index])
            let encoding = try ColumnEncoding(column, scaling, levels) { count in
                defer { numbers = numbers.dropFirst(count) }
                return Array(numbers.prefix(count))
            }
            return ColumnSchema(
                name: Bytes((column["name"]?.textValue ?? "").utf8), sqlType: Bytes((column["type"]?.textValue ?? "").utf8),
                kind: encoding.kind, encoding: encoding)
        }
    }

    private static func products(_ artifact: ArtifactReader) throws -> [FeatureProduct] {
        guard artifact.has(.products) else { return [] }
        let features = try artifact.matrix(.products, Int32.self, columns: 2).array
        return stride(from: 0, to: features.count, by: 2).map { FeatureProduct(features[$0], features[$0 + 1]) }
    }
}

extension JSONValue {
    fileprivate func flag(_ name: String) -> Bool { self[name]?.boolValue ?? false }
    fileprivate func count(_ name: String) -> Int { self[name]?.intValue ?? 0 }
}

extension ColumnEncoding {
    /// `take` hands out the next numbers of `column_numbers`.
    fileprivate init(
        _ column: JSONValue, _ scaling: (fill: Double, shift: Double, scale: Double), _ levels: [Bytes],
        take: (Int) -> [Double]
    ) throws {
        switch column["encoding"]?.textValue {
        case "number":
            self = .number(
                fill: column.flag("fill") ? scaling.fill : nil, indicator: column.flag("indicator"), shift: scaling.shift,
                scale: scaling.scale)
        case "one_hot":
            self = .oneHot(levels: levels, nullLevel: column.flag("null_level"), otherLevel: column.flag("other_level"))
        case "native": self = .native(levels: levels)
        case "transformed":
            let transform: NumberTransform =
                switch column["transform"]?.textValue {
                case "log1p": .log1p
                case "sqrt": .sqrt
                case "yeo_johnson": .yeoJohnson(lambda: take(1).first ?? 0)
                default: .identity
                }
            self = .transformed(
                transform, fill: scaling.fill, indicator: column.flag("indicator"), shift: scaling.shift,
                scale: scaling.scale, degree: column.count("degree"))
        case "bins":
            self = .bins(
                edges: take(column.count("edges")), missing: column.flag("missing"), ordinal: column.flag("ordinal"))
        case "lookup":
            let width = column.count("width")
            self = .lookup(levels: levels, width: width, values: take((levels.count + 2) * width))
        case "hashed": self = .hashed(buckets: column.count("buckets"))
        case "date_parts":
            let names = (column["parts"]?.arrayValue ?? []).compactMap(\.textValue)
            let scalings = take(2 * names.count)
            self = .dateParts(
                names.enumerated().compactMap { place, name in
                    DatePart.allCases.first { $0.name == name }.map {
                        ScaledDatePart($0, shift: scalings[2 * place], scale: scalings[2 * place + 1])
                    }
                })
        case "tfidf":
            self = .tfidf(
                vocabulary: levels, idf: take(levels.count), bigrams: column.flag("bigrams"),
                sublinear: column.flag("sublinear"))
        case "vector":
            let dimensions = column.count("dimensions")
            let (shifts, scales) = (take(dimensions), take(dimensions))
            self = .vector(fills: column.flag("fill") ? take(dimensions) : nil, shifts: shifts, scales: scales)
        case "group_number": self = .groupNumber
        case "group_level": self = .groupLevel(levels: levels)
        default: throw Refusal.newer("the model is of a kind that this version of Forge does not know")
        }
    }
}

extension Calibration {
    fileprivate init?(_ artifact: ArtifactReader) throws {
        if artifact.has(.calibrationSigmoids) {
            let values = try artifact.matrix(.calibrationSigmoids, Double.self, columns: 2).array
            self = .sigmoid(
                stride(from: 0, to: values.count, by: 2).map { Sigmoid(slope: values[$0], intercept: values[$0 + 1]) })
        } else if artifact.has(.calibrationOffsets) {
            let offsets = try artifact.vector(.calibrationOffsets, Int32.self).array.map(Int.init)
            let x = try artifact.vector(.calibrationX, Double.self).array
            let y = try artifact.vector(.calibrationY, Double.self).array
            self = .isotonic(
                zip(offsets, offsets.dropFirst()).map { Isotonic(x: Array(x[$0..<$1]), y: Array(y[$0..<$1])) })
        } else {
            return nil
        }
    }
}

extension Background {
    fileprivate init?(_ artifact: ArtifactReader) throws {
        guard artifact.has(.background) else { return nil }
        let (rows, width) = artifact.shape(.background)
        let settings = try artifact.vector(.explanation, Int64.self).array.map(Int.init)
        self.init(
            features: try artifact.matrix(.background, Double.self, columns: width).array, rows: rows,
            seed: settings[0], samples: settings[1])
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

extension NetworkForm {
    fileprivate init(_ artifact: ArtifactReader, _ activation: JSONValue?) throws {
        guard let activation = activation?.textValue.flatMap(Activation.init(rawValue:)) else {
            throw Refusal.corrupt("its description lacks a field")
        }
        self.init(
            activation: activation, layers: try artifact.vector(.networkLayers, Int32.self).array.map(Int.init),
            weights: try artifact.vector(.networkWeights, Float.self).array,
            biases: try artifact.vector(.networkBiases, Float.self).array,
            intercepts: try artifact.vector(.intercepts, Double.self).array)
    }
}

extension EnsembleForm {
    fileprivate init(_ artifact: ArtifactReader) throws {
        self.init(
            members: try artifact.texts(.members, .memberOffsets).map { try ModelDocument(artifact: $0) },
            weights: try artifact.vector(.memberWeights, Double.self).array)
    }
}

extension CentroidForm {
    fileprivate init(_ artifact: ArtifactReader, _ precisions: JSONValue?, outputs: Int) throws {
        let width = artifact.shape(.centers).1
        self.init(
            outputs: outputs, centers: try artifact.matrix(.centers, Double.self, columns: width).array,
            memberships: try artifact.vector(.memberships, Int32.self).array,
            radius: artifact.has(.clusterRadius) ? try artifact.vector(.clusterRadius, Double.self)[0] : nil,
            precisions: try Precisions(artifact, precisions?.textValue),
            constants: try artifact.vector(.intercepts, Double.self).array)
    }
}

extension CentroidForm.Precisions {
    fileprivate init?(_ artifact: ArtifactReader, _ name: String?) throws {
        guard name != "none" else { return nil }
        let values = try artifact.vector(.precisions, Double.self).array
        switch name {
        case "spherical": self = .spherical(values)
        case "diag": self = .diagonal(values)
        case "full": self = .full(values)
        default: self = .tied(values)
        }
    }
}

extension NonnegativeForm {
    fileprivate init(_ artifact: ArtifactReader, outputs: Int) throws {
        let width = artifact.shape(.coefficients).1
        self.init(
            outputs: outputs, factors: try artifact.matrix(.coefficients, Double.self, columns: width).array)
    }
}

extension NeighborForm {
    fileprivate init(_ artifact: ArtifactReader, _ description: JSONValue) throws {
        guard let count = description["neighbors"]?.intValue, let weights = description["weights"]?.textValue,
            let metric = description["metric"]?.textValue.flatMap(Metric.init(rawValue:))
        else { throw Refusal.corrupt("its description lacks a field") }
        let width = artifact.shape(.neighborRows).1
        self.init(
            count: count, metric: metric, byDistance: weights == "distance",
            rows: try artifact.matrix(.neighborRows, Float.self, columns: width).array,
            targets: try artifact.vector(.neighborTargets, Double.self).array,
            weights: artifact.has(.neighborWeights) ? try artifact.vector(.neighborWeights, Double.self).array : nil,
            classes: artifact.shape(.labelOffsets).0 - 1)
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
    var array: [Element] { (0..<count).map { self[$0] } }
}

extension Refusal {
    /// For the sidecar: the same words as the extension's status.
    var error: ForgeError {
        let prefix = code == .corruptArtifact ? "the model's artifact is corrupt: " : ""
        return ForgeError(code, prefix + reason.description, hint: hint.description)
    }
}
