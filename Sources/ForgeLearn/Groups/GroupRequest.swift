import ForgeModel

/// What a request says of a model for each group, `config.groups`.
struct GroupRequest: Sendable, Equatable {
    static let minRows = (default: 30, minimum: 2)

    /// Training rows from which on a group has a model of its own.
    var minRows = GroupRequest.minRows.default

    /// nil when no column parts the rows into groups with models of their own.
    init?(json: JSONValue, columns: [JobColumn], problems: inout Problems) {
        guard columns.contains(where: { $0.role == .modelGroup }) else { return nil }
        guard let asked = json["min_rows"], !asked.isNull else { return }
        guard let rows = asked.intValue, rows >= Self.minRows.minimum else {
            problems.add(
                "config.groups.min_rows must be an integer of at least \(Self.minRows.minimum), got \(asked.serialized)")
            return
        }
        minRows = rows
    }
}
