import ForgeModel

/// What a number column is when it is an element of a vector column: to everything that learns, a vector is as many
/// number columns as it has dimensions; the model that comes of it has one column for all of them.
public struct VectorElement: Sendable, Equatable {
    /// Name of the vector column.
    var vector: String
    var index: Int
    var dimensions: Int

    /// As SQL counts the elements of an array: `embedding[1]`.
    var name: String { "\(vector)[\(index + 1)]" }
}

/// The features of a data set that one column of a model reads.
enum ColumnSource: Sendable, Equatable {
    case feature(Int)
    case vector([Int])

    var first: Int {
        switch self {
        case .feature(let feature): feature
        case .vector(let elements): elements[0]
        }
    }
}

/// A column of the model that comes of a plan.
struct ModelColumn: Sendable {
    var schema: ColumnSchema
    /// The plan's columns that it is made of: one, or those of a vector's elements.
    var planned: Range<Int>
    var source: ColumnSource

    var shownName: String { String(decoding: schema.name, as: UTF8.self) }
}

extension EncodingPlan {
    /// In the order of their encoded features.
    var modelColumns: [ModelColumn] {
        var result: [ModelColumn] = []
        var next = 0
        while next < columns.count {
            let first = next
            next += columns[first].element?.dimensions ?? 1
            result.append(modelColumn(first..<next))
        }
        return result
    }

    private func modelColumn(_ range: Range<Int>) -> ModelColumn {
        let first = columns[range.lowerBound]
        guard let element = first.element else {
            return ModelColumn(schema: first.schema, planned: range, source: .feature(first.source))
        }
        let scalings = columns[range].map(\.schema.encoding.scalings[0])
        let fills = columns[range].compactMap(\.fill)
        let encoding = ColumnEncoding.vector(
            fills: fills.isEmpty ? nil : fills, shifts: scalings.map(\.shift), scales: scalings.map(\.scale))
        return ModelColumn(
            schema: ColumnSchema(
                name: Bytes(element.vector.utf8), sqlType: first.schema.sqlType, kind: .vector, encoding: encoding),
            planned: range, source: .vector(columns[range].map(\.source)))
    }
}

extension PlannedColumn {
    /// What a missing number becomes; nil: it stays missing.
    fileprivate var fill: Double? { if case .number(let fill, _, _, _) = schema.encoding { fill } else { nil } }
}

extension Part {
    /// The values of a model's column in `rows`, which rise.
    func values(_ source: ColumnSource, rows: [Int], levels: [[Bytes]]) -> ColumnValues {
        switch source {
        case .feature(let feature): values(feature, rows: rows, levels: levels[feature])
        case .vector(let elements):
            ColumnValues(elements: elements.map { values($0, rows: rows, levels: []) }, rows: rows.count)
        }
    }
}

extension Chunk {
    /// A model's column as ForgeModel takes it.
    func values(_ source: ColumnSource, _ levels: [[Bytes]]) -> ColumnValues {
        switch source {
        case .feature(let feature): values(feature, levels[feature])
        case .vector(let elements): ColumnValues(elements: elements.map { values($0, []) }, rows: rows)
        }
    }
}

extension ColumnValues {
    /// A vector column of its elements' columns.
    fileprivate init(elements: [ColumnValues], rows: Int) {
        var vectors = [Float](repeating: .nan, count: rows * elements.count)
        for (place, element) in elements.enumerated() {
            guard case .numbers(let numbers) = element else { continue }
            for row in 0..<rows { vectors[row * elements.count + place] = Float(numbers[row]) }
        }
        self = .vectors(vectors, dimensions: elements.count)
    }
}
