import ForgeModel

/// Held-out rows that other versions were not trained on either, as far as keys and seeds tell.
struct UntouchedRows {
    let job: TrainingJob
    let data: DataSet
    let target: Target

    /// Why it cannot be known.
    struct Unknown: Error { var reason: String }

    /// Held-out rows that every one of some splits held out. version: whose they are, for the reason.
    func rows(heldOutBy splits: [JSONValue], of version: String) throws -> [Int] {
        let classes = if case .classes(let classes) = target { classes.of(data.heldOut) } else { [Int32]() }
        var rows = Array(0..<data.heldOut.rows)
        for split in splits {
            let before = try rule(of: split, version)
            let own = Set(before.rows(of: data.heldOut, classes: classes, labels: target.labels))
            rows = rows.filter(own.contains)
        }
        return rows
    }

    private func rule(of split: JSONValue, _ version: String) throws -> HeldOutBefore {
        guard split["key"] == job.splitKey else {
            throw Unknown(
                reason: split["method"]?.textValue == job.split.method.rawValue
                    ? "\(version) told rows apart by other columns: which rows it was trained on cannot be known"
                    : "\(version) held out its rows by another method")
        }
        guard let before = HeldOutBefore(split: split) else {
            throw Unknown(reason: "\(version)'s split is not known")
        }
        return before
    }
}

/// Held-out rows that a base model was trained on, or one that it was based on: metrics on them flatter a version that
/// continues it.
struct RowsSeenByBase {
    /// nil: it cannot be known.
    let count: Int?
    /// For the data report and the log; nil: there are none.
    let warning: String?

    init?(_ job: TrainingJob, _ data: DataSet, _ target: Target) {
        guard let base = job.base, data.heldOut.rows > 0 else { return nil }
        let name = "base model \"\(base.reference)\""
        do {
            let untouched = try UntouchedRows(job: job, data: data, target: target)
                .rows(heldOutBy: base.splits, of: name)
            let seen = data.heldOut.rows - untouched.count
            count = seen
            warning =
                seen == 0
                ? nil
                : "\(seen) of \(data.heldOut.rows) held-out rows are among those that \(name) was trained on if its source had them: give the split its seed"
        } catch {
            count = nil
            warning =
                "whether \(name) was trained on held-out rows cannot be known: "
                + ((error as? UntouchedRows.Unknown)?.reason ?? "\(error)")
        }
    }
}
