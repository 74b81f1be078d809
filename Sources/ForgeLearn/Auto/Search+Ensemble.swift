import ForgeModel

extension Search {
    /// The job that trains what was found: the winner, or of `auto` the models that are best together on predictions
    /// out of fold.
    func chosen(_ outcome: SearchOutcome, _ board: some TrialBoard) throws -> TrainingJob {
        let winner = outcome.winner
        guard run.job.algorithm.form == .ensemble else {
            return try run.job.trying(winner.candidate, of: plan.space)
        }
        var job = run.job
        job.members = members(try library(outcome, winner, board), winner)
        return job
    }

    /// Trials that saw as many rows as the winner, and the same ones, in the order of their numbers.
    private func library(
        _ outcome: SearchOutcome, _ winner: Trial, _ board: some TrialBoard
    ) throws -> [(trial: Trial, said: OutOfFold)] {
        func said(_ trial: Trial) throws -> OutOfFold? {
            try board.predictions(of: trial).flatMap(OutOfFold.init(encoded:))
        }
        guard let best = try said(winner) else { return [] }
        var library: [(trial: Trial, said: OutOfFold)] = []
        for trial in outcome.trials where trial.status == .succeeded && trial.candidate.share == winner.candidate.share {
            guard let said = try said(trial), said.identity == best.identity, said.scores.count == best.scores.count
            else { continue }
            library.append((trial, said))
        }
        return library
    }

    /// The winner alone where there is nothing to choose by.
    private func members(_ library: [(trial: Trial, said: OutOfFold)], _ winner: Trial) -> [EnsembleMember] {
        guard let rows = library.first?.said else { return [member(winner, 1)] }
        let (limit, threads) = (run.job.parameters.integer("max_members"), run.job.threads)
        let weights =
            if limit > 1 && rows.truth.count < EnsembleBagging.fewRows {
                EnsembleBagging(library: library.map(\.said), cost: cost, seed: plan.seed)
                    .weights(limit: limit, threads: threads)
            } else {
                EnsembleSelection(models: library.map(\.said.scores), cost: cost(rows))
                    .weights(limit: limit, threads: threads)
            }
        guard let weights else { return [member(winner, 1)] }
        let members = zip(library, weights).filter { $1 > 0 }.map { member($0.trial, $1) }
        return members.sorted { $0.weight != $1.weight ? $0.weight > $1.weight : $0.trial < $1.trial }
    }

    private func member(_ trial: Trial, _ weight: Double) -> EnsembleMember {
        EnsembleMember(
            trial: trial.number, algorithm: plan.space.arms[trial.candidate.arm].algorithm, params: trial.candidate.params,
            weight: weight)
    }

    /// What the search compares trials by, of all rows at once.
    private func cost(_ said: OutOfFold) -> @Sendable ([Double]) -> Double? {
        let (metric, sign) = (plan.metric ?? "", plan.smallerIsBetter ? 1.0 : -1.0)
        let (target, quantile) = (run.target, run.job.reportedQuantile)
        return { scores in
            let evaluation: Evaluation
            switch target {
            case .values, .none: evaluation = Evaluation(RegressionRows(truth: said.truth, prediction: scores, quantile: quantile))
            case .classes(let classes):
                evaluation = Evaluation(
                    ClassRows(
                        truth: said.truth.map { Int32($0) }, scores: PartScores(values: scores, width: said.width),
                        labels: classes.labels.map { String(decoding: $0, as: UTF8.self) }, positive: classes.positive))
            }
            return evaluation[metric].map { sign * $0 }
        }
    }
}
