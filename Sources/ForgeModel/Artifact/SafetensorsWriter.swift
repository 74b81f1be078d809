/// Writes a safetensors file as the reference implementation does, so that saving it again there gives the same bytes:
/// tensors by descending element type, then name; header padded with spaces to 8 bytes.
struct SafetensorsWriter {
    private struct Tensor {
        var name: TensorName
        var type: TensorType
        var shape: [Int]
        var bytes: Bytes
        var nameText: String { name.text.description }
    }

    private var tensors: [Tensor] = []

    mutating func add<Element: TensorElement>(_ name: TensorName, _ values: [Element], shape: [Int]? = nil) {
        let bytes = values.withUnsafeBytes { Bytes($0) }  // every platform of Forge is little-endian
        tensors.append(Tensor(name: name, type: Element.type, shape: shape ?? [values.count], bytes: bytes))
    }

    mutating func add(_ name: TensorName, _ values: [Bool]) {
        tensors.append(Tensor(name: name, type: .bool, shape: [values.count], bytes: values.map { $0 ? 1 : 0 }))
    }

    /// Texts one after the other, and where each ends.
    mutating func add(_ name: TensorName, offsets: TensorName, texts: [Bytes]) {
        add(name, texts.flatMap { $0 })
        var ends: [Int64] = [0]
        for text in texts { ends.append(ends[ends.count - 1] + Int64(text.count)) }
        add(offsets, ends)
    }

    func encoded(metadata: String) -> Bytes {
        let sorted = tensors.sorted {
            $0.type != $1.type
                ? $0.type.rawValue > $1.type.rawValue : $0.nameText.utf8.lexicographicallyPrecedes($1.nameText.utf8)
        }
        var header = Bytes("{\"__metadata__\":{\"forge\":".utf8)
        header += JSONValue.text(metadata).serializedBytes + Bytes("}".utf8)
        var offset = 0
        for tensor in sorted {
            let end = offset + tensor.bytes.count
            let shape = tensor.shape.map(\.description).joined(separator: ",")
            header += Bytes(",\"\(tensor.nameText)\":{\"dtype\":\"\(tensor.type.text)\",".utf8)
            header += Bytes("\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}".utf8)
            offset = end
        }
        header.append(UInt8(ascii: "}"))
        header += Bytes(repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)

        var file = Bytes()
        file.reserveCapacity(8 + header.count + offset)
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { file += $0 }
        file += header
        for tensor in sorted { file += tensor.bytes }
        return file
    }
}
