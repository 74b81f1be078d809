import ForgeModel

/// Total gain of each column in a small boosted model of the training rows.
struct BoostedImportance {
    let data: DataSet
    let job: TrainingJob
    let target: Target
    private static let parameters: JSONValue = ["n_estimators": 50, "max_depth": 4, "learning_rate": 0.2]

    init(data: DataSet, job: TrainingJob, target: Target) {
        self.data = data
        self.job = job
        self.target = target
    }

    func scores(of columns: [PlannedColumn], _ statistics: [ColumnStatistics]) throws -> [Double] {
        // A fit frees the features that it is given; these are the same chunks.
        let data = DataSet(
            features: data.features, target: data.target,
            rows: AllottedRows(
                cells: [DataSet.Cell(fitted: Part(joining: [data.training]))], validation: nil,
                watchesValidation: false,
                heldOut: data.heldOut, rule: data.rule, folds: [], outerFolds: [], isFold: true),
            fingerprint: data.fingerprint, rowsRead: data.rowsRead, dropped: [], sampledOut: 0)
        let plan = try EncodingPlan(asTreesTakeThem: columns, data, statistics, seed: job.split.seed)
        var problems = Problems()
        let parameters = Parameters(Self.parameters, of: .gradientBoosting, task: job.task, problems: &problems)
        try problems.throwIfAny()
        let fitted = try Algorithm.gradientBoosting.fit(
            FitInput(
                parameters: parameters, data: data, plan: plan, target: target,
                weights: try data.fitWeights(target, job), validation: nil, threads: job.threads, seed: job.split.seed,
                observer: SilentObserver()))
        return plan.columns.map { fitted.importance[$0.offset] }
    }
}
