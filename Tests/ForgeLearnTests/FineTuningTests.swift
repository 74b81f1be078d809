import ForgeModel
import Testing

@testable import ForgeLearn

/// Models that continue a registered version (`params.base_model`).
@Suite struct FineTuningTests {
    // MARK: - Against the peers

    struct Peer: Sendable, CustomTestStringConvertible {
        var data: String
        var algorithm: String
        var task = "regression"
        var params: JSONValue = [:]
        var continued: JSONValue = [:]
        var golden: String
        var tolerance: Double
        /// Whether the base's rows are given again beside the others.
        var onAllRows = false
        var testDescription: String { golden }
    }

    static let boosting: JSONValue = ["n_estimators": 50, "max_depth": 3]
    static let peers = [
        Peer(
            data: "diabetes", algorithm: "gradient_boosting", params: boosting, continued: boosting,
            golden: "tuning.boosting_diabetes", tolerance: 5e-6, onAllRows: true),
        // The objective is the base's, and need not be said again.
        Peer(
            data: "diabetes", algorithm: "gradient_boosting",
            params: ["n_estimators": 50, "max_depth": 3, "objective": "poisson"], continued: boosting,
            golden: "tuning.boosting_poisson", tolerance: 5e-6, onAllRows: true),
        Peer(
            data: "breast_cancer", algorithm: "gradient_boosting", task: "classification", params: boosting,
            continued: boosting, golden: "tuning.boosting_breast_cancer", tolerance: 5e-6, onAllRows: true),
        Peer(
            data: "wine", algorithm: "gradient_boosting", task: "classification", params: boosting, continued: boosting,
            golden: "tuning.boosting_wine", tolerance: 5e-6, onAllRows: true),
        Peer(
            data: "diabetes", algorithm: "ridge", continued: ["alpha": 30], golden: "tuning.ridge", tolerance: 1e-10),
        Peer(
            data: "diabetes", algorithm: "poisson", params: ["alpha": 1, "tol": 1e-10],
            continued: ["alpha": 0.5, "tol": 1e-10], golden: "tuning.poisson", tolerance: 1e-5),
        Peer(
            data: "breast_cancer", algorithm: "logistic_regression", task: "classification", params: ["tol": 1e-10],
            continued: ["C": 0.1, "tol": 1e-10], golden: "tuning.logistic", tolerance: 1e-5),
    ]

    @Test(arguments: peers)
    func continuesAsThePeerDoes(_ peer: Peer) throws {
        let (run, all) = try continuation(peer)
        let found = deviation(try run.scores(of: try run.train(), on: all), try Conformance.golden(peer.golden))
        #expect(found <= peer.tolerance, "\(peer.golden): \(found)")
    }

    /// The base on every other row, then its continuation on the others or all; and all rows.
    private func continuation(_ peer: Peer) throws -> (run: Run, all: Table) {
        let all = try Conformance.table(peer.data)
        let even = Array(stride(from: 0, to: all.rows, by: 2))
        let odd = Array(stride(from: 1, to: all.rows, by: 2))
        var run = Run(table: all.rows(even), algorithm: peer.algorithm, task: peer.task, params: peer.params)
        run.base = try run.train()
        run.params = peer.continued
        run.table = peer.onAllRows ? all : all.rows(odd)
        return (run, all)
    }

    /// In units of the hinge: probabilities are margins times a factor that both learn for themselves.
    @Test func supportVectorsAreDrawnToTheBasesMargins() throws {
        let (run, all) = try continuation(
            Peer(
                data: "breast_cancer", algorithm: "linear_svm", task: "classification", params: ["tol": 1e-12],
                continued: ["C": 0.1, "tol": 1e-12], golden: "tuning.svm_margins", tolerance: 1e-5))
        let outcome = try run.train()
        let scale = try #require(outcome.manifest["margin_scale"]?.doubleValue)
        let document = try ModelDocument(artifact: outcome.artifact)
        let margins = try Scorer(artifact: outcome.artifact)
            .margins(document.columns.map { all.values(String(decoding: $0.name, as: UTF8.self)) }).map { [$0 / scale] }
        #expect(deviation(margins, try Conformance.golden("tuning.svm_margins")) <= 1e-5)
    }

    // MARK: - Every algorithm

    static let algorithms = AlgorithmRegistry.all.filter { $0.parameters.contains { $0.name == "base_model" } }
        .flatMap { algorithm in algorithm.tasks.filter { $0 != .ranking }.map { (algorithm.name, $0.rawValue) } }

