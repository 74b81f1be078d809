import ForgeModel

/// A fold as cells of the training rows: a cell's rows always go the same way.
struct Fold: Sendable, Equatable {
    /// Cells trained on.
    var training: [Int]
    /// Cells tested with.
    var heldOut: [Int]
    /// Folds of the training cells, for what is learned from predictions out of fold.
    var inner: [Fold] = []
}

/// Where each row goes. Decided from keys, targets, groups and times alone, so that neither order nor number of threads
/// matter.
struct Allotment: Sendable, Equatable {
    enum Side: UInt8, Sendable { case training, test, validation, gap }

    /// (rows)
    private(set) var sides: [Side]
    /// (rows) cell of each training row.
    private(set) var cells: [Int]
    private(set) var cellCount = 1
    /// (rows) training rows that decide when to stop.
    private(set) var stops: [Bool]
    private(set) var folds: [Fold] = []
    private(set) var outer: [Fold] = []
    private(set) var rule: HeldOutRule
}

/// The rows as the split sees them.
struct RowFacts {
    var keys: [UInt64]
    var targets: [Double]  // empty without a target
    var groups: [UInt64]
    var times: [Double]
    /// The target's values in an order that does not depend on the order of the rows; one if the split is not by class.
    var strata: [Double: Int]

    var count: Int { keys.count }
}

extension Allotment {
    /// All rows are of one side so far; `isSplit`: they are the training rows already.
    init(_ facts: RowFacts, split: Split, isSplit: Bool, stoppingShare: Double?) throws {
        sides = Array(repeating: .training, count: facts.count)
        cells = Array(repeating: 0, count: facts.count)
        stops = Array(repeating: false, count: facts.count)
        rule = .nothing
        if !isSplit { try divide(facts, split) }
        let training = sides.indices.filter { sides[$0] == .training }
        if split.method == .time {
            foldByTime(training, facts, split)
        } else {
            try foldByHash(training, facts, split)
        }
        if let stoppingShare { chooseStopping(training, facts, split, stoppingShare) }
    }

    // MARK: - Sides

    private mutating func divide(_ facts: RowFacts, _ split: Split) throws {
        switch split.method {
        case .random, .column, .none: break
        case .stratified: divideByClass(facts, split)
        case .group: try divideByGroup(facts, split)
        case .time: try divideByTime(facts, split)
        }
    }

    /// Of each class the rows of the smallest hashes, rounded; at least one, and one to train on, of two or more.
    private mutating func divideByClass(_ facts: RowFacts, _ split: Split) {
        let choice = KeyedChoice(seed: split.seed, purpose: .split)
        var shares: [Double: Double] = [:]
        for rows in facts.byStratum(Array(0..<facts.count)) {
            let positions = rows.map { choice.position(facts.keys[$0]) }
            let ranked = positions.sorted()
            let test = Self.boundary(ranked, Self.count(split.test, of: ranked.count))
            let validation = Self.boundary(ranked, Self.count(split.test + split.validation, of: ranked.count))
            for (row, position) in zip(rows, positions) {
                sides[row] = position < test ? .test : position < validation ? .validation : .training
            }
            shares[facts.targets[rows[0]]] = test
        }
        rule = split.test > 0 ? .shareByClass(shares) : .nothing
    }

    private static func count(_ share: Double, of rows: Int) -> Int {
        share == 0 ? 0 : min(max(1, Int((share * Double(rows)).rounded())), rows - 1)
    }

    /// Below it lie `count` of the ranked positions; more where equal ones would be parted, fewer if none were left.
    private static func boundary(_ ranked: [Double], _ count: Int) -> Double {
        guard count > 0 else { return 0 }
        let boundary = ranked[count - 1].nextUp
        return boundary <= ranked[ranked.count - 1] ? boundary : ranked[count - 1]
    }

    /// Whole groups by their hash; where that would leave a side without a group, one goes over.
    private mutating func divideByGroup(_ facts: RowFacts, _ split: Split) throws {
        let choice = KeyedChoice(seed: split.seed, purpose: .split)
        let positions = facts.groups.map(choice.position)
        let distinct = Set(positions).sorted()
        let wanted = [split.test, split.validation].count { $0 > 0 } + 1
        guard distinct.count >= wanted else {
            throw ForgeError(
                .notEnoughRows, "\(distinct.count) groups are too few to be split: at least \(wanted) are needed",
                hint: "give rows of more groups, or split by another method")
        }
        let first = distinct[0].nextUp
        let last = distinct[distinct.count - 1]
        let test = split.test > 0 ? min(max(split.test, first), last) : 0
        var validation = split.validation > 0 ? min(max(test + split.validation, first), last) : test
        if split.validation > 0, !distinct.contains(where: { $0 >= test && $0 < validation }) {
            validation = min(distinct.first { $0 >= test }!.nextUp, last)
        }
        for row in sides.indices {
            sides[row] = positions[row] < test ? .test : positions[row] < validation ? .validation : .training
        }
        rule = split.test > 0 ? .shareOfGroups(test) : .nothing
    }

