import ForgeModel
import Glibc

/// Terms and their inverse document frequencies, as scikit-learn's `TfidfVectorizer` learns them.
struct Vocabulary {
    /// In byte order.
    let terms: [Bytes]
    /// (terms) ln((1 + texts) / (1 + texts with the term)) + 1.
    let idf: [Double]

    /// `texts` with the number of rows that hold each; `rows` counts those of NULL too.
    init(
        _ texts: [(text: Bytes, rows: Int)], rows: Int, bigrams: Bool, minDocuments: ColumnPreprocess.Amount,
        maxTerms: Int
    ) {
        var counts: [Bytes: (documents: Int, occurrences: Int)] = [:]
        for (text, rows) in texts {
            var own: [Bytes: Int] = [:]
            for term in TextTerms.of(text, bigrams: bigrams) { own[term, default: 0] += 1 }
            for (term, count) in own {
                let before = counts[term] ?? (0, 0)
                counts[term] = (before.documents + rows, before.occurrences + rows * count)
            }
        }
        let least = minDocuments.of(rows)
        var kept = counts.filter { Double($0.value.documents) >= least }
        if kept.count > maxTerms {
            let ranked = kept.sorted { a, b in
                a.value.occurrences != b.value.occurrences
                    ? a.value.occurrences > b.value.occurrences : a.key.lexicographicallyPrecedes(b.key)
            }
            kept = Dictionary(uniqueKeysWithValues: ranked.prefix(maxTerms).map { ($0.key, $0.value) })
        }
        let sorted = kept.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        terms = sorted.map(\.key)
        idf = sorted.map { log((1 + Double(rows)) / (1 + Double($0.value.documents))) + 1 }
    }
}
