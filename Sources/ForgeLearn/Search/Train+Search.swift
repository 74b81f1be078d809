/// Trains a job whose hyperparameters may have to be found first: the search's winner, or the ensemble of its best,
/// fitted to the whole training part. The held-out rows are looked at once, by that model.
public func train(
    _ job: TrainingJob, _ data: DataSet, champion: ChampionModel?, trials board: some TrialBoard,
    observer: any TrainingObserver
) throws -> TrainingOutcome {
    guard let plan = job.search else { return try train(job, data, champion: champion, observer: observer) }
    let search = try Search(plan, job, data, observer: StageObserver(observer, 0...0.9))
    let outcome = try search.coordinate(board)
    let chosen = try search.chosen(outcome, board)
    return try train(chosen, data, champion: champion, search: outcome, observer: StageObserver(observer, 0.9...1))
}

/// Runs trials of a job's search that another worker coordinates, until there is nothing more to do.
public func help(
    _ job: TrainingJob, _ data: DataSet, trials board: some TrialBoard, observer: any TrainingObserver
) throws {
    guard let plan = job.search else { return }
    try Search(plan, job, data, observer: observer).help(board)
}