    /// The latest rows; before them those for validation; between them and the training rows the gap.
    private mutating func divideByTime(_ facts: RowFacts, _ split: Split) throws {
        let line = TimeLine(Array(0..<facts.count), facts.times)
        guard line.distinct > 1 || split.test + split.validation == 0 else {
            throw ForgeError(
                .notEnoughRows, "the time column has one value only: no row is later than another",
                hint: "name a column with different times, or split by another method")
        }
        let test = line.start(of: split.test, before: line.rows.count)
        let validationEnd = line.end(before: test, gap: split.gap)
        let validation = line.start(of: split.validation, before: validationEnd)
        let trainingEnd = split.validation > 0 ? line.end(before: validation, gap: split.gap) : validationEnd
        for (place, row) in line.rows.enumerated() {
            if place >= test {
                sides[row] = .test
            } else if place >= trainingEnd {
                sides[row] = place >= validation && place < validationEnd ? .validation : .gap
            }
        }
        rule = test < line.rows.count ? .from(time: facts.times[line.rows[test]]) : .nothing
    }

    // MARK: - Folds

    private mutating func foldByHash(_ training: [Int], _ facts: RowFacts, _ split: Split) throws {
        guard split.folds > 0 else { return }
        let dealer = Dealer(facts, split)
        let outerCount = max(1, split.outerFolds)
        let outerOf = try dealer.deal(training, into: outerCount, purpose: .outer)
        for number in 0..<outerCount {
            let rows = zip(training, outerOf).filter { $0.1 == number }.map(\.0)
            let innerOf = try dealer.deal(rows, into: split.folds, purpose: .fold, needsAll: outerCount == 1)
            for (row, inner) in zip(rows, innerOf) { cells[row] = number * split.folds + inner }
        }
        cellCount = outerCount * split.folds
        let all = Array(0..<cellCount)
        func inner(_ cells: [Int]) -> [Fold] {
            (0..<split.folds).map { fold in
                Fold(
                    training: cells.filter { $0 % split.folds != fold },
                    heldOut: cells.filter { $0 % split.folds == fold })
            }
        }
        folds = inner(all)
        guard split.outerFolds > 0 else { return }
        outer = (0..<outerCount).map { number in
            let rest = all.filter { $0 / split.folds != number }
            return Fold(
                training: rest, heldOut: all.filter { $0 / split.folds == number }, inner: inner(rest))
        }
    }

    /// Expanding windows: each fold is trained on what lies before it, a gap apart.
    private mutating func foldByTime(_ training: [Int], _ facts: RowFacts, _ split: Split) {
        guard split.folds > 0 else { return }
        let line = TimeLine(training, facts.times)
        let windows = line.windows(split.folds, in: line.rows.count, gap: split.gap)
        let outerWindows =
            split.outerFolds > 0 ? line.windows(split.outerFolds, in: line.rows.count, gap: split.gap) : []
        let innerWindows = outerWindows.map { line.windows(split.folds, in: $0.trainingEnd, gap: split.gap) }
        let ends = (windows + outerWindows + innerWindows.joined()).flatMap { [$0.trainingEnd, $0.start, $0.end] }
        let cuts = Set(ends + [0, line.rows.count]).sorted()
        cellCount = max(1, cuts.count - 1)
        var cell = 0
        for (place, row) in line.rows.enumerated() {
            while place >= cuts[cell + 1] { cell += 1 }
            cells[row] = cell
        }
        func fold(_ window: TimeLine.Window) -> Fold {
            Fold(
                training: (0..<cellCount).filter { cuts[$0 + 1] <= window.trainingEnd },
                heldOut: (0..<cellCount).filter { cuts[$0] >= window.start && cuts[$0 + 1] <= window.end })
        }
        folds = windows.map(fold)
        outer = zip(outerWindows, innerWindows).map { window, inner in
            var result = fold(window)
            result.inner = inner.map(fold)
            return result
        }
    }

    // MARK: - Early stopping

    /// A share of each cell: by hash of the key or of the group, of time its latest rows.
    private mutating func chooseStopping(_ training: [Int], _ facts: RowFacts, _ split: Split, _ share: Double) {
        switch split.method {
        case .time:
            for cell in 0..<cellCount {
                let line = TimeLine(training.filter { cells[$0] == cell }, facts.times)
                for row in line.rows[line.start(of: share, before: line.rows.count)...] { stops[row] = true }
            }
        default:
            let choice = KeyedChoice(seed: split.seed, purpose: .stopping)
            let hashed = split.isByGroup ? facts.groups : facts.keys
            for row in training { stops[row] = choice.takes(hashed[row], fraction: share) }
        }
    }
}

extension RowFacts {
    /// `rows` by the stratum of their target, in the strata's order.
    func byStratum(_ rows: [Int]) -> [[Int]] {
        guard strata.count > 1 else { return rows.isEmpty ? [] : [rows] }
        var result = [[Int]](repeating: [], count: strata.count)
        for row in rows { result[strata[targets[row]]!].append(row) }
        return result.filter { !$0.isEmpty }
    }
}

/// Deals rows into folds of nearly equal size, rows of equal keys and rows of one group together.
private struct Dealer {
    let facts: RowFacts
    let split: Split

