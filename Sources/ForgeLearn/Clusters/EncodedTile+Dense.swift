extension EncodedTile {
    /// All features as a dense block, feature f of row i at `out[f * Design.tileRows + i]`, in packed order, less `origin`
    /// (width).
    func unpack(less origin: [Double], into out: UnsafeMutablePointer<Double>) {
        let stride = Design.tileRows
        for feature in 0..<design.width {
            let column = out + feature * stride
            if feature < design.dense.count {
                let from = values + feature * stride
                for row in 0..<rows { column[row] = from[row] - origin[feature] }
            } else {
                column.update(repeating: -origin[feature], count: rows)
            }
        }
        for index in design.hot.indices {
            let ones = ones + index * stride
            for row in 0..<rows where ones[row] >= 0 { out[Int(ones[row]) * stride + row] += 1 }
        }
    }
}
