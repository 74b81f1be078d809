import CXGBoost
import ForgeModel

/// Turns XGBoost's status into an error with the first line of its reason: neither the place in its source nor the
/// stack after it.
func callXGBoost(_ status: Int32) throws {
    guard status != 0 else { return }
    let text = String(cString: XGBGetLastError())
    let line = text.split(separator: "\n").first.map(String.init) ?? text
    let reason = line.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? line
    throw ForgeError(.numericalFailure, "XGBoost refused: \(reason)", hint: "look at the request's parameters and data")
}

/// Numbers in memory, as XGBoost reads them (NumPy's array interface, version 3).
struct ArrayInterface {
    let address: UnsafeRawPointer
    let shape: [Int]
    let type: String

    init(address: UnsafeRawPointer, shape: [Int], type: String) {
        self.address = address
        self.shape = shape
        self.type = type
    }

    init(base: UnsafePointer<Float>, shape: [Int]) { self.init(address: base, shape: shape, type: "<f4") }

    var json: String {
        let shape = shape.map(String.init).joined(separator: ",")
        return
            "{\"data\":[\(UInt(bitPattern: address)),true],\"shape\":[\(shape)],\"typestr\":\"\(type)\",\"version\":3}"
    }
}

/// The binned training rows.
final class QuantileMatrix {
    let handle: DMatrixHandle

    /// Bins the rows of `source`, which is walked several times, into bins of their own or those of `reference`.
    init(_ source: TreeBatches, bins: Int, threads: Int, like reference: QuantileMatrix? = nil) throws {
        var proxy: DMatrixHandle?
        try callXGBoost(XGProxyDMatrixCreate(&proxy))
        defer { XGDMatrixFree(proxy) }
        source.proxy = proxy
        let context = Unmanaged.passUnretained(source).toOpaque()
        var matrix: DMatrixHandle?
        let status = XGQuantileDMatrixCreateFromCallback(
            context, proxy, reference?.handle, { TreeBatches.from($0).reset() }, { TreeBatches.from($0).next() },
            "{\"missing\":NaN,\"nthread\":\(threads),\"max_bin\":\(bins)}", &matrix)
        if let failure = source.failure { throw failure }
        try callXGBoost(status)
        handle = matrix!
    }

    deinit { XGDMatrixFree(handle) }
}

/// A model in training.
final class Booster {
    let handle: BoosterHandle
    let matrix: QuantileMatrix
    private let watched: QuantileMatrix?

    /// Predictions for `matrix` and `watched` are kept from round to round.
    init(_ matrix: QuantileMatrix, watching watched: QuantileMatrix? = nil, _ parameters: [(String, String)]) throws {
        self.matrix = matrix
        self.watched = watched
        var handle: BoosterHandle?
        let matrices: [DMatrixHandle?] = [matrix.handle] + (watched.map { [$0.handle] } ?? [])
        try callXGBoost(XGBoosterCreate(matrices, UInt64(matrices.count), &handle))
        self.handle = handle!
        for (name, value) in parameters { try callXGBoost(XGBoosterSetParam(handle, name, value)) }
    }

    deinit { XGBoosterFree(handle) }

    func boost(round: Int) throws { try callXGBoost(XGBoosterUpdateOneIter(handle, Int32(round), matrix.handle)) }

    /// The loss on some rows, under the `eval_metric` of the parameters.
    func loss(on matrix: QuantileMatrix, round: Int) throws -> Double {
        var matrices: [DMatrixHandle?] = [matrix.handle]
        var text: UnsafePointer<CChar>?
        try "rows".withCString { name in
            var names: [UnsafePointer<CChar>?] = [name]
            try callXGBoost(XGBoosterEvalOneIter(handle, Int32(round), &matrices, &names, 1, &text))
        }
        // "[3]\trows-rmse:0.25"
        return text.flatMap { String(cString: $0).split(separator: ":").last }.flatMap { Double($0) } ?? .nan
    }

    /// The model as UBJSON.
    func saved() throws -> UBJSON {
        var length: UInt64 = 0
        var bytes: UnsafePointer<CChar>?
        try callXGBoost(XGBoosterSaveModelToBuffer(handle, "{\"format\":\"ubj\"}", &length, &bytes))
        return try UBJSON(parsing: UnsafeRawBufferPointer(start: bytes, count: Int(length)))
    }
}

func setFeatureTypes(_ matrix: DMatrixHandle?, _ categorical: [Bool]) throws {
    try "c".withCString { category in
        try "q".withCString { quantity in
            var types: [UnsafePointer<CChar>?] = categorical.map { $0 ? category : quantity }
            try callXGBoost(XGDMatrixSetStrFeatureInfo(matrix, "feature_type", &types, UInt64(types.count)))
        }
    }
}
