import CForgeABI
import CForgeMath

/// A feature column of many rows.
public enum ColumnValues: Sendable {
    /// NaN is missing.
    case numbers([Double])
    /// `codes[i]` numbers the row's level in `levels`; `ColumnValues.missingCode` is NULL.
    case codes([UInt32], levels: [Bytes])
    /// (rows, dimensions) row-major; a missing vector is all NaN.
    case vectors([Float], dimensions: Int)

    public static let missingCode = UInt32.max

    public var count: Int {
        switch self {
        case .numbers(let numbers): numbers.count
        case .codes(let codes, _): codes.count
        case .vectors(let elements, let dimensions): elements.count / max(dimensions, 1)
        }
    }
}

/// Scores rows in the sidecar by the very kernels of the extension, so that both give the same bits.
public final class Scorer: Sendable {
    private let model: DecodedModel

    public init(artifact: Bytes) throws { model = try DecodedModel(artifact) }

    public var columns: Int { Int(model.arena.pointee.columns) }
    /// Margins of a row.
    public var outputs: Int { Int(model.arena.pointee.outputs) }
    /// Scores of a row: one for regression, a probability per class, a component, a distance or a share per cluster.
    public var scores: Int { Int(forge_score_count(model.arena)) }
    /// Numbers that forge.transform gives of a row; 0: none.
    public var transformed: Int { Int(forge_transform_width(model.arena)) }
    public var isClustering: Bool { model.arena.pointee.task == Int32(FORGE_CLUSTERING) }
    /// That a model of nearest neighbours holds, else 0.
    public var trainingRows: Int { Int(model.arena.pointee.neighbor_targets.count) }
    /// Index of the positive class of a binary classifier, else -1.
    public var positive: Int { Int(model.arena.pointee.positive) }
    /// Probability from which a row is said to be of the positive class; nil: the likelier class is meant.
    public var threshold: Double? { model.arena.pointee.threshold.isNaN ? nil : model.arena.pointee.threshold }

    /// One row, in the model's column order, as the extension scores it.
    public func score(_ cells: UnsafeBufferPointer<ForgeCell>) throws -> [Double] {
        try checkCount(cells.count)
        var scores = [Double](repeating: 0, count: scores)
        try call { Backend.score(model.arena, cells.baseAddress!, $0, &scores, $1) }
        return scores
    }

    /// The cluster of one row, as the extension finds it.
    public func cluster(_ cells: UnsafeBufferPointer<ForgeCell>) throws -> ForgeAssignment {
        try checkCount(cells.count)
        var assignment = ForgeAssignment()
        try call { Backend.cluster(model.arena, cells.baseAddress!, $0, &assignment, $1) }
        return assignment
    }

    /// What forge.transform gives of one row.
    public func transform(_ cells: UnsafeBufferPointer<ForgeCell>) throws -> [Float] {
        try checkCount(cells.count)
        var numbers = [Float](repeating: 0, count: transformed)
        try call { Backend.transform(model.arena, cells.baseAddress!, $0, &numbers, $1) }
        return numbers
    }

    /// The training rows nearest to one row, as forge.kneighbors gives them.
    public func neighbors(_ cells: UnsafeBufferPointer<ForgeCell>, count: Int) throws -> [ForgeNeighbor] {
        try checkCount(cells.count)
        var nearest = [ForgeNeighbor](repeating: ForgeNeighbor(), count: count)
        var found: Int32 = 0
        try call {
            Backend.neighbors(model.arena, cells.baseAddress!, $0, count: Int32(count), &nearest, &found, $1)
        }
        return Array(nearest.prefix(Int(found)))
    }

    /// Cluster, counted from 0 or -1, and distance of `rows` (all when nil): (rows, 2).
    public func clusters(_ columns: [ColumnValues], rows: [Int]? = nil) throws -> [Double] {
        var margins = [Double](repeating: 0, count: outputs)
        return try batch(columns, rows, width: 2) { values, scratch, out in
            let refused = forge_row_margins(model.arena, values, scratch, &margins)
            if refused < 0 { out[0] = Double(forge_centroid_cluster(model.arena, margins, &out[1])) }
            return refused
        }
    }

    /// Base and contributions (outputs, columns + 1) of one row, on the margin.
    public func explain(_ cells: UnsafeBufferPointer<ForgeCell>) throws -> [Double] {
        try checkCount(cells.count)
        var contributions = [Double](repeating: 0, count: outputs * (columns + 1))
        try call { scratch, status in
            Scorer.allSteps {
                Backend.explain(model.arena, cells.baseAddress!, scratch, step: $0, &contributions, status)
            }
        }
        return contributions
    }

    /// Scores of `rows` (all when nil) as (rows, scores) row-major. Columns are in the model's order, all of one
    /// length.
    public func score(_ columns: [ColumnValues], rows: [Int]? = nil) throws -> [Double] {
        let width = scores
        return try batch(columns, rows, width: width) { values, scratch, out in
            let margins = forge_scratch_margins(model.arena, scratch)
            let refused = forge_row_margins(model.arena, values, scratch, margins)
            if refused < 0 { forge_row_scores(model.arena, margins, out) }
            return refused
        }
    }

