import ForgeModel

/// What the models of the folds say of the rows that they were not trained on: predictions out of fold.
struct CrossFit {
    /// (rows, scores) of the rows of all fitted folds, fold after fold; the columns are the classes of the whole data
    /// set, and a class that a fold's model never saw has probability 0.
    private(set) var scores: PartScores
    private(set) var targets: [Double] = []  // (rows)
    /// (rows) class, as of the whole data set; -1: unseen. Empty unless there are classes.
    private(set) var classes: [Int32] = []
    private(set) var weights: [Double] = []  // (rows), or empty: all 1
    /// (rows) the fold that a row was held out in.
    private(set) var foldOf: [UInt8] = []
    private(set) var results: [FoldResult] = []

    init(target: Target) {
        let width = if case .classes(let classes) = target { classes.count } else { 1 }
        scores = PartScores(values: [], width: width)
    }

    fileprivate mutating func add(
        _ predicted: PartScores, of data: DataSet, target: Target, plan: EncodingPlan, job: TrainingJob, fold: Int
    ) {
        let part = data.heldOut
        // Of clusters and components nothing is learned but how good they are: folds may have other numbers of them.
        if job.task.hasTarget { scores.values += predicted.values }
        targets += part.targets
        if case .classes(let classes) = target { self.classes += classes.of(part) }
        weights += part.weights
        foldOf += Array(repeating: UInt8(fold), count: part.rows)
        results.append(
            FoldResult(rows: part.rows, outcome: .success(data.evaluation(predicted, target, plan, job))))
    }

    fileprivate mutating func add(_ reason: Unfitted, rows: Int) {
        results.append(FoldResult(rows: rows, outcome: .failure(reason)))
    }
}

/// Why a fold has no model.
struct Unfitted: Error {
    var reason: String
}

/// One fold: its metrics, or why it has none.
struct FoldResult {
    var rows: Int
    var outcome: Result<Evaluation, Unfitted>
}

/// Fits a model to each fold's training rows, with all that `fit` learns inside, and scores the rows held out of it.
/// Folds that cannot be fitted, such as one with a single class, are passed over, and say why.
///
/// `target` is the whole data set's. `name` is what the folds are called in curves and in the log. `goesOn` sees the
/// results so far after each fold; false leaves the folds that remain unfitted.
func crossFit(
    _ folds: [Fold], named name: String = "fold", of data: DataSet, target: Target, job: TrainingJob,
    observer: any TrainingObserver,
    fit: (DataSet, any TrainingObserver) throws -> TrainedModel,
    goesOn: ([FoldResult]) -> Bool = { _ in true }
) throws -> CrossFit {
    var result = CrossFit(target: target)
    for (number, fold) in folds.enumerated() {
        if observer.isCancelled { throw ForgeError(.cancelled, "training was cancelled") }
        let stage = FoldObserver(observer, name, fold: number, of: folds.count)
        guard let subset = data.subset(fold) else {
            result.add(Unfitted(reason: "no rows to train on, or none to test with"), rows: 0)
            continue
        }
        do {
            let model = try fit(subset, stage)
            let predicted = try model.scores(of: subset.heldOut, subset, job).aligned(from: model.target, to: target)
            result.add(predicted, of: subset, target: target, plan: model.plan, job: job, fold: number)
        } catch let error as ForgeError where error.comesOfFewRows {
            result.add(Unfitted(reason: error.message), rows: subset.heldOut.rows)
        } catch let error as ForgeError where error.code == .numericalFailure {
            throw ForgeError(
                error.code, "\(name) \(number + 1) of \(folds.count): \(error.message)", detail: error.detail,
                hint: error.hint)
        }
        guard goesOn(result.results) else { break }
    }
    return result
}

extension ForgeError {
    /// Whether a part of the rows may fail so though the whole would not.
    fileprivate var comesOfFewRows: Bool {
        code == .unusableTarget || code == .notEnoughRows || code == .missingColumn
    }
}

extension PartScores {
    /// The columns of one set of classes as those of another, which has them all.
    func aligned(from own: Target, to whole: Target) -> PartScores {
        guard case .classes(let own) = own, case .classes(let whole) = whole, own.labels != whole.labels else {
            return self
        }
        let places = own.labels.map { label in whole.labels.firstIndex(of: label)! }
        var aligned = [Double](repeating: 0, count: values.count / width * whole.count)
        for row in 0..<values.count / width {
            for (index, place) in places.enumerated() {
                aligned[row * whole.count + place] = values[row * width + index]
            }
        }
        return PartScores(values: aligned, width: whole.count)
    }
}

/// Passes a fold's training on as a share of all folds'.
private struct FoldObserver: TrainingObserver {
    private let whole: any TrainingObserver
    private let name: String
    private let fold: Int
    private let count: Int

    init(_ whole: any TrainingObserver, _ name: String, fold: Int, of count: Int) {
        self.whole = whole
        self.name = name
        self.fold = fold
        self.count = count
    }

    func progress(_ fraction: Double, phase: String) {
        whole.progress((Double(fold) + fraction) / Double(count), phase: "\(name) \(fold + 1) of \(count)")
    }

    func metric(step: Int, name: String, value: Double) {
        whole.metric(step: step, name: "\(self.name)_\(fold + 1)/\(name)", value: value)
    }

    func log(_ level: LogLevel, _ message: String) { whole.log(level, "\(name) \(fold + 1): \(message)") }
    var isCancelled: Bool { whole.isCancelled }
}

/// Passes a stage of the run on as a part of its whole.
struct StageObserver: TrainingObserver {
    private let whole: any TrainingObserver
    private let range: ClosedRange<Double>

    init(_ whole: any TrainingObserver, _ range: ClosedRange<Double>) {
        self.whole = whole
        self.range = range
    }

    func progress(_ fraction: Double, phase: String) {
        whole.progress(range.lowerBound + fraction * (range.upperBound - range.lowerBound), phase: phase)
    }

    func metric(step: Int, name: String, value: Double) { whole.metric(step: step, name: name, value: value) }
    func log(_ level: LogLevel, _ message: String) { whole.log(level, message) }
    var isCancelled: Bool { whole.isCancelled }
}
