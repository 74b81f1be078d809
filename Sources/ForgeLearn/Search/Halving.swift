import Glibc

/// Successive halving (Jamieson and Talwalkar, AISTATS 2016) and Hyperband (Li et al., JMLR 2018): many candidates on
/// few rows, the best of them on more. Of the last rung every trial sees all rows, as scikit-learn's
/// `min_resources="exhaust"`.
extension SearchPlan {
    /// Fewer rows than this tell candidates apart by chance.
    static let leastRows = 100

    /// How many candidates a bracket's rungs try; the last rung is of all rows.
    struct Bracket: Equatable {
        var rungs: [Int]
        var trials: Int { rungs.reduce(0, +) }

        /// `candidates` on the first of at most `rungs` rungs.
        init(candidates: Int, rungs: Int, factor: Int) {
            var sizes = [candidates]
            while sizes.count < rungs, sizes.last! > 1 { sizes.append((sizes.last! + factor - 1) / factor) }
            self.rungs = sizes
        }
    }

    /// The next rung: of a bracket begun the best of the rung before, else the first one of the next bracket.
    func rung(_ history: History, rows: Int) -> [Candidate] {
        var begin = 0  // trial with which the rung begins
        for bracket in brackets(rows: rows) {
            for (place, size) in bracket.rungs.enumerated() {
                let best = place == 0 ? [] : promoted(size, history, before: begin)
                if place > 0, best.isEmpty { break }  // the whole rung failed
                let ended = history.trials.dropFirst(begin).prefix { $0.generation == history.trials[begin].generation }
                if ended.isEmpty {
                    let candidates = place == 0 ? fill(size, history) { space.drawn(&$0) } : best
                    // A small space leaves none to drop.
                    let isLast = candidates.count <= bracket.rungs.last!
                    let share = isLast ? 1 : pow(Double(factor), -Double(bracket.rungs.count - 1 - place))
                    return candidates.map { Candidate(arm: $0.arm, params: $0.params, share: share) }
                }
                begin += ended.count
                if ended.first!.isWhole { break }
            }
        }
        return []
    }

    private func promoted(_ size: Int, _ history: History, before end: Int) -> [Candidate] {
        let last = history.trials[end - 1].generation
        let rung = history.trials[..<end].filter { $0.generation == last && $0.status == .succeeded }
        return history.ranked(rung).prefix(size).map(\.candidate)
    }

    /// The brackets that the budget pays for.
    func brackets(rows: Int) -> [Bracket] {
        var most = 1  // rungs: the first one has enough rows
        while most < 10, Double(rows) * pow(Double(factor), -Double(most)) >= Double(Self.leastRows) { most += 1 }
        return method == .halving ? [halvingBracket(most)] : hyperbandBrackets(most)
    }

    /// As many candidates as the budget pays for; a rung for every factor among them.
    private func halvingBracket(_ most: Int) -> Bracket {
        func bracket(_ candidates: Int) -> Bracket {
            let rungs = 1 + Int((log(Double(candidates)) / log(Double(factor)) + 1e-9).rounded(.down))
            return Bracket(candidates: candidates, rungs: min(most, rungs), factor: factor)
        }
        return bracket((1...trials).last { bracket($0).trials <= trials } ?? 1)
    }

    /// From many candidates on few rows to few on all rows, again and again until the budget is spent.
    private func hyperbandBrackets(_ most: Int) -> [Bracket] {
        let cycle = (0..<most).reversed().map { rungs -> Bracket in
            let candidates = (Double(most) / Double(rungs + 1) * pow(Double(factor), Double(rungs))).rounded(.up)
            return Bracket(candidates: Int(candidates), rungs: rungs + 1, factor: factor)
        }
        var left = trials
        var brackets: [Bracket] = []
        while left > 0 {
            let fitting = cycle.filter { $0.trials <= left }
            guard !fitting.isEmpty else {
                brackets.append(Bracket(candidates: left, rungs: 1, factor: factor))
                break
            }
            for bracket in fitting where bracket.trials <= left {
                brackets.append(bracket)
                left -= bracket.trials
            }
        }
        return brackets
    }
}
