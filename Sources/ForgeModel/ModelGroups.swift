/// Forms of groups of rows, beside that of the whole, which scores the rows of all others.
public struct ModelGroups: Sendable, Equatable {
    /// (groups, group columns) row-major, in the order of `forge_compare_keys`: a number, NaN for NULL; a level's place
    /// in its column's list, the length of the list for NULL.
    public var keys: [Double]
    /// (groups) of the kind, the outputs and the layers of the whole's.
    public var forms: [ModelForm]

    public init(keys: [Double], forms: [ModelForm]) {
        self.keys = keys
        self.forms = forms
    }

    /// Numbers compare as bits: a key can be NaN.
    public static func == (a: ModelGroups, b: ModelGroups) -> Bool {
        a.keys.map(\.bitPattern) == b.keys.map(\.bitPattern) && a.forms == b.forms
    }
}

// MARK: - Encoding

extension ModelGroups {
    /// The keys, and where each form's trees lie among all.
    func add(to writer: inout SafetensorsWriter, beside whole: ModelForm) throws {
        guard forms.count <= ModelLimits.groups else {
            throw ForgeError(
                .tooLarge, "the model has \(forms.count) groups, more than \(ModelLimits.groups)",
                hint: "name group_columns with fewer values, or raise config.groups.min_rows")
        }
        writer.add(.groupKeys, keys, shape: [forms.count, forms.isEmpty ? 0 : keys.count / forms.count])
        guard case .trees = whole else { return }
        var ends: [Int64] = [0, 0, 0, 0]
        var parts = ends
        for case .trees(let form) in [whole] + forms {
            let counts = [
                form.roots.count, form.features.count, form.categoryBits.count,
                form.outputs > 0 ? form.leafVectors.count / form.outputs : 0,
            ]
            ends = zip(ends, counts).map { $0 + Int64($1) }
            parts += ends
        }
        writer.add(.groupParts, parts, shape: [parts.count / 4, 4])
    }

    /// One form with the numbers of all, one's behind the other's: what the tensors hold.
    func joined(to whole: ModelForm) throws -> ModelForm {
        switch whole {
        case .linear(let first):
            let all = try [first] + forms.map { if case .linear(let form) = $0 { form } else { throw Self.mixed } }
            return .linear(
                LinearForm(
                    outputs: first.outputs, coefficients: all.flatMap(\.coefficients),
                    intercepts: all.flatMap(\.intercepts), means: all.flatMap(\.means)))
        case .network(let first):
            let all = try [first] + forms.map {
                if case .network(let form) = $0, form.layers == first.layers { form } else { throw Self.mixed }
            }
            return .network(
                NetworkForm(
                    activation: first.activation, layers: first.layers, weights: all.flatMap(\.weights),
                    biases: all.flatMap(\.biases), intercepts: all.flatMap(\.intercepts)))
        case .trees(let first):
            let all = try [first] + forms.map { if case .trees(let form) = $0 { form } else { throw Self.mixed } }
            return .trees(
                TreeForm(
                    outputs: first.outputs, baseScores: all.flatMap(\.baseScores), roots: all.flatMap(\.roots),
                    treeOutputs: all.flatMap(\.treeOutputs), features: all.flatMap(\.features),
                    thresholds: all.flatMap(\.thresholds), left: all.flatMap(\.left), right: all.flatMap(\.right),
                    defaultLeft: all.flatMap(\.defaultLeft), covers: all.flatMap(\.covers),
                    categoryOffsets: all.flatMap(\.categoryOffsets), categoryBits: all.flatMap(\.categoryBits),
                    leafVectors: all.flatMap(\.leafVectors)))
        case .ensemble, .centroids, .nonnegative, .neighbors: throw Self.mixed
        }
    }

    private static var mixed: ForgeError {
        ForgeError(.modelMismatch, "the forms of a model's groups are of no kind that groups have, or of different ones")
    }
}

// MARK: - Decoding

extension ModelGroups {
    /// Takes the tensors' form apart again (sidecar: allocates).
    static func parted(_ joined: ModelForm, _ artifact: ArtifactReader) throws -> (whole: ModelForm, groups: ModelGroups?) {
        guard artifact.has(.groupKeys) else { return (joined, nil) }
        let (groups, width) = artifact.shape(.groupKeys)
        let parts = artifact.has(.groupParts) ? try artifact.matrix(.groupParts, Int64.self, columns: 4).array.map(Int.init) : []
        let forms = (0...groups).map { joined.slice($0, of: groups + 1, parts) }
        let keys = try artifact.matrix(.groupKeys, Double.self, columns: width).array
        return (forms[0], ModelGroups(keys: keys, forms: Array(forms.dropFirst())))
    }
}

extension ModelForm {
    /// `parts`: of trees, as the tensor has them.
    fileprivate func slice(_ index: Int, of slices: Int, _ parts: [Int]) -> ModelForm {
        func share<T>(_ values: [T]) -> [T] {
            let count = values.count / slices
            return Array(values[index * count..<(index + 1) * count])
        }
        func part<T>(_ values: [T], _ kind: Int, times count: Int = 1) -> [T] {
            Array(values[parts[index * 4 + kind] * count..<parts[(index + 1) * 4 + kind] * count])
        }
        switch self {
        case .ensemble, .centroids, .nonnegative, .neighbors: return self
        case .linear(let form):
            return .linear(
                LinearForm(
                    outputs: form.outputs, coefficients: share(form.coefficients), intercepts: share(form.intercepts),
                    means: share(form.means)))
        case .network(let form):
            return .network(
                NetworkForm(
                    activation: form.activation, layers: form.layers, weights: share(form.weights),
                    biases: share(form.biases), intercepts: share(form.intercepts)))
        case .trees(let form):
            let nodes = parts[index * 4 + 1]..<parts[index * 4 + 5]
            return .trees(
                TreeForm(
                    outputs: form.outputs, baseScores: share(form.baseScores), roots: part(form.roots, 0),
                    treeOutputs: part(form.treeOutputs, 0), features: part(form.features, 1),
                    thresholds: part(form.thresholds, 1), left: part(form.left, 1), right: part(form.right, 1),
                    defaultLeft: part(form.defaultLeft, 1), covers: part(form.covers, 1),
                    categoryOffsets: Array(form.categoryOffsets[nodes.lowerBound + index...nodes.upperBound + index]),
                    categoryBits: part(form.categoryBits, 2),
                    leafVectors: part(form.leafVectors, 3, times: form.outputs)))
        }
    }
}
