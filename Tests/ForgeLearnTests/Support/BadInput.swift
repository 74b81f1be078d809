import ForgeModel
import Testing

@testable import ForgeLearn

/// Data that nobody means to give, one kind at a time, and what each algorithm says of it.
struct BadInput: Sendable, CustomTestStringConvertible {
    typealias Subject = ContractTests.Subject
    typealias Columns = [(name: String, values: [Double?])]

    var name: String
    var rows = 120
    var columns: @Sendable (_ rows: Int) -> Columns = usual
    var text: (@Sendable (_ row: Int) -> String)?
    /// nil: the usual target.
    var target: (@Sendable (_ row: Int, Subject) -> Table.Cell?)?
    var weight: (@Sendable (_ row: Int) -> Double?)?
    /// The error that it ends in; nil: a model comes of it.
    var refusal: @Sendable (Subject) -> ErrorCode? = { _ in nil }
    var concerns: @Sendable (Subject) -> Bool = { _ in true }

    var testDescription: String { name }

    /// From 0 to 1, by chance, the same in every run.
    static func chance(_ row: Int, _ column: Int = 0) -> Double {
        Double(splitmix64(UInt64(row) &+ UInt64(column) << 32) >> 11) * 0x1p-53
    }

    static func usual(_ rows: Int) -> Columns { random(rows, columns: 2) }

    static func random(_ rows: Int, columns: Int, scale: Double = 1) -> Columns {
        (0..<columns).map { column in ("x\(column)", (0..<rows).map { chance($0, column) * scale }) }
    }

    /// The usual columns and another.
    static func and(_ value: @escaping @Sendable (_ row: Int) -> Double?) -> @Sendable (Int) -> Columns {
        { rows in usual(rows) + [("other", (0..<rows).map(value))] }
    }

    func table(_ subject: Subject) -> Table {
        var table = Table()
        for (name, values) in columns(rows) { table.add(name, values) }
        if let text { table.add("text", (0..<rows).map(text)) }
        let targets = (0..<rows).map { target?($0, subject) ?? usualTarget($0, subject) }
        table.columns.append(
            Table.Column(
                name: "y", type: subject.isClassification ? "text" : "double precision", role: .target, cells: targets))
        if subject.task == "ranking" { table.add("query", (0..<rows).map { Double($0 / 12) }, role: .group) }
        if let weight { table.add("w", (0..<rows).map(weight), role: .weight) }
        return table
    }

    /// Depends on the first column, and a little on chance.
    private func usualTarget(_ row: Int, _ subject: Subject) -> Table.Cell {
        let value = Self.chance(row) + 0.3 * Self.chance(row, 9)
        if subject.isClassification { return value > 0.65 ? "yes" : "no" }
        return .number(subject.task == "ranking" ? (3 * value).rounded() : 0.1 + value)
    }

    static func regression(_ value: @escaping @Sendable (_ row: Int) -> Double?)
        -> @Sendable (Int, Subject) -> Table.Cell?
    {
        { row, _ in value(row).map(Table.Cell.number) }
    }

    static let all: [BadInput] = columnsOfNumbers + weights + targets + classes

    private static let columnsOfNumbers: [BadInput] = [
        BadInput(name: "more columns than rows", rows: 20, columns: { random($0, columns: 60) }),
        BadInput(
            name: "columns that are copies and sums of others",
            columns: { rows in
                let usual = usual(rows)
                let (a, b) = (usual[0].values, usual[1].values)
                return usual + [("copy", a), ("thrice", a.map { 3 * $0! }), ("sum", zip(a, b).map { $0! + $1! })]
            }),
        BadInput(name: "a column that is all NULL", columns: and { _ in nil }),
        BadInput(name: "a column of one value and NULLs", columns: and { $0 == 7 ? 3 : nil }),
        BadInput(name: "a column that is NULL in one class", columns: and { chance($0) > 0.5 ? nil : 3 }),
        BadInput(
            name: "negative numbers", columns: and { $0 == 7 ? -3 : 1 },
            refusal: { $0.algorithm == "multinomial_nb" ? .valueOutOfRange : nil }),
        BadInput(
            name: "an infinite value", columns: and { $0 == 7 ? .infinity : 1 }, refusal: { _ in .valueOutOfRange }),
        BadInput(name: "values of 1e30", columns: { random($0, columns: 2, scale: 1e30) }),
        BadInput(
            name: "values of 1e100", columns: { random($0, columns: 2, scale: 1e100) },
            refusal: { $0.form == .trees ? .valueOutOfRange : nil }),
        BadInput(
            name: "values of 1e300", columns: { random($0, columns: 2, scale: 1e300) },
            refusal: { _ in .valueOutOfRange }),
        BadInput(
            name: "values of 1e-160", columns: { random($0, columns: 2, scale: 1e-160) },
            refusal: { $0.form == .trees ? .missingColumn : nil }),  // 0 in float32: no column varies
        BadInput(
            name: "numbers that differ in the last digits", columns: and { 1e15 + chance($0).rounded() }),
        BadInput(name: "text that is another in each row", text: { "level \($0)" }),
    ]

