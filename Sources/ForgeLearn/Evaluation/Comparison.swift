import ForgeModel

/// The champion and its challenger on rows that neither was trained on.
struct Comparison {
    var champion: Int
    var metric: String
    var championValue: Double?
    var challengerValue: Double?
    var rows = 0
    var better = false
    /// Why there is no comparison.
    var reason: String?

    var json: JSONValue {
        [
            "champion": .integer(Int64(champion)), "metric": .text(metric), "champion_value": JSONValue(championValue),
            "challenger_value": JSONValue(challengerValue), "rows": .integer(Int64(rows)), "better": .bool(better),
            "reason": JSONValue(reason),
        ]
    }
}

/// Compares by the held-out rows of both versions; see docs/internals.md for how a row's key decides.
struct Comparer {
    let job: TrainingJob
    let data: DataSet
    let target: Target
    /// The challenger's: distances between rows are measured as it sees them.
    let plan: EncodingPlan
    let challenger: PartScores  // of data.heldOut

    func compare(_ champion: ChampionModel) -> Comparison {
        var result = Comparison(
            champion: champion.version, metric: champion.metric ?? MetricDirection.defaultMetric(job.task, target))
        do {
            let rows = try commonRows(champion.manifest)
            let document = try ModelDocument(artifact: champion.artifact)
            let columns = try readableColumns(document)
            try requireSameClasses(document)
            let scores = try data.heldOut.scores(
                Scorer(artifact: champion.artifact), columns: columns, levels: data.features.map(\.levels),
                threads: job.threads)
            result.rows = rows.count
            result.championValue = evaluate(scores, rows)[result.metric]
            result.challengerValue = evaluate(challenger, rows)[result.metric]
            guard let old = result.championValue, let new = result.challengerValue else {
                throw Incomparable("\(result.metric) is undefined on the \(rows.count) rows that both held out")
            }
            result.better = MetricDirection.isBetter(new, than: old, result.metric)
        } catch let incomparable as Incomparable {
            result.reason = incomparable.reason
        } catch let unknown as UntouchedRows.Unknown {
            result.reason = unknown.reason
        } catch {
            result.reason = "the champion cannot score these rows: \((error as? ForgeError)?.message ?? "\(error)")"
        }
        return result
    }

    private struct Incomparable: Error {
        var reason: String
        init(_ reason: String) { self.reason = reason }
    }

    /// Held-out rows that the champion held out too, and the versions that either of them continues.
    private func commonRows(_ manifest: JSONValue) throws -> [Int] {
        guard data.heldOut.rows > 0 else { throw Incomparable("this version held out no rows") }
        let untouched = UntouchedRows(job: job, data: data, target: target)
        let splits = [manifest["split"] ?? nil] + BaseModel.baseSplits(of: manifest)
        var rows = try untouched.rows(heldOutBy: splits, of: "the champion")
        if let base = job.base {
            let own = Set(try untouched.rows(heldOutBy: base.splits, of: "base model \"\(base.reference)\""))
            rows = rows.filter(own.contains)
        }
        guard !rows.isEmpty else { throw Incomparable("there are no rows that neither version was trained on") }
        return rows
    }

    /// For each column of the champion what has its values.
    private func readableColumns(_ document: ModelDocument) throws -> [ColumnSource] {
        try document.columns.map { column in
            let name = String(decoding: column.name, as: UTF8.self)
            let found = data.features.indices.filter { data.features[$0].sourceName == column.name }
            guard let first = found.first else {
                throw Incomparable("the champion needs column \"\(name)\", which the source lacks")
            }
            let isVector = data.features[first].element != nil
            guard isVector ? column.kind == .vector : data.features[first].kind == column.kind else {
                throw Incomparable("column \"\(name)\" changed its type since the champion")
            }
            guard !isVector || found.count == column.encoding.width else {
                throw Incomparable(
                    "the vectors of \"\(name)\" have \(found.count) dimensions, the champion's \(column.encoding.width)")
            }
            return isVector ? .vector(found) : .feature(first)
        }
    }

    private func requireSameClasses(_ document: ModelDocument) throws {
        guard case .classes(let classes) = target else { return }
        guard document.labels == classes.labels, document.positive == classes.positive else {
            throw Incomparable("the champion knows other classes")
        }
    }

    private func evaluate(_ scores: PartScores, _ rows: [Int]) -> Evaluation {
        data.evaluation(scores.rows(rows), target, plan, job, rows: rows)
    }
}

extension TrainingJob {
    /// What a row's key is made of, stored with the split: rows of two versions can be matched when it is the same.
    var splitKey: JSONValue {
        switch split.method {
        case .none: return nil
        case .column: return JSONValue(split.column ?? columns.first { $0.role == .part }?.name)
        case .group: return ["group": .array(columns.filter { $0.role == .group }.map { .text($0.name) })]
        case .time: return ["time": JSONValue(columns.first { $0.role == .time }?.name)]
        case .random, .stratified:
            if let id = columns.first(where: { $0.role == .id }) { return ["id": .text(id.name)] }
            let names = columns.filter { $0.role == .feature || $0.role == .target }.map(\.name)
            return ["content": .array(names.map(JSONValue.text))]
        }
    }
}
