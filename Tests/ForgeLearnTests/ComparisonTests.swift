import ForgeModel
import Testing

@testable import ForgeLearn

/// The comparison with the champion, on rows that neither version was trained on.
@Suite struct ComparisonTests {
    private func table(rows: Int = 2_000, noise: Double = 0.5, text: Bool = false) -> Table {
        var random = Random(21)
        var table = Table()
        let x = (0..<rows).map { _ in random.normal() }
        let z = (0..<rows).map { _ in random.normal() }
        table.add("x", x)
        table.add("z", z)
        let margin = (0..<rows).map { x[$0] + 2 * z[$0] + noise * random.normal() }
        if text {
            table.add("y", margin.map { $0 > 0 ? "yes" : "no" }, role: .target)
        } else {
            table.add("y", margin, role: .target)
        }
        return table
    }

    private func champion(_ run: Run, metric: String? = nil) throws -> ChampionModel {
        let outcome = try run.train()
        return ChampionModel(version: 3, metric: metric, manifest: outcome.manifest, artifact: outcome.artifact)
    }

    private func without(_ name: String, _ table: Table) -> Table {
        var table = table
        table.columns.removeAll { $0.name == name }
        return table
    }

    private func withID(_ table: Table) -> Table {
        var table = table
        table.add("id", (0..<table.rows).map { Double($0) }, type: "bigint", role: .id)
        return table
    }

    @Test(arguments: ["ridge", "gradient_boosting"])
    func aBetterChallengerWinsAndAWorseOneDoesNot(_ algorithm: String) throws {
        let full = Run(table: withID(table()), algorithm: algorithm, task: "regression", split: ["seed": 1])
        var poor = full
        poor.table = without("z", full.table)
        poor.split = ["seed": 1, "test": 0.4]

        var challenger = full
        challenger.champion = try champion(poor)
        let won = try challenger.train().manifest["comparison"]
        #expect(won?["better"] == true && won?["champion"] == 3 && won?["metric"] == "rmse" && won?["reason"] == .null)
        #expect(won!["challenger_value"]!.doubleValue! < won!["champion_value"]!.doubleValue!)

        challenger = full
        challenger.params = algorithm == "ridge" ? ["alpha": 1e9] : ["n_estimators": 1]
        challenger.champion = try champion(full)
        #expect(try challenger.train().manifest["comparison"]?["better"] == false)
    }

    @Test func comparedRowsAreThoseThatBothHeldOut() throws {
        let table = withID(table())
        var run = Run(table: table, algorithm: "ridge", task: "regression", split: ["seed": 1, "test": 0.3])
        let champion = try champion(run)
        run.split = ["seed": 2, "test": 0.5]
        run.champion = champion
        let comparison = try run.train().manifest["comparison"]!
        func held(_ seed: UInt64, _ test: Double) -> Set<Int> {
            Set((0..<table.rows).filter { Double(splitmix64(table.key($0) ^ splitmix64(seed))) / 0x1p64 < test })
        }
        let both = held(1, 0.3).intersection(held(2, 0.5))
        #expect(comparison["rows"]?.intValue == both.count)
        #expect(both.count < held(2, 0.5).count)
    }

    @Test func aTieKeepsTheChampion() throws {
        var run = Run(table: table(), algorithm: "ridge", task: "regression", split: ["seed": 1])
        run.champion = try champion(run)
        let comparison = try run.train().manifest["comparison"]
        #expect(comparison?["champion_value"] == comparison?["challenger_value"])
        #expect(comparison?["better"] == false && comparison?["reason"] == .null)
    }

    @Test func classifiersAreComparedByAUC() throws {
        var run = Run(
            table: table(text: true), algorithm: "logistic_regression", task: "classification", split: ["seed": 1])
        run.champion = try champion(run)
        run.params = ["C": 1e-6]
        let comparison = try run.train().manifest["comparison"]
        #expect(comparison?["metric"] == "roc_auc" && comparison?["champion_value"]?.doubleValue ?? 0 > 0.9)
        run.champion?.metric = "log_loss"
        let other = try run.train().manifest["comparison"]
        #expect(other?["metric"] == "log_loss" && other?["better"] == false)
    }

