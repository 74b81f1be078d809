/// Amounts of memory as `config` writes them: `8G` is 8·10⁹ bytes, `8Gi` 2³³, a bare number bytes.
public enum MemoryQuantity {
    private static let units: [(suffix: String, factor: Double)] = [
        ("Ki", 0x1p10), ("Mi", 0x1p20), ("Gi", 0x1p30), ("Ti", 0x1p40), ("k", 1e3), ("K", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("", 1),
    ]

    /// nil if it cannot be read, is not above zero, or is beyond what an integer holds.
    public static func bytes(_ text: String) -> Int? {
        guard let unit = units.first(where: { text.hasSuffix($0.suffix) }) else { return nil }
        let number = text.dropLast(unit.suffix.count)
        guard let amount = Double(number), number.allSatisfy({ $0.isNumber || $0 == "." }) else { return nil }
        return amount > 0 ? Int(exactly: (amount * unit.factor).rounded()) : nil
    }
}
