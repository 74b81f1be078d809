import ForgeModel

/// A model version outside the database: one safetensors file that carries its manifest.
///
/// The file is the artifact with one more entry in its `__metadata__`, `forge_manifest`, so that any safetensors reader opens it.
/// Taking the entry out again gives the artifact's own bytes, because a header is written in one way only (sorted keys, no
/// spaces, padded to 8): the SHA-256 in the manifest is that of the artifact and is checked when the file is imported.
public struct ModelFile: Sendable, Equatable {
    public var manifest: JSONValue
    public var artifact: Bytes

    static let entry = "forge_manifest"

    public init(manifest: JSONValue, artifact: Bytes) {
        self.manifest = manifest
        self.artifact = artifact
    }

    /// The file's bytes.
    public func encoded() throws -> Bytes {
        var (header, tensors) = try Self.split(artifact)
        var metadata = header["__metadata__"] ?? .object([:])
        metadata[Self.entry] = .text(manifest.serialized)
        header["__metadata__"] = metadata
        return Self.join(header, tensors)
    }

    public init(decoding file: Bytes) throws {
        var (header, tensors) = try Self.split(file)
        guard var metadata = header["__metadata__"], let text = metadata[Self.entry]?.textValue else {
            throw ForgeError(
                .corruptArtifact, "the file carries no manifest", detail: "It has no entry \(Self.entry) in its __metadata__.",
                hint: "Import a file that forgectl models export has written.")
        }
        guard let manifest = try? JSONValue(parsing: text), manifest.objectValue != nil else {
            throw ForgeError(.corruptArtifact, "the file's manifest cannot be read", hint: "Export the model again.")
        }
        metadata[Self.entry] = nil
        header["__metadata__"] = metadata
        self.init(manifest: manifest, artifact: Self.join(header, tensors))
    }

    // MARK: A safetensors file: u64 length of the header, the header (JSON, padded with spaces), the tensors

    private static func split(_ bytes: Bytes) throws -> (JSONValue, ArraySlice<UInt8>) {
        let size = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard bytes.count >= 8, size <= UInt64(bytes.count - 8),
            let header = try? JSONValue(parsing: bytes[8..<(8 + Int(size))]), header.objectValue != nil
        else {
            throw ForgeError(
                .corruptArtifact, "this is not a safetensors file", detail: "It has \(bytes.count) bytes.",
                hint: "Import a file that forgectl models export has written.")
        }
        return (header, bytes[(8 + Int(size))...])
    }

    private static func join(_ header: JSONValue, _ tensors: ArraySlice<UInt8>) -> Bytes {
        var text = header.serializedBytes
        text += Bytes(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
        let size = UInt64(text.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } + text + tensors
    }
}
