import ForgeModel

extension ColumnPlanner {
    func number(
        _ index: Int, _ column: FeatureColumn, _ asked: ColumnPreprocess, _ statistics: NumberStatistics
    ) throws -> PlannedColumn {
        if let bins = asked.bins { return binned(index, bins, statistics) }
        let parts = asked.encode == .dateParts ? asked.parts ?? usualParts(column) : nil
        if let parts { return dateParts(index, parts, asked, statistics, note: nil) }
        if column.isDate, !isTrees, !asked.isNumberByRequest {
            let usual = usualParts(column)
            let note = "a date, encoded as \(usual.map(\.name).joined(separator: ", "))"
            return dateParts(index, usual, asked, statistics, note: note)
        }
        return try scaled(index, column, asked, statistics)
    }

    private func usualParts(_ column: FeatureColumn) -> [DatePart] {
        [.year, .monthCycle, .dayOfWeekCycle] + (column.isTimestamp ? [.hourCycle] : [])
    }

    private func dateParts(
        _ index: Int, _ parts: [DatePart], _ asked: ColumnPreprocess, _ statistics: NumberStatistics, note: String?
    ) -> PlannedColumn {
        let scale = asked.scale ?? (isTrees ? ColumnPreprocess.Scale.none : .standard)
        let (dates, weights) = scale == .none ? ([], nil) : data.training.presentValues(index)
        let scaled = parts.map { part in
            guard part.width == 1, scale != .none else { return ScaledDatePart(part) }
            let scaling = placed(Scaling.learn(scale, dates.map(part.number), weights: weights) ?? Scaling())
            return ScaledDatePart(part, shift: scaling.shift, scale: scaling.scale)
        }
        return planned(
            index, .dateParts(scaled), varies: varies(statistics, fill: nil),
            steps: [
                "encode": "date_parts", "parts": .array(parts.map { .text($0.name) }), "scale": .text(scale.rawValue),
            ], null: "indicator", note: note)
    }

    private func binned(_ index: Int, _ bins: ColumnPreprocess.Bins, _ statistics: NumberStatistics) -> PlannedColumn {
        let edges = BinEdges.learn(bins, data.training.presentValues(index).values)
        // An ordinal bin of NULL is a number below all others; to trees it is missing, as NULL always is.
        let missing = bins.isOrdinal ? !isTrees : statistics.missing > 0
        let steps: JSONValue = [
            "bin": [
                "method": bins.isQuantile ? "quantile" : "uniform", "bins": .integer(Int64(edges.count + 1)),
                "encode": bins.isOrdinal ? "ordinal" : "one_hot",
            ]
        ]
        return planned(
            index, .bins(edges: edges, missing: missing, ordinal: bins.isOrdinal),
            varies: !edges.isEmpty || varies(statistics, fill: nil), steps: steps,
            null: missing ? "level" : bins.isOrdinal ? "missing" : "ignore")
    }

    // MARK: - Imputed, transformed, scaled

    private func scaled(
        _ index: Int, _ column: FeatureColumn, _ asked: ColumnPreprocess, _ statistics: NumberStatistics
    ) throws -> PlannedColumn {
        let transform = asked.transform ?? ColumnPreprocess.Transform.none
        let degree = asked.degree ?? 1
        let isPlain = transform == .none && degree == 1
        let impute = asked.impute ?? (isTrees && isPlain ? ColumnPreprocess.Impute.none : .median)
        let fill = try fillValue(impute, index, column, asked, statistics, isPlain: isPlain)
        let hasGaps = statistics.missing > 0 && statistics.missing < statistics.rows
        let indicator = asked.indicator ?? (!isTrees && hasGaps && column.element == nil)
        let scale = asked.scale ?? (isTrees ? ColumnPreprocess.Scale.none : .standard)
        var steps: JSONValue = [
            "impute": .text(impute.rawValue), "indicator": .bool(indicator), "scale": .text(scale.rawValue),
        ]
        if let fill { steps["value"] = .number(fill) }
        let encoding: ColumnEncoding
        if isPlain {
            let scaling = placed(try plainScaling(scale, index, column, statistics, fill: fill))
            encoding = .number(fill: fill, indicator: indicator, shift: scaling.shift, scale: scaling.scale)
        } else {
            let (values, weights) = filledValues(index, fill: fill!)
            let learned = learnTransform(transform, values)
            let transformed = values.map { learned($0) }
            guard let scaling = Scaling.learn(scale, transformed, weights: weights).map(placed),
                transformed.allSatisfy(\.isFinite)
            else { throw tooLarge(column) }
            steps["transform"] = .text(transform.rawValue)
            if degree > 1 { steps["degree"] = .integer(Int64(degree)) }
            if case .yeoJohnson(let lambda) = learned { steps["lambda"] = .number(lambda) }
            encoding = .transformed(
                learned, fill: fill!, indicator: indicator, shift: scaling.shift, scale: scaling.scale, degree: degree)
        }
        return planned(
            index, encoding, varies: varies(statistics, fill: fill) || (hasGaps && indicator), steps: steps,
            null: indicator ? "indicator" : fill == nil ? "missing" : "fill")
    }

