import Glibc

@testable import ForgeModel

/// The encoding of rows written plainly: what `ColumnEncoding` says, feature by feature. The oracle of the kernels, which
/// fold it into their coefficients or round it.
struct RowEncoder {
    let columns: [ColumnSchema]
    let products: [FeatureProduct]
    let width: Int

    init(_ columns: [ColumnSchema], products: [FeatureProduct] = []) {
        self.columns = columns
        self.products = products
        width = columns.reduce(products.count) { $0 + $1.encoding.width }
    }

    init(_ document: ModelDocument) { self.init(document.columns, products: document.products) }

    /// The columns of each encoded feature: several of a product across columns.
    var owners: [Set<Int>] {
        var owners = columns.indices.flatMap { Array(repeating: Set([$0]), count: columns[$0].encoding.width) }
        for product in products { owners.append(owners[Int(product.left)].union(owners[Int(product.right)])) }
        return owners
    }

    /// Where a column's features start.
    func firstFeature(_ column: Int) -> Int { columns[..<column].reduce(0) { $0 + $1.encoding.width } }

    /// The encoded features as (rows, width), row-major. A missing value that its column does not fill is NaN.
    func rowMajor(_ values: [ColumnValues]) -> [Double] {
        withProducts((0..<(values.first?.count ?? 0)).flatMap { row in
            zip(columns, values).flatMap { RowEncoder.features($0.encoding, $1, row) }
        })
    }

    /// Rows of the columns' features with their products behind them.
    func withProducts(_ features: [Double]) -> [Double] {
        let own = width - products.count
        return stride(from: 0, to: features.count, by: own).flatMap { start in
            var row = Array(features[start..<start + own])
            for product in products { row.append(row[Int(product.left)] * row[Int(product.right)]) }
            return row
        }
    }

    private static func features(_ encoding: ColumnEncoding, _ values: ColumnValues, _ row: Int) -> [Double] {
        var features = [Double](repeating: 0, count: encoding.width)
        switch (encoding, values) {
        case (.number(let fill, let indicator, let shift, let scale), .numbers(let numbers)):
            let value = numbers[row]
            features[0] = ((value.isNaN ? fill ?? .nan : value) - shift) / scale
            if indicator { features[1] = value.isNaN ? 1 : 0 }
        case (.oneHot(let levels, let nullLevel, let otherLevel), .codes(let codes, let texts)):
            if codes[row] == ColumnValues.missingCode {
                if nullLevel { features[levels.count] = 1 }
            } else if let level = levels.firstIndex(of: texts[Int(codes[row])]) {
                features[level] = 1
            } else if otherLevel {
                features[features.count - 1] = 1
            }
        case (.native(let levels), .codes(let codes, let texts)):
            let level = codes[row] == ColumnValues.missingCode ? nil : levels.firstIndex(of: texts[Int(codes[row])])
            features[0] = level.map(Double.init) ?? .nan
        case (.transformed(let transform, let fill, let indicator, let shift, let scale, let degree), .numbers(let numbers)):
            let base = (RowEncoder.transformed(transform, numbers[row].isNaN ? fill : numbers[row]) - shift) / scale
            for power in 0..<degree { features[power] = (0..<power).reduce(base) { product, _ in product * base } }
            if indicator { features[degree] = numbers[row].isNaN ? 1 : 0 }
        case (.bins(let edges, let missing, let ordinal), .numbers(let numbers)):
            let bin = edges.filter { $0 <= numbers[row] }.count
            if ordinal { features[0] = numbers[row].isNaN ? (missing ? -1 : .nan) : Double(bin) }
            else if !numbers[row].isNaN { features[bin] = 1 }
            else if missing { features[edges.count + 1] = 1 }
        case (.lookup(let levels, let width, let table), .codes(let codes, let texts)):
            let isNull = codes[row] == ColumnValues.missingCode
            let line = isNull ? levels.count : levels.firstIndex(of: texts[Int(codes[row])]) ?? levels.count + 1
            features = Array(table[line * width..<(line + 1) * width])
        case (.hashed, .codes(let codes, let texts)):
            let place = LevelMap(encoding, texts: texts).place(of: codes[row])
            if place >= 0 { features[Int(place)] = 1 }
        case (.dateParts(let parts), .numbers(let numbers)):
            features = numbers[row].isNaN
                ? features.dropLast() + [1] : parts.flatMap { scaled in
                    RowEncoder.part(scaled.part, numbers[row]).map { ($0 - scaled.shift) / scaled.scale }
                } + [0]
        case (.tfidf(let vocabulary, let idf, let bigrams, let sublinear), .codes(let codes, let texts)):
            guard codes[row] != ColumnValues.missingCode else { return features }
            let text = String(decoding: texts[Int(codes[row])], as: UTF8.self)
            let terms = RowEncoder.terms(text, bigrams: bigrams)
            for (index, term) in vocabulary.enumerated() {
                let count = Double(terms.filter { $0 == String(decoding: term, as: UTF8.self) }.count)
                if count > 0 { features[index] = (sublinear ? 1 + log(count) : count) * idf[index] }
            }
            let norm = features.reduce(0) { $0 + $1 * $1 }.squareRoot()
            if norm > 0 { features = features.map { $0 / norm } }
        case (.vector(let fills, let shifts, let scales), .vectors(let elements, let dimensions)):
            for place in 0..<dimensions {
                let element = Double(elements[row * dimensions + place])
                features[place] = ((element.isNaN ? fills?[place] ?? .nan : element) - shifts[place]) / scales[place]
            }
        case (.groupNumber, _), (.groupLevel, _): break
        default: preconditionFailure("the values are of another kind than their column")
        }
        return features
    }

