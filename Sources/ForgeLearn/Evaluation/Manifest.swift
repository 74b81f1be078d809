import CXGBoost
import ForgeLinalg
import ForgeModel

/// The manifest of docs/internals.md: everything about a version that SQL keeps beside the artifact. Holds no time.
struct Manifest {
    let job: TrainingJob
    let data: DataSet
    let target: Target
    let plan: EncodingPlan
    let fitted: FittedModel
    let artifact: [UInt8]
    let evaluation: Evaluation
    let comparison: Comparison?
    let crossValidation: CrossValidation?
    /// What intervals are made of; nil: none were asked for.
    let conformal: ConformalScores?
    /// The model's threshold; nil: the likelier class is meant.
    let threshold: Double?
    /// Of the kinds that the request asks for beside the model's own.
    let importances: [Importances]
    /// Of all features of the data set.
    let statistics: [FeatureStatistics]
    /// What chose the hyperparameters; nil: the request did.
    let search: SearchOutcome?
    /// Training rows that the artifact keeps for explanations; nil: none.
    let background: Background?
    /// Of the groups that the request asks for; nil: it asks for none.
    let groups: GroupReport?
    /// What the lint of leakage found.
    let warnings: [String]
    /// nil: there is no base model, or nothing is held out.
    let seenByBase: RowsSeenByBase?

    var json: JSONValue {
        let labels = target.labels.map { JSONValue.text(String(decoding: $0, as: UTF8.self)) }
        return [
            "task": .text(job.task.rawValue), "algorithm": .text(job.algorithm.name), "params": job.parameters.json,
            "preprocess": plan.resolved, "split": split, "columns": .array(plan.modelColumns.map(describe)),
            "target": data.target.map { _ in .text(data.targetName) } ?? nil,
            "target_type": data.target.map { _ in .text(data.targetType) } ?? nil, "labels": .array(labels),
            "positive": target.positive < 0 ? nil : labels[target.positive], "outputs": .integer(Int64(fitted.form.outputs)),
            "metrics": evaluation.json, "metrics_part": .text(data.evaluatesHeldOut ? "test" : "train"), "rows": rows,
            "metric_intervals": evaluation.intervalsJSON, "data_report": report, "feature_importance": .array(importance + importances.flatMap { $0.json(plan) }),
            "feature_statistics": .array(plan.modelColumns.map { statistics[$0.source.first].json($0.schema.name) }),
            "coefficients": coefficients, "clusters": clusters, "components": components,
            "data_fingerprint": .text(data.fingerprint),
            "artifact_sha256": .text(SHA256.hex(of: artifact)),
            "artifact_bytes": .integer(Int64(artifact.count)), "environment": environment,
            "comparison": comparison?.json ?? nil, "cross_validation": crossValidation?.json ?? nil,
            "conformal_scores": conformal?.json ?? nil, "threshold": JSONValue(threshold),
            "calibration": job.calibration.map { .text($0.rawValue) } ?? nil, "background": background?.json ?? nil,
            "search": search?.json ?? nil,
            "base": job.base?.json ?? nil, "margin_scale": JSONValue(fitted.marginScale),
            "groups": groups?.json ?? nil, "group_models": groups?.list ?? nil,
            "ensemble": job.members.isEmpty ? nil : .array(job.members.map(\.json)),
        ]
    }

    /// Of linear forms, in the units of the data.
    private var coefficients: JSONValue {
        if let table = fitted.coefficients { return table.json }
        guard job.task.hasTarget, case .linear(let form) = fitted.form else { return [] }
        return CoefficientTable(
            form, plan, products: fitted.products, labels: target.labels, hasIntercept: !job.isThroughOrigin
        ).json
    }

    private var split: JSONValue {
        var object: JSONValue = ["method": .text(job.split.method.rawValue), "seed": .integer(Int64(job.split.seed))]
        let split = job.split
        if split.holdsOutShare { object["test"] = .number(split.test) }
        if split.validation > 0 { object["validation"] = .number(split.validation) }
        if split.folds > 0 { object["folds"] = .integer(Int64(split.folds)) }
        if split.outerFolds > 0 { object["outer_folds"] = .integer(Int64(split.outerFolds)) }
        switch split.gap {
        case .rows(let rows): if rows > 0 { object["gap"] = .integer(Int64(rows)) }
        case .seconds(let seconds, let text):
            object["gap"] = .text(text)
            object["gap_seconds"] = .number(seconds)
        }
        for (key, value) in data.rule.json(target) { object[key] = value }
        if job.split.method != .none { object["key"] = job.splitKey }
        if job.split.method == .column { object["column"] = job.splitKey }
        return object
    }

    private func describe(_ column: ModelColumn) -> JSONValue {
        let steps = plan.columns[column.planned.lowerBound].steps
        var object: JSONValue = [
            "name": .text(String(decoding: column.schema.name, as: UTF8.self)),
            "type": .text(String(decoding: column.schema.sqlType, as: UTF8.self)),
            "kind": .text(column.schema.kind.name),
            "null": .text(steps.nullPolicy),
        ]
        if column.schema.kind == .vector { object["dimensions"] = .integer(Int64(column.schema.encoding.width)) }
        if let unseen = steps.unseenPolicy { object["unseen"] = .text(unseen) }
        object["encoding"] = .text(column.schema.encoding.name)
        if let levels = column.schema.encoding.levels {
            object["levels"] = .integer(Int64(levels.count))
            object["first_levels"] = .array(levels.prefix(Self.shownLevels).map(shortened))
        }
        return object
    }

