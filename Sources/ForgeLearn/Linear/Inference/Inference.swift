import ForgeLinalg
import ForgeModel

/// What the fitted model says of a row, for one linear predictor.
struct RowInformation {
    /// Minus the expected second derivative of the row's log likelihood by its margin.
    var information: Double
    /// Its first derivative.
    var score: Double
    /// The squared error over the variance that the model expects, for the dispersion.
    var pearson = 0.0
}

/// Standard errors and tests of unpenalised coefficients, as statsmodels gives them: the inverse information, or the
/// sandwich of it and the rows' scores (White 1980; MacKinnon and White 1985; Liang and Zeger 1986), in the units of
/// the data.
///
/// Of features that the others determine, one is left out: of a category beside an intercept its first level, to which
/// the other levels are then compared; of other dependences the later feature.
struct Inference {
    let input: Context
    let design: Design  // with the intercept's column, if there is one
    let moments: Design.Moments
    /// Packed indexes of the features that stay.
    let kept: [Int]
    /// What each feature left out is of those that stay: packed index, and factors (kept).
    let dependent: [(feature: Int, factors: [Double])]

    /// What a fit lends: a fit's input cannot be kept.
    struct Context {
        let plan: EncodingPlan
        let weights: [Double]?
        let groups: [UInt64]
        let threads: Int
        let observer: any TrainingObserver
    }

    var rows: Int { design.rows }
    var degreesOfFreedom: Double { Double(rows - kept.count) }

    // MARK: - Which features stay

    init(_ input: Context, _ design: Design, _ moments: Design.Moments) throws {
        self.input = input
        self.design = design
        self.moments = moments
        let probe = CenteredRows(design: design, moments: moments, input: input)
        let references = design.intercept == nil ? [] : design.firstLevels(input.plan)
        let gram = try probe.gram(input.weights, of: Array(0..<design.width))
        let constant = design.constantFeatures(input.plan)
        let active = gram.activeIndexes.filter { !constant[$0] }
        let candidates = active.filter { !references.contains($0) }
        guard design.rows > candidates.count else {
            throw ForgeError(
                .notEnoughRows,
                "\(design.rows) training rows leave no errors to learn from beside \(candidates.count) coefficients",
                hint: "give more rows or fewer columns, or leave statistics out")
        }
        var kept = candidates
        if independentFeatures(gram.restricted(to: candidates)).count < candidates.count {
            // A sum of products cannot tell a dependence from a near one; the rows themselves can.
            let triangle = try probe.triangle(input.weights, of: candidates, units: gram.units(candidates))
            kept = candidates.indices.filter { abs(triangle[$0, $0]) > 1e-12 }.map { candidates[$0] }
        }
        self.kept = kept
        dependent = Self.dependences(gram, kept, active.filter { !kept.contains($0) })
    }

    /// Each feature left out as a sum of those that stay. Of a reference level that is: the intercept less the other
    /// levels.
    private static func dependences(
        _ gram: Matrix, _ kept: [Int], _ others: [Int]
    ) -> [(feature: Int, factors: [Double])] {
        guard !others.isEmpty else { return [] }
        let units = kept.map { 1 / gram[$0, $0].squareRoot() }
        var scaled = gram.restricted(to: kept)
        for column in kept.indices { for row in kept.indices { scaled[row, column] *= units[row] * units[column] } }
        return others.map { feature in
            let right = kept.indices.map { units[$0] * gram[max(kept[$0], feature), min(kept[$0], feature)] }
            let solved =
                Cholesky(scaled).map { $0.solve(right) }
                ?? minimumNormLeastSquares(scaled.symmetric, right, tolerance: 1e-15)?.solution
                ?? right
            return (feature, zip(solved, units).map(*))
        }
    }

    // MARK: - The table

