import ForgeModel

/// The groups of the training rows, and which of them are large enough for a model of their own.
struct GroupPlan: Sendable {
    let rows: RowGroups
    /// Numbers of the groups of enough rows, in the order of their keys.
    let large: [Int]
    /// (large) by column what the kernels look a row's group up by.
    let keys: [[Double]]
    /// The group columns, which have no features.
    let columns: [PlannedColumn]

    /// nil when the request asks for one model. Throws when there are more groups than a model can hold.
    init?(_ data: DataSet, _ job: TrainingJob) throws {
        guard let request = job.groups else { return nil }
        let features = data.features.indices.filter { data.features[$0].isGroup }
        let rows = RowGroups(data.training, columns: features)
        let large = (0..<rows.count).filter { rows.rows(of: $0).count >= request.minRows }
        guard large.count <= ModelLimits.groups else { throw Self.tooMany(large.count, rows.count, data) }
        let encodings = features.enumerated().map { place, feature -> ColumnEncoding in
            let column = data.features[feature]
            guard column.kind == .category else { return .groupNumber }
            let codes = Set(large.map { rows.values(of: $0).dropFirst(place).first! }.filter { !$0.isNaN })
            let levels = codes.map { column.levels[Int($0)] }.sorted { $0.lexicographicallyPrecedes($1) }
            return .groupLevel(levels: levels)
        }
        columns = zip(features, encodings).map { PlannedColumn(group: data.features[$0], source: $0, encoding: $1) }
        let maps = columns.map(\.levelMap)
        let keyed = large.map { group in
            zip(rows.values(of: group), encodings.indices).map { value, place in
                guard encodings[place].kind == .category else { return value }
                return Double(maps[place].place(of: value.isNaN ? missingCode : UInt32(value)))
            }
        }
        let order = large.indices.sorted { Self.precedes(keyed[$0], keyed[$1]) }
        self.rows = rows
        self.large = order.map { large[$0] }
        keys = order.map { keyed[$0] }
    }

    /// As `forge_compare_keys`.
    private static func precedes(_ a: [Double], _ b: [Double]) -> Bool {
        for (x, y) in zip(a, b) {
            if x.isNaN || y.isNaN {
                if x.isNaN != y.isNaN { return y.isNaN }
            } else if x != y {
                return x < y
            }
        }
        return false
    }

    private static func tooMany(_ large: Int, _ count: Int, _ data: DataSet) -> ForgeError {
        let names = data.features.filter(\.isGroup).map { "\"\($0.shownName)\"" }.joined(separator: ", ")
        return ForgeError(
            .tooLarge,
            "\(large) of \(count) groups by \(names) would have models of their own, the limit is \(ModelLimits.groups)",
            hint: "name group_columns with fewer values, or raise config.groups.min_rows")
    }
}

extension PlannedColumn {
    fileprivate init(group column: FeatureColumn, source: Int, encoding: ColumnEncoding) {
        self.init(
            schema: ColumnSchema(name: column.name, sqlType: column.type, kind: column.kind, encoding: encoding),
            source: source, offset: 0, levelMap: LevelMap(encoding, texts: column.levels), varies: true,
            steps: ResolvedSteps(json: ["encode": "group"], nullPolicy: "group", unseenPolicy: "global"))
    }
}
