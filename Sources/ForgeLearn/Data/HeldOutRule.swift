import ForgeModel

/// By what a held-out row is told from a training row, so that a later version can tell which of its rows were held out
/// before.
enum HeldOutRule: Sendable, Equatable {
    /// Nothing is held out.
    case nothing
    /// The rows whose part column says test.
    case part
    /// By the key of the row.
    case share(Double)
    /// By the key of the row, for each value of the target its own share.
    case shareByClass([Double: Double])
    /// By the group's hash.
    case shareOfGroups(Double)
    /// The rows whose time is not before this.
    case from(time: Double)
}

extension HeldOutRule {
    /// The entries of the manifest's `split` that say where the boundary lies.
    func json(_ target: Target) -> [(key: String, value: JSONValue)] {
        switch self {
        case .nothing, .part, .share: []  // its method and share say it all
        case .shareOfGroups(let share): [("boundary", .number(share))]
        case .from(let time): [("boundary", .number(time))]
        case .shareByClass(let shares):
            if case .classes(let classes) = target {
                [("boundaries", .object(classes.byLabel(shares)))]
            } else {
                []
            }
        }
    }
}

extension Classes {
    fileprivate func byLabel(_ shares: [Double: Double]) -> JSONObject {
        var object = JSONObject()
        for (index, label) in labels.enumerated() {
            guard let value = value(of: index), let share = shares[value] else { continue }
            object[String(decoding: label, as: UTF8.self)] = .number(share)
        }
        return object
    }
}

/// Whether another version held rows out, as its manifest's `split` tells.
struct HeldOutBefore {
    private enum Rule {
        case share(Double)
        case shareByLabel([Bytes: Double])
        case shareOfGroups(Double)
        case from(time: Double)
        case all
    }

    private let rule: Rule
    private let choice: KeyedChoice

    /// nil when the manifest does not say enough.
    init?(split: JSONValue) {
        guard let method = split["method"]?.textValue.flatMap(Split.Method.init), let seed = split["seed"]?.intValue
        else {
            return nil
        }
        choice = KeyedChoice(seed: seed, purpose: .split)
        let boundary = split["boundary"]?.doubleValue
        switch method {
        case .none: return nil
        case .column: rule = .all
        case .random:
            guard let share = split["test"]?.doubleValue else { return nil }
            rule = .share(share)
        case .stratified:
            guard let object = split["boundaries"]?.objectValue else { return nil }
            rule = .shareByLabel(
                Dictionary(
                    uniqueKeysWithValues: object.compactMap { member in
                        member.value.doubleValue.map { (Bytes(member.key.utf8), $0) }
                    }))
        case .group:
            guard let boundary else { return nil }
            rule = .shareOfGroups(boundary)
        case .time:
            guard let boundary else { return nil }
            rule = .from(time: boundary)
        }
    }

    /// Rows of `part` that it held out. `labels` are those of the rows' classes, `classes` their indices.
    func rows(of part: Part, classes: [Int32], labels: [Bytes]) -> [Int] {
        (0..<part.rows).filter { row in
            switch rule {
            case .all: return true
            case .share(let share): return choice.takes(part.keys[row], fraction: share)
            case .shareOfGroups(let share): return choice.takes(part.groups[row], fraction: share)
            case .from(let time): return part.times[row] >= time
            case .shareByLabel(let shares):
                let label = classes[row]
                guard label >= 0, let share = shares[labels[Int(label)]] else { return false }
                return choice.takes(part.keys[row], fraction: share)
            }
        }
    }
}