    /// One linear predictor with coefficients `point` (width) packed. `dispersion`: the errors' variance is learned,
    /// not known.
    func table(
        _ point: [Double], _ rows: [RowInformation], covariance: Covariance, dispersion: Bool, student: Bool
    ) throws -> CoefficientTable {
        let probe = CenteredRows(design: design, moments: moments, input: input)
        func weight(_ row: Int) -> Double { input.weights?[row] ?? 1 }
        let bread = try probe.inverse(rows.indices.map { weight($0) * rows[$0].information }, of: kept)
        var covariances: Matrix
        if covariance == .nonrobust {
            covariances = bread
            if dispersion {
                let scale = rows.indices.reduce(0) { $0 + weight($1) * rows[$1].pearson } / degreesOfFreedom
                for index in covariances.values.indices { covariances.values[index] *= scale }
            }
        } else {
            let scores = rows.indices.map { weight($0) * rows[$0].score }
            let meat = try meat(probe, scores, rows, bread, covariance)
            covariances = bread.times(meat.symmetric).times(bread)
        }
        let inflation = try inflation(probe)
        return try assemble(
            [(nil, point)], covariances, inflation, degrees: student ? degreesOfFreedom : .infinity, probe)
    }

    private func meat(
        _ probe: CenteredRows, _ scores: [Double], _ rows: [RowInformation], _ bread: Matrix, _ covariance: Covariance
    ) throws -> Matrix {
        let count = Double(self.rows)
        switch covariance {
        case .cluster:
            let (sums, clusters) = try probe.clusterSums(scores, of: kept)
            guard clusters > 1 else {
                throw ForgeError(
                    .notEnoughRows, "params.statistics \"cluster\" found \(clusters) group among the training rows",
                    hint: "name group_columns with more values")
            }
            let groups = Double(clusters)
            return sums.scaled(groups / (groups - 1) * (count - 1) / degreesOfFreedom)
        case .hc2, .hc3:
            let leverages = try probe.leverages(
                rows.indices.map { (input.weights?[$0] ?? 1) * rows[$0].information }, bread, of: kept)
            let squares = scores.indices.map { row in
                let rest = max(1 - leverages[row], 1e-12)
                return scores[row] * scores[row] / (covariance == .hc2 ? rest : rest * rest)
            }
            return try probe.gram(squares, of: kept)
        default:
            let meat = try probe.gram(scores.map { $0 * $0 }, of: kept)
            return covariance == .hc1 ? meat.scaled(count / degreesOfFreedom) : meat
        }
    }

    /// Diagonal of the inverse of the weighted correlations; nil for the intercept.
    func inflation(_ probe: CenteredRows) throws -> [Double?] {
        let gram = try probe.gram(input.weights, of: kept)
        let inverse = try probe.inverse(input.weights ?? [Double](repeating: 1, count: rows), of: kept)
        return kept.indices.map { index in
            if kept[index] == design.intercept { return nil }
            var square = gram[index, index]
            // A level's feature is not centred in the rows; its variance is.
            if design.intercept != nil, kept[index] >= design.dense.count {
                let mean = moments.means[kept[index]]
                square -= moments.weight * mean * mean
            }
            return square * inverse[index, index]
        }
    }

    /// Coefficients and covariances of all classes, (classes · kept) in order, into units of the data.
    func assemble(
        _ classes: [(label: Bytes?, point: [Double])], _ covariances: Matrix, _ inflation: [Double?], degrees: Double,
        _ probe: CenteredRows
    ) throws -> CoefficientTable {
        let units = DataUnits(input.plan)
        let student = StudentT(degrees: degrees)
        let reach = student.quantile(0.975)
        var table = CoefficientTable(rows: [], conditionNumber: try probe.conditionNumber(of: kept))
        for (number, entry) in classes.enumerated() {
            let reduced = reduce(entry.point)
            let map = unitMap(units)
            for (term, factors) in map {
                let place = number * kept.count
                let coefficient = factors.reduce(0) { $0 + reduced[$1.key] * $1.value }
                var variance = 0.0
                for (i, a) in factors {
                    for (j, b) in factors { variance += a * b * covariances[place + i, place + j] }
                }
                var row = CoefficientTable.Row(
                    term: term < 0 ? "(intercept)" : units.terms[term], label: entry.label, coefficient: coefficient)
                let error = max(0, variance).squareRoot()
                row.standardError = error
                if error > 0 {
                    row.statistic = coefficient / error
                    row.pValue = student.twoSided(coefficient / error)
                }
                row.lower = coefficient - reach * error
                row.upper = coefficient + reach * error
                if term >= 0, let own = kept.firstIndex(where: { design.encodedIndex[$0] == term }) {
                    row.vif = inflation[own]
                }
                table.rows.append(row)
            }
        }
        table.references = dependent.map { units.terms[design.encodedIndex[$0.feature]] }
        return table
    }

