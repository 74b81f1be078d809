import ForgeModel

extension EncodingPlan {
    /// The plan's column that an encoded feature belongs to; nil for products.
    func column(of feature: Int) -> Int? {
        columns.lastIndex { $0.offset <= feature }.flatMap {
            feature < columns[$0].offset + columns[$0].schema.encoding.width ? $0 : nil
        }
    }

    /// (model's columns) A weight of each encoded feature summed by column; a product's is divided evenly among its
    /// columns.
    func modelColumnSums(of weights: [Double]) -> [Double] {
        let sums = columnSums(of: weights)
        return modelColumns.map { sums[$0.planned].reduce(0, +) }
    }

    /// (columns) The same by the plan's columns.
    func columnSums(of weights: [Double]) -> [Double] {
        var sums = columns.map { column in
            weights[column.offset..<column.offset + column.schema.encoding.width].reduce(0, +)
        }
        let first = width - products.count
        for (index, weight) in weights.dropFirst(first).enumerated() {
            let owners = owners(of: first + index)
            for column in owners { sums[column] += weight / Double(owners.count) }
        }
        return sums
    }

    /// The columns whose features an encoded feature is made of.
    private func owners(of feature: Int) -> Set<Int> {
        if let column = column(of: feature) { return [column] }
        let product = products[feature - (width - products.count)]
        return owners(of: Int(product.left)).union(owners(of: Int(product.right)))
    }
}
