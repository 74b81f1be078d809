import ForgeModel

/// What became of a group.
struct GroupFit: Sendable {
    /// Its number in `RowGroups`.
    var group: Int
    /// Its place in `GroupPlan.keys`; nil of a group that is too small.
    var place: Int?
    var form: ModelForm?
    /// Why it has no model of its own.
    var reason: String?
}

/// The models of a data set's groups, beside that of the whole.
struct GroupFits: Sendable {
    var fits: [GroupFit]
    /// What the fits said, the most frequent first.
    var notes: [String]

    var own: [GroupFit] { fits.filter { $0.form != nil } }
}

/// Fits the job's algorithm to the rows of each group, by the encodings learned from all rows.
struct GroupFitter {
    let job: TrainingJob
    let data: DataSet
    let plan: EncodingPlan
    let groups: GroupPlan
    let target: Target
    let observer: any TrainingObserver

    /// How many stretches of groups there are between two reports of progress.
    private static let stretches = 20

    func fits() throws -> GroupFits {
        let training = RowPicker(data.training)
        let stopping = data.stopping.map { (RowPicker($0), groups.rows.rows(of: $0)) }
        let count = groups.large.count
        let lanes = max(1, min(job.threads, count))
        var results = [Result<Fit, any Error>?](repeating: nil, count: count)
        for stretch in 0..<Self.stretches {
            let range = count * stretch / Self.stretches..<count * (stretch + 1) / Self.stretches
            results.withUnsafeMutableBufferPointer { results in
                inParallel(range.count, threads: lanes) { index in
                    let place = range.lowerBound + index
                    results[place] = Result {
                        try fit(place, training, stopping, threads: max(1, job.threads / lanes))
                    }
                }
            }
            if observer.isCancelled { throw ForgeError(.cancelled, "training was cancelled") }
            observer.progress(0.1 + 0.5 * Double(stretch + 1) / Double(Self.stretches), phase: "fit groups")
        }
        return try collected(try results.map { try $0!.get() })
    }

    private enum Fit {
        case fitted(FittedModel)
        case refused(String)
    }

    private func fit(
        _ place: Int, _ training: RowPicker, _ stopping: (picker: RowPicker, rows: [[Int32]])?, threads: Int
    ) throws -> Fit {
        let number = groups.large[place]
        let rows = groups.rows.rows(of: number)
        let part = training.part(of: rows)
        let watched = stopping.map { $0.picker.part(of: $0.rows[number][...]) }
        if let watched, watched.rows == 0 { return .refused("none of its rows are among those that decide when to stop") }
        let own = data.group(part, stopping: watched)
        do {
            let target = try target.group(rows, own, job)
            let fitted = try job.algorithm.fit(
                FitInput(
                    parameters: job.parameters.withoutStatistics, data: own,
                    plan: plan.moved(to: part, seed: job.split.seed), target: target,
                    weights: try own.fitWeights(target, job), validation: try own.validationRows(target, job),
                    threads: threads, seed: job.split.seed, observer: QuietObserver(whole: observer)))
            return fitted.form.isFinite ? .fitted(fitted) : .refused("its fit came to numbers that are not finite")
        } catch let error as ForgeError where error.code != .cancelled {
            return .refused(error.message)
        }
    }

    /// Groups too small come behind the others.
    private func collected(_ results: [Fit]) throws -> GroupFits {
        var fits: [GroupFit] = []
        var said: [String: Int] = [:]
        for (place, result) in results.enumerated() {
            var fit = GroupFit(group: groups.large[place], place: place)
            switch result {
            case .fitted(let fitted):
                fit.form = fitted.form
                for note in fitted.notes { said[note, default: 0] += 1 }
            case .refused(let reason): fit.reason = reason
            }
            fits.append(fit)
        }
        let large = Set(groups.large)
        let least = job.groups?.minRows ?? 0
        for group in 0..<groups.rows.count where !large.contains(group) {
            fits.append(GroupFit(group: group, reason: "fewer than \(least) training rows"))
        }
        let order = said.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
        let found = GroupFits(fits: fits, notes: order.prefix(3).map { "in \($0.value) groups: \($0.key)" })
        try requireSome(found)
        return found.summarised()
    }

