import ForgeModel

/// What the manifest says of each group: its rows, whether it has a model of its own, metrics, coefficients.
struct GroupReport: Sendable {
    /// More groups are not listed, but for those with models of their own.
    static let listed = ModelLimits.groups

    private let columns: [PlannedColumn]
    private let minRows: Int
    private let groups: Int
    /// Terms of the groups' coefficients; empty unless they are linear in the columns.
    private let terms: [CoefficientTable.Row]
    private let entries: [JSONValue]
    /// Sentences for the data report.
    let notes: [String]

    /// nil when the request asks for no groups. `scores`: of the data's evaluated rows.
    init?(_ model: TrainedModel, _ data: DataSet, _ job: TrainingJob, _ scores: PartScores) {
        guard let fits = model.groups, let plan = model.plan.groups, let request = job.groups else { return nil }
        columns = plan.columns
        minRows = request.minRows
        notes = fits.notes
        groups = plan.rows.count
        let chosen = groups <= Self.listed ? fits.fits : fits.own
        let rows = plan.rows.rows(of: data.evaluatedPart)
        let units = GroupCoefficients(model, hasIntercept: !job.isThroughOrigin)
        terms = units?.terms ?? []
        var entries = [JSONValue](repeating: .null, count: chosen.count)
        entries.withUnsafeMutableBufferPointer { entries in
            inParallel(chosen.count, threads: job.threads) { index in
                let fit = chosen[index]
                let own = rows[fit.group].map(Int.init)
                var entry: JSONValue = [
                    "place": .integer(Int64(index + 1)), "group_values": plan.values(of: fit.group, data),
                    "train_rows": .integer(Int64(plan.rows.rows(of: fit.group).count)),
                    "test_rows": .integer(Int64(data.evaluatesHeldOut ? own.count : 0)),
                    "own_model": .bool(fit.form != nil), "reason": JSONValue(fit.reason), "metrics": [:],
                ]
                if !own.isEmpty {
                    entry["metrics"] = Evaluation(
                        data.measurable(scores.rows(own), model.target, job, rows: own)
                    ).json
                }
                entry["coefficients"] = fit.form.flatMap { units?.values(of: $0) }.map { .array($0.map(JSONValue.finite)) }
                entries[index] = entry
            }
        }
        self.entries = entries
    }

    /// (groups) rows of `forge.model_groups`.
    var list: JSONValue { .array(entries) }

    /// What the version says of them all.
    var json: JSONValue {
        [
            "columns": .array(columns.map { .text($0.shownName) }), "min_rows": .integer(Int64(minRows)),
            "groups": .integer(Int64(groups)),
            "own_models": .integer(Int64(entries.count { $0["own_model"]?.boolValue == true })),
            "terms": .array(
                terms.map { ["term": .text($0.term), "class": $0.label.map { .text(String(decoding: $0, as: UTF8.self)) } ?? .null] }),
        ]
    }
}

extension GroupPlan {
    /// By column, as `to_jsonb` of a row would have them; times in UTC.
    fileprivate func values(of group: Int, _ data: DataSet) -> JSONValue {
        var object = JSONObject()
        for (column, value) in zip(columns, rows.values(of: group)) {
            object[column.shownName] = value.isNaN ? .null : data.features[column.source].json(of: value)
        }
        return .object(object)
    }
}

extension FeatureColumn {
    fileprivate func json(of value: Double) -> JSONValue {
        if kind == .category { return .text(String(decoding: levels[Int(value)], as: UTF8.self)) }
        if type.elementsEqual("boolean".utf8) { return .bool(value != 0) }
        guard isDate else { return JSONValue.shortest(value) }
        let date = [DatePart.year, .month, .day].map { Self.digits($0.number(value)) }.joined(separator: "-")
        guard isTimestamp else { return .text(date) }
        let second = value - (value / 60).rounded(.down) * 60
        let time = [DatePart.hour.number(value), DatePart.minute.number(value), second.rounded(.down)]
        let fraction = second - second.rounded(.down)
        return .text(
            date + "T" + time.map(Self.digits).joined(separator: ":")
                + (fraction > 0 ? "\((fraction * 1e6).rounded() / 1e6)".dropFirst() : ""))
    }

    private static func digits(_ number: Double) -> String { number < 10 ? "0\(Int(number))" : "\(Int(number))" }
}

extension JSONValue {
    fileprivate static func finite(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
}

/// The groups' coefficients in the units of the data: the same terms for all.
private struct GroupCoefficients: Sendable {
    let terms: [CoefficientTable.Row]
    private let units: DataUnits
    private let width: Int
    private let hasIntercept: Bool

    /// nil unless the form is linear in the plan's features.
    init?(_ model: TrainedModel, hasIntercept: Bool) {
        guard case .linear(let form) = model.document.form, model.fitted.products.isEmpty else { return nil }
        terms =
            CoefficientTable(form, model.plan, products: [], labels: model.target.labels, hasIntercept: hasIntercept).rows
        units = DataUnits(model.plan)
        width = model.plan.width
        self.hasIntercept = hasIntercept
    }

    func values(of form: ModelForm) -> [Double] {
        guard case .linear(let form) = form else { return [] }
        return (0..<form.outputs).flatMap { output in
            let (intercept, coefficients) = units.apply(
                form.intercepts[output], Array(form.coefficients[output * width..<(output + 1) * width]))
            return (hasIntercept ? [intercept] : []) + coefficients
        }
    }
}