    /// For people to read: all levels are in the artifact.
    private static let shownLevels = 100
    private static let shownCharacters = 60

    private func shortened(_ level: Bytes) -> JSONValue {
        let text = String(decoding: level, as: UTF8.self)
        return .text(text.count > Self.shownCharacters ? text.prefix(Self.shownCharacters - 1) + "…" : text)
    }

    private var rows: JSONValue {
        var rows: JSONValue = [
            "read": .integer(Int64(data.rowsRead)), "train": .integer(Int64(data.training.rows)),
            "test": .integer(Int64(data.heldOut.rows)),
            "dropped": .integer(Int64(data.dropped.reduce(0) { $0 + $1.rows })),
        ]
        if let validation = data.validation { rows["validation"] = .integer(Int64(validation.rows)) }
        if let stopping = data.stopping, stopping !== data.validation {
            rows["early_stopping"] = .integer(Int64(stopping.rows))
        }
        return rows
    }

    private var report: JSONValue {
        var report: JSONValue = ["notes": .array((plan.notes + fitted.notes + (search?.notes ?? []) + (groups?.notes ?? [])).map(JSONValue.text))]
        report["dropped"] = .array(data.dropped.map { ["reason": .text($0.reason), "rows": .integer(Int64($0.rows))] })
        if !warnings.isEmpty { report["warnings"] = .array(warnings.map(JSONValue.text)) }
        if let seenByBase { report["held_out_rows_seen_by_base"] = JSONValue(seenByBase.count) }
        if data.sampledOut > 0 { report["sampled_out"] = .integer(Int64(data.sampledOut)) }
        if let number = fitted.coefficients?.conditionNumber { report["condition_number"] = .number(number) }
        if let table = fitted.coefficients { report["reference_terms"] = .array(table.references.map(JSONValue.text)) }
        if let iterations = fitted.iterations { report["iterations"] = .integer(Int64(iterations)) }
        for finding in fitted.findings { report[finding.key] = finding.value }
        var missing = JSONObject()
        var unseen = JSONObject()
        for (index, column) in data.features.enumerated() {
            let name = String(decoding: column.sourceName, as: UTF8.self)
            let rows = data.unseenRows(index, plan.statistics[index])
            if rows > 0 { unseen[name] = .integer(Int64(rows)) }
            switch plan.statistics[index] {
            case .number(let numbers) where numbers.missing > 0: missing[name] = .integer(Int64(numbers.missing))
            case .category(let categories) where categories.missing > 0:
                missing[name] = .integer(Int64(categories.missing))
            default: break
            }
        }
        report["missing"] = .object(missing)
        report["unseen_levels"] = .object(unseen)
        if !evaluation.undefined.isEmpty {
            var undefined = JSONObject()
            for (name, reason) in evaluation.undefined { undefined[name] = .text(reason) }
            report["undefined_metrics"] = .object(undefined)
        }
        if !data.evaluatesHeldOut, job.split.method != .none {
            report["metrics_on_training_rows"] = "no rows were held out"
        }
        return report
    }

    /// By source column, encoded features summed, as shares of 1, largest first.
    private var importance: [JSONValue] {
        let columns = plan.modelColumns
        let sums = plan.modelColumnSums(of: fitted.importance)
        let total = sums.reduce(0, +)
        let order = sums.indices.sorted { sums[$0] != sums[$1] ? sums[$0] > sums[$1] : $0 < $1 }
        return order.map { index in
            [
                "feature": .text(columns[index].shownName),
                "importance": .number(total > 0 && total.isFinite ? sums[index] / total : 0),
            ]
        }
    }

    private var environment: JSONValue {
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        XGBoostVersion(&major, &minor, &patch)
        return [
            "seed": .integer(Int64(job.split.seed)), "threads": .integer(Int64(job.threads)),
            "blas": .text(BLAS.coreName),
            "versions": ["openblas": .text(BLAS.version), "xgboost": .text("\(major).\(minor).\(patch)")],
        ]
    }
}

extension Background {
    fileprivate var json: JSONValue {
        [
            "rows": .integer(Int64(rows)), "seed": .integer(Int64(seed)),
            "samples": samples > 0 ? .integer(Int64(samples)) : nil,
        ]
    }
}

extension DataSet {
    /// Held-out rows of a category column whose level no training row has.
    func unseenRows(_ column: Int, _ statistics: ColumnStatistics) -> Int {
        guard case .category(let categories) = statistics else { return 0 }
        return heldOut.chunks.reduce(0) { count, chunk in
            let codes = chunk.codes(column)
            return count + (0..<chunk.rows).count { codes[$0] != missingCode && categories.counts[Int(codes[$0])] == 0 }
        }
    }
}