    private func varies(_ statistics: NumberStatistics, fill: Double?) -> Bool {
        let hasGaps = statistics.missing > 0 && statistics.missing < statistics.rows
        return !statistics.isConstant || (hasGaps && (fill == nil || fill != statistics.minimum))
    }

    private func learnTransform(_ transform: ColumnPreprocess.Transform, _ values: [Double]) -> NumberTransform {
        switch transform {
        case .none: .identity
        case .log: .log1p
        case .sqrt: .sqrt
        case .yeoJohnson: .yeoJohnson(lambda: YeoJohnson.lambda(of: values))
        }
    }

    /// All training rows of a column, with their weights.
    private func filledValues(_ index: Int, fill: Double) -> (values: [Double], weights: [Double]?) {
        var values: [Double] = []
        values.reserveCapacity(data.training.rows)
        for chunk in data.training.chunks {
            for row in 0..<chunk.rows {
                let value = chunk.number(index, row)
                values.append(value.isNaN ? fill : value)
            }
        }
        return (values, data.training.weights.isEmpty ? nil : data.training.weights)
    }

    private func plainScaling(
        _ method: ColumnPreprocess.Scale, _ index: Int, _ column: FeatureColumn, _ statistics: NumberStatistics,
        fill: Double?
    ) throws -> Scaling {
        var moments = statistics.moments(fill: fill)
        let isConstant =
            statistics.isConstant && (statistics.missing == 0 || fill == nil || fill == statistics.minimum)
        if isConstant || !(statistics.weight > 0) { moments.deviation = 0 }
        if !isTrees, !moments.mean.isFinite || !moments.deviation.isFinite { throw tooLarge(column) }
        switch method {
        case .none: return Scaling()
        case .standard:
            return moments.deviation > 0 ? Scaling(shift: moments.mean, scale: moments.deviation) : Scaling()
        case .robust, .minMax:
            let values = fill.map { filledValues(index, fill: $0).values } ?? data.training.presentValues(index).values
            guard let scaling = Scaling.learn(method, values, weights: nil) else { throw tooLarge(column) }
            return isConstant ? Scaling() : scaling
        }
    }

    private func fillValue(
        _ impute: ColumnPreprocess.Impute, _ index: Int, _ column: FeatureColumn, _ asked: ColumnPreprocess,
        _ statistics: NumberStatistics, isPlain: Bool
    ) throws -> Double? {
        switch impute {
        case .median: return data.training.median(index) ?? 0
        case .mean: return statistics.mean
        case .mostFrequent: return SortedValues(data.training.presentValues(index).values).mostFrequent ?? 0
        case .constant: return asked.fillValue
        case .none:
            guard isTrees else {
                throw refusal(
                    column, "\(job.algorithm.name) needs a value for NULL, got impute \"none\"",
                    hint: "use impute median, mean, most_frequent or constant")
            }
            guard isPlain else {
                throw refusal(
                    column, "transform and degree need a value for NULL, got impute \"none\"",
                    hint: "use impute median, mean, most_frequent or constant")
            }
            return nil
        }
    }

    private func tooLarge(_ column: FeatureColumn) -> ForgeError {
        ForgeError(
            .valueOutOfRange, "column \"\(column.shownName)\" holds values too large for its variance to be finite",
            hint: "divide the column by a constant, clip its values, or exclude it")
    }
}
