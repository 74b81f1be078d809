import ForgeModel

/// The mean size of what each source column adds to the margin, by the kernels of `forge.explain` (Lundberg et al. 2020);
/// of more than two classes the sum over them. The interval is of a normal mean over the rows.
struct ShapleyImportance {
    /// An explanation costs a hundred times what a prediction does; by kernel SHAP, up to a hundred thousand times.
    static func rowLimit(_ form: Algorithm.Form) -> Int {
        switch form {
        case .network: 100
        case .ensemble, .neighbors: 20
        default: 1_000
        }
    }
    private static let tile = 5

    let request: ImportanceRequest
    let scorer: Scorer
    /// (columns) of the rows measured on.
    let columns: [ColumnValues]

    func importances(threads: Int, observer: any TrainingObserver) throws -> Importances {
        let rows = columns.first?.count ?? 0
        let tiles = stride(from: 0, to: rows, by: Self.tile).map { Array($0..<min($0 + Self.tile, rows)) }
        var found = [Result<[[Double]], any Error>?](repeating: nil, count: tiles.count)
        found.withUnsafeMutableBufferPointer { buffer in
            inParallel(tiles.count, threads: threads) { tile in
                buffer[tile] = Result {
                    if observer.isCancelled { throw ForgeError(.cancelled, "training was cancelled") }
                    return sizes(try scorer.explain(columns, rows: tiles[tile]))
                }
            }
        }
        let byRow = try found.flatMap { try $0!.get() }  // (rows, columns)
        let count = Double(max(rows, 1))
        let means = columns.indices.map { column in byRow.reduce(0) { $0 + $1[column] } / count }
        let intervals = columns.indices.map { column -> Bootstrap.Interval? in
            guard rows > 1 else { return nil }
            let squares = byRow.reduce(0) { $0 + ($1[column] - means[column]) * ($1[column] - means[column]) }
            return request.interval(around: means[column], variance: squares / (count * (count - 1)))
        }
        return Importances(kind: .meanAbsSHAP, values: means, intervals: intervals)
    }

    /// (rows, columns) from contributions (rows, outputs, columns + 1).
    private func sizes(_ contributions: [Double]) -> [[Double]] {
        let width = columns.count + 1
        return stride(from: 0, to: contributions.count, by: scorer.outputs * width).map { row in
            (1..<width).map { column in
                (0..<scorer.outputs).reduce(0) { $0 + abs(contributions[row + $1 * width + column]) }
            }
        }
    }
}
