@testable import ForgeModel

extension RandomModels {
    /// A model of each kind that has no target.
    mutating func unsupervised(columns count: Int) -> [ModelDocument] {
        [
            clusters(columns: count, clusters: int(1...9), spare: 0, radius: nil),
            clusters(columns: count, clusters: 3, spare: 5, radius: double(0.5...4)),
            mixture(columns: count, clusters: 3, "spherical"), mixture(columns: count, clusters: 2, "diag"),
            mixture(columns: count, clusters: 3, "full"), mixture(columns: count, clusters: 1, "tied"),
            projection(columns: count, components: 3), factors(columns: count, components: 3),
        ]
    }

    /// `spare`: points beyond one for each cluster.
    mutating func clusters(columns count: Int, clusters: Int, spare: Int, radius: Double?) -> ModelDocument {
        let (columns, width) = features(count)
        let form = CentroidForm(
            outputs: clusters, centers: numbers((clusters + spare) * width),
            memberships: (0..<clusters).map { Int32($0) } + (0..<spare).map { _ in Int32(int(0...clusters - 1)) },
            radius: radius, constants: Array(repeating: 0, count: clusters))
        return interventional(document(columns, task: "clustering", .distances, .centroids(form)))
    }

    mutating func mixture(columns count: Int, clusters: Int, _ kind: String) -> ModelDocument {
        let (columns, width) = features(count)
        let triangles = { (count: Int, make: inout RandomModels) in
            (0..<count * width * width).map { place in
                let (column, row) = (place / width % width, place % width)
                return row > column ? 0 : row == column ? make.double(0.2...2) : make.double(-0.5...0.5)
            }
        }
        let precisions: CentroidForm.Precisions =
            switch kind {
            case "spherical": .spherical((0..<clusters).map { _ in double(0.1...2) })
            case "diag": .diagonal((0..<clusters * width).map { _ in double(0.1...2) })
            case "full": .full(triangles(clusters, &self))
            default: .tied(triangles(1, &self))
            }
        let form = CentroidForm(
            outputs: clusters, centers: numbers(clusters * width), memberships: (0..<clusters).map { Int32($0) },
            precisions: precisions, constants: numbers(clusters))
        return interventional(document(columns, task: "clustering", .softmax, .centroids(form)))
    }

    mutating func projection(columns count: Int, components: Int) -> ModelDocument {
        let (columns, width) = features(count)
        let form = LinearForm(
            outputs: components, coefficients: numbers(components * width), intercepts: numbers(components),
            means: numbers(width))
        return document(columns, task: "decomposition", .identity, .linear(form))
    }

    mutating func factors(columns count: Int, components: Int) -> ModelDocument {
        let (columns, width) = features(count)
        let form = NonnegativeForm(outputs: components, factors: (0..<components * width).map { _ in double(0...2) })
        return interventional(document(columns, task: "decomposition", .identity, .nonnegative(form)))
    }

    mutating func features(_ count: Int) -> (columns: [ColumnSchema], width: Int) {
        let columns = (0..<count).map { column($0, forTrees: false, categories: true) }
            + [ColumnSchema(
                name: Bytes("n".utf8), sqlType: Bytes("integer".utf8), kind: .number,
                encoding: .number(fill: 0.5, indicator: false, shift: 0, scale: 1))]
        return (columns, columns.reduce(0) { $0 + $1.encoding.width })
    }

    private mutating func numbers(_ count: Int) -> [Double] { (0..<count).map { _ in double() } }

    private func document(
        _ columns: [ColumnSchema], task: String, _ link: Link, _ form: ModelForm
    ) -> ModelDocument {
        ModelDocument(task: task, algorithm: "test", link: link, columns: columns, labels: [], positive: -1, form: form)
    }
}
