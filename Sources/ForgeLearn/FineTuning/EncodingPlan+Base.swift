import ForgeModel

extension EncodingPlan {
    /// The base model's encodings, as they are: what it learned speaks of these features. A column that does not vary
    /// in the training rows counts like any other, since it may have varied in the base model's.
    init(continuing base: BaseModel, _ data: DataSet, _ job: TrainingJob) throws {
        statistics = data.training.statistics(levels: data.features.map(\.levels.count), threads: job.threads)
        var planned: [PlannedColumn] = []
        var offset = 0
        for (place, column) in base.document.columns.enumerated() {
            let sources = data.features.indices.filter { data.features[$0].sourceName == column.name }
            for (source, encoding) in zip(sources, column.encoding.elements) {
                let feature = data.features[source]
                planned.append(
                    PlannedColumn(
                        schema: ColumnSchema(
                            name: feature.name, sqlType: feature.type, kind: feature.kind, encoding: encoding),
                        source: source, offset: offset, levelMap: LevelMap(encoding, texts: feature.levels),
                        varies: true, steps: base.steps(of: column, at: place), element: feature.element))
                offset += encoding.width
            }
        }
        columns = planned
        products = base.document.products
        encoder = try ColumnEncoder(planned.map(\.schema), products: products)
        overrides = TrainingOverrides(data.training, seed: job.split.seed)
        groups = nil
        notes = ["columns are encoded as base model \"\(base.reference)\" encodes them"]
            + data.sourceNames.filter(base.leftOut.contains).map {
                "column \"\(String(decoding: $0, as: UTF8.self))\" is left out, as by base model \"\(base.reference)\""
            }
    }
}

extension ColumnEncoding {
    /// Of each number of a vector; any other column's is its only one.
    fileprivate var elements: [ColumnEncoding] {
        guard case .vector(let fills, let shifts, let scales) = self else { return [self] }
        return shifts.indices.map {
            .number(fill: fills?[$0], indicator: false, shift: shifts[$0], scale: scales[$0])
        }
    }
}

extension BaseModel {
    /// What its manifest says of a column.
    fileprivate func steps(of column: ColumnSchema, at place: Int) -> ResolvedSteps {
        let described = manifest["columns"]?.arrayValue?.dropFirst(place).first
        let name = String(decoding: column.name, as: UTF8.self)
        return ResolvedSteps(
            json: manifest["preprocess"]?[name] ?? [:], nullPolicy: described?["null"]?.textValue ?? "fill",
            unseenPolicy: described?["unseen"]?.textValue)
    }
}
