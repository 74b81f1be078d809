import ForgeModel

extension DataSetBuilder {
    /// Sends the rows where they belong once all are known: to the sides that could not be told before, to the folds'
    /// cells, to the rows that decide when to stop.
    func allotted() throws -> AllottedRows {
        let split = job.split
        let isSplit = !split.isDecidedAfterReading
        let watchesValidation =
            job.stoppingShare != nil && !job.learnsIntervals
            && (validation.rows > 0 || (!isSplit && split.validation > 0))
        let stoppingShare = watchesValidation ? nil : job.stoppingShare
        let validationAsked = validation.rows > 0 || split.validation > 0
        guard !isSplit || split.folds > 0 || stoppingShare != nil else {
            return AllottedRows(
                cells: [.init(fitted: training)], validation: validationAsked ? validation : nil,
                watchesValidation: watchesValidation, heldOut: heldOut, rule: ruleByKey, folds: [], outerFolds: [])
        }
        let facts = RowFacts(
            keys: training.keys, targets: training.targets, groups: training.groups, times: training.times,
            strata: strata())
        let allotment = try Allotment(facts, split: split, isSplit: isSplit, stoppingShare: stoppingShare)
        var cells = (0..<allotment.cellCount).map { _ in
            DataSet.Cell(fitted: Part(narrow), stopping: stoppingShare == nil ? nil : Part(narrow))
        }
        tally.gap = allotment.sides.count { $0 == .gap }
        training.distribute(
            places(allotment, apart: (stoppingShare == nil ? 1 : 2) * allotment.cellCount),
            into: cells.map(\.fitted) + cells.compactMap(\.stopping) + [validation, heldOut])
        for index in cells.indices where cells[index].fitted.rows == 0 {  // too few rows to spare any
            if let stopping = cells[index].stopping { cells[index] = .init(fitted: stopping) }
        }
        return AllottedRows(
            cells: cells, validation: validationAsked ? validation : nil, watchesValidation: watchesValidation,
            heldOut: heldOut, rule: isSplit ? ruleByKey : allotment.rule, folds: allotment.folds,
            outerFolds: allotment.outer)
    }

    /// Destination of each row: the cells, their rows for early stopping, then the validation rows and the test rows.
    private func places(_ allotment: Allotment, apart: Int) -> [UInt16] {
        allotment.sides.indices.map { row in
            switch allotment.sides[row] {
            case .training: UInt16(allotment.cells[row] + (allotment.stops[row] ? allotment.cellCount : 0))
            case .validation: UInt16(apart)
            case .test: UInt16(apart + 1)
            case .gap: Part.nowhere
            }
        }
    }

    private var ruleByKey: HeldOutRule {
        switch job.split.method {
        case .random where job.split.test > 0: .share(job.split.test)
        case .column: .part
        default: .nothing
        }
    }

    /// The classes in an order of their own, for a split by class.
    private func strata() -> [Double: Int] {
        guard job.split.method == .stratified, let target else { return [:] }
        let distinct = Set(training.targets)
        let texts = levels[target]
        let ordered =
            columns[target].kind == .category
            ? distinct.sorted { texts[Int($0)].lexicographicallyPrecedes(texts[Int($1)]) } : distinct.sorted()
        return Dictionary(uniqueKeysWithValues: ordered.enumerated().map { ($1, $0) })
    }
}

extension AllottedRows {
    /// A ranking learns from whole queries and is measured by them: a split that parts the rows of one is refused.
    func requireWholeQueries(_ split: Split) throws {
        guard split.keepsGroups else { return }
        var placeOf: [UInt64: Int] = [:]
        var cut: Set<UInt64> = []
        let parts = cells.map(\.fitted) + cells.compactMap(\.stopping) + [heldOut] + (validation.map { [$0] } ?? [])
        for (place, part) in parts.enumerated() {
            for group in part.groups where placeOf.updateValue(place, forKey: group) ?? place != place {
                cut.insert(group)
            }
        }
        guard cut.isEmpty else {
            throw ForgeError(
                .invalidParameter,
                "split.method \"\(split.method.rawValue)\" parts the rows of \(cut.count) of \(placeOf.count) queries",
                hint: split.method == .time
                    ? "give the rows of a query one time, or use split.method \"group\""
                    : "give the rows of a query one part, or use split.method \"group\"")
        }
    }
}
