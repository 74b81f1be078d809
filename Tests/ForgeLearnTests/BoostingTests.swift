import ForgeModel
import Testing

@testable import ForgeLearn

/// What boosting does with its objectives, its constraints and the rows by which it stops.
@Suite struct BoostingTests {
    private func table(rows: Int = 2_000, noise: Double = 0.5, seed: UInt64 = 3) -> Table {
        var random = Random(seed)
        var table = Table()
        let x = (0..<rows).map { _ in random.normal() }
        table.add("x", x)
        table.add("z", (0..<rows).map { _ in random.normal() })
        table.add("y", x.map { $0 + noise * random.normal() }, role: .target)
        return table
    }

    private func run(_ table: Table, _ params: JSONValue, task: String = "regression") -> Run {
        Run(table: table, algorithm: "gradient_boosting", task: task, params: params, split: ["test": 0.25])
    }

    @Test func stopsEarlyAndKeepsTheBestRound() throws {
        let heard = Recording()
        var run = run(table(noise: 2), ["n_estimators": 300, "early_stopping_rounds": 7, "validation_fraction": 0.2])
        run.observer = heard
        let outcome = try run.train()
        let validation = try #require(heard.curves["validation_rmse"])
        let best = try #require(validation.min { $0.value < $1.value })
        let rounds = try #require(outcome.manifest["data_report"]?["iterations"]?.intValue)
        #expect(rounds == best.step + 1 && validation.count == rounds + 7 && rounds < 290)
        guard case .trees(let form) = try ModelDocument(artifact: outcome.artifact).form else { return }
        #expect(form.roots.count == rounds)
        #expect(try run.train().artifact == outcome.artifact)
        #expect(heard.curves["train_rmse"] != nil)
    }

    /// Where XGBoost would start at a step of Newton's method from 0, far beyond all targets.
    @Test(arguments: [0.1, 1, 30, 1e6])
    func pseudoHuberStartsWhereItsLossIsLeast(_ slope: Double) throws {
        var run = try ConformanceTests.Case(
            golden: "diabetes.x", algorithm: "gradient_boosting",
            params: ["objective": "pseudo_huber", "huber_slope": .number(slope)], tolerance: 0
        ).run()
        if slope >= 1 {
            let r2 = try run.train().manifest["metrics"]?["r2"]?.doubleValue ?? -1
            #expect(r2 > 0.5, "\(r2)")
        }
        run.params["n_estimators"] = 1
        run.params["learning_rate"] = 1e-9
        let outcome = try run.train()
        let start = try run.scores(of: outcome)[0][0]
        let cells = run.table.columns.last!.cells
        let targets = cells.map { if case .number(let value) = $0 { value } else { Double.nan } }
        func loss(_ constant: Double) -> Double {
            targets.reduce(0) { $0 + (1 + ($1 - constant) * ($1 - constant) / slope / slope).squareRoot() - 1 }
        }
        #expect(loss(start) < loss(start - 0.1) && loss(start) < loss(start + 0.1), "\(start)")
    }

    @Test func stopsEarlyInClassesAndQueries() throws {
        var classes = table(noise: 2)
        classes.columns[2].cells = classes.columns[2].cells.map { cell in
            guard case .number(let value) = cell else { return cell }
            return .text(value < -1 ? "low" : value < 1 ? "middle" : "high")
        }
        classes.columns[2].type = "text"
        let three = try run(classes, ["n_estimators": 200, "early_stopping_rounds": 5], task: "classification").train()
        let rounds = try #require(three.manifest["data_report"]?["iterations"]?.intValue)
        guard case .trees(let form) = try ModelDocument(artifact: three.artifact).form else { return }
        #expect(rounds < 200 && form.roots.count == 3 * rounds)

        let ranked = try run(queries(noise: 2), ["n_estimators": 200, "early_stopping_rounds": 5], task: "ranking").train()
        #expect(ranked.manifest["data_report"]?["iterations"]?.intValue ?? 200 < 200)
    }

    @Test func constrainedPredictionsNeverFall() throws {
        let run = run(table(rows: 400, noise: 2), ["monotone_constraints": ["x": 1]])
        let outcome = try run.train()
        var line = Table()
        line.add("x", (0..<200).map { Double($0) / 30 - 3 })
        line.add("z", [Double?](repeating: 0.1, count: 200))
        let scores = try run.scores(of: outcome, on: line).map { $0[0] }
        #expect(scores == scores.sorted())
        let free = try self.run(table(rows: 400, noise: 2), [:]).train()
        let other = try run.scores(of: free, on: line).map { $0[0] }
        #expect(other != other.sorted())
    }

