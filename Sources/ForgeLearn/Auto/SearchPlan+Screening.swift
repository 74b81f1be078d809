import ForgeModel

/// TPE over several arms: all of their starts first, on some of the rows where there are many; the best of these on all
/// rows; then only the best arms are tuned.
extension SearchPlan {
    /// Rows that the starts are screened on, at most.
    static let screenedRows = 20_000
    /// Trials of the screening that are tried again on all rows.
    static let promoted = 6
    /// Arms that are tuned.
    static let finalists = 2

    func screened(_ history: History, rows: Int) -> [Candidate] {
        let left = trials - history.trials.count
        guard left > 0 else { return [] }
        if history.trials.isEmpty {
            let share = min(1, Double(Self.screenedRows) / Double(max(1, rows)))
            return space.starts.prefix(left).map { Candidate(arm: $0.arm, params: $0.params, share: share) }
        }
        if !history.trials.contains(where: \.isWhole) {
            let best = history.ranked(history.succeeded).prefix(min(Self.promoted, left))
            if !best.isEmpty { return best.map { Candidate(arm: $0.candidate.arm, params: $0.candidate.params) } }
        }
        return tuned(finalists(history), history)
    }

    /// The arms of the best trials, in their order; all while none has succeeded.
    private func finalists(_ history: History) -> [Int] {
        let whole = history.succeeded.filter(\.isWhole)
        var arms: [Int] = []
        for trial in history.ranked(whole.isEmpty ? history.succeeded : whole) where !arms.contains(trial.candidate.arm) {
            arms.append(trial.candidate.arm)
        }
        return arms.isEmpty ? Array(space.arms.indices) : arms.prefix(Self.finalists).sorted()
    }

    /// The next generation of a search over some arms, which knows of their trials alone.
    private func tuned(_ arms: [Int], _ history: History) -> [Candidate] {
        let known = history.trials.compactMap { trial -> Trial? in
            guard let arm = arms.firstIndex(of: trial.candidate.arm) else { return nil }
            var own = trial
            own.candidate.arm = arm
            return own
        }
        var plan = self
        plan.space = SearchSpace(arms: arms.map { space.arms[$0] })
        plan.trials = trials - (history.trials.count - known.count)
        let kept = History(known, smallerIsBetter: smallerIsBetter)
        let estimates = plan.estimates(kept)
        // Where good points lie in a few places of a small space, all that is drawn may have been tried.
        return (estimates.isEmpty ? plan.draws(kept) : estimates).map {
            Candidate(arm: arms[$0.arm], params: $0.params)
        }
    }
}
