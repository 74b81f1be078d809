import ForgeModel
import Yams

extension JSONValue {
    /// A YAML document as JSON.
    init(yaml text: String) throws { self = try Yams.compose(yaml: text).map { JSONValue($0) } ?? .null }

    init(_ node: Node) {
        switch node {
        case .mapping(let mapping):
            var object: JSONObject = [:]
            for (key, value) in mapping { object[key.string ?? ""] = JSONValue(value) }
            self = .object(object)
        case .sequence(let sequence): self = .array(sequence.map { JSONValue($0) })
        case .alias: self = .null
        case .scalar(let scalar): self = Self.scalar(scalar, node)
        }
    }

    private static func scalar(_ scalar: Node.Scalar, _ node: Node) -> JSONValue {
        // Quoted is text, whatever it looks like.
        guard scalar.style == .plain || scalar.style == .any else { return .text(scalar.string) }
        if node.null != nil { return .null }
        if let flag = node.bool { return .bool(flag) }
        if let whole = node.int { return .integer(Int64(whole)) }
        if let number = node.float, number.isFinite { return .number(number) }
        return .text(scalar.string)
    }
}

/// A JSON document as YAML that people edit: members in the document's order, a line each, lists of words on one line.
func yaml(ofJSON document: String) throws -> String {
    guard let node = try Yams.compose(yaml: document) else { return "" }
    return try Yams.serialize(node: laidOut(node), width: 120, allowUnicode: true)
}

private func laidOut(_ node: Node) -> Node {
    switch node {
    case .mapping(let mapping):
        return .mapping(.init(mapping.map { (laidOut($0.key), laidOut($0.value)) }, .implicit, mapping.isEmpty ? .flow : .block))
    case .sequence(let sequence):
        let words = sequence.allSatisfy { $0.string.map { !$0.contains("\n") } ?? false }
        return .sequence(.init(sequence.map(laidOut), .implicit, words ? .flow : .block))
    case .scalar(let scalar) where scalar.style == .doubleQuoted:
        var text = scalar.string.represented()
        if scalar.string.contains("\n") { text.style = .literal }
        return .scalar(text)
    case .scalar, .alias:
        return node
    }
}
