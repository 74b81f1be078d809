import ForgeModel
import ForgeStore
import Yams

/// A training request written as YAML (or JSON, which YAML reads): the fields of `forge.training_requests`, and
/// `training_config` for what the table calls `config`.
///
///     model: churn
///     source: public.customers
///     target: churned
///     training_config:
///       resources:
///         limits: {cpu: "4", memory: "8G"}
///         requests: {cpu: "1", memory: "2G"}
///       scheduling: {max_retries: 3, timeout: 3600}
enum RequestFile {
    /// All that is wrong with a file, together.
    struct Problems: Error, Equatable {
        var list: [String]
    }

    static func parse(_ text: String) throws -> JSONObject {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw Problems(list: ["not YAML: \(error)"])
        }
        guard let node, case .mapping(let mapping) = node else {
            throw Problems(list: ["the file holds no mapping of fields such as `model: churn`"])
        }
        return try fields(of: mapping)
    }

    private static func fields(of mapping: Node.Mapping) throws -> JSONObject {
        var fields: JSONObject = [:]
        var problems: [String] = []
        for (key, value) in mapping {
            let name = key.string ?? ""
            let field = name == "training_config" ? "config" : name
            guard let kind = Admin.requestFields.first(where: { $0.name == field })?.kind else {
                problems.append("unknown field \(name)\(suggestion(for: name))")
                continue
            }
            if fields.keys.contains(field) { problems.append("\(field) is given twice") }
            let converted = JSONValue(value)
            if let complaint = misfit(converted, kind) { problems.append("\(name) \(complaint)") }
            fields[field] = field == "config" ? quantitiesAsText(converted) : converted
        }
        guard problems.isEmpty else { throw Problems(list: problems) }
        return fields
    }

    private static func suggestion(for name: String) -> String {
        let known = Admin.requestFields.map(\.name) + ["training_config"]
        let near = known.filter { $0.hasPrefix(name.prefix(3)) || name.hasPrefix($0.prefix(4)) }
        return near.isEmpty ? "; there are \(known.joined(separator: ", "))" : "; did you mean \(near.joined(separator: " or "))?"
    }

    private static func misfit(_ value: JSONValue, _ kind: Admin.RequestFieldKind) -> String? {
        switch (kind, value) {
        case (_, .null): nil
        case (.json, .object): nil
        case (.json, _): "is no mapping"
        case (.names, .array(let names)): names.allSatisfy { $0.textValue != nil } ? nil : "is no list of names"
        case (.names, .text): nil
        case (.names, _): "is no list of names"
        case (.text, .object), (.text, .array): "is no single value"
        case (.text, _): nil
        }
    }

    /// `cpu: 4` is read as a number; the config's quantities are texts (`"4"`, `"500m"`, `"8G"`).
    private static func quantitiesAsText(_ config: JSONValue) -> JSONValue {
        var config = config
        for part in ["limits", "requests"] {
            for quantity in ["cpu", "memory"] {
                if let value = config["resources"]?[part]?[quantity], value.textValue == nil, !value.isNull {
                    config["resources"]?[part]?[quantity] = .text(value.serialized)
                }
            }
        }
        return config
    }
}
