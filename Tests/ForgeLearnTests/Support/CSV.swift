import Foundation

@testable import ForgeLearn

/// Files under Tests/conformance, as make_goldens.py writes them.
enum Conformance {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../conformance")
        .standardized

    private static func lines(_ path: String) throws -> [[String]] {
        try String(contentsOf: folder.appending(path: path), encoding: .utf8)
            .split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }

    /// A data file; empty cells are NULL, columns of `text` are text.
    static func table(
        _ name: String, target: String = "target", text: Set<String> = [], drop: Set<String> = [], weight: String? = nil
    ) throws -> Table {
        let lines = try lines("data/\(name).csv")
        var table = Table()
        for (index, column) in lines[0].enumerated() where !drop.contains(column) {
            let cells = lines.dropFirst().map { $0[index] }
            let role: JobColumn.Role = column == target ? .target : column == weight ? .weight : .feature
            if text.contains(column) {
                table.add(column, cells.map { $0.isEmpty ? nil : $0 }, role: role)
            } else {
                table.add(column, cells.map { Double($0) }, role: role)
            }
        }
        return table
    }

    /// Rows of a golden.
    static func golden(_ name: String) throws -> [[Double]] {
        try lines("goldens/\(name).csv").map { $0.map { Double($0)! } }
    }
}

/// Largest |a - b| / max(1, |b|).
func deviation(_ a: [[Double]], _ b: [[Double]]) -> Double {
    precondition(
        a.count == b.count && a[0].count == b[0].count, "\(a.count) × \(a[0].count) against \(b.count) × \(b[0].count)")
    return zip(a.joined(), b.joined()).reduce(0) { max($0, abs($1.0 - $1.1) / max(1, abs($1.1))) }
}