    /// Coefficients (kept) of centred features that say the same as `point` (width) does of every training row.
    private func reduce(_ point: [Double]) -> [Double] {
        var point = point
        if let intercept = design.intercept {
            for index in 0..<design.dense.count where index != intercept {
                point[intercept] += point[index] * moments.means[index]
            }
        }
        var result = kept.map { point[$0] }
        for (feature, factors) in dependent {
            for index in kept.indices { result[index] += factors[index] * point[feature] }
        }
        return result
    }

    /// Every term as a sum of the kept coefficients: (term, [kept index: factor]), the intercept (-1) first.
    private func unitMap(_ units: DataUnits) -> [(Int, [(key: Int, value: Double)])] {
        var byTerm: [Int: [Int: Double]] = [:]
        let leftOut = termsLeftOut(units)
        /// Adds `factor` of a kept coefficient's feature to the terms that it is made of.
        func add(_ feature: Int, _ factor: Double, of index: Int, expanding: Bool) {
            func put(_ share: Double, on term: Int) { byTerm[term, default: [:]][index, default: 0] += factor * share }
            if feature == design.intercept { return put(1, on: -1) }
            for share in units.shares[design.encodedIndex[feature]] where share.factor != 0 {
                guard expanding, let others = leftOut[share.term] else {
                    put(share.factor, on: share.term)
                    continue
                }
                if design.intercept != nil { put(share.factor * others.constant, on: -1) }
                for (other, part) in zip(kept, others.factors) where abs(part) > 1e-12 {
                    add(other, factor * share.factor * part, of: index, expanding: false)
                }
            }
            if design.intercept != nil, feature < design.dense.count { put(-moments.means[feature], on: -1) }
        }
        for (index, feature) in kept.enumerated() { add(feature, 1, of: index, expanding: true) }
        return byTerm.sorted { $0.key < $1.key }.map { ($0.key, $0.value.sorted { $0.key < $1.key }) }
    }

    /// What the terms without a row are made of, for products that they are in: a constant and the kept features
    /// (kept).
    private func termsLeftOut(_ units: DataUnits) -> [Int: (constant: Double, factors: [Double])] {
        var result: [Int: (constant: Double, factors: [Double])] = [:]
        for (feature, factors) in dependent {
            let term = design.encodedIndex[feature]
            let shares = units.shares[term]
            guard let own = shares.first(where: { $0.term == term })?.factor,
                shares.allSatisfy({ $0.term == term || $0.term < 0 })
            else { continue }
            let constant = shares.reduce(0) { $1.term < 0 ? $0 - $1.factor / own : $0 }
            let mean = design.intercept != nil && feature < design.dense.count ? moments.means[feature] : 0
            result[term] = (constant + mean / own, factors.map { $0 / own })
        }
        return result
    }
}

extension Design {
    /// First features of the one-hot columns, whose features add up to one in every training row.
    fileprivate func firstLevels(_ plan: EncodingPlan) -> Set<Int> {
        Set(
            hot.map { Int($0.first) }.filter { first in
                guard let column = plan.column(of: encodedIndex[first]) else { return false }
                if case .oneHot = plan.columns[column].schema.encoding { return true }
                return false
            })
    }
}
