import ForgeModel

@testable import ForgeLearn

/// A job over a table, with the fields a test does not care for filled in.
struct Run {
    var table: Table
    var algorithm: String
    var task: String
    var params: JSONValue = [:]
    var preprocess: JSONValue = nil
    var split: JSONValue = ["method": "none"]
    var sample: JSONValue = nil
    var evaluation: JSONValue = nil
    var decision: JSONValue = nil
    var explain: JSONValue = nil
    var search: JSONValue = nil
    var groups: JSONValue = nil
    /// One: test cases run beside each other, and OpenMP threads that wait for a core spin.
    var threads = 1
    var blockRows = 16_384
    var champion: ChampionModel?
    /// The version that params.base_model names.
    var base: TrainingOutcome?
    /// Features that it was given and does not read.
    var baseLeftOut: [String] = []
    var observer: any TrainingObserver = SilentObserver()

    var job: TrainingJob {
        get throws {
            var params = params
            if base != nil { params["base_model"] = "earlier/2" }
            return try TrainingJob(json: [
                "id": 7, "attempt": 1, "model": "m", "task": .text(task), "algorithm": .text(algorithm),
                "params": params,
                "preprocess": preprocess, "split": split, "sample": sample, "evaluation": evaluation,
                "decision": decision, "explain": explain, "search": search, "groups": groups,
                "columns": .array(table.columns.map(Table.describe)), "threads": .integer(Int64(threads)),
                "champion": champion.map { ["version": .integer(Int64($0.version))] } ?? nil,
                "base": base.map {
                    [
                        "model": "earlier", "version": 2, "manifest": $0.manifest,
                        "left_out": .array(baseLeftOut.map(JSONValue.text)),
                    ]
                } ?? nil,
            ], baseArtifact: base?.artifact)
        }
    }

    func read() throws -> DataSet {
        let builder = try table.header.withUnsafeBytes { try DataSetReader(header: $0, job: try job) }
        for block in table.blocks(of: blockRows) { try block.withUnsafeBytes { try builder.append(block: $0) } }
        return try builder.finish()
    }

    func plan(_ data: DataSet) throws -> EncodingPlan {
        let job = try job
        return try EncodingPlan(data, job, try data.resolveTarget(job))
    }

    func train() throws -> TrainingOutcome {
        try ForgeLearn.train(try job, try read(), champion: champion, observer: observer)
    }

    /// What the trained model says of a table's rows: (rows, scores).
    func scores(of outcome: TrainingOutcome, on table: Table? = nil) throws -> [[Double]] {
        let table = table ?? self.table
        let scorer = try Scorer(artifact: outcome.artifact)
        let document = try ModelDocument(artifact: outcome.artifact)
        let values = document.columns.map { column in
            table.values(String(decoding: column.name, as: UTF8.self))
        }
        let flat = try scorer.score(values)
        return stride(from: 0, to: flat.count, by: scorer.scores).map { Array(flat[$0..<$0 + scorer.scores]) }
    }
}

extension Table {
    func values(_ name: String) -> ColumnValues {
        let column = columns.first { $0.name == name }!
        if column.isVector {
            let dimensions = column.dimensions(rows: column.cells.count)
            return .vectors(column.cells.indices.flatMap { column.elements($0, dimensions) }, dimensions: dimensions)
        }
        guard column.isCategory else {
            return .numbers(column.cells.map { if case .number(let value) = $0 { value } else { .nan } })
        }
        var levels: [Bytes] = []
        var known: [String: UInt32] = [:]
        let codes = column.cells.map { cell -> UInt32 in
            guard case .text(let text) = cell else { return ColumnValues.missingCode }
            if let code = known[text] { return code }
            known[text] = UInt32(levels.count)
            levels.append(Bytes(text.utf8))
            return known[text]!
        }
        return .codes(codes, levels: levels)
    }
}

/// A repeatable source of numbers.
struct Random {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func uniform() -> Double {
        state = splitmix64(state)
        return Double(state >> 11) * 0x1p-53
    }

    mutating func normal() -> Double {
        (0..<12).reduce(-6.0) { sum, _ in sum + uniform() }
    }

    mutating func index(_ count: Int) -> Int { min(count - 1, Int(uniform() * Double(count))) }
}
