import ForgeModel
import Foundation

/// Columns under their headings, numbers to the right, as wide as their widest cell.
struct Table {
    struct Column {
        var heading: String
        var alignsRight = false
    }
    var columns: [Column]
    var rows: [[String]] = []

    init(_ headings: String..., right: Set<String> = []) {
        columns = headings.map { Column(heading: $0, alignsRight: right.contains($0)) }
    }

    var text: String {
        let lines = [columns.map(\.heading)] + rows
        let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            let cells = line.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - line[column].count)
                return columns[column].alignsRight ? padding + line[column] : line[column] + padding
            }
            let joined = cells.joined(separator: "  ")
            return String(joined.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}

/// Names and values one below the other.
func fields(_ pairs: [(String, String?)]) -> String {
    let shown = pairs.compactMap { pair in pair.1.map { (pair.0, $0) } }
    let width = shown.map(\.0.count).max() ?? 0
    return shown.map { name, value in
        let lines = value.split(separator: "\n", omittingEmptySubsequences: false)
        let indent = String(repeating: " ", count: width + 2)
        return name + String(repeating: " ", count: width + 2 - name.count) + lines.joined(separator: "\n" + indent)
    }.joined(separator: "\n")
}

/// A JSON value as a person reads it: no quotes around text, nothing for null.
func plain(_ value: JSONValue?) -> String {
    switch value {
    case nil, .null: ""
    case .text(let text): text
    case .number(let number): short(number)
    case .array(let values) where values.allSatisfy({ $0.textValue != nil }): values.map { plain($0) }.joined(separator: ", ")
    case .some(let value): value.serialized
    }
}

/// The text of a value, nil when there is nothing to show: the value is missing, JSON's null or empty.
func shown(_ value: JSONValue?, as text: (JSONValue?) -> String = plain) -> String? {
    let text = text(value)
    return text.isEmpty || text == "{}" ? nil : text
}

/// Four significant digits, as metrics are read.
func short(_ number: Double) -> String {
    if number == number.rounded(), abs(number) < 1e15 { return String(Int(number)) }
    return abs(number) >= 1e6 || abs(number) < 1e-4 ? String(format: "%.3e", number) : String(format: "%.4g", number)
}

/// `2026-11-23T09:30:12.123+00:00` → `2026-11-23 09:30:12`.
func moment(_ value: JSONValue?) -> String {
    plain(value).prefix(19).split(separator: "T").joined(separator: " ")
}

func duration(_ seconds: Double?) -> String {
    guard let seconds, seconds.isFinite else { return "" }
    if seconds < 10 { return String(format: "%.1f s", max(0, seconds)) }
    let whole = Int(seconds.rounded())
    if whole < 120 { return "\(whole) s" }
    return whole < 7200 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole % 3600 / 60) min"
}

func bytes(_ count: Double?) -> String {
    guard let count else { return "" }
    let units = ["B", "kB", "MB", "GB", "TB"]
    let step = count < 1 ? 0 : min(units.count - 1, Int(log10(count) / 3))
    return step == 0 ? "\(Int(count)) B" : String(format: "%.1f %@", count / pow(1000, Double(step)), units[step])
}

/// Best-known metrics first, in the order in which they are read.
func metrics(_ value: JSONValue?) -> String {
    let known = ["roc_auc", "log_loss", "accuracy", "f1", "f1_macro", "rmse", "mae", "r2"]
    guard let members = value?.objectValue else { return "" }
    let names = known.filter(members.keys.contains) + members.keys.filter { !known.contains($0) }
    return names.compactMap { name in members[name]?.doubleValue.map { "\(name) \(short($0))" } }.joined(separator: ", ")
}

func printJSON(_ value: JSONValue) { print(value.serialized) }
