import ForgeModel

extension BaseModel {
    /// Refuses rows that its encodings and what it learned do not fit, with every difference. Mirrors
    /// forge.base_problems, which looks before the request is queued and cannot see labels.
    /// labels: of the training rows; empty unless there are classes.
    func requireShape(of data: DataSet, _ job: TrainingJob, labels: [Bytes]) throws {
        let differences =
            fitDifferences(job) + columnDifferences(data) + labelDifferences(labels, job, mayLack: data.isFold)
        guard let first = differences.first else { return }
        throw ForgeError(
            .modelMismatch,
            "base model \"\(reference)\" is of another shape: "
                + (differences.count == 1 ? first : "\(differences.count) differences"),
            detail: differences.count == 1 ? nil : differences.joined(separator: "\n"),
            hint: "give the rows as the base model was given them, or train without base_model")
    }

    private func fitDifferences(_ job: TrainingJob) -> [String] {
        var differences: [String] = []
        if document.task != job.task.rawValue {
            differences.append("it learned \(document.task), the request \(job.task.rawValue)")
        }
        let entry = job.algorithm.parameters.first { !$0.bases.isEmpty }
        if entry?.bases.contains(document.algorithm) != true || !document.form.isOf(job.algorithm.form) {
            differences.append("it is of \(document.algorithm), which \(job.algorithm.name) does not continue")
            return differences
        }
        if document.groups != nil { differences.append("it has a model for each group, which nothing continues") }
        for parameter in job.algorithm.parameters {
            guard let own = fixedValue(of: parameter), own != job.parameters[parameter.name] else { continue }
            differences.append(
                "its \(parameter.name) is \(own.serialized), the request's \(job.parameters[parameter.name].serialized)")
        }
        return differences
    }

    private func columnDifferences(_ data: DataSet) -> [String] {
        var differences: [String] = []
        for column in document.columns {
            let name = String(decoding: column.name, as: UTF8.self)
            guard let feature = data.features.first(where: { $0.sourceName == column.name }) else {
                differences.append("it reads column \"\(name)\", which is no feature here")
                continue
            }
            let dimensions = feature.element?.dimensions
            if TypeFamily(column.sqlType) != TypeFamily(feature.type) {
                let own = String(decoding: column.sqlType, as: UTF8.self)
                let given = String(decoding: feature.type, as: UTF8.self)
                differences.append("it reads column \"\(name)\" as \(own), here it is \(given)")
            } else if let dimensions, dimensions != column.encoding.width {
                differences.append(
                    "its vectors of \"\(name)\" have \(column.encoding.width) dimensions, here they have \(dimensions)"
                )
            }
        }
        let known = leftOut.union(document.columns.map(\.name))
        for name in data.sourceNames where !known.contains(name) {
            differences.append("column \"\(String(decoding: name, as: UTF8.self))\" is unknown to it")
        }
        return differences
    }

    private func labelDifferences(_ labels: [Bytes], _ job: TrainingJob, mayLack: Bool) -> [String] {
        guard !document.labels.isEmpty, !labels.isEmpty else { return [] }
        func shown(_ label: Bytes) -> String { "\"\(String(decoding: label, as: UTF8.self))\"" }
        var differences = labels.filter { !document.labels.contains($0) }.map { "class \(shown($0)) is unknown to it" }
        if !mayLack {
            differences += document.labels.filter { !labels.contains($0) }
                .map { "it knows class \(shown($0)), which no training row has" }
        }
        if let asked = job.parameters["positive_class"].textValue, let own = positiveLabel, asked != own {
            differences.append("its positive_class is \"\(own)\", the request's \"\(asked)\"")
        }
        return differences
    }
}

extension DataSet {
    /// Of the features, each column once.
    var sourceNames: [Bytes] {
        features.map(\.sourceName).reduce(into: []) { names, name in if names.last != name { names.append(name) } }
    }
}

/// Types that stand in for each other when a model reads a column (docs/internals.md, "Cells").
private enum TypeFamily: Equatable {
    case number, boolean, time, interval, category, vector

    init(_ type: Bytes) {
        switch String(decoding: type, as: UTF8.self) {
        case "smallint", "integer", "bigint", "real", "double precision", "numeric": self = .number
        case "boolean": self = .boolean
        case "interval": self = .interval
        case let name where name == "date" || name.hasPrefix("timestamp"): self = .time
        case let name
        where name.hasSuffix("[]") || ["vector", "halfvec"].contains(name.split(separator: ".").last): self = .vector
        default: self = .category
        }
    }
}

extension ModelForm {
    fileprivate func isOf(_ form: Algorithm.Form) -> Bool {
        switch (self, form) {
        case (.linear, .linear), (.trees, .trees), (.network, .network): true
        default: false
        }
    }
}