    private static let weights: [BadInput] = [
        BadInput(name: "weights of zero", weight: { $0 % 2 == 0 ? 0 : 1 }),
        BadInput(name: "weights that are all zero", weight: { _ in 0 }, refusal: { _ in .notEnoughRows }),
        BadInput(name: "negative weights", weight: { $0 % 2 == 0 ? -1 : 1 }, refusal: { _ in .valueOutOfRange }),
        BadInput(name: "weights from 1e-30 to 1e30", weight: { $0 % 2 == 0 ? 1e-30 : 1e30 }),
        BadInput(name: "weights of 1e-30", weight: { _ in 1e-30 }),
        BadInput(
            name: "weights that leave one class out", weight: { chance($0) + 0.3 * chance($0, 9) > 0.65 ? 1 : 0 },
            refusal: { $0.isClassification ? .unusableTarget : nil }),
    ]

    private static let targets: [BadInput] = [
        BadInput(name: "a single row", rows: 1, refusal: { _ in .notEnoughRows }),
        BadInput(
            name: "a constant target", target: { _, subject in subject.isClassification ? "yes" : 3 },
            refusal: { _ in .unusableTarget }),
        BadInput(
            name: "a negative target", target: regression { $0 == 9 ? -1 : nil },
            refusal: { $0.isPositive || $0.task == "ranking" ? .unusableTarget : nil },
            concerns: { !$0.isClassification }),
        BadInput(
            name: "a target of zero", target: regression { $0 == 9 ? 0 : nil },
            refusal: { $0.algorithm == "gamma" ? .unusableTarget : nil }, concerns: { !$0.isClassification }),
        BadInput(
            name: "a target that is zero but once", target: regression { $0 == 9 ? 1 : 0 },
            refusal: { $0.algorithm == "gamma" ? .unusableTarget : nil }, concerns: { !$0.isClassification }),
        BadInput(
            name: "targets of 1e37", target: regression { 1e37 * chance($0, 1) },
            refusal: { $0.algorithm == "gradient_boosting" ? .numericalFailure : nil }, concerns: \.isRegression),
        BadInput(
            name: "targets of 1e100", target: regression { 1e100 * chance($0, 1) },
            refusal: { $0.form == .trees ? .valueOutOfRange : $0.form == .network ? .numericalFailure : nil },
            concerns: \.isRegression),
        BadInput(
            name: "targets of 1e300", target: regression { 1e300 * chance($0, 1) }, refusal: { _ in .valueOutOfRange },
            concerns: \.isRegression),
        BadInput(name: "targets of 1e-100", target: regression { 1e-100 * chance($0, 1) }, concerns: \.isRegression),
        BadInput(
            name: "targets of 1e-200", target: regression { 1e-200 * chance($0, 1) },
            refusal: { _ in .valueOutOfRange },
            concerns: \.isRegression),
        BadInput(
            name: "a target far from the others", target: regression { $0 == 9 ? 1e15 : nil },
            concerns: \.isRegression),
    ]

    private static let classes: [BadInput] = [
        BadInput(
            name: "classes that a column separates",
            columns: { rows in usual(rows) + [("side", (0..<rows).map { chance($0) > 0.5 ? 1000 : 0 })] },
            target: { row, _ in chance(row) > 0.5 ? "yes" : "no" }, concerns: \.isClassification),
        BadInput(
            name: "columns that are constant within a class",
            columns: { rows in [("side", (0..<rows).map { chance($0) > 0.5 ? 1 : 0 })] },
            target: { row, _ in chance(row) > 0.5 ? "yes" : "no" }, concerns: \.isClassification),
        BadInput(
            name: "a class of one row", target: { row, _ in row == 9 ? "rare" : nil }, concerns: \.isClassification),
        BadInput(
            name: "a class for each row", target: { row, _ in .text("class \(row)") }, concerns: \.isClassification),
        BadInput(
            name: "10,000 classes", rows: 20_000, target: { row, _ in .text("class \(row % 10_000)") },
            refusal: { _ in .tooManyLevels }, concerns: \.isClassification),
    ]
}
