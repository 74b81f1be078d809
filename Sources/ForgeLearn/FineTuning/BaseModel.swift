import ForgeModel

/// The registered version that a fit continues (`params.base_model`): its encodings are taken as they are, and the fit
/// starts from what it learned.
public struct BaseModel: Sendable {
    let model: String
    let version: Int
    let manifest: JSONValue
    let artifact: Bytes
    let document: ModelDocument
    /// Feature columns that it was trained with and does not read.
    let leftOut: Set<Bytes>

    /// Reads `base` of what `forge.job` returns (docs/internals.md); nil where there is none.
    init?(json: JSONValue, artifact: Bytes?) throws {
        guard !json.isNull else { return nil }
        guard let model = json["model"]?.textValue, let version = json["version"]?.intValue,
            let manifest = json["manifest"], let artifact
        else {
            throw ForgeError(.versionMismatch, "the job lacks its base model", hint: TrainingJob.releaseHint)
        }
        self.model = model
        self.version = version
        self.manifest = manifest
        self.artifact = artifact
        document = try ModelDocument(artifact: artifact)
        leftOut = Set((json["left_out"]?.arrayValue ?? []).compactMap { $0.textValue.map { Bytes($0.utf8) } })
    }

    var reference: String { "\(model)/\(version)" }

    /// Text of the class whose probability it predicts; nil unless there are two.
    var positiveLabel: String? {
        document.positive < 0 ? nil : String(decoding: document.labels[document.positive], as: UTF8.self)
    }

    /// How each version that this one consists of held rows out: its own split, then its bases'.
    var splits: [JSONValue] { [manifest["split"] ?? nil] + Self.baseSplits(of: manifest) }

    static func baseSplits(of manifest: JSONValue) -> [JSONValue] { manifest["base"]?["splits"]?.arrayValue ?? [] }

    /// The manifest's `base` of a version that continues this one.
    var json: JSONValue {
        [
            "model": .text(model), "version": .integer(Int64(version)),
            "artifact_sha256": .text(SHA256.hex(of: artifact)), "splits": .array(splits),
        ]
    }

    /// What it has decided; nil where the request decides.
    func fixedValue(of parameter: Hyperparameter) -> JSONValue? {
        guard parameter.isFixedByBase, let value = manifest["params"]?[parameter.name] else { return Optional.none }
        return Parameters.typed(value, parameter.kind)
    }

    /// A request's params with what it has decided and they do not name.
    func completing(_ params: JSONValue, of algorithm: Algorithm) -> JSONValue {
        var object = params.objectValue ?? [:]
        for parameter in algorithm.parameters where object[parameter.name] == nil {
            object[parameter.name] = fixedValue(of: parameter)
        }
        return .object(object)
    }

    /// What of a request does not go with a base model.
    static func addProblems(of json: JSONValue, to problems: inout Problems) {
        guard json["params"]?["base_model"]?.isNull == false else { return }
        if json["base"]?.isNull != false { problems.add("params.base_model was not resolved to a version") }
        if json["preprocess"]?.objectValue?.isEmpty == false {
            problems.add("preprocess does not go with params.base_model, whose encodings are taken as they are")
        }
        if json["params"]?["base_score"]?.doubleValue != nil {
            problems.add("params.base_score does not go with params.base_model, whose predictions the first tree corrects")
        }
    }

    /// Whether trees take a column's numbers as they are.
    func takesAsIs(_ column: String) -> Bool {
        let name = Bytes(column.utf8)
        switch document.columns.first(where: { $0.name == name })?.encoding {
        case nil, .number(nil, false, 0, 1): return true
        case .vector(nil, let shifts, let scales): return shifts.allSatisfy { $0 == 0 } && scales.allSatisfy { $0 == 1 }
        default: return false
        }
    }
}

extension Hyperparameter {
    /// The version to start from; `algorithms`: whose versions will do.
    static func baseModel(of algorithms: [String], _ sentence: String) -> Hyperparameter {
        var parameter = Hyperparameter(name: name, kind: .text, defaultValue: nil, choices: [], sentence: sentence)
        parameter.bases = algorithms
        return parameter
    }

    private static let name = "base_model"

    /// What a base model has decided: a request may repeat it, and need not.
    var fixedByBase: Hyperparameter {
        var parameter = self
        parameter.isFixedByBase = true
        return parameter
    }
}