    @Test func whatContinuesIsBoostingNetworksAndPenalisedLinearModels() {
        #expect(
            Set(Self.algorithms.map(\.0)) == [
                "gradient_boosting", "ridge", "lasso", "elastic_net", "logistic_regression", "poisson", "gamma",
                "tweedie", "linear_svm", "mlp",
            ])
    }

    /// Numbers with gaps, a category, and a target above 0 that algorithms of counts take too.
    private func table(_ task: String, rows: Int = 400, seed: UInt64 = 5) -> Table {
        var random = Random(seed)
        var table = Table()
        let a = (0..<rows).map { _ in random.normal() }
        let colour = (0..<rows).map { _ in ["red", "green", "blue"][random.index(3)] }
        table.add("a", a)
        table.add("b", (0..<rows).map { _ in random.uniform() < 0.2 ? nil : 10 * random.normal() })
        table.add("colour", colour)
        let margin = (0..<rows).map { a[$0] + (colour[$0] == "red" ? 1 : 0) + 0.3 * random.normal() }
        if task == "classification" {
            table.add("y", margin.map { $0 > 1 ? "high" : $0 > 0 ? "middle" : "low" }, role: .target)
        } else {
            table.add("y", margin.map { (0.3 * $0 + 1).magnitude + 0.1 }, role: .target)
        }
        return table
    }

    /// A continuation that must not move: an overwhelming penalty, steps or rounds of next to no size.
    private func still(_ algorithm: String) -> JSONValue {
        switch algorithm {
        case "mlp": ["solver": "sgd", "learning_rate_init": 1e-12, "max_iter": 1]
        case "gradient_boosting": ["n_estimators": 1, "learning_rate": 1e-9]
        case "logistic_regression", "linear_svm": ["C": 1e-9]
        default: ["alpha": 1e9]
        }
    }

    /// The intercept is free of the linear models' penalty: on the base's own rows it stays too.
    @Test(arguments: algorithms)
    func whatMayNotMoveStaysTheBase(_ algorithm: String, _ task: String) throws {
        var run = Run(table: table(task), algorithm: algorithm, task: task)
        run.params = algorithm == "mlp" ? ["hidden_layer_sizes": [7, 3], "activation": "tanh", "max_iter": 30] : [:]
        if ["lasso", "elastic_net", "poisson", "gamma", "tweedie"].contains(algorithm) { run.params = ["alpha": 0.01] }
        let base = try run.train()
        run.base = base
        run.params = still(algorithm)
        let outcome = try run.train()
        let (was, now) = (try run.scores(of: base), try run.scores(of: outcome))
        // A machine's probabilities go by what it learns of its margins out of fold: only their order stays.
        if algorithm == "linear_svm", task == "classification" {
            for (a, b) in zip(was, now) { #expect(a.firstIndex(of: a.max()!) == b.firstIndex(of: b.max()!)) }
        } else {
            #expect(deviation(now, was) < 1e-5)
        }
        #expect(outcome.manifest["base"]?["model"] == "earlier" && outcome.manifest["base"]?["version"] == 2)
    }

    /// Rows of another law: who may move follows them.
    @Test(arguments: algorithms)
    func aContinuationLearnsFromItsRows(_ algorithm: String, _ task: String) throws {
        var run = Run(table: table(task), algorithm: algorithm, task: task)
        run.base = try run.train()
        var other = table(task, seed: 6)
        other.columns[0].cells.reverse()
        run.table = other
        run.params = algorithm == "lasso" || algorithm == "elastic_net" ? ["alpha": 0.001] : [:]
        let tuned = try run.train()
        var unmoved = run
        unmoved.params = still(algorithm)
        let metric = task == "regression" ? "rmse" : "log_loss"
        let (after, before) = (try value(metric, tuned), try value(metric, try unmoved.train()))
        #expect(after < before)
    }

    private func value(_ metric: String, _ outcome: TrainingOutcome) throws -> Double {
        try #require(outcome.manifest["metrics"]?[metric]?.doubleValue)
    }

    @Test func hingesFollowTheBaseToo() throws {
        var run = Run(
            table: table("classification"), algorithm: "linear_svm", task: "classification",
            params: ["loss": "hinge", "C": 0.05])
        let base = try run.train()
        let margins: (TrainingOutcome) throws -> [Double] = { outcome in
            let scale = outcome.manifest["margin_scale"]!.doubleValue!
            return try Scorer(artifact: outcome.artifact)
                .margins(["a", "b", "colour"].map { run.table.values($0) }).map { $0 / scale }
        }
        run.base = base
        run.params = ["loss": "hinge", "C": 1e-9]
        #expect(deviation([try margins(try run.train())], [try margins(base)]) < 1e-5)
        run.params = ["loss": "hinge", "C": 1e4]
        let tuned = try margins(try run.train())
        run.base = nil
        #expect(deviation([tuned], [try margins(try run.train())]) < 0.05)
    }

    @Test func rankingsContinueQueryByQuery() throws {
        var table = Table()
        var random = Random(9)
        let x = (0..<300).map { _ in random.normal() }
        table.add("x", x)
        table.add("query", (0..<300).map { Double($0 / 10) }, type: "integer", role: .group)
        table.add("y", x.map { ($0 + random.normal()).rounded() }.map { max(0, min(3, $0)) }, role: .target)
        var run = Run(table: table, algorithm: "gradient_boosting", task: "ranking", params: ["n_estimators": 5])
        let base = try run.train()
        run.base = base
        let tuned = try run.train()
        #expect(try trees(tuned) == 2 * trees(base))
        #expect(try value("ndcg", tuned) >= value("ndcg", base) - 0.01)
    }

    private func trees(_ outcome: TrainingOutcome) throws -> Int {
        guard case .trees(let form) = try ModelDocument(artifact: outcome.artifact).form else { return 0 }
        return form.roots.count
    }

    @Test func earlyStoppingCountsTheAddedRounds() throws {
        var run = Run(table: table("regression"), algorithm: "gradient_boosting", task: "regression")
        run.base = try run.train()
        run.params = ["early_stopping_rounds": 3, "n_estimators": 60]
        let tuned = try run.train()
        let rounds = try #require(tuned.manifest["data_report"]?["iterations"]?.intValue)
        #expect(rounds < 60)
        #expect(try trees(tuned) == 100 + rounds)
    }

    // MARK: - Encodings

    /// Whatever the base made of its columns is made of the new rows, levels it never saw and constants included.
    @Test(arguments: ["ridge", "gradient_boosting", "mlp"])
    func encodingsAreTheBasesWhateverTheRowsHold(_ algorithm: String) throws {
        var run = Run(
            table: table("regression"), algorithm: algorithm, task: "regression",
            preprocess: [
                "a": ["transform": "yeo_johnson"], "b": ["impute": "mean", "scale": "standard"],
                "colour": ["encode": "target"],
            ])
        let base = try run.train()
        var narrow = run.table.rows((0..<run.table.rows).filter { run.table.columns[2].cells[$0] == "red" })
        narrow.columns[1].cells = narrow.columns[1].cells.map { _ in .null }
        narrow.columns[2].cells[0] = "mauve"
        run.table = narrow
        run.preprocess = nil
        run.base = base
        let tuned = try run.train()
        let (was, now) = (try ModelDocument(artifact: base.artifact), try ModelDocument(artifact: tuned.artifact))
        #expect(now.columns == was.columns)
        #expect(tuned.manifest["preprocess"] == base.manifest["preprocess"])
        #expect(tuned.manifest["columns"] == base.manifest["columns"])
        run.params = still(algorithm)
        let unmoved = try ModelDocument(artifact: try run.train().artifact)
        #expect(unmoved.columns == was.columns)
    }

    @Test(arguments: ["ridge", "gradient_boosting", "mlp"])
    func vectorsAreContinuedWhole(_ algorithm: String) throws {
        var random = Random(11)
        var table = table("regression")
        table.add("embedding", (0..<table.rows).map { _ in (0..<3).map { _ in Float(random.normal()) } })
        var run = Run(table: table, algorithm: algorithm, task: "regression")
        let base = try run.train()
        run.base = base
        run.params = still(algorithm)
        let tuned = try run.train()
        #expect(deviation(try run.scores(of: tuned), try run.scores(of: base)) < 1e-5)
        #expect(try ModelDocument(artifact: tuned.artifact).columns == ModelDocument(artifact: base.artifact).columns)
        run.table.columns.removeLast()
        run.table.add("embedding", (0..<table.rows).map { _ in (0..<2).map { _ in Float(random.normal()) } })
        #expect(
            refusal(run)?.message.hasSuffix("its vectors of \"embedding\" have 3 dimensions, here they have 2") == true)
    }

    @Test func columnsThatTheBaseLeftOutStayOut() throws {
        var run = Run(table: table("regression"), algorithm: "ridge", task: "regression")
        run.table.add("still", [Double](repeating: 3, count: run.table.rows))
        run.base = try run.train()
        run.baseLeftOut = ["still"]
        let notes = try run.train().manifest["data_report"]?["notes"]?.serialized
        #expect(notes?.contains("column \\\"still\\\" is left out, as by base model \\\"earlier/2\\\"") == true)
    }

    @Test func foldsThatLackAClassContinueToo() throws {
        var run = Run(table: table("classification"), algorithm: "logistic_regression", task: "classification")
        run.table = run.table.rows(Array(0..<60))
        run.base = try run.train()
        let rare = (0..<60).filter { run.table.columns[3].cells[$0] != "high" }
            + (0..<60).filter { run.table.columns[3].cells[$0] == "high" }.prefix(1)
        run.table = run.table.rows(rare)
        run.split = ["method": "none", "folds": 3]
        run.params = ["class_weight": "balanced"]
        #expect(try run.train().manifest["cross_validation"]?["folds"]?.intValue == 3)
    }

    @Test func aContinuationIsReproducibleAndMayBeContinued() throws {
        var run = Run(table: table("regression"), algorithm: "gradient_boosting", task: "regression", split: ["seed": 4])
        run.params = ["n_estimators": 7, "subsample": 0.7]
        run.base = try run.train()
        let second = try run.train()
        #expect(second.artifact == (try run.train()).artifact)
        run.base = second
        let third = try run.train()
        #expect(try trees(third) == 21)
        #expect(third.manifest["base"]?["splits"]?.arrayValue?.count == 2)
    }

    // MARK: - Another shape

    private func refusal(_ run: Run) -> ForgeError? {
        do {
            _ = try run.train()
            return nil
        } catch { return error as? ForgeError }
    }

    @Test func everyDifferenceOfShapeIsToldAtOnce() throws {
        var run = Run(table: table("classification"), algorithm: "mlp", task: "classification")
        run.params = ["hidden_layer_sizes": [4], "max_iter": 2]
        run.base = try run.train()
        run.params = ["hidden_layer_sizes": [5], "activation": "tanh", "max_iter": 2]
        run.table.columns.remove(at: 1)
        run.table.columns[0] = Table.Column(name: "a", type: "text", cells: run.table.columns[0].cells.map { _ in "x" })
        run.table.add("d", [Double](repeating: 1, count: run.table.rows))
        let target = run.table.columns.firstIndex { $0.role == .target }!
        run.table.columns[target].cells = run.table.columns[target].cells.map { $0 == "high" ? "top" : $0 }
        let error = try #require(refusal(run))
        #expect(error.code == .modelMismatch)
        #expect(error.message == "base model \"earlier/2\" is of another shape: 7 differences")
        #expect(
            error.detail == """
                its hidden_layer_sizes is [4], the request's [5]
                its activation is "relu", the request's "tanh"
                it reads column "a" as double precision, here it is text
                it reads column "b", which is no feature here
                column "d" is unknown to it
                class "top" is unknown to it
                it knows class "high", which no training row has
                """)
        #expect(error.hint != nil)
    }

    @Test func whatAnotherAlgorithmLearnedIsNotContinued() throws {
        var run = Run(table: table("regression"), algorithm: "decision_tree", task: "regression")
        run.base = try run.train()
        run.algorithm = "gradient_boosting"
        #expect(
            refusal(run)?.message
                == "base model \"earlier/2\" is of another shape: it is of decision_tree, which gradient_boosting does not continue"
        )
    }

    @Test(arguments: ["ridge", "gradient_boosting", "mlp"])
    func modelsOfGroupsAreNotContinued(_ algorithm: String) throws {
        var run = Run(table: GroupTests.table(GroupTests.shops), algorithm: algorithm, task: "regression")
        run.params = algorithm == "mlp" ? ["max_iter": 2] : [:]
        run.base = try run.train()
        run.table.columns.removeFirst()
        let error = try #require(refusal(run))
        #expect(error.code == .modelMismatch)
        #expect(error.detail?.contains("it has a model for each group, which nothing continues") == true, "\(error)")
    }

    @Test func leastSquaresContinueEachOther() throws {
        var run = Run(table: table("regression"), algorithm: "linear_regression", task: "regression")
        let base = try run.train()
        run.base = base
        run.algorithm = "lasso"
        run.params = ["alpha": 1e9]
        #expect(deviation(try run.scores(of: try run.train()), try run.scores(of: base)) < 1e-9)
    }

    @Test(arguments: ["ridge", "elastic_net", "poisson", "logistic_regression"])
    func withoutAPenaltyThereIsNothingToPull(_ algorithm: String) throws {
        let task = algorithm == "logistic_regression" ? "classification" : "regression"
        var run = Run(table: table(task), algorithm: algorithm, task: task)
        run.base = try run.train()
        run.params = task == "regression" ? ["alpha": 0] : ["penalty": "none"]
        #expect(refusal(run)?.code == .invalidParameter)
        #expect(refusal(run)?.message.contains("needs a penalty") == true)
    }

    @Test func whatTheBaseHasDecidedIsNotAskedForAnew() throws {
        var run = Run(table: table("regression"), algorithm: "gradient_boosting", task: "regression")
        run.base = try run.train()
        run.preprocess = ["a": ["scale": "standard"]]
        run.params = ["base_score": 1]
        let error = try #require(refusal(run))
        #expect(error.detail?.contains("preprocess does not go with") == true)
        #expect(error.detail?.contains("params.base_score does not go with") == true)
        run = Run(table: run.table, algorithm: "ridge", task: "regression", params: ["base_model": "m/1"])
        #expect(refusal(run)?.message == "params.base_model was not resolved to a version")
    }

    @Test func thePositiveClassIsTheBases() throws {
        var table = table("classification")
        table.columns[3].cells = table.columns[3].cells.map { $0 == "high" ? "a" : "b" }
        var run = Run(
            table: table, algorithm: "logistic_regression", task: "classification", params: ["positive_class": "a"])
        run.base = try run.train()
        run.params = [:]
        #expect(try run.train().manifest["positive"] == "a")
        run.params = ["positive_class": "b"]
        #expect(refusal(run)?.message.contains("its positive_class is \"a\", the request's \"b\"") == true)
    }

    // MARK: - Held-out rows

    private func held(_ seed: UInt64, _ test: Double, _ table: Table) -> Set<Int> {
        Set((0..<table.rows).filter { Double(splitmix64(table.key($0) ^ splitmix64(seed))) / 0x1p64 < test })
    }

    private func withID(_ table: Table) -> Table {
        var table = table
        table.add("id", (0..<table.rows).map(Double.init), type: "bigint", role: .id)
        return table
    }

    @Test func heldOutRowsThatTheBaseWasTrainedOnAreTold() throws {
        let table = withID(table("regression"))
        var run = Run(table: table, algorithm: "ridge", task: "regression", split: ["seed": 1])
        run.base = try run.train()
        var report = try run.train().manifest["data_report"]
        #expect(report?["held_out_rows_seen_by_base"] == 0 && report?["warnings"] == nil)

        run.split = ["seed": 2]
        let second = try run.train()
        report = second.manifest["data_report"]
        let seen = held(2, 0.2, table).subtracting(held(1, 0.2, table)).count
        #expect(report?["held_out_rows_seen_by_base"]?.intValue == seen)
        #expect(report?["warnings"]?.serialized.contains("\(seen) of \(held(2, 0.2, table).count) held-out rows") == true)

        // The base held these rows out, what it continues did not.
        run.base = second
        report = try run.train().manifest["data_report"]
        #expect(report?["held_out_rows_seen_by_base"]?.intValue == seen)

        run.split = ["method": "random", "seed": 2]
        run.table.columns.removeAll { $0.role == .id }
        report = try run.train().manifest["data_report"]
        #expect(report?["held_out_rows_seen_by_base"] == JSONValue.null)
        #expect(report?["warnings"]?.serialized.contains("cannot be known: base model") == true)
    }

    @Test func aChampionIsComparedOnRowsThatNoBaseWasTrainedOn() throws {
        let table = withID(table("regression"))
        var run = Run(table: table, algorithm: "ridge", task: "regression", split: ["seed": 1])
        let first = try run.train()
        run.champion = ChampionModel(version: 1, metric: nil, manifest: first.manifest, artifact: first.artifact)
        var base = run
        base.champion = nil
        base.split = ["seed": 2, "test": 0.5]
        run.base = try base.train()
        let both = held(1, 0.2, table).intersection(held(2, 0.5, table))
        #expect(try run.train().manifest["comparison"]?["rows"]?.intValue == both.count)

        // The other way round: what the champion continues counts.
        let tuned = try run.train()
        run.base = nil
        run.champion = ChampionModel(version: 2, metric: nil, manifest: tuned.manifest, artifact: tuned.artifact)
        #expect(try run.train().manifest["comparison"]?["rows"]?.intValue == both.count)
    }
}