    private static func transformed(_ transform: NumberTransform, _ x: Double) -> Double {
        switch transform {
        case .identity: return x
        case .log1p: return x < 0 ? -log(1 - x) : log(1 + x)
        case .sqrt: return x < 0 ? -(-x).squareRoot() : x.squareRoot()
        case .yeoJohnson(let lambda):
            if x >= 0 { return lambda == 0 ? log(x + 1) : (pow(x + 1, lambda) - 1) / lambda }
            return lambda == 2 ? -log(1 - x) : -(pow(1 - x, 2 - lambda) - 1) / (2 - lambda)
        }
    }

    /// Counts days one by one.
    private static func part(_ part: DatePart, _ seconds: Double) -> [Double] {
        func length(_ year: Int) -> Int { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365 }
        let day = (seconds / 86_400).rounded(.down)
        let second = Int(seconds - day * 86_400)
        var (year, left) = (2000, Int(day))
        while left < 0 { (year, left) = (year - 1, left + length(year - 1)) }
        while left >= length(year) { (year, left) = (year + 1, left - length(year)) }
        let dayOfYear = left
        var month = 0
        let months = [31, length(year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        while left >= months[month] { (month, left) = (month + 1, left - months[month]) }
        let weekday = ((Int(day) + 6) % 7 + 7) % 7
        func cycle(_ share: Double) -> [Double] { [sin(2 * .pi * share), cos(2 * .pi * share)] }
        switch part {
        case .year: return [Double(year)]
        case .month: return [Double(month + 1)]
        case .day: return [Double(left + 1)]
        case .dayOfWeek: return [Double(weekday)]
        case .dayOfYear: return [Double(dayOfYear + 1)]
        case .hour: return [Double(second / 3600)]
        case .minute: return [Double(second / 60 % 60)]
        case .monthCycle: return cycle(Double(month) / 12)
        case .dayOfWeekCycle: return cycle(Double(weekday) / 7)
        case .dayOfYearCycle: return cycle(Double(dayOfYear) / Double(length(year)))
        case .hourCycle: return cycle(Double(second / 3600) / 24)
        }
    }

    /// By the standard library's idea of lower case and of letters and digits.
    private static func terms(_ text: String, bigrams: Bool) -> [String] {
        let tokens = text.lowercased().unicodeScalars.split {
            !($0 == "_" || $0.properties.isAlphabetic || $0.properties.numericType != nil)
        }.filter { $0.count > 1 }.map { String($0) }
        return tokens + (bigrams ? zip(tokens, tokens.dropFirst()).map { $0 + " " + $1 } : [])
    }
}
