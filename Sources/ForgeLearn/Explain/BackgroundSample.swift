import ForgeModel

extension TrainingJob {
    /// Training rows chosen by key, for a model that is explained by them; nil for one that is not.
    func background(of part: Part, _ plan: EncodingPlan) -> Background? {
        guard explanation.isInterventional || (algorithm.form != .linear && algorithm.form != .trees) else { return nil }
        let choice = KeyedChoice(seed: explanation.seed, purpose: .background)
        let isDear = algorithm.form == .neighbors && !explanation.isInterventional
        let count = isDear ? ExplanationRequest.fewRows : explanation.rows
        let rows = part.firstByKey(count, choice) ?? Array(0..<part.rows)
        return Background(
            features: plan.encoded(rows, of: part), rows: rows.count, seed: explanation.seed,
            samples: explanation.samples ?? 0)
    }
}

extension EncodingPlan {
    /// (rows, features of the columns) row-major: chosen rows, rising, as they are encoded when scored.
    func encoded(_ rows: [Int], of part: Part) -> [Double] {
        var features: [Double] = []
        var first = 0
        var chosen = rows[...]
        for chunk in part.chunks {
            while let row = chosen.first, row < first + chunk.rows {
                for column in columns.indices where columns[column].width > 0 { features += encoded(column, chunk, row - first) }
                chosen = chosen.dropFirst()
            }
            first += chunk.rows
        }
        return features
    }

    private func encoded(_ index: Int, _ chunk: Chunk, _ row: Int) -> [Double] {
        let column = columns[index]
        return [Double](unsafeUninitializedCapacity: column.width) { features, count in
            let out = features.baseAddress!
            if column.schema.kind == .number {
                var value = chunk.number(column.source, row)
                encoder.encode(index, &value, count: 1, into: out, stride: 1)
            } else {
                encoder.encode(
                    index, chunk.codes(column.source) + row, column.levelMap, count: 1, into: out, stride: 1)
            }
            count = column.width
        }
    }
}

extension ModelDocument {
    /// With explanations that compare with these rows. A linear model needs no more of them than their means, unless it
    /// has products.
    mutating func explain(by background: Background) {
        guard case .linear(var linear) = form else {
            self.background = background
            return
        }
        linear.means = means(of: background)
        form = .linear(linear)
        if let groups { self.groups = groups.compared(with: linear.means) }
        if !products.isEmpty { self.background = background }
    }

    /// (encoded)
    private func means(of background: Background) -> [Double] {
        let width = encodedWidth - products.count
        var sums = [Double](repeating: 0, count: encodedWidth)
        for row in 0..<background.rows {
            var features = Array(background.features[row * width..<(row + 1) * width])
            for product in products { features.append(features[Int(product.left)] * features[Int(product.right)]) }
            for feature in features.indices { sums[feature] += features[feature] }
        }
        return sums.map { $0 / Double(background.rows) }
    }
}

extension ModelGroups {
    /// The same with these means (encoded), for linear forms.
    fileprivate func compared(with means: [Double]) -> ModelGroups {
        ModelGroups(
            keys: keys,
            forms: forms.map { form in
                guard case .linear(var own) = form else { return form }
                own.means = means
                return .linear(own)
            })
    }
}
