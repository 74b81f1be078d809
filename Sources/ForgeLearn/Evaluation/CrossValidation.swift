import ForgeModel

/// Metrics over folds: their mean and spread, never the best.
struct CrossValidation {
    /// Of one metric; nil where a fold does not define it.
    struct Values {
        var name: String
        var values: [Double?]

        var defined: [Double] { values.compactMap { $0 } }

        var mean: Double? { defined.isEmpty ? nil : defined.reduce(0, +) / Double(defined.count) }

        /// Sample standard deviation, of n - 1; nil of fewer than two folds.
        var deviation: Double? {
            guard defined.count > 1, let mean else { return nil }
            let squares = defined.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            return (squares / Double(defined.count - 1)).squareRoot()
        }
    }

    private(set) var metrics: [Values] = []
    private(set) var notes: [String] = []
    let folds: Int
    /// Folds inside of each outer fold; 0: not nested.
    let innerFolds: Int
    private let rows: [Int]

    init(_ results: [FoldResult], innerFolds: Int) {
        folds = results.count
        self.innerFolds = innerFolds
        rows = results.map(\.rows)
        var names: [String] = []
        for case .success(let evaluation) in results.map(\.outcome) {
            for (name, _) in evaluation.values where !names.contains(name) { names.append(name) }
        }
        metrics = names.map { name in
            Values(name: name, values: results.map { (try? $0.outcome.get())?[name] })
        }
        for (number, result) in results.enumerated() {
            switch result.outcome {
            case .failure(let unfitted): notes.append("fold \(number + 1) was not fitted: \(unfitted.reason)")
            case .success(let evaluation):
                for (name, reason) in evaluation.undefined {
                    notes.append("fold \(number + 1) has no \(name): \(reason)")
                }
            }
        }
    }

    var json: JSONValue {
        var object = JSONObject()
        for metric in metrics {
            object[metric.name] = [
                "mean": JSONValue(metric.mean), "sd": JSONValue(metric.deviation),
                "values": .array(metric.values.map { JSONValue($0) }),
            ]
        }
        var result: JSONValue = [
            "folds": .integer(Int64(folds)), "rows": .array(rows.map { .integer(Int64($0)) }),
            "metrics": .object(object), "notes": .array(notes.map(JSONValue.text)),
        ]
        if innerFolds > 0 { result["inner_folds"] = .integer(Int64(innerFolds)) }
        return result
    }
}
