@testable import ForgeModel

extension RandomModels {
    /// A model of each metric, with targets of each kind.
    mutating func neighbors(columns count: Int) -> [ModelDocument] {
        [
            neighbors(columns: count, rows: 40, metric: .euclidean, classes: 0),
            neighbors(columns: count, rows: int(3...20), metric: .manhattan, classes: 2),
            neighbors(columns: count, rows: 33, metric: .cosine, classes: 4),
        ]
    }

    /// Some rows come twice, and one is all zeros, so that distances tie.
    mutating func neighbors(
        columns count: Int, rows: Int, metric: NeighborForm.Metric, classes: Int
    ) -> ModelDocument {
        let (columns, width) = features(count)
        var values = (0..<rows * width).map { _ in Float(double()) }
        for row in stride(from: 2, to: rows, by: 3) {
            for feature in 0..<width { values[row * width + feature] = values[(row - 1) * width + feature] }
        }
        for feature in 0..<width { values[feature] = 0 }
        let form = NeighborForm(
            count: int(1...min(rows, 9)), metric: metric, byDistance: flag(), rows: values,
            targets: (0..<rows).map { _ in classes == 0 ? double() : Double(int(0...classes - 1)) },
            weights: flag() ? (0..<rows).map { _ in double(0.1...3) } : nil, classes: classes)
        return interventional(document(columns, classes: classes, link: classes == 0 ? .identity : .shares, .neighbors(form)))
    }
}
