import ForgeLinalg
import ForgeModel

/// Fits the job's algorithm to the data's training rows and scores its held-out rows.
///
/// Deterministic: equal rows in equal order, seed, threads, BLAS core and library versions give equal artifact bytes.
/// `data` is used up. Throws `ForgeError`; `cancelled` as soon as the observer says so. `search` is the search that chose
/// the job's parameters; nil: there was none.
public func train(
    _ job: TrainingJob, _ data: DataSet, champion: ChampionModel?, search: SearchOutcome? = nil,
    observer: any TrainingObserver
) throws -> TrainingOutcome {
    BLAS.setThreads(1)  // rows are spread over threads here; BLAS must not spread them again
    observer.progress(0, phase: "prepare")
    let target = try data.resolveTarget(job)
    try job.decision?.requireTwoClasses(target)
    let seenByBase = RowsSeenByBase(job, data, target)
    let warnings = LeakageLint(data: data, job: job, target: target).warnings() + [seenByBase?.warning].compactMap { $0 }
    for warning in warnings { observer.log(.warning, warning) }
    let statistics = data.featureStatistics(threads: job.threads)  // before a fit frees the rows
    let inner = job.crossFits ? Double(data.folds.count) : 0
    let outer = Double(data.outerFolds.count) * (job.learnsFromFolds ? inner + 1 : 1)
    let shares = (outer: 0.9 * outer / (outer + inner + 1), whole: 0.9)  // a fold takes about as long as the whole

    let nested = try data.outerFolds.isEmpty ? nil : crossFit(
        data.outerFolds, named: "outer", of: data, target: target, job: job,
        observer: StageObserver(observer, 0...shares.outer)
    ) { try learn(job, $0, crossFits: job.learnsFromFolds, observer: $1).model }
    let learned = try learn(job, data, crossFits: job.crossFits, observer: StageObserver(observer, shares.outer...shares.whole))
    let crossValidation = (nested ?? learned.crossFit).map {
        CrossValidation($0.results, innerFolds: nested == nil ? 0 : data.folds.count)
    }
    if let crossValidation { observer.log(.info, crossValidation.summary) }
    let model = learned.model

    observer.progress(0.9, phase: "evaluate")
    let scores = try model.scores(of: data.evaluatedPart, data, job)
    let comparison = champion.map {
        Comparer(job: job, data: data, target: model.target, plan: model.plan, challenger: scores).compare($0)
    }
    var evaluation = data.evaluation(scores, model.target, model.plan, job)
    if let bootstrap = job.bootstrap {
        observer.progress(0.92, phase: "bootstrap")
        let chosen = data.bootstrapSample(width: scores.width)
        evaluation.intervals = bootstrap.intervals(
            around: evaluation, sample: data.measurable(chosen.map(scores.rows) ?? scores, model.target, job, rows: chosen),
            share: Double(chosen?.count ?? data.evaluatedPart.rows) / Double(data.evaluatedPart.rows), threads: job.threads)
    }
    let conformal = try job.learnsIntervals ? model.conformalScores(data, job) : nil
    if let conformal, data.evaluatesHeldOut {
        evaluation.add(conformal.measured(targets: data.heldOut.targets, predictions: scores.values))
    }
    let importances = try model.importances(data, job, evaluation: &evaluation, observer: observer)
    observer.log(.info, evaluation.summary(rows: data.evaluatedPart.rows, heldOut: data.evaluatesHeldOut))
    let manifest = Manifest(
        job: job, data: data, target: model.target, plan: model.plan, fitted: model.fitted, artifact: model.artifact,
        evaluation: evaluation, comparison: comparison, crossValidation: crossValidation, conformal: conformal,
        threshold: model.document.threshold, importances: importances, statistics: statistics, search: search,
        background: model.document.background, groups: GroupReport(model, data, job, scores), warnings: warnings,
        seenByBase: seenByBase)
    observer.progress(1, phase: "done")
    return TrainingOutcome(
        artifact: model.artifact, manifest: manifest.json, heldOutScores: data.reported(scores, model.target))
}

/// The whole procedure on one data set: predictions out of its folds, then the model of all its training rows. With
/// folds, what is to be learned from predictions of rows not trained on belongs here: outer folds then estimate it
/// along with the rest.
private func learn(
    _ job: TrainingJob, _ data: DataSet, crossFits: Bool, observer: any TrainingObserver
) throws -> (model: TrainedModel, crossFit: CrossFit?) {
    let folds = crossFits ? Double(data.folds.count) : 0
    let share = folds / (folds + 1)
    let crossFitted = try folds == 0 ? nil : crossFit(
        data.folds, of: data, target: data.resolveTarget(job), job: job, observer: StageObserver(observer, 0...share)
    ) { try fitModel(job, $0, observer: $1) }
    data.releaseCells()
    var model = try fitModel(job, data, observer: StageObserver(observer, share...1))
    model = try model.deciding(job, crossFitted)
    if let threshold = model.document.threshold {
        observer.log(.info, "rows from probability \(threshold) on are said to be of the positive class")
    }
    return (model, crossFitted)
}

/// What was learned from the training rows of a data set, and from nothing else.
struct TrainedModel {
    var target: Target
    var plan: EncodingPlan
    var fitted: FittedModel
    /// Of the groups that the request asks for; nil: it asks for none.
    var groups: GroupFits?
    var document: ModelDocument
    var artifact: [UInt8]

    /// Scores of a part of the data set, by the kernels of the extension.
    func scores(of part: Part, _ data: DataSet, _ job: TrainingJob) throws -> PartScores {
        try part.scores(
            Scorer(artifact: artifact), columns: plan.modelColumns.map(\.source), levels: data.features.map(\.levels),
            threads: job.threads)
    }
}

