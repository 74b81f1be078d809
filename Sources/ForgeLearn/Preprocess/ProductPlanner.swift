import ForgeModel

/// Products of encoded features: crosses of columns, and interactions of numbers.
struct ProductPlanner {
    let columns: [PlannedColumn]
    let data: DataSet
    let job: TrainingJob

    /// In the order asked for, none twice. A column that is left out of the model has none.
    func products() throws -> [FeatureProduct] {
        var found: [FeatureProduct] = []
        for cross in job.preprocess.crosses {
            guard let left = column(cross.left), let right = column(cross.right) else { continue }
            let (a, b) = (try features(left), try features(right))
            for i in a { for j in b where left.source != right.source || i <= j { found.append(product(i, j)) } }
        }
        let numbers = interacting.map(\.offset)
        for (place, i) in numbers.enumerated() { for j in numbers.dropFirst(place + 1) { found.append(product(i, j)) } }
        var known = Set<UInt64>()
        return found.filter { known.insert(UInt64($0.left) << 32 | UInt64($0.right)).inserted }
    }

    private func column(_ name: Bytes) -> PlannedColumn? { columns.first { $0.schema.name == name } }

    private func product(_ i: Int, _ j: Int) -> FeatureProduct { FeatureProduct(Int32(min(i, j)), Int32(max(i, j))) }

    /// All features of a column but the one that says that its value was missing.
    private func features(_ column: PlannedColumn) throws -> Range<Int> {
        let first = column.offset
        switch column.schema.encoding {
        case .number: return first..<first + 1
        case .transformed(_, _, _, _, _, let degree): return first..<first + degree
        case .dateParts: return first..<first + column.width - 1
        case .native:
            throw ForgeError(
                .invalidParameter,
                "preprocess.@cross: \"\(column.shownName)\" is a native category, which has no product",
                hint: "give it encode one_hot, or leave crosses to the trees, which find them themselves")
        default: return first..<first + column.width
        }
    }

    private var interacting: [PlannedColumn] {
        let numbers = columns.filter { column in
            switch column.schema.encoding {
            case .number, .transformed: !data.features[column.source].isDate && column.element == nil
            default: false
            }
        }
        switch job.preprocess.interactions {
        case .none: return []
        case .all: return numbers
        case .among(let names): return numbers.filter { names.contains($0.schema.name) }
        }
    }
}
