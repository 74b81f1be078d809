import ForgeModel

extension FitInput {
    /// The target as XGBoost takes it. Classes: 1 for the positive one of two; of more the class's number.
    func treeLabels() throws -> [[Double]] {
        switch target {
        case .values, .none: return [try treeTargets()]
        case .classes(let classes):
            if classes.isBinary { return [indicator(of: classes.positive, in: classes)] }
            return [classes.training.map(Double.init)]
        }
    }

    /// The same of validation rows; a class that training does not know counts as the first, with weight 0.
    func treeLabels(of rows: ValidationRows) -> [Double] {
        switch target {
        case .values, .none: rows.part.targets
        case .classes(let classes):
            rows.classes.map { classes.isBinary ? ($0 == Int32(classes.positive) ? 1 : 0) : Double(max(0, $0)) }
        }
    }

    /// The target, all of whose values a leaf can hold.
    func treeTargets() throws -> [Double] {
        let targets = data.training.targets
        if let large = targets.first(where: { Float($0).isInfinite }) {
            throw ForgeError(
                .valueOutOfRange, "target \"\(data.targetName)\" holds \(large), beyond float32 (3.4e38)",
                hint: "divide the target by a constant, or use ridge")
        }
        return targets
    }

    /// Bins the training rows; frees their features where nothing needs them any more.
    func quantileMatrix(labels: [[Double]], bins: Int) throws -> QuantileMatrix {
        let batches = TreeBatches(
            data.training, plan, labels: labels, weights: weights, margins: try baseMargins(of: data.training),
            observer: observer)
        let matrix = try QuantileMatrix(batches, bins: bins, threads: threads)
        if data.evaluatesHeldOut { data.training.releaseChunks() }
        observer.progress(0.2, phase: "fit")
        return matrix
    }

    /// (rows, outputs) row-major: what the base model says of a part's rows; nil without one.
    func baseMargins(of part: Part) throws -> [Double]? {
        guard let base else { return nil }
        return try part.margins(
            Scorer(artifact: base.artifact), columns: plan.modelColumns.map(\.source), levels: data.features.map(\.levels),
            threads: threads)
    }

    var commonTreeParameters: [(String, String)] {
        [
            ("tree_method", "hist"), ("nthread", "\(threads)"), ("seed", Self.seed(seed)), ("verbosity", "0"),
            ("validate_parameters", "0"),
        ]
    }

    /// XGBoost's seeds are integers of 31 bits.
    static func seed(_ value: Int) -> String { "\(UInt32(truncatingIfNeeded: value) & 0x7FFF_FFFF)" }
}
