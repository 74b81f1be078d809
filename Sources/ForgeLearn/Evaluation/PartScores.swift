import ForgeModel

/// What a model says of a part's rows.
struct PartScores {
    /// (rows, scores) row-major: one value for regression; a probability per class in byte order of the labels; cluster (-1:
    /// none) and distance; or components.
    var values: [Double]
    var width: Int
    /// Of a model that says a row is of the positive class from some probability on.
    var threshold: (positive: Int, probability: Double)?

    func column(_ index: Int) -> [Double] { stride(from: index, to: values.count, by: width).map { values[$0] } }

    /// The positive class from the threshold on; without one the class of the largest probability, the first of equal
    /// ones.
    var predictedClasses: [Int32] {
        if let (positive, probability) = threshold {
            return column(positive).map { Int32($0 >= probability ? positive : 1 - positive) }
        }
        return likeliestClasses
    }

    private var likeliestClasses: [Int32] {
        stride(from: 0, to: values.count, by: width).map { start in
            var best = 0
            for index in 1..<width where values[start + index] > values[start + best] { best = index }
            return Int32(best)
        }
    }
}

extension Part {
    /// Scores all rows by the kernels of the extension, chunk by chunk. `columns[i]` is what the model's column i
    /// reads.
    func scores(_ scorer: Scorer, columns: [ColumnSource], levels: [[Bytes]], threads: Int) throws -> PartScores {
        let values = try forEachChunk(columns, levels, threads: threads) {
            try scorer.isClustering ? scorer.clusters($0) : scorer.score($0)
        }
        return PartScores(
            values: values, width: scorer.isClustering ? 2 : scorer.scores,
            threshold: scorer.threshold.map { (scorer.positive, $0) })
    }

    /// (rows, outputs) row-major: the margins of all rows, likewise.
    func margins(_ scorer: Scorer, columns: [ColumnSource], levels: [[Bytes]], threads: Int) throws -> [Double] {
        try forEachChunk(columns, levels, threads: threads) { try scorer.margins($0) }
    }

    private func forEachChunk(
        _ columns: [ColumnSource], _ levels: [[Bytes]], threads: Int, _ numbers: ([ColumnValues]) throws -> [Double]
    ) throws -> [Double] {
        var results = [Result<[Double], any Error>?](repeating: nil, count: chunks.count)
        results.withUnsafeMutableBufferPointer { buffer in
            inParallel(chunks.count, threads: threads) { index in
                buffer[index] = Result { try numbers(columns.map { chunks[index].values($0, levels) }) }
            }
        }
        var values: [Double] = []
        for result in results { values += try result!.get() }
        return values
    }
}

extension Chunk {
    /// A column as ForgeModel takes it.
    func values(_ column: Int, _ levels: [Bytes]) -> ColumnValues {
        switch layout.storages[column] {
        case .float64: .numbers(Array(UnsafeBufferPointer(start: float64(column), count: rows)))
        case .float32: .numbers(UnsafeBufferPointer(start: float32(column), count: rows).map(Double.init))
        case .codes: .codes(Array(UnsafeBufferPointer(start: codes(column), count: rows)), levels: levels)
        }
    }
}

extension DataSet {
    /// The scores of the held-out rows as they are kept, or of those with the smallest hashes where there are too many.
    func reported(_ scores: PartScores, _ target: Target) -> HeldOutScores? {
        guard evaluatesHeldOut, self.target != nil else { return nil }
        let limit = min(HeldOutScores.limits.rows, HeldOutScores.limits.scores / scores.width)
        let rows = evaluatedPart.firstByKey(limit)
        let truth = if case .classes(let classes) = target { classes.of(heldOut).map(Double.init) } else { heldOut.targets }
        return HeldOutScores(
            truth: rows.map { $0.map { truth[$0] } } ?? truth, scores: rows.map { scores.rows($0).values } ?? scores.values)
    }

}

extension Part {
    /// At most `limit` rows, those with the smallest hashes in the order of the part; nil: all. Rows without keys are
    /// chosen by their place.
    func firstByKey(_ limit: Int, _ choice: KeyedChoice = KeyedChoice(seed: 0, purpose: .report)) -> [Int]? {
        guard rows > limit else { return nil }
        let hashes = (0..<rows).map { choice.hash(keys.isEmpty ? UInt64($0) : keys[$0]) }
        var isChosen = [Bool](repeating: false, count: rows)
        for row in risingOrder(hashes).prefix(limit) { isChosen[Int(row)] = true }
        return isChosen.indices.filter { isChosen[$0] }
    }
}
