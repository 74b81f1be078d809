import ForgeModel

/// Looks before a training for what makes a model look better than it will be: columns that give the outcome away, ids,
/// dates behind the row's time, and held-out rows that are among the training rows. It refuses nothing.
struct LeakageLint {
    let data: DataSet
    let job: TrainingJob
    let target: Target

    /// Fewer rows say nothing.
    static let leastRows = 50
    /// Rows looked at for how well one column predicts, spread evenly.
    static let sample = 10_000
    /// AUC or R² beyond which one column is suspected.
    static let suspicious = 0.999

    func warnings() -> [String] {
        var byColumn = [[String]](repeating: [], count: data.features.count)
        byColumn.withUnsafeMutableBufferPointer { buffer in
            inParallel(buffer.count, threads: job.threads) { index in buffer[index] = self.warnings(of: index) }
        }
        return byColumn.flatMap { $0 } + (data.target == nil ? [] : repeatedRows())
    }

    private func warnings(of index: Int) -> [String] {
        let column = data.features[index]
        guard data.training.rows >= Self.leastRows, column.element == nil, !column.isGroup,
            !job.preprocess[column.name].drop
        else { return [] }
        let giveaway = data.target.flatMap { self.giveaway(index, column, $0) }
        return [giveaway ?? identity(index, column), laterThanTheRow(index, column)].compactMap { $0 }
    }

    // MARK: - Columns that give the outcome away

    private func giveaway(_ index: Int, _ column: FeatureColumn, _ target: FeatureColumn) -> String? {
        let name = column.shownName
        if isTarget(index, column, target) {
            return "column \"\(name)\" is the target: it has the same value in every training row; exclude it"
        }
        guard let found = PredictiveColumn(data.training, index, column, self.target, sample: Self.sample).strength,
            found.value > Self.suspicious
        else { return nil }
        return
            "column \"\(name)\" alone predicts the target (\(found.measure) \(shown(found.value))): exclude it if it is not known before the outcome"
    }

    private func shown(_ value: Double) -> String {
        value >= 0.99995 ? "1.0000" : "\((value * 1e4).rounded(.down) / 1e4)"
    }

    private func isTarget(_ index: Int, _ column: FeatureColumn, _ target: FeatureColumn) -> Bool {
        guard column.kind == target.kind else { return false }
        var first = 0
        for chunk in data.training.chunks {
            for row in 0..<chunk.rows {
                let truth = data.training.targets[first + row]
                guard column.kind == .category else {
                    let value = chunk.number(index, row)
                    guard value == (chunk.layout.storages[index] == .float32 ? Double(Float(truth)) : truth) else {
                        return false
                    }
                    continue
                }
                let code = chunk.codes(index)[row]
                guard code != missingCode, column.levels[Int(code)] == target.levels[Int(truth)] else {
                    return false
                }
            }
            first += chunk.rows
        }
        return true
    }

    // MARK: - Columns that name the row

    private func identity(_ index: Int, _ column: FeatureColumn) -> String? {
        let name = column.shownName
        if column.kind == .category {
            var seen = Set<UInt32>()
            for chunk in data.training.chunks {
                let codes = chunk.codes(index)
                for row in 0..<chunk.rows where codes[row] == missingCode || !seen.insert(codes[row]).inserted {
                    return nil
                }
            }
            let statistics = CategoryStatistics(counts: column.levels.indices.map { seen.contains(UInt32($0)) ? 1 : 0 })
            let codes = column.levels.indices.filter { statistics.counts[$0] > 0 }
            guard !SeenLevels(column: column, statistics: statistics, seen: codes).areFreeText else { return nil }
            return "column \"\(name)\" differs in every training row, as an id does: exclude it, or name it id_column"
        }
        guard column.isInteger, isSequence(index) else { return nil }
        return "column \"\(name)\" numbers the training rows, as an id does: exclude it, or name it id_column"
    }

    /// Distinct whole numbers that lie close together, as a sequence gives them.
    private func isSequence(_ index: Int) -> Bool {
        var (low, high, rows) = (Double.infinity, -Double.infinity, 0)
        for chunk in data.training.chunks {
            for row in 0..<chunk.rows {
                let value = chunk.number(index, row)
                guard value == value.rounded() else { return false }  // missing, too
                low = min(low, value)
                high = max(high, value)
                rows += 1
            }
        }
        guard high - low + 1 >= Double(rows), high - low < 4 * Double(rows) + 1_000 else { return false }
        var seen = [Bool](repeating: false, count: Int(high - low) + 1)
        for chunk in data.training.chunks {
            for row in 0..<chunk.rows {
                let place = Int(chunk.number(index, row) - low)
                if seen[place] { return false }
                seen[place] = true
            }
        }
        return true
    }

