import CForgeABI
import CForgeMath

/// Encodes columns of many rows for a fit, by the kernels that encode a row when it is scored.
public final class ColumnEncoder: Sendable {
    private let model: DecodedModel
    private let columns: [ColumnSchema]

    /// Refuses what no artifact may hold.
    public init(_ columns: [ColumnSchema], products: [FeatureProduct] = []) throws {
        self.columns = columns
        // The columns go through the artifact's own codec, with a tree that splits on nothing, which takes any
        // encoding.
        let leaf = TreeForm(
            outputs: 1, baseScores: [0], roots: [0], treeOutputs: [0], features: [-1], thresholds: [0], left: [0], right: [0],
            defaultLeft: [false], covers: [1], categoryOffsets: [0, 0], categoryBits: [], leafVectors: [])
        let document = ModelDocument(
            task: "regression", algorithm: "none", link: .identity, columns: columns, products: products, labels: [],
            positive: -1, form: .trees(leaf))
        model = try DecodedModel(try document.encoded())
    }

    /// Names of the encoded features, as `forge.prepared` has them.
    public var featureNames: [String] { model.featureNames }

    /// Feature f of row i at `features[f * stride + i]`, for a column of numbers.
    public func encode(
        _ column: Int, _ numbers: UnsafePointer<Double>, count: Int, into features: UnsafeMutablePointer<Double>, stride: Int
    ) {
        eachRow(column, count, features, stride) { row, _, body in
            body(numbers[row], ForgeCell(number: 0, bytes: nil, length: 0))
        }
    }

    /// The same for a column of categories, whose codes `map` knows.
    public func encode(
        _ column: Int, _ codes: UnsafePointer<UInt32>, _ map: LevelMap, count: Int,
        into features: UnsafeMutablePointer<Double>, stride: Int
    ) {
        switch columns[column].encoding {
        case .tfidf:
            eachRow(column, count, features, stride) { row, empty, body in
                guard codes[row] != ColumnValues.missingCode else {
                    return body(0, ForgeCell(number: 0, bytes: nil, length: 0))
                }
                map.texts[Int(codes[row])].withUnsafeBytes { text in
                    let start = (text.baseAddress ?? empty).assumingMemoryBound(to: CChar.self)
                    body(0, ForgeCell(number: 0, bytes: start, length: Int64(text.count)))
                }
            }
        case .native:
            for row in 0..<count {
                let place = map.place(of: codes[row])
                features[row] = place < 0 ? .nan : Double(place)
            }
        case .lookup:
            eachRow(column, count, features, stride) { row, _, body in
                body(Double(map.place(of: codes[row])), ForgeCell(number: 0, bytes: nil, length: 0))
            }
        default:
            for feature in 0..<columns[column].encoding.width {
                (features + feature * stride).update(repeating: 0, count: count)
            }
            for row in 0..<count {
                let place = map.place(of: codes[row])
                if place >= 0 { features[Int(place) * stride + row] = 1 }
            }
        }
    }

    /// The bin of each value of a column that is one-hot encoded by bins, counted from `first`, or `LevelMap.none`.
    public func bins(
        _ column: Int, _ numbers: UnsafePointer<Double>, count: Int, from first: Int32, into places: UnsafeMutablePointer<Int32>
    ) {
        guard case .bins(let edges, let missing, _) = columns[column].encoding else { return }
        let table = Backend.columns(model.arena) + column
        let null = missing ? first &+ Int32(truncatingIfNeeded: edges.count &+ 1) : LevelMap.none
        for row in 0..<count {
            let value = numbers[row]
            places[row] = value.isNaN ? null : first &+ forge_find_bin(model.arena, table, value)
        }
    }

    /// `value` hands the row's value and text to the kernel; its second argument is an address for texts without one.
    private func eachRow(
        _ column: Int, _ count: Int, _ features: UnsafeMutablePointer<Double>, _ stride: Int,
        _ value: (Int, UnsafeRawPointer, (Double, ForgeCell) -> Void) -> Void
    ) {
        let width = columns[column].encoding.width
        let row = UnsafeMutablePointer<Double>.allocate(capacity: max(width, 1))
        let work = UnsafeMutableRawPointer.allocate(byteCount: Int(model.arena.pointee.work) + 8, alignment: 16)
        defer {
            row.deallocate()
            work.deallocate()
        }
        for i in 0..<count {
            value(i, UnsafeRawPointer(work)) { number, text in
                forge_prepare_column(model.arena, Int32(truncatingIfNeeded: column), number, text, work, row)
            }
            for f in 0..<width { features[f * stride + i] = row[f] }
        }
    }
}

extension DecodedModel {
    var featureNames: [String] {
        (0..<forge_features(arena)).map { feature in
            let length = Int(forge_feature_name(arena, feature, nil, 0))
            let name = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
                buffer.withMemoryRebound(to: CChar.self) {
                    _ = forge_feature_name(arena, feature, $0.baseAddress, Int64(length))
                }
                count = length
            }
            return String(decoding: name, as: UTF8.self)
        }
    }
}