    @Test func treesAndLinearModelsScoreTheSameHeldOutBits() throws {
        var run = Run(table: table(), algorithm: "ridge", task: "regression", split: ["seed": 1])
        let champion = try champion(run)
        run.algorithm = "random_forest"
        run.params = ["n_estimators": 5]
        run.champion = champion
        let comparison = try run.train().manifest["comparison"]
        #expect(comparison?["champion_value"] == champion.manifest["metrics"]?["rmse"])
    }

    @Test func withoutCommonGroundThereIsAReasonAndNoWinner() throws {
        let base = Run(table: table(), algorithm: "ridge", task: "regression", split: ["seed": 1])
        func reason(_ champion: ChampionModel, _ change: (inout Run) -> Void) throws -> String {
            var run = base
            run.champion = champion
            change(&run)
            let comparison = try run.train().manifest["comparison"]
            #expect(comparison?["better"] == false)
            return comparison?["reason"]?.textValue ?? "none"
        }
        let own = try champion(base)
        #expect(try reason(own) { $0.split = ["method": "none"] } == "this version held out no rows")
        #expect(try reason(own) { $0.table = withID($0.table) }.contains("told rows apart by other columns"))
        var byPart = base
        byPart.table.add("part", (0..<2_000).map { $0 < 100 ? "test" : "train" }, role: .part)
        byPart.split = ["method": "column", "column": "part"]
        #expect(try reason(try champion(byPart)) { _ in }.contains("another method"))
        var wide = base
        wide.table = withID(wide.table)
        let wideChampion = try champion(wide)
        #expect(
            try reason(wideChampion) { $0.table = without("z", withID($0.table)) }
                == "the champion needs column \"z\", which the source lacks")
        var broken = wideChampion
        broken.artifact[broken.artifact.count / 2] ^= 0xFF
        broken.artifact.removeLast(9)
        #expect(try reason(broken) { $0.table = withID($0.table) }.contains("the champion cannot score these rows"))
    }

    /// Of each method the rows that both versions held out, found by the champion's manifest alone.
    @Test(arguments: ["stratified", "group", "time"])
    func aLaterVersionFindsTheRowsThatTheChampionHeldOut(_ method: String) throws {
        var table = withID(table(rows: 3_000, text: true))
        table.add("when", (0..<3_000).map { Double($0 / 2) }, type: "timestamp", role: .time)
        table.add("who", (0..<3_000).map { "user \($0 % 200)" }, role: .group)
        let early = table.rows(Array(0..<2_000))
        var run = Run(
            table: early, algorithm: "logistic_regression", task: "classification",
            split: ["method": .text(method), "seed": 1, "test": 0.3])
        let champion = try champion(run)
        let before = Set(try run.read().heldOut.keys)
        run.table = table
        run.split["test"] = 0.5
        run.champion = champion
        let comparison = try #require(try run.train().manifest["comparison"])
        let now = Set(try run.read().heldOut.keys)
        let oldKeys = Set((0..<2_000).map { table.key($0) })
        #expect(comparison["reason"] == .null && comparison["better"] != nil)
        // Rows that came later were never trained on; of the earlier ones those count that the champion held out.
        let known = now.intersection(oldKeys)
        let rows = comparison["rows"]!.intValue!
        #expect(rows >= known.intersection(before).count && rows <= known.intersection(before).count + now.subtracting(oldKeys).count)
        run.table = early
        let same = try #require(try run.train().manifest["comparison"])
        #expect(same["rows"]?.intValue == Set(try run.read().heldOut.keys).intersection(before).count)
    }

    @Test func randomAndStratifiedSplitsOfOneKeyAreComparable() throws {
        var run = Run(
            table: withID(table(text: true)), algorithm: "logistic_regression", task: "classification", split: ["seed": 1])
        let champion = try champion(run)
        let before = Set(try run.read().heldOut.keys)
        run.split = ["seed": 1, "method": "stratified", "test": 0.3]
        run.champion = champion
        let comparison = try run.train().manifest["comparison"]
        #expect(comparison?["rows"]?.intValue == Set(try run.read().heldOut.keys).intersection(before).count)
    }

    @Test func newClassesCannotBeCompared() throws {
        var run = Run(
            table: withID(table(text: true)), algorithm: "logistic_regression", task: "classification",
            split: ["seed": 1])
        let champion = try champion(run)
        run.champion = champion
        let index = run.table.columns.firstIndex { $0.name == "y" }!
        for row in 0..<500 { run.table.columns[index].cells[row] = "maybe" }
        #expect(try run.train().manifest["comparison"]?["reason"] == "the champion knows other classes")
    }
}