    // MARK: - Dates behind the row's time

    private func laterThanTheRow(_ index: Int, _ column: FeatureColumn) -> String? {
        let times = data.training.times
        guard column.isDate, !times.isEmpty else { return nil }
        var (later, first) = (0, 0)
        for chunk in data.training.chunks {
            for row in 0..<chunk.rows where chunk.number(index, row) > times[first + row] { later += 1 }
            first += chunk.rows
        }
        guard later > 0 else { return nil }
        return
            "column \"\(column.shownName)\" is later than the row's time in \(later) of \(data.training.rows) training rows: it tells what happened afterwards"
    }

    // MARK: - Held-out rows among the training rows

    /// Two filters leave few rows on either side for the set that decides.
    private func repeatedRows() -> [String] {
        guard data.heldOut.rows > 0 else { return [] }
        let heldOut = contents(of: data.heldOut)
        let training = HashFilter(heldOut).common(to: contents(of: data.training))
        let suspects = HashFilter(training).common(to: heldOut)
        let known = suspects.isEmpty ? [] : Set(training)
        let repeated = suspects.count { known.contains($0) }
        guard repeated > 0 else { return [] }
        return [
            "\(repeated) of \(data.heldOut.rows) held-out rows have the features of a training row: their metrics flatter the model"
        ]
    }

    /// A hash of each row's features. Numbers are compared as Float32, which some parts keep them in.
    private func contents(of part: Part) -> [UInt64] {
        var hashes = [[UInt64]](repeating: [], count: part.chunks.count)
        hashes.withUnsafeMutableBufferPointer { buffer in
            inParallel(buffer.count, threads: job.threads) { place in buffer[place] = part.chunks[place].contents }
        }
        return hashes.flatMap { $0 }
    }
}

extension Chunk {
    /// Two columns enter at each mixing, the upper half of the word and the lower.
    fileprivate var contents: [UInt64] {
        var hashes = [UInt64](repeating: 0, count: rows)
        hashes.withUnsafeMutableBufferPointer { hashes in
            for (column, storage) in layout.storages.enumerated() {
                switch storage {
                case .float32: Self.add(float32(column), column, &hashes, Self.bits)
                case .float64: Self.add(float64(column), column, &hashes) { Self.bits(Float($0)) }
                case .codes: Self.add(codes(column), column, &hashes) { $0 }
                }
            }
            for row in 0..<rows { hashes[row] = splitmix64(hashes[row]) }
        }
        return hashes
    }

    @inline(__always)
    private static func add<Value>(
        _ values: UnsafeMutablePointer<Value>, _ column: Int, _ hashes: inout UnsafeMutableBufferPointer<UInt64>,
        _ bits: (Value) -> UInt32
    ) {
        if column.isMultiple(of: 2) {
            for row in hashes.indices { hashes[row] ^= UInt64(bits(values[row])) }
        } else {
            for row in hashes.indices { hashes[row] = splitmix64(hashes[row] ^ UInt64(bits(values[row])) << 32) }
        }
    }

    private static func bits(_ value: Float) -> UInt32 {
        value.isNaN ? Float.nan.bitPattern : value == 0 ? 0 : value.bitPattern
    }
}

/// Which hashes may be among some others, in a bit for each of eight times as many places (Bloom 1970, with one
/// function).
private struct HashFilter {
    private var words: [UInt64]
    private let shift: UInt64

    init(_ hashes: [UInt64]) {
        let bits = max(10, Int.bitWidth - hashes.count.leadingZeroBitCount + 3)
        shift = UInt64(64 - bits)
        words = Array(repeating: 0, count: 1 << (bits - 6))
        for hash in hashes {
            let place = hash >> shift
            words[Int(place >> 6)] |= 1 << (place & 63)
        }
    }

    /// Those of `hashes` that are among the filter's, and about one in ten of the others.
    func common(to hashes: [UInt64]) -> [UInt64] {
        hashes.filter { hash in
            let place = hash >> shift
            return words[Int(place >> 6)] & 1 << (place & 63) != 0
        }
    }
}
