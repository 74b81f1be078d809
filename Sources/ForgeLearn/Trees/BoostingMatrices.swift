import CXGBoost
import ForgeModel

/// The binned rows of a boosting run: those that are learned, and those by which it stops.
struct BoostingMatrices {
    let training: QuantileMatrix
    let validation: QuantileMatrix?

    init(_ input: borrowing FitInput, _ objective: BoostingObjective) throws {
        let data = input.data
        try objective.check(data.training, named: data.targetName)
        let bins = input.parameters.integer("max_bin")
        if objective.ranks {
            training = try input.queries(data.training, bins: bins, like: nil)
            validation = try input.validation.map { [training] in
                try input.queries($0.part, bins: bins, like: training)
            }
        } else {
            training = try input.quantileMatrix(labels: input.treeLabels(), bins: bins)
            validation = try input.validation.map { [training] rows in
                try objective.check(rows.part, named: data.targetName)
                let batches = TreeBatches(
                    rows.part, input.plan, labels: [input.treeLabels(of: rows)], weights: rows.weights,
                    margins: try input.baseMargins(of: rows.part), observer: input.observer)
                return try QuantileMatrix(batches, bins: bins, threads: input.threads, like: training)
            }
        }
    }
}

extension FitInput {
    /// The rows in the order of their groups, which XGBoost takes as they follow each other. A group weighs the mean of
    /// its rows.
    fileprivate func queries(_ part: Part, bins: Int, like reference: QuantileMatrix?) throws -> QuantileMatrix {
        let order = part.groups.indices.sorted {
            part.groups[$0] != part.groups[$1] ? part.groups[$0] < part.groups[$1] : $0 < $1
        }
        let sorted = part.reordered(order)
        let batches = TreeBatches(
            sorted, plan, labels: [sorted.targets], weights: nil, margins: try baseMargins(of: sorted), observer: observer)
        let matrix = try QuantileMatrix(batches, bins: bins, threads: threads, like: reference)
        let sizes = sorted.groups.reduce(into: [(group: UInt64, rows: Int)]()) { sizes, group in
            if sizes.last?.group == group { sizes[sizes.count - 1].rows += 1 } else { sizes.append((group, 1)) }
        }.map(\.rows)
        try matrix.setGroups(sizes, weights: part.weights.isEmpty ? nil : sorted.weights)
        return matrix
    }
}

extension QuantileMatrix {
    fileprivate func setGroups(_ sizes: [Int], weights: [Double]?) throws {
        try sizes.map { UInt32($0) }.withUnsafeBufferPointer { buffer in
            let json = ArrayInterface(address: buffer.baseAddress!, shape: [sizes.count], type: "<u4").json
            try callXGBoost(XGDMatrixSetInfoFromInterface(handle, "group", json))
        }
        guard let weights else { return }
        var first = 0
        let means = sizes.map { size in
            let mean = weights[first..<first + size].reduce(0, +) / Double(size)
            first += size
            return Float(mean)
        }
        try means.withUnsafeBufferPointer { buffer in
            let json = ArrayInterface(base: buffer.baseAddress!, shape: [sizes.count]).json
            try callXGBoost(XGDMatrixSetInfoFromInterface(handle, "weight", json))
        }
    }
}

extension Part {
    /// A copy whose row i is this part's row `order[i]`.
    func reordered(_ order: [Int]) -> Part {
        let copy = Part(layout)
        let places = chunks.indices.flatMap { chunk in (0..<chunks[chunk].rows).map { (chunk, $0) } }
        copy.extend(by: order.count) { target, start, count, done in
            for (column, storage) in layout.storages.enumerated() {
                for i in 0..<count {
                    let (chunk, row) = places[order[done + i]]
                    let source = chunks[chunk]
                    switch storage {
                    case .float32: target.float32(column)[start + i] = source.float32(column)[row]
                    case .float64: target.float64(column)[start + i] = source.float64(column)[row]
                    case .codes: target.codes(column)[start + i] = source.codes(column)[row]
                    }
                }
            }
        }
        copy.targets = order.map { targets[$0] }
        copy.weights = weights.isEmpty ? [] : order.map { weights[$0] }
        copy.groups = groups.isEmpty ? [] : order.map { groups[$0] }
        return copy
    }
}
