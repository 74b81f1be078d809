import ForgeModel

/// The training rows by the values of their group columns. NULL is a value like any other, as is NaN, which equals it.
struct RowGroups: Sendable {
    /// Features of the data set.
    let columns: [Int]
    /// (training rows) grouped, in their order within a group.
    private let order: [Int32]
    /// (groups + 1) where a group's rows begin; groups are numbered as they come.
    private let starts: [Int]
    /// (groups, columns) row-major: numbers, or codes.
    private let values: [Double]
    /// By column: what a group of the columns before becomes with a value.
    private let steps: [[Step: Int32]]

    private struct Step: Hashable {
        var group: Int32
        var bits: UInt64
    }

    init(_ part: Part, columns: [Int]) {
        self.columns = columns
        var steps: [[Step: Int32]] = []
        var numbers = [Int32](repeating: 0, count: part.rows)
        for column in columns {
            var known: [Step: Int32] = [:]
            part.forEachBits(column) { row, bits in
                let step = Step(group: numbers[row], bits: bits)
                if let number = known[step] {
                    numbers[row] = number
                } else {
                    numbers[row] = Int32(known.count)
                    known[step] = numbers[row]
                }
            }
            steps.append(known)
        }
        self.steps = steps
        var starts = [Int](repeating: 0, count: (steps.last?.count ?? 0) + 1)
        for number in numbers { starts[Int(number) + 1] += 1 }
        for group in 1..<starts.count { starts[group] += starts[group - 1] }
        self.starts = starts
        var next = starts
        var order = [Int32](repeating: 0, count: numbers.count)
        for (row, number) in numbers.enumerated() {
            order[next[Int(number)]] = Int32(row)
            next[Int(number)] += 1
        }
        self.order = order
        var values = [Double](repeating: 0, count: (starts.count - 1) * columns.count)
        for (place, column) in columns.enumerated() {
            part.forEachBits(column) { row, bits in
                values[Int(numbers[row]) * columns.count + place] = Double(bitPattern: bits)
            }
        }
        self.values = values
    }

    var count: Int { starts.count - 1 }

    /// The group's rows, rising.
    func rows(of group: Int) -> ArraySlice<Int32> { order[starts[group]..<starts[group + 1]] }

    /// (columns) A number, NaN for NULL; a code, NaN for NULL.
    func values(of group: Int) -> ArraySlice<Double> { values[group * columns.count..<(group + 1) * columns.count] }

    /// Group of each row; -1: one without training rows.
    func numbers(of part: Part) -> [Int32] {
        var numbers = [Int32](repeating: 0, count: part.rows)
        for (place, column) in columns.enumerated() {
            part.forEachBits(column) { row, bits in
                if numbers[row] >= 0 { numbers[row] = steps[place][Step(group: numbers[row], bits: bits)] ?? -1 }
            }
        }
        return numbers
    }

    /// By group the rows of a part, rising.
    func rows(of part: Part) -> [[Int32]] {
        var rows = [[Int32]](repeating: [], count: count)
        for (row, number) in numbers(of: part).enumerated() where number >= 0 { rows[Int(number)].append(Int32(row)) }
        return rows
    }
}

extension Part {
    /// Every row's value as the bits of a double: -0 is 0, a code is itself, whatever is missing is one NaN.
    fileprivate func forEachBits(_ column: Int, _ body: (Int, UInt64) -> Void) {
        var first = 0
        for chunk in chunks {
            if layout.storages[column] == .codes {
                let codes = chunk.codes(column)
                for row in 0..<chunk.rows {
                    body(first + row, codes[row] == missingCode ? nullBits : Double(codes[row]).bitPattern)
                }
            } else {
                for row in 0..<chunk.rows {
                    let value = chunk.number(column, row)
                    body(first + row, value.isNaN ? nullBits : (value == 0 ? 0 : value).bitPattern)
                }
            }
            first += chunk.rows
        }
    }
}

/// Copies rows out of a part, whatever chunks they are in.
struct RowPicker {
    private let part: Part
    private let chunkOf: [Int32]  // (rows)
    private let starts: [Int]  // (chunks)

    init(_ part: Part) {
        self.part = part
        var starts: [Int] = []
        var chunkOf: [Int32] = []
        chunkOf.reserveCapacity(part.rows)
        for (index, chunk) in part.chunks.enumerated() {
            starts.append(chunkOf.count)
            chunkOf += repeatElement(Int32(index), count: chunk.rows)
        }
        (self.starts, self.chunkOf) = (starts, chunkOf)
    }

    /// These rows as a part of their own, in chunks no larger than they need.
    func part(of rows: ArraySlice<Int32>) -> Part {
        let layout = ChunkLayout(part.layout.storages, rows: rows.count)
        let picked = Part(layout)
        picked.extend(by: rows.count) { target, start, count, done in
            let chosen = rows[rows.startIndex + done..<rows.startIndex + done + count]
            for (column, storage) in layout.storages.enumerated() {
                switch storage {
                case .float32: copy(chosen, target.float32(column) + start) { $0.float32(column) }
                case .float64: copy(chosen, target.float64(column) + start) { $0.float64(column) }
                case .codes: copy(chosen, target.codes(column) + start) { $0.codes(column) }
                }
            }
        }
        func pick<T>(_ values: [T]) -> [T] { values.isEmpty ? [] : rows.map { values[Int($0)] } }
        picked.targets = pick(part.targets)
        picked.weights = pick(part.weights)
        picked.keys = pick(part.keys)
        picked.groups = pick(part.groups)
        picked.times = pick(part.times)
        return picked
    }

    @inline(__always)
    private func copy<T>(
        _ rows: ArraySlice<Int32>, _ out: UnsafeMutablePointer<T>, _ values: (Chunk) -> UnsafeMutablePointer<T>
    ) {
        var (chunk, source): (Int32, UnsafeMutablePointer<T>?) = (-1, nil)
        for (i, row) in rows.enumerated() {
            if chunkOf[Int(row)] != chunk {
                chunk = chunkOf[Int(row)]
                source = values(part.chunks[Int(chunk)]) - starts[Int(chunk)]
            }
            out[i] = source![Int(row)]
        }
    }
}
