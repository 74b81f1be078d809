/// Breaks off trials that do worse than most (the median stopping rule of Google Vizier, Golovin et al., KDD 2017):
/// after k folds, a trial whose mean is worse than the median of the means over k folds of the trials of earlier generations.
/// Trials that may run beside it do not count, so that it does not matter which of them ended first.
struct MedianRule {
    /// Fewer trials than this have no say.
    static let least = 5

    private let means: [[Double]]  // by folds, less one: costs
    private let smallerIsBetter: Bool

    /// `runsAhead`: trials of the generation before may run beside it.
    init(_ trials: [Trial], for trial: Trial, runsAhead: Bool = false, smallerIsBetter: Bool) {
        let last = trial.generation - (runsAhead ? 2 : 1)
        self.smallerIsBetter = smallerIsBetter
        let before = trials.filter {
            $0.generation <= last && $0.candidate.share == trial.candidate.share && $0.status != .failed
        }
        let most = before.map(\.foldScores.count).max() ?? 0
        means = (0..<most).map { fold in
            before.compactMap { trial in
                trial.foldScores.count > fold ? Self.cost(trial.foldScores[...fold], smallerIsBetter) : nil
            }
        }
    }

    /// Whether a trial with these scores of its first folds is to be broken off.
    func prunes(_ foldScores: [Double?]) -> Bool {
        guard let last = foldScores.indices.last, means.indices.contains(last), means[last].count >= Self.least,
            let cost = Self.cost(foldScores[...last], smallerIsBetter)
        else { return false }
        var others = means[last]
        return median(&others).map { cost > $0 } ?? false
    }

    private static func cost(_ scores: ArraySlice<Double?>, _ smallerIsBetter: Bool) -> Double? {
        let defined = scores.compactMap { $0 }
        guard !defined.isEmpty else { return nil }
        return defined.reduce(0, +) / Double(defined.count) * (smallerIsBetter ? 1 : -1)
    }
}
