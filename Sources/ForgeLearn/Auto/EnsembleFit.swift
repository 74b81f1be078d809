import ForgeModel

/// Fits the job's members to all training rows, each with encodings of its own, and puts them into one model; of a
/// single member that model itself. A member that cannot be fitted leaves its weight to the others.
func fitEnsemble(_ job: TrainingJob, _ data: DataSet, observer: any TrainingObserver) throws -> TrainedModel {
    let fits = try fitMembers(job, data, observer)
    guard fits.members.count > 1 else {
        var model = fits.members[0].model
        model.fitted.notes += fits.notes
        return model
    }
    let target = try data.resolveTarget(job)
    let plan = try EncodingPlan(ofMembers: fits.members.map(\.model.plan), data, job)
    let cells = plan.cells(of: data.training, job)
    let form = EnsembleForm(members: fits.members.map(\.model.document), weights: fits.members.map(\.weight))
    let document = ModelDocument(
        task: job.task.rawValue, algorithm: job.algorithm.name, link: target.labels.isEmpty ? .identity : .shares,
        columns: cells.columns, labels: target.labels, positive: target.positive, background: cells.background,
        form: .ensemble(form))
    let fitted = FittedModel(
        form: document.form, link: document.link, importance: plan.importance(of: fits.members),
        notes: fits.members.flatMap { $0.model.fitted.notes } + fits.notes)
    return TrainedModel(
        target: target, plan: plan, fitted: fitted, document: document, artifact: try document.encodedFit())
}

/// A fitted member.
private struct Member {
    var model: TrainedModel
    var weight: Double
}

private func fitMembers(
    _ job: TrainingJob, _ data: DataSet, _ observer: any TrainingObserver
) throws -> (members: [Member], notes: [String]) {
    var members: [Member] = []
    var notes: [String] = []
    var failure: ForgeError?
    for (number, member) in job.members.enumerated() {
        let shares = (Double(number) / Double(job.members.count), Double(number + 1) / Double(job.members.count))
        observer.log(.info, "member \(number + 1): \(member.algorithm) of trial \(member.trial), weight \(member.weight)")
        do {
            let model = try fitModel(
                job.fitting(member), data.with(training: Part(joining: [data.training])),
                observer: StageObserver(observer, shares.0...shares.1))
            members.append(Member(model: model, weight: member.weight))
        } catch let error as ForgeError where error.code != .cancelled {
            failure = failure ?? error
            notes.append("\(member.algorithm) of trial \(member.trial) was left out of the ensemble: \(error.message)")
        }
    }
    guard !members.isEmpty else { throw failure ?? ForgeError(.numericalFailure, "the ensemble has no members") }
    let total = members.reduce(0) { $0 + $1.weight }
    for index in members.indices { members[index].weight /= total }
    return (members, notes)
}

extension DataSet {
    /// The same but for the rows to fit; the folds of all rows are no longer theirs.
    func with(training: Part) -> DataSet {
        let watches = stopping != nil && stopping === validation
        let rows = AllottedRows(
            cells: [Cell(fitted: training, stopping: watches ? nil : stopping)], validation: validation,
            watchesValidation: watches, heldOut: heldOut, rule: rule, folds: folds, outerFolds: [], isFold: isFold)
        return DataSet(
            features: features, target: target, rows: rows, fingerprint: fingerprint, rowsRead: rowsRead,
            dropped: dropped, sampledOut: sampledOut)
    }
}

extension EncodingPlan {
    /// The columns that any of the members reads, as they come.
    fileprivate init(ofMembers plans: [EncodingPlan], _ data: DataSet, _ job: TrainingJob) throws {
        var bySource: [Int: PlannedColumn] = [:]
        for column in plans.flatMap(\.columns) where bySource[column.source] == nil {
            var own = column
            own.steps = ResolvedSteps(json: [:], nullPolicy: "members", unseenPolicy: column.steps.unseenPolicy.map { _ in "members" })
            own.varies = true
            bySource[column.source] = own
        }
        try self.init(
            asTreesTakeThem: bySource.keys.sorted().map { bySource[$0]! }, data, plans[0].statistics, seed: job.split.seed)
    }

    /// Shares of 1 by column, those of the members weighed.
    fileprivate func importance(of members: [Member]) -> [Double] {
        var sums = [Double](repeating: 0, count: columns.count)
        for member in members {
            let own = member.model.plan.columnSums(of: member.model.fitted.importance)
            let total = own.reduce(0, +)
            guard total > 0, total.isFinite else { continue }
            for (column, value) in zip(member.model.plan.columns, own) {
                sums[columns.firstIndex { $0.source == column.source }!] += member.weight * value / total
            }
        }
        return sums
    }

    /// Rows that explanations compare with, and the columns with those levels that occur in them.
    fileprivate func cells(of part: Part, _ job: TrainingJob) -> (columns: [ColumnSchema], background: Background) {
        let asked = job.explanation
        let choice = KeyedChoice(seed: asked.seed, purpose: .background)
        let count = asked.isInterventional ? asked.rows : ExplanationRequest.fewRows
        let rows = part.firstByKey(count, choice) ?? Array(0..<part.rows)
        var features = encoded(rows, of: part)
        let schemas = modelColumns.map { column -> ColumnSchema in
            guard case .native(let levels) = column.schema.encoding else { return column.schema }
            let places = stride(from: columns[column.planned.lowerBound].offset, to: features.count, by: width)
            let seen = Set(places.map { features[$0] }.filter { !$0.isNaN }).sorted()
            for place in places where !features[place].isNaN {
                features[place] = Double(seen.firstIndex(of: features[place])!)
            }
            var schema = column.schema
            schema.encoding = .native(levels: seen.map { levels[Int($0)] })
            return schema
        }
        return (
            schemas,
            Background(features: features, rows: rows.count, seed: asked.seed, samples: asked.samples ?? 0)
        )
    }
}
