import ForgeModel
import Testing

@testable import ForgeStore

@Suite struct ModelFileTests {
    /// A safetensors file with one U8 tensor. Members stand in an order of their own, as ForgeModel and others write
    /// them.
    private func artifact(_ tensor: [UInt8]) -> [UInt8] {
        var text = Array(
            #"{"__metadata__":{"forge":"{\"form\":\"linear\"}"},"weights":{"dtype":"U8","shape":[\#(tensor.count)],"data_offsets":[0,\#(tensor.count)]},"#
                .utf8)
        text += Array(#""empty":{"dtype":"F64","shape":[0],"data_offsets":[\#(tensor.count),\#(tensor.count)]}}"#.utf8)
        while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
        let size = UInt64(text.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } + text + tensor
    }

    @Test(arguments: [0, 1, 7, 8, 1000]) func fileGivesTheArtifactsOwnBytesBack(_ count: Int) throws {
        let original = ModelFile(
            manifest: ["model": "churn", "labels": ["ja", "n\"ein\u{0}"], "metrics": ["rmse": 0.1]],
            artifact: artifact((0..<count).map { UInt8(truncatingIfNeeded: $0) }))
        let file = try original.encoded()
        #expect(file != original.artifact)
        #expect(try ModelFile(decoding: file) == original)
    }

    @Test func fileIsAWellFormedSafetensorsFile() throws {
        let file = try ModelFile(manifest: ["model": "churn"], artifact: artifact([1, 2, 3])).encoded()
        let size = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        #expect(size % 8 == 0)
        let header = try JSONValue(parsing: file[8..<(8 + size)])
        #expect(header["weights"]?["data_offsets"] == [0, 3])
        #expect(Array(file[(8 + size)...]) == [1, 2, 3])
        #expect(header["__metadata__"]?.objectValue?.allSatisfy { $0.value.textValue != nil } == true)
    }

    @Test func whatIsNoExportIsRefused() throws {
        let plain = artifact([1])
        let broken: [[UInt8]] = [[], [1, 2, 3], plain, [255, 255, 255, 255, 255, 255, 255, 255, 0], Array(plain.prefix(20))]
        for bytes in broken {
            let error = #expect(throws: ForgeError.self, "\(bytes.count) bytes") { try ModelFile(decoding: bytes) }
            #expect(error?.code == .corruptArtifact)
            #expect(error?.hint != nil)
        }
    }
}