    /// A fold may have none: its rows are scored by the model of the whole.
    private func requireSome(_ found: GroupFits) throws {
        guard !data.isFold, found.own.isEmpty else { return }
        let names = groups.columns.map { "\"\($0.shownName)\"" }.joined(separator: ", ")
        throw ForgeError(
            .notEnoughRows, "none of \(found.fits.count) groups by \(names) can have a model of its own",
            detail: found.reasons.map { "\($0.groups): \($0.reason)" }.joined(separator: "\n"),
            hint: "lower config.groups.min_rows, name group_columns with fewer values, or leave group_columns out")
    }
}

extension GroupFits {
    /// Why groups have no model of their own, the most frequent first.
    var reasons: [(reason: String, groups: Int)] {
        var counts: [String: Int] = [:]
        for fit in fits { if let reason = fit.reason { counts[reason, default: 0] += 1 } }
        return counts.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }.prefix(5)
            .map { ($0.key, $0.value) }
    }

    fileprivate func summarised() -> GroupFits {
        let lines = reasons.map { "\($0.groups) of \(fits.count) groups are scored by the model of all rows: \($0.reason)" }
        return GroupFits(fits: fits, notes: lines + notes)
    }

    /// For the artifact; nil when no group has a model of its own.
    func model(_ plan: GroupPlan) -> ModelGroups? {
        let own = own
        guard !own.isEmpty else { return nil }
        return ModelGroups(
            keys: own.flatMap { fit in fit.place.map { plan.keys[$0] } ?? [] }, forms: own.compactMap(\.form))
    }
}

extension DataSet {
    /// A group's rows as a data set of their own, with nothing held out.
    fileprivate func group(_ fitted: Part, stopping: Part?) -> DataSet {
        let rows = AllottedRows(
            cells: [Cell(fitted: fitted, stopping: stopping)], validation: nil, watchesValidation: false,
            heldOut: Part(heldOut.layout), rule: rule, folds: [], outerFolds: [], isFold: true)
        return DataSet(
            features: features, target: target, rows: rows, fingerprint: fingerprint, rowsRead: rowsRead, dropped: [],
            sampledOut: 0)
    }
}

extension Target {
    /// The classes of the whole, with a group's rows. Throws when these lack a class, or do not vary.
    fileprivate func group(_ rows: ArraySlice<Int32>, _ data: DataSet, _ job: TrainingJob) throws -> Target {
        guard case .classes(var classes) = self else { return try data.resolveTarget(job) }
        classes.training = rows.map { classes.training[Int($0)] }
        let found = Set(classes.training)
        if let missing = classes.labels.indices.first(where: { !found.contains(Int32($0)) }) {
            throw ForgeError(
                .unusableTarget, "no row of class \"\(String(decoding: classes.labels[missing], as: UTF8.self))\"")
        }
        return .classes(classes)
    }
}

extension ModelForm {
    /// Whether an artifact may hold it.
    fileprivate var isFinite: Bool {
        switch self {
        case .linear(let form): (form.coefficients + form.intercepts + form.means).allSatisfy(\.isFinite)
        case .ensemble, .centroids, .nonnegative, .neighbors: true
        case .trees(let form): form.baseScores.allSatisfy(\.isFinite) && form.thresholds.allSatisfy(\.isFinite)
        case .network(let form):
            form.intercepts.allSatisfy(\.isFinite) && (form.weights + form.biases).allSatisfy(\.isFinite)
        }
    }
}

/// Hears nothing of thousands of fits but whether to stop.
private struct QuietObserver: TrainingObserver {
    let whole: any TrainingObserver
    func progress(_ fraction: Double, phase: String) {}
    func metric(step: Int, name: String, value: Double) {}
    func log(_ level: LogLevel, _ message: String) {}
    var isCancelled: Bool { whole.isCancelled }
}
