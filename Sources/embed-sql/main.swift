import Foundation

// embed-sql ROOT OUTPUT FILE…: one Swift file whose dictionary maps a path below ROOT to the file's text.
let arguments = CommandLine.arguments
let root = arguments[1].hasSuffix("/") ? arguments[1] : arguments[1] + "/"
var lines = [
    "// Generated from migrations/ and sql/ by the EmbedSQL plugin.",
    "enum EmbeddedSQL {",
    "    /// Text by path from the repository's root, such as `migrations/0001_registry.up.sql`.",
    "    static let files: [String: String] = [",
]
for path in arguments[3...] {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let name = path.hasPrefix(root) ? String(path.dropFirst(root.count)) : path
    lines.append("        \"\(name)\": ###\"\"\"\n\(text)\n\"\"\"###,")
}
lines += ["    ]", "}", ""]
try lines.joined(separator: "\n").write(toFile: arguments[2], atomically: true, encoding: .utf8)