    @Test(arguments: [("nothing", 1, "which is no feature"), ("x", 2, "must be 1, -1 or 0"), ("c", 1, "have no order")])
    func constraintsThatMeanNothingAreRefused(_ column: String, _ direction: Int, _ reason: String) throws {
        var table = table(rows: 100)
        table.add("c", (0..<100).map { $0 % 2 == 0 ? "a" : "b" })
        var constraints = JSONObject()
        constraints[column] = .integer(Int64(direction))
        let error = try #require(throws: ForgeError.self) {
            try run(table, ["monotone_constraints": .object(constraints)]).train()
        }
        #expect(error.code == .invalidParameter && error.message.contains(reason), "\(error)")
    }

    @Test(arguments: ["poisson", "gamma", "tweedie"])
    func negativeTargetsAreRefusedByLogarithmicObjectives(_ objective: String) throws {
        let error = try #require(throws: ForgeError.self) { try run(table(), ["objective": .text(objective)]).train() }
        #expect(error.code == .unusableTarget && error.message.contains("\"y\" holds -"), "\(error)")
    }

    @Test func quantilesHoldTheirShareOfTheRows() throws {
        let table = table(rows: 4_000, noise: 1)
        let run = run(table, ["objective": "quantile", "quantile_alpha": 0.9, "n_estimators": 40, "max_depth": 3])
        let scores = try run.scores(of: try run.train()).map { $0[0] }
        let below = zip(table.columns[2].cells, scores).count { cell, score in
            if case .number(let value) = cell { value <= score } else { false }
        }
        #expect(abs(Double(below) / 4_000 - 0.9) < 0.03)
    }

    // MARK: - Ranking

    /// Queries of ten rows, whose relevance says nothing across queries.
    private func queries(rows: Int = 3_000, noise: Double = 0.3) -> Table {
        var random = Random(8)
        var table = Table()
        let x = (0..<rows).map { _ in random.normal() }
        let query = (0..<rows).map { _ in Double(random.index(rows / 10)) }
        table.add("x", x)
        table.add("z", (0..<rows).map { _ in random.normal() })
        table.add("query", query, role: .group)
        table.add("y", x.map { max(0, min(4, ($0 + noise * random.normal() + 2).rounded(.down))) }, role: .target)
        return table
    }

    @Test(arguments: ["ndcg", "pairwise"])
    func rankingOrdersTheRowsOfAQuery(_ objective: String) throws {
        let table = queries()
        let run = run(table, ["rank_objective": .text(objective), "n_estimators": 20], task: "ranking")
        let outcome = try run.train()
        let scores = try run.scores(of: outcome).map { $0[0] }
        let (right, wrong) = pairs(table, scores)
        #expect(Double(right) / Double(right + wrong) > 0.85, "\(right) \(wrong)")
        #expect(outcome.manifest["task"] == "ranking")
    }

    @Test func itDoesNotMatterHowTheRowsOfQueriesAreMixed() throws {
        let table = queries(rows: 600)
        let query = table.columns[2].cells.map { if case .number(let value) = $0 { value } else { -1.0 } }
        let order = (0..<600).sorted { (query[$0], $0) < (query[$1], $1) }
        let artifacts = try [table, table.rows(order)].map { table in
            var run = run(table, ["n_estimators": 10], task: "ranking")
            run.split = ["method": "none"]
            return try run.train().artifact
        }
        #expect(artifacts[0] == artifacts[1])
    }

    @Test func relevancesThatAnObjectiveCannotUseAreRefused() throws {
        for (objective, value) in [("map", 2.0), ("ndcg", 1.5), ("ndcg", 40), ("pairwise", -1)] {
            var table = queries(rows: 200)
            table.columns[3].cells[5] = .number(value)
            var run = run(table, ["rank_objective": .text(objective)], task: "ranking")
            run.split = ["method": "none"]
            let error = try #require(throws: ForgeError.self) { try run.train() }
            #expect(error.code == .unusableTarget && error.hint != nil, "\(error)")
        }
    }

    /// Pairs of rows of one query in the right and in the wrong order.
    private func pairs(_ table: Table, _ scores: [Double]) -> (right: Int, wrong: Int) {
        let queries = Dictionary(grouping: scores.indices) { "\(table.columns[2].cells[$0])" }.values
        var (right, wrong) = (0, 0)
        for rows in queries {
            for a in rows {
                for b in rows {
                    guard case .number(let first) = table.columns[3].cells[a],
                        case .number(let second) = table.columns[3].cells[b], first > second + 1
                    else { continue }
                    if scores[a] > scores[b] { right += 1 } else { wrong += 1 }
                }
            }
        }
        return (right, wrong)
    }
}
