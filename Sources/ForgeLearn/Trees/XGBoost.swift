import CXGBoost
import ForgeModel

/// Turns XGBoost's status into an error with the first line of its reason: neither the place in its source nor the stack after it.
func callXGBoost(_ status: Int32) throws {
    guard status != 0 else { return }
    let text = String(cString: XGBGetLastError())
    let line = text.split(separator: "\n").first.map(String.init) ?? text
    let reason = line.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? line
    throw ForgeError(.numericalFailure, "XGBoost refused: \(reason)", hint: "look at the request's parameters and data")
}

/// A column of Float32 in memory, as XGBoost reads it (NumPy's array interface, version 3).
struct ArrayInterface {
    let base: UnsafePointer<Float>
    let shape: [Int]

    var json: String {
        let shape = shape.map(String.init).joined(separator: ",")
        return "{\"data\":[\(UInt(bitPattern: base)),true],\"shape\":[\(shape)],\"typestr\":\"<f4\",\"version\":3}"
    }
}

/// The binned training rows.
final class QuantileMatrix {
    let handle: DMatrixHandle

    /// Bins the rows of `source`, which is walked several times.
    init(_ source: TreeBatches, bins: Int, threads: Int) throws {
        var proxy: DMatrixHandle?
        try callXGBoost(XGProxyDMatrixCreate(&proxy))
        defer { XGDMatrixFree(proxy) }
        source.proxy = proxy
        let context = Unmanaged.passUnretained(source).toOpaque()
        var matrix: DMatrixHandle?
        let status = XGQuantileDMatrixCreateFromCallback(
            context, proxy, nil, { TreeBatches.from($0).reset() }, { TreeBatches.from($0).next() },
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

    init(_ matrix: QuantileMatrix, _ parameters: [(String, String)]) throws {
        self.matrix = matrix
        var handle: BoosterHandle?
        let matrices: [DMatrixHandle?] = [matrix.handle]
        try callXGBoost(XGBoosterCreate(matrices, 1, &handle))
        self.handle = handle!
        for (name, value) in parameters { try callXGBoost(XGBoosterSetParam(handle, name, value)) }
    }

    deinit { XGBoosterFree(handle) }

    func boost(round: Int) throws { try callXGBoost(XGBoosterUpdateOneIter(handle, Int32(round), matrix.handle)) }

    /// The training loss, under the `eval_metric` of the parameters.
    func trainingLoss(round: Int) throws -> Double {
        var matrices: [DMatrixHandle?] = [matrix.handle]
        var text: UnsafePointer<CChar>?
        try "train".withCString { name in
            var names: [UnsafePointer<CChar>?] = [name]
            try callXGBoost(XGBoosterEvalOneIter(handle, Int32(round), &matrices, &names, 1, &text))
        }
        // "[3]\ttrain-rmse:0.25"
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
