import CForgeMath

/// The terms of a text as the tf-idf encoding counts them.
public enum TextTerms {
    /// Words in their order, then with `bigrams` each two neighbours with a space between them.
    public static func of(_ text: Bytes, bigrams: Bool) -> [Bytes] {
        let joined = Bytes(unsafeUninitializedCapacity: 2 * text.count + 2) { buffer, count in
            text.withUnsafeBytes { text in
                buffer.withMemoryRebound(to: CChar.self) { out in
                    guard let bytes = text.baseAddress, let out = out.baseAddress else { return }
                    count = Int(forge_text_words(bytes.assumingMemoryBound(to: CChar.self), Int64(text.count), out))
                }
            }
        }
        let words = joined.split(separator: 0x20).map(Bytes.init)
        return bigrams ? words + zip(words, words.dropFirst()).map { $0 + [0x20] + $1 } : words
    }
}
