import ForgeModel

/// The levels of a category column that the training rows have.
struct SeenLevels {
    let column: FeatureColumn
    let statistics: CategoryStatistics
    let seen: [Int]  // codes

    var vary: Bool { seen.count > 1 || (seen.count == 1 && statistics.missing > 0) }
    var rows: Int { seen.reduce(0) { $0 + statistics.counts[$1] } }

    func inByteOrder(_ codes: [Int]) -> [Bytes] {
        codes.map { column.levels[$0] }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Codes that are not grouped as rare. `limit`: how many at most where the request does not say.
    func kept(_ asked: ColumnPreprocess, limit: Int?) -> [Int] {
        var kept = seen
        if let least = asked.minFrequency?.of(rows + statistics.missing) {
            kept = kept.filter { Double(statistics.counts[$0]) >= least }
        }
        let most = asked.maxLevels.map { max(1, Int($0.of(seen.count).rounded(.up))) } ?? limit ?? kept.count
        guard kept.count > most else { return kept }
        let ranked = kept.sorted { a, b in
            let (x, y) = (statistics.counts[a], statistics.counts[b])
            return x != y ? x > y : column.levels[a].lexicographicallyPrecedes(column.levels[b])
        }
        return Array(ranked.prefix(most))
    }

    /// Mean over the rows whose level has a value; 0 without any.
    func mean(_ value: (Bytes) -> Double?) -> Double {
        var (sum, count) = (0.0, 0.0)
        for code in seen {
            guard let value = value(column.levels[code]) else { continue }
            sum += value * Double(statistics.counts[code])
            count += Double(statistics.counts[code])
        }
        return count > 0 ? sum / count : 0
    }

    /// A few levels for a message.
    var sample: String {
        seen.prefix(10).map { "\"\(String(decoding: column.levels[$0], as: UTF8.self))\"" }.joined(separator: ", ")
            + (seen.count > 10 ? " …" : "")
    }

    static let freeText = (rows: 50, distinct: 0.9, words: 3.0)

    /// Mostly distinct texts of several words: sentences, not names of levels.
    var areFreeText: Bool {
        guard column.type.starts(with: "text".utf8) || column.type.starts(with: "character varying".utf8) else {
            return false
        }
        let rows = rows
        guard rows >= Self.freeText.rows, Double(seen.count) >= Self.freeText.distinct * Double(rows) else {
            return false
        }
        let looked = seen.prefix(200)
        let words = looked.reduce(0) { $0 + wordCount(column.levels[$1]) }
        return Double(words) >= Self.freeText.words * Double(looked.count)
    }

    private func wordCount(_ text: Bytes) -> Int {
        text.split { $0 == 0x20 || $0 == 0x0A || $0 == 0x09 }.count { $0.count > 1 && $0.contains { $0 > 0x40 } }
    }
}
