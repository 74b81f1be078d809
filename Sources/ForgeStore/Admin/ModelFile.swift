import ForgeModel

/// A model version outside the database: one safetensors file that carries its manifest.
///
/// The file is the artifact with one more entry at the head of its `__metadata__`, `forge_manifest`, so that any
/// safetensors reader opens it. Nothing else of the header is written anew: taking the entry out gives the artifact's
/// own bytes again, and the SHA-256 in the manifest, which is the artifact's, is checked when the file is imported.
public struct ModelFile: Sendable, Equatable {
    public var manifest: JSONValue
    public var artifact: Bytes

    static let head = Bytes(#"{"__metadata__":{"#.utf8)
    static let entry = Bytes(#""forge_manifest":"#.utf8)

    public init(manifest: JSONValue, artifact: Bytes) {
        self.manifest = manifest
        self.artifact = artifact
    }

    /// The file's bytes.
    public func encoded() throws -> Bytes {
        let (header, tensors) = try Self.split(artifact)
        let text = JSONValue.text(manifest.serialized).serializedBytes
        return Self.join(Self.head + Self.entry + text + [UInt8(ascii: ",")] + header.dropFirst(Self.head.count), tensors)
    }

    public init(decoding file: Bytes) throws {
        let (header, tensors) = try Self.split(file)
        let rest = header.dropFirst(Self.head.count)
        guard rest.starts(with: Self.entry) else {
            throw ForgeError(
                .corruptArtifact, "the file carries no manifest", detail: "Its __metadata__ does not begin with forge_manifest.", hint: Self.remedy)
        }
        let text = rest.dropFirst(Self.entry.count)
        guard let end = Self.endOfText(text), end < text.endIndex, text[end] == UInt8(ascii: ","),
            let manifest = try? JSONValue(parsing: JSONValue(parsing: text[..<end]).textValue ?? ""), manifest.objectValue != nil
        else {
            throw ForgeError(.corruptArtifact, "the file's manifest cannot be read", hint: Self.remedy)
        }
        self.init(manifest: manifest, artifact: Self.join(Self.head + text[(end + 1)...], tensors))
    }

    private static let remedy = "Import a file that forgectl models export has written."

    // MARK: A safetensors file: u64 length of the header, the header (JSON, padded with spaces to 8), the tensors

    private static func split(_ bytes: Bytes) throws -> (header: ArraySlice<UInt8>, tensors: ArraySlice<UInt8>) {
        let size = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard bytes.count >= 8, size <= UInt64(bytes.count - 8), bytes[8...].starts(with: head) else {
            throw ForgeError(
                .corruptArtifact, "this is not a safetensors file with metadata", detail: "It has \(bytes.count) bytes.", hint: remedy)
        }
        var header = bytes[8..<(8 + Int(size))]
        while header.last == UInt8(ascii: " ") { header.removeLast() }
        return (header, bytes[(8 + Int(size))...])
    }

    private static func join(_ header: Bytes, _ tensors: ArraySlice<UInt8>) -> Bytes {
        let text = header + Bytes(repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
        let size = UInt64(text.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } + text + tensors
    }

    /// Where the JSON text that the bytes begin with ends; nil if they begin with none.
    private static func endOfText(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.first == UInt8(ascii: "\"") else { return nil }
        var place = bytes.startIndex + 1
        while place < bytes.endIndex {
            if bytes[place] == UInt8(ascii: "\"") { return place + 1 }
            place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }
}
