import ForgeModel

/// Which of the planned columns the model reads.
struct ColumnChoice {
    private(set) var kept: [PlannedColumn]
    private(set) var notes: [String] = []
    private let data: DataSet
    private let job: TrainingJob
    private let target: Target
    private let statistics: [ColumnStatistics]

    init(
        _ planned: [PlannedColumn], _ data: DataSet, _ job: TrainingJob, _ target: Target,
        _ statistics: [ColumnStatistics]
    ) {
        kept = planned
        self.data = data
        self.job = job
        self.target = target
        self.statistics = statistics
    }

    // MARK: - Columns without a say

    mutating func dropConstants() throws {
        guard kept.contains(where: \.varies) else {
            throw ForgeError(
                .missingColumn,
                "no usable feature: all \(kept.count) are constant or NULL in the \(data.training.rows) training rows",
                hint: "name features that differ between rows")
        }
        let asked = job.preprocess.dropsConstants
        if job.constantsCount, asked != true {
            for index in kept.indices where !isEmpty(statistics[kept[index].source]) { kept[index].varies = true }
        }
        let drops = asked ?? true
        let still = Set(kept.filter { !$0.varies && !isPartOfVector($0) }.map(\.source))
        for column in kept where still.contains(column.source) && (column.element?.index ?? 0) == 0 {
            let isEmpty = isEmpty(statistics[column.source])
            let counts = job.constantsCount && !(isEmpty && drops)
            notes.append(
                "column \"\(column.element?.vector ?? column.shownName)\" is \(isEmpty ? "NULL in all" : "constant in the") training rows"
                    + (counts ? drops ? " and is left out" : "" : ": it has no effect\(drops ? " and is left out" : "")"))
        }
        if drops { kept.removeAll { still.contains($0.source) } }
    }

    /// Whether it is an element of a vector of which another element varies: a vector is kept or left out as a whole.
    private func isPartOfVector(_ column: PlannedColumn) -> Bool {
        guard let element = column.element else { return false }
        let first = kept.firstIndex { $0.source == column.source - element.index }!
        return kept[first..<first + element.dimensions].contains(where: \.varies)
    }

    private func isEmpty(_ statistics: ColumnStatistics) -> Bool {
        switch statistics {
        case .number(let numbers): numbers.missing == numbers.rows
        case .category(let categories): categories.counts.allSatisfy { $0 == 0 }
        }
    }

    /// Of columns that are equal in all training rows the first stays. What the request says of a column by name keeps
    /// it.
    mutating func dropDuplicates() {
        guard job.dropsDuplicates else { return }
        var unique: [PlannedColumn] = []
        for column in kept {
            if column.element == nil, let first = unique.first(where: { isCopy(column, of: $0) }) {
                notes.append(
                    "column \"\(column.shownName)\" repeats \"\(first.shownName)\" in all training rows and is left out"
                )
            } else {
                unique.append(column)
            }
        }
        kept = unique
    }

    /// Statistics tell nearly all pairs apart; the rows decide.
    private func isCopy(_ column: PlannedColumn, of first: PlannedColumn) -> Bool {
        guard first.element == nil, !job.preprocess.isNamed(column.schema.name),
            column.schema.encoding == first.schema.encoding
        else {
            return false
        }
        let (a, b) = (first.source, column.source)
        switch (statistics[a], statistics[b]) {
        case (.number(let x), .number(let y)):
            guard x == y else { return false }
            return data.training.chunks.allSatisfy { chunk in
                (0..<chunk.rows).allSatisfy { row in
                    let (x, y) = (chunk.number(a, row), chunk.number(b, row))
                    return x == y || (x.isNaN && y.isNaN)
                }
            }
        case (.category, .category):
            let (x, y) = (data.features[a].levels, data.features[b].levels)
            return data.training.chunks.allSatisfy { chunk in
                let (left, right) = (chunk.codes(a), chunk.codes(b))
                return (0..<chunk.rows).allSatisfy { row in
                    let (c, d) = (left[row], right[row])
                    return c == missingCode || d == missingCode ? c == d : x[Int(c)] == y[Int(d)]
                }
            }
        default: return false
        }
    }

    // MARK: - The best columns

    /// Keeps the columns that say most of the target, in their own order. Ties keep the earlier column. Vectors stay.
    mutating func select() throws {
        let vectors = kept.filter { $0.element != nil }
        kept.removeAll { $0.element != nil }
        try selectColumns()
        kept = (kept + vectors).sorted { $0.source < $1.source }
    }

    private mutating func selectColumns() throws {
        guard let selection = job.preprocess.selection, !kept.isEmpty else { return }
        let count = min(kept.count, max(1, Int(selection.amount.of(kept.count).rounded(.up))))
        guard count < kept.count else { return }
        let scores =
            selection.byImportance
            ? try BoostedImportance(data: data, job: job, target: target).scores(of: kept, statistics)
            : MutualInformation(data: data, target: target, threads: job.threads).scores(of: kept.map(\.source))
        let ranked = kept.indices.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
        let chosen = Set(ranked.prefix(count))
        let method = selection.byImportance ? "importance" : "mutual information"
        notes.append(
            "@select keeps \(count) of \(kept.count) columns by \(method): "
                + shown(ranked.prefix(count)) + "; leaves out " + shown(ranked.dropFirst(count)))
        kept = kept.indices.filter(chosen.contains).map { kept[$0] }
    }

    private func shown(_ places: ArraySlice<Int>) -> String {
        places.prefix(40).map { "\"\(kept[$0].shownName)\"" }.joined(separator: ", ")
            + (places.count > 40 ? " and \(places.count - 40) more" : "")
    }
}
