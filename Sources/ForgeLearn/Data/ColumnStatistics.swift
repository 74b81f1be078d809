import ForgeModel

/// What the training rows say about a number column. Mean and variance are weighted, the median is not.
struct NumberStatistics: Sendable, Equatable {
    var rows = 0
    var missing = 0
    var minimum = Double.infinity
    var maximum = -Double.infinity
    var weight = 0.0  // of the rows with a value
    var missingWeight = 0.0
    var mean = 0.0
    var squares = 0.0  // weighted sum of (value - mean)²

    var isConstant: Bool { !(minimum < maximum) }

    /// Mean and population standard deviation of the column once its missing values are `fill`.
    func moments(fill: Double?) -> (mean: Double, deviation: Double) {
        guard weight > 0 else { return (fill ?? 0, 0) }
        let filled = fill == nil ? 0 : missingWeight
        let whole = weight + filled
        let value = fill ?? mean
        let center = mean + (value - mean) * (filled / whole)
        let spread = squares + weight * square(mean - center) + filled * square(value - center)
        return (center, (spread / whole).squareRoot())
    }

    /// Adds a chunk's rows by the pairwise update of Chan, Golub and LeVeque (1979).
    mutating func add(_ part: NumberStatistics) {
        rows += part.rows
        missing += part.missing
        missingWeight += part.missingWeight
        guard part.weight > 0 else { return }
        minimum = min(minimum, part.minimum)
        maximum = max(maximum, part.maximum)
        let whole = weight + part.weight
        let difference = part.mean - mean
        squares += part.squares + square(difference) * (weight * part.weight / whole)
        mean += difference * (part.weight / whole)
        weight = whole
    }

    private func square(_ x: Double) -> Double { x * x }
}

/// What the training rows say about a category column.
struct CategoryStatistics: Sendable, Equatable {
    var counts: [Int]  // (levels) rows, by code
    var missing = 0
}

enum ColumnStatistics: Sendable, Equatable {
    case number(NumberStatistics)
    case category(CategoryStatistics)
}

extension Part {
    /// Statistics of every feature, in order; columns are spread over `threads`, each summed in the order of the rows.
    func statistics(levels: [Int], threads: Int) -> [ColumnStatistics] {
        var results = [ColumnStatistics?](repeating: nil, count: layout.storages.count)
        results.withUnsafeMutableBufferPointer { buffer in
            inParallel(buffer.count, threads: threads) { column in
                buffer[column] =
                    self.layout.storages[column] == .codes
                    ? .category(self.categoryStatistics(column, levels: levels[column]))
                    : .number(self.numberStatistics(column))
            }
        }
        return results.map { $0! }
    }

    private func categoryStatistics(_ column: Int, levels: Int) -> CategoryStatistics {
        var result = CategoryStatistics(counts: Array(repeating: 0, count: levels))
        for chunk in chunks {
            let codes = chunk.codes(column)
            for row in 0..<chunk.rows {
                if codes[row] == missingCode { result.missing += 1 } else { result.counts[Int(codes[row])] += 1 }
            }
        }
        return result
    }

    private func numberStatistics(_ column: Int) -> NumberStatistics {
        var result = NumberStatistics()
        var first = 0
        for chunk in chunks {
            let weights = self.weights.isEmpty ? nil : self.weights[first..<first + chunk.rows]
            switch layout.storages[column] {
            case .float32: result.add(Self.summarize(chunk.float32(column), chunk.rows, weights))
            default: result.add(Self.summarize(chunk.float64(column), chunk.rows, weights))
            }
            first += chunk.rows
        }
        return result
    }

    @inline(__always)
    private static func summarize<Value: BinaryFloatingPoint>(
        _ values: UnsafeMutablePointer<Value>, _ rows: Int, _ weights: ArraySlice<Double>?
    ) -> NumberStatistics {
        var result = NumberStatistics()
        result.rows = rows
        var sum = 0.0
        for row in 0..<rows {
            let value = Double(values[row])
            let weight = weights.map { $0[$0.startIndex + row] } ?? 1
            if value.isNaN {
                result.missing += 1
                result.missingWeight += weight
                continue
            }
            sum += weight * value
            result.weight += weight
            if value < result.minimum { result.minimum = value }
            if value > result.maximum { result.maximum = value }
        }
        guard result.weight > 0 else { return result }
        result.mean = sum / result.weight
        for row in 0..<rows {
            let value = Double(values[row])
            guard !value.isNaN else { continue }
            let difference = value - result.mean
            result.squares += (weights.map { $0[$0.startIndex + row] } ?? 1) * difference * difference
        }
        return result
    }
}
