import ForgeModel
import Foundation

/// Changes of the feature store's definitions, as a plan is read: `+` created, `~` altered, `-` dropped.
struct FeatureChanges {
    var list: [JSONValue]
    var planOnly: Bool

    var text: String { list.isEmpty ? "nothing to do" : (list.map(section) + [summary]).joined(separator: "\n") }

    private func section(_ change: JSONValue) -> String {
        let sign = ["create": "+", "alter": "~", "drop": "-"][plain(change["action"])] ?? ""
        let version = shown(change["version"]).map { ", version \($0)" } ?? ""
        let heading = "\(sign) \(plain(change["kind"])) \(plain(change["name"]))\(version)"
        let differences = change["differences"]?.objectValue ?? [:]
        guard !differences.isEmpty else { return heading }
        let lines = fields(differences.map { ($0.key, difference(from: $0.value["from"], to: $0.value["to"])) })
        return "\(heading)\n    \(lines.replacingOccurrences(of: "\n", with: "\n    "))"
    }

    /// Of lists only what came and went.
    private func difference(from old: JSONValue?, to new: JSONValue?) -> String {
        guard let old else { return words(new) }
        guard let before = old.arrayValue, let after = new?.arrayValue else {
            return "\(words(old)) → \(new == nil ? "none" : words(new))"
        }
        let gone = before.filter { !after.contains($0) }.map { "- \(words($0))" }
        let moves = gone + after.filter { !before.contains($0) }.map { "+ \(words($0))" }
        return moves.isEmpty ? "\(words(old)) → \(words(new))" : moves.joined(separator: "\n")
    }

    private func words(_ value: JSONValue?) -> String {
        if let list = value?.arrayValue { return list.map(words).joined(separator: ", ") }
        if value?.objectValue?.keys == ["name", "type"] { return "\(plain(value?["name"])) \(plain(value?["type"]))" }
        return plain(value)
    }

    private var summary: String {
        func count(_ action: String) -> Int { list.count { $0["action"] == .text(action) } }
        let words = planOnly ? ["to create", "to alter", "to drop"] : ["created", "altered", "dropped"]
        return zip([count("create"), count("alter"), count("drop")], words).map { "\($0) \($1)" }.joined(separator: ", ")
    }
}