    init(_ facts: RowFacts, _ split: Split) {
        self.facts = facts
        self.split = split
    }

    /// Fold of each of `rows`. `needsAll`: an empty fold is refused.
    func deal(
        _ rows: [Int], into count: Int, purpose: KeyedChoice.Purpose, needsAll: Bool = true
    ) throws -> [Int] {
        guard count > 1 else { return Array(repeating: 0, count: rows.count) }
        let choice = KeyedChoice(seed: split.seed, purpose: purpose)
        let byGroup = split.isByGroup
        let result = byGroup ? dealGroups(rows, count, choice) : dealKeys(rows, count, choice)
        let filled = Set(result).count
        if needsAll, filled < count {
            throw ForgeError(
                .notEnoughRows,
                "\(byGroup ? "the groups" : "the distinct rows") of \(rows.count) training rows fill \(filled) of \(count) folds",
                hint: "ask for fewer folds, or give more \(byGroup ? "groups" : "rows")")
        }
        return result
    }

    /// In turn, in the order of the hashes, class after class.
    private func dealKeys(_ rows: [Int], _ count: Int, _ choice: KeyedChoice) -> [Int] {
        var foldOf: [Int: Int] = [:]
        foldOf.reserveCapacity(rows.count)
        var turn = 0
        for stratum in facts.byStratum(rows) {
            var last: UInt64?
            for (hash, row) in stratum.map({ (choice.hash(facts.keys[$0]), $0) }).sorted(by: <) {
                if let last, last != hash { turn += 1 }
                last = hash
                foldOf[row] = turn % count
            }
            turn += 1
        }
        return rows.map { foldOf[$0]! }
    }

    /// The largest group first, each to the fold with the fewest rows, as scikit-learn's GroupKFold.
    private func dealGroups(_ rows: [Int], _ count: Int, _ choice: KeyedChoice) -> [Int] {
        var sizes: [UInt64: Int] = [:]
        for row in rows { sizes[facts.groups[row], default: 0] += 1 }
        let order = sizes.keys.sorted { a, b in
            sizes[a]! != sizes[b]! ? sizes[a]! > sizes[b]! : choice.hash(a) < choice.hash(b)
        }
        var filled = [Int](repeating: 0, count: count)
        var foldOf: [UInt64: Int] = [:]
        for group in order {
            let fold = filled.indices.min { filled[$0] < filled[$1] }!
            foldOf[group] = fold
            filled[fold] += sizes[group]!
        }
        return rows.map { foldOf[facts.groups[$0]]! }
    }
}

/// Rows in the order of their times. Places count from the earliest; rows of one time are never parted.
struct TimeLine {
    let rows: [Int]
    private let times: [Double]  // by place

    /// Of a time fold: trained on [0, trainingEnd), tested with [start, end).
    struct Window: Equatable {
        var trainingEnd: Int
        var start: Int
        var end: Int
    }

    init(_ rows: [Int], _ times: [Double]) {
        self.rows = rows.sorted { times[$0] != times[$1] ? times[$0] < times[$1] : $0 < $1 }
        self.times = self.rows.map { times[$0] }
    }

    var distinct: Int { times.indices.count { $0 == 0 || times[$0] != times[$0 - 1] } }

    /// First of the latest places before `end`, as many as `share` of all rows. Some earlier place is left if there can
    /// be one.
    func start(of share: Double, before end: Int) -> Int {
        guard share > 0, end > 0 else { return end }
        let wanted = max(1, Int((share * Double(rows.count)).rounded()))
        let found = first(withTimeAt: max(end - wanted, 0))
        return found > 0 ? found : (times.firstIndex { $0 > times[0] }).map { min($0, end) } ?? end
    }

    /// Where training ends so that `gap` lies between it and `place`.
    func end(before place: Int, gap: Split.Gap) -> Int {
        guard place > 0 else { return 0 }
        switch gap {
        case .rows(0): return place
        case .rows(let count):
            guard place < rows.count else { return place }
            return place > count ? first(withTimeAt: place - count) : 0
        case .seconds(let seconds, _):
            guard place < rows.count else { return place }
            return times[..<place].firstIndex { $0 > times[place] - seconds } ?? place
        }
    }

    /// `count` windows over the places before `end`, of equal size as scikit-learn's TimeSeriesSplit has them.
    func windows(_ count: Int, in end: Int, gap: Split.Gap) -> [Window] {
        let size = max(1, end / (count + 1))
        let starts = (0..<count).map { first(withTimeAt: max(0, end - (count - $0) * size)) }
        return starts.indices.map { index in
            let last = index + 1 < count ? starts[index + 1] : end
            let isEmpty = last <= starts[index]
            return Window(
                trainingEnd: isEmpty ? 0 : min(self.end(before: starts[index], gap: gap), starts[index]),
                start: min(starts[index], last), end: last)
        }
    }

    /// First place with the time of `place`.
    private func first(withTimeAt place: Int) -> Int {
        guard place < rows.count else { return rows.count }
        var place = place
        while place > 0, times[place - 1] == times[place] { place -= 1 }
        return place
    }
}