/// Learns all that a model consists of – classes, encodings, fit – from `data.training`. Called for each fold and for
/// the whole.
func fitModel(_ job: TrainingJob, _ data: DataSet, observer: any TrainingObserver) throws -> TrainedModel {
    guard job.members.isEmpty else { return try fitEnsemble(job, data, observer: observer) }
    observer.progress(0, phase: "prepare")
    let target = try data.resolveTarget(job)
    let plan = try job.base.map { try EncodingPlan(continuing: $0, data, job) } ?? EncodingPlan(data, job, target)
    observer.log(.info, data.summary)
    observer.log(.info, plan.summary)
    for note in plan.notes { observer.log(.info, note) }

    let background = job.background(of: data.training, plan)  // before the fit frees the rows
    let groups = try plan.groups.map {
        try GroupFitter(job: job, data: data, plan: plan, groups: $0, target: target, observer: observer).fits()
    }
    for note in groups?.notes ?? [] { observer.log(.info, note) }

    observer.progress(groups == nil ? 0.1 : 0.6, phase: "fit")
    let fitted = try job.algorithm.fit(
        FitInput(
            parameters: job.parameters, data: data, plan: plan, target: target,
            weights: try data.fitWeights(target, job), validation: try data.validationRows(target, job),
            threads: job.threads, seed: job.split.seed, base: job.base, observer: observer))
    observer.log(.info, fitted.summary(job))
    for note in fitted.notes { observer.log(.warning, note) }

    var document = ModelDocument(
        task: job.task.rawValue, algorithm: job.algorithm.name, link: fitted.link, columns: plan.modelColumns.map(\.schema),
        products: plan.products + fitted.products, labels: target.labels, positive: target.positive, form: fitted.form,
        groups: plan.groups.flatMap { groups?.model($0) })
    if let background { document.explain(by: background) }
    return TrainedModel(
        target: target, plan: plan, fitted: fitted, groups: groups, document: document, artifact: try document.encodedFit())
}

extension ModelDocument {
    /// The artifact. What a reader would take for damage is here a fit whose numbers are none.
    func encodedFit() throws -> Bytes {
        do {
            return try encoded()
        } catch let error as ForgeError where error.code == .corruptArtifact {
            throw ForgeError(
                .numericalFailure, "the fit came to numbers that cannot be stored", detail: error.message,
                hint: "scale the target and the columns, or clip their largest values")
        }
    }
}

extension Target {
    var labels: [Bytes] { if case .classes(let classes) = self { classes.labels } else { [] } }
    var positive: Int { if case .classes(let classes) = self { classes.positive } else { -1 } }
}

extension DataSet {
    /// The held-out rows, or the training rows when none are held out.
    var evaluatedPart: Part { heldOut.rows > 0 ? heldOut : training }
    var evaluatesHeldOut: Bool { heldOut.rows > 0 }

    /// Weight of each training row: its own times its class's; nil when all are 1.
    func fitWeights(_ target: Target, _ job: TrainingJob) throws -> [Double]? {
        let own = training.weights.isEmpty ? nil : training.weights
        guard case .classes(let classes) = target, let byClass = try classes.weights(job.parameters["class_weight"], mayLack: isFold)
        else {
            return own
        }
        let ofRows = classes.training.map { byClass[Int($0)] }
        return own.map { zip($0, ofRows).map(*) } ?? ofRows
    }

    /// The rows that decide when to stop, as the fit sees them.
    func validationRows(_ target: Target, _ job: TrainingJob) throws -> ValidationRows? {
        guard let part = stopping else { return nil }
        let own = part.weights.isEmpty ? nil : part.weights
        guard case .classes(let classes) = target else { return ValidationRows(part: part, classes: [], weights: own) }
        let labels = classes.of(part)
        let byClass = try classes.weights(job.parameters["class_weight"], mayLack: isFold)
        guard own != nil || byClass != nil || labels.contains(-1) else {
            return ValidationRows(part: part, classes: labels, weights: nil)
        }
        let weights = labels.indices.map { row in
            labels[row] < 0 ? 0 : (own?[row] ?? 1) * (byClass?[Int(labels[row])] ?? 1)
        }
        return ValidationRows(part: part, classes: labels, weights: weights)
    }
}

extension Classes {
    /// Weight of each class, or nil without class_weight. `mayLack`: a label that is not among the classes is passed
    /// over.
    func weights(_ asked: JSONValue, mayLack: Bool) throws -> [Double]? {
        if asked.textValue == "balanced" {
            var counts = [Int](repeating: 0, count: count)
            for label in training { counts[Int(label)] += 1 }
            return counts.map { Double(training.count) / Double(count * max(1, $0)) }
        }
        guard let object = asked.objectValue else { return nil }
        var result = [Double](repeating: 1, count: count)
        for member in object {
            guard let index = labels.firstIndex(of: Bytes(member.key.utf8)) else {
                if mayLack { continue }
                throw ForgeError(
                    .invalidParameter, "class_weight names \"\(member.key)\", which is no label of the training rows",
                    detail: "labels: "
                        + labels.prefix(20).map { "\"\(String(decoding: $0, as: UTF8.self))\"" }.joined(separator: ", "),
                    hint: "name labels as the target's text")
            }
            guard let weight = member.value.doubleValue, (1e-6...1e6).contains(weight) else {
                throw ForgeError(
                    .invalidParameter,
                    "class_weight of \"\(member.key)\" must be a number from 1e-6 to 1e6, got \(member.value.serialized)",
                    hint: "leave the class's rows out of the source instead of giving them weight 0")
            }
            result[index] = weight
        }
        return result
    }
}
