import CForgeMath

extension DatePart {
    /// The part that the kernels see in a date, in seconds since 2000-01-01 UTC; of a cycle its sine.
    public func number(_ seconds: Double) -> Double {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: width) { features in
            _ = forge_put_date_part(rawValue, seconds, features.baseAddress!)
            return features[0]
        }
    }
}