    /// Margins of `rows` (all when nil) as (rows, outputs) row-major.
    public func margins(_ columns: [ColumnValues], rows: [Int]? = nil) throws -> [Double] {
        try batch(columns, rows, width: outputs) { values, scratch, out in
            forge_row_margins(model.arena, values, scratch, out)
        }
    }

    /// Base and contributions of `rows` (all when nil) as (rows, outputs, columns + 1) row-major.
    public func explain(_ columns: [ColumnValues], rows: [Int]? = nil) throws -> [Double] {
        try batch(columns, rows, width: outputs * (self.columns + 1)) { values, scratch, out in
            Scorer.allSteps { forge_row_explain(model.arena, values, scratch, $0, out) }
        }
    }

    private static func allSteps(_ body: (Int64) -> Int32) -> Int32 {
        var step: Int64 = 0
        while true {
            let code = body(step)
            if code != FORGE_MORE { return code }
            step += 1
        }
    }

    private typealias Kernel = (UnsafeMutablePointer<Double>, UnsafeMutableRawPointer, UnsafeMutablePointer<Double>) -> Int32

    private func batch(_ columns: [ColumnValues], _ rows: [Int]?, width: Int, _ kernel: Kernel) throws -> [Double] {
        try checkCount(columns.count)
        let table = try columns.enumerated().map { try RowColumn($1, model.arena, $0, rows) }
        let texts = table.filter(\.isText).map(TileTexts.init)
        let length = table.first?.count ?? 0
        try checkShape(table, rows, length)
        let count = rows?.count ?? length
        let padded = Int(model.arena.pointee.padded)
        // Columns are turned into rows some at a time, so that both stay in the first-level cache.
        let tile = UnsafeMutablePointer<Double>.allocate(capacity: Scorer.tileRows * padded)
        tile.initialize(repeating: 0, count: Scorer.tileRows * padded)
        defer { tile.deallocate() }
        return try withScratch { scratch in
            try [Double](unsafeUninitializedCapacity: count * width) { out, written in
                for first in stride(from: 0, to: count, by: Scorer.tileRows) {
                    let last = min(first + Scorer.tileRows, count)
                    for c in table.indices { table[c].load(first..<last, of: rows, into: tile + c, stride: padded) }
                    for text in texts { text.load(first..<last, of: rows) }
                    for i in first..<last {
                        let cells = forge_scratch_texts(model.arena, scratch)
                        for t in texts.indices { cells[t] = texts[t].cells[i - first] }
                        let values = tile + (i - first) * padded
                        let refused = kernel(values, scratch, out.baseAddress! + i * width)
                        if refused >= 0 { throw outOfRange(refused, values) }
                    }
                }
                written = count * width
            }
        }
    }

    private static let tileRows = 64

    private func checkCount(_ count: Int) throws {
        guard count == columns else {
            throw ForgeError(.missingColumn, "the model has \(columns) columns, the row \(count)")
        }
    }

    private func checkShape(_ table: [RowColumn], _ rows: [Int]?, _ length: Int) throws {
        if let uneven = table.first(where: { $0.count != length }) {
            throw ForgeError(.modelMismatch, "the columns of one batch have \(length) and \(uneven.count) rows")
        }
        if let outside = rows?.first(where: { !(0..<length).contains($0) }) {
            throw ForgeError(.modelMismatch, "row \(outside) is not among the \(length) rows of the batch")
        }
    }

    private func withScratch<Result>(_ body: (UnsafeMutableRawPointer) throws -> Result) rethrows -> Result {
        let size = Int(model.arena.pointee.explain_scratch)
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        defer { scratch.deallocate() }
        return try body(scratch)
    }

    private func call(_ body: (UnsafeMutableRawPointer, Status) -> Int32) throws {
        try withScratch { scratch in
            var status = ForgeStatus()
            let code = withUnsafeMutablePointer(to: &status) { body(scratch, Status($0)) }
            if code != 0 { throw ForgeError(status) }
        }
    }

    private func outOfRange(_ column: Int32, _ values: UnsafePointer<Double>) -> ForgeError {
        var status = ForgeStatus()
        withUnsafeMutablePointer(to: &status) { _ = Status($0).setOutOfRange(model.arena, column: column, values) }
        return ForgeError(status)
    }
}

extension ForgeError {
    /// What the extension would have raised.
    init(_ status: ForgeStatus) {
        var status = status
        let texts = withUnsafeMutablePointer(to: &status) { pointer in
            [forge_status_sqlstate, forge_status_message, forge_status_detail, forge_status_hint]
                .map { String(cString: $0(pointer)) }
        }
        let code = ErrorCode(text: texts[0]) ?? .corruptArtifact
        self.init(
            code, texts[1], detail: texts[2].isEmpty ? nil : texts[2], hint: texts[3].isEmpty ? nil : texts[3])
    }
}
