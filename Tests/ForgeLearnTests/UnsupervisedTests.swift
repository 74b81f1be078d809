import ForgeModel
import Testing

@testable import ForgeLearn

/// Clusters and components: agreement with scikit-learn (Tests/conformance/make_goldens_unsupervised.py), and what every
/// algorithm without a target promises.
@Suite struct UnsupervisedTests {
    static let all = AlgorithmRegistry.all.filter { !$0.tasks[0].hasTarget }.map(\.name)

    static func run(_ table: Table, _ algorithm: String, _ params: JSONValue = [:]) -> Run {
        let task = AlgorithmRegistry.all.first { $0.name == algorithm }!.tasks[0]
        return Run(table: table, algorithm: algorithm, task: task.rawValue, params: params)
    }

    private static func data(_ name: String) throws -> Table { try Conformance.table(name, drop: ["target"]) }

    private static func column(_ golden: String) throws -> [Double] { try Conformance.golden(golden).map { $0[0] } }

    // MARK: - Agreement with scikit-learn

    @Test(arguments: [("iris", 3), ("wine", 4), ("breast_cancer", 5)])
    func inertiaIsWithinOnePerCentOfTheBestOfAHundredStarts(_ name: String, _ clusters: Int) throws {
        let golden = try Self.column("\(name).kmeans")
        let outcome = try Self.run(
            Self.data(name), "kmeans", ["n_clusters": .integer(Int64(clusters)), "tol": 0]).train()
        let inertia = outcome.manifest["metrics"]?["inertia"]?.doubleValue ?? .infinity
        #expect(inertia <= golden[0] * 1.01, "\(inertia), scikit-learn \(golden[0])")
        guard inertia < golden[0] * 1.00001 else { return }  // other clusters have other metrics
        for (place, metric) in ["silhouette", "calinski_harabasz", "davies_bouldin"].enumerated() {
            let found = outcome.manifest["metrics"]?[metric]?.doubleValue ?? .nan
            #expect(abs(found - golden[place + 1]) <= 1e-4 * abs(golden[place + 1]), "\(metric) \(found), \(golden)")
        }
    }

    @Test(arguments: ["full", "tied", "diag", "spherical"])
    func mixturesAreAsLikelyAsScikitLearns(_ kind: String) throws {
        let golden = try Self.column("iris.gaussian_mixture_\(kind)")
        let outcome = try Self.run(
            Self.data("iris"), "gaussian_mixture",
            ["n_components": 3, "covariance_type": .text(kind), "n_init": 10, "tol": 1e-9, "max_iter": 10_000]).train()
        let likelihood = outcome.manifest["data_report"]?["log_likelihood"]?.doubleValue ?? -.infinity
        #expect(likelihood >= golden[0] - 1e-3, "\(likelihood), scikit-learn \(golden[0])")
        let scores = try Self.run(Self.data("iris"), "gaussian_mixture").scores(of: outcome)
        #expect(scores.allSatisfy { abs($0.reduce(0, +) - 1) < 1e-9 })
    }

    @Test(arguments: [("moons", 0.2, 6.0), ("iris", 0.55, 5.0)])
    func densityClustersAreScikitLearns(_ name: String, _ eps: Double, _ least: Double) throws {
        let run = Self.run(name == "iris" ? try Self.data(name) : try Conformance.table(name), "dbscan")
        let data = try run.read()
        let plan = try run.plan(data)
        let encoder = plan.encoder
        let columns = plan.columns.indices.map { index in
            var out = [Double](repeating: 0, count: data.training.rows)
            var first = 0
            for chunk in data.training.chunks {
                out.withUnsafeMutableBufferPointer {
                    encoder.encode(index, chunk.float64(index), count: chunk.rows, into: $0.baseAddress! + first, stride: 1)
                }
                first += chunk.rows
            }
            return out
        }
        let points = (0..<data.training.rows).flatMap { row in columns.map { $0[row] } }
        let clusters = try DensityClusters(
            PointTree(points, width: columns.count), eps: eps, least: least, weights: nil, threads: 2,
            observer: SilentObserver())
        #expect(clusters.labels.map(Double.init) == (try Self.column("\(name).dbscan")))
        let outcome = try Self.run(
            run.table, "dbscan", ["eps": .number(eps), "min_samples": .integer(Int64(least))]).train()
        let rows = outcome.manifest["clusters"]?.arrayValue?.compactMap { $0["rows"]?.doubleValue } ?? []
        let last = clusters.labels.contains(-1) ? [-1] : [Int32]()
        #expect(rows == ((0..<Int32(clusters.count)) + last).map { label in
            Double(clusters.labels.count { $0 == label })
        })
    }

    @Test(arguments: [("wine", 5), ("breast_cancer", 8)])
    func componentsAreScikitLearnsToSixDigits(_ name: String, _ count: Int) throws {
        for (algorithm, golden, params) in [
            ("pca", "pca", ["n_components": .integer(Int64(count))] as JSONValue),
            ("pca", "pca_whitened", ["n_components": .integer(Int64(count)), "whiten": true]),
            ("truncated_svd", "truncated_svd", ["n_components": .integer(Int64(count))]),
        ] {
            let run = Self.run(try Self.data(name), algorithm, params)
            let outcome = try run.train()
            let found = deviation(try run.scores(of: outcome), try Conformance.golden("\(name).\(golden)"))
            #expect(found < 1e-6, "\(golden): \(found)")
            guard golden != "pca_whitened" else { continue }
            let ratios = outcome.manifest["components"]?.arrayValue?.map {
                [$0["explained_variance_ratio"]?.doubleValue ?? .nan]
            }
            #expect(deviation(ratios ?? [], try Conformance.golden("\(name).\(golden)_ratios")) < 1e-6)
            guard algorithm == "pca" else { continue }
            let told = outcome.manifest["metrics"]?["explained_variance"]?.doubleValue ?? .nan
            #expect(abs(told - (ratios ?? []).reduce(0) { $0 + $1[0] }) < 1e-9)
        }
    }

    @Test func factorsLeaveNoMoreThanScikitLearns() throws {
        let outcome = try Self.run(
            Self.data("wine"), "nmf", ["n_components": 3, "tol": 1e-10, "max_iter": 5_000]).train()
        let error = outcome.manifest["data_report"]?["reconstruction_error"]?.doubleValue ?? .infinity
        let golden = try Self.column("wine.nmf_error")[0]
        #expect(error <= golden * 1.01, "\(error), scikit-learn \(golden)")
    }

    // MARK: - What all of them promise

    /// Three groups of rows: numbers of at least 0, one with gaps, and text with gaps.
    static func table(rows: Int = 300, seed: UInt64 = 3) -> Table {
        var random = Random(seed)
        var table = Table()
        table.add("a", (0..<rows).map { Double($0 % 3) * 20 + 4 + random.uniform() })
        table.add("b", (0..<rows).map { random.uniform() < 0.1 ? nil : Double($0 % 3) * 3 + 1 + random.uniform() })
        table.add("c", (0..<rows).map { random.uniform() < 0.1 ? nil : ["red", "green", "blue"][$0 % 3] })
        return table
    }

    /// The same without gaps and text.
    static func blobs(rows: Int = 300) -> Table {
        var table = table(rows: rows)
        table.columns.removeAll { $0.name != "a" }
        return table
    }

    static func params(_ algorithm: String) -> JSONValue {
        switch algorithm {
        case "kmeans": ["n_clusters": 3]
        case "gaussian_mixture": ["n_components": 3]
        case "dbscan": ["eps": 0.9]
        default: ["n_components": 2]
        }
    }

    @Test(arguments: all)
    func learnsFromNumbersTextAndGapsAndIsMeasuredOnHeldOutRows(_ algorithm: String) throws {
        var run = Self.run(Self.table(), algorithm, Self.params(algorithm))
        run.split = ["test": 0.3]
        let outcome = try run.train()
        #expect(outcome.manifest["metrics_part"] == "test" && outcome.manifest["target"] == JSONValue.null)
        #expect(outcome.heldOutScores == nil)
        let metrics = outcome.manifest["metrics"]
        if run.task == "clustering" {
            #expect(metrics?["silhouette"]?.doubleValue ?? 0 > 0.4, "\(String(describing: metrics))")
            #expect(outcome.manifest["clusters"]?.arrayValue?.count ?? 0 >= 3)
        } else {
            #expect(metrics?["explained_variance"]?.doubleValue ?? 0 > 0.5, "\(String(describing: metrics))")
        }
        var strange = Table()
        strange.add("a", [nil, 0, 1e4])
        strange.add("b", [nil, nil, 2])
        strange.add("c", ["never seen", nil, "red"])
        #expect(!(try run.scores(of: outcome, on: strange).joined().contains { !$0.isFinite }))
    }

    @Test(arguments: all)
    func equalSeedsGiveEqualBytesAndWeightsCountAsRows(_ algorithm: String) throws {
        let run = Self.run(Self.table(rows: 90), algorithm, Self.params(algorithm))
        #expect(try run.train().artifact == run.train().artifact)
        var weighted = run
        weighted.table.add("w", (0..<90).map { $0 % 2 == 0 ? 1 : 2 }, role: .weight)
        let report = try weighted.train().manifest
        #expect(report["rows"]?["train"] == 90)
    }

    @Test(arguments: all)
    func refusesRowsThatAreAllEqualAndOneRow(_ algorithm: String) throws {
        var table = Table()
        table.add("a", [Double](repeating: 2, count: 30))
        table.add("c", [String](repeating: "red", count: 30))
        let equal = try #require(throws: ForgeError.self) { try Self.run(table, algorithm).train() }
        #expect(equal.code == .missingColumn && equal.message.hasPrefix("no usable feature"))
        let one = try #require(throws: ForgeError.self) { try Self.run(Self.table().rows([0]), algorithm).train() }
        #expect(one.code == .notEnoughRows)
    }

    @Test(arguments: all)
    func constantColumnsHaveNoEffect(_ algorithm: String) throws {
        let run = Self.run(Self.table(rows: 90), algorithm, Self.params(algorithm))
        var with = run
        with.table.add("same", [Double](repeating: 7, count: 90))
        with.preprocess = ["same": ["drop": true]]
        if algorithm != "nmf" && algorithm != "truncated_svd" { with.preprocess = nil }
        #expect(try with.scores(of: with.train()) == run.scores(of: run.train()))
    }

    @Test func moreClustersThanRowsOrDistinctRowsAreRefused() throws {
        let few = try #require(throws: ForgeError.self) {
            try Self.run(Self.table(rows: 5), "kmeans", ["n_clusters": 6]).train()
        }
        #expect(few.code == .notEnoughRows && few.message == "5 training rows are too few for 6 clusters")
        var table = Table()
        table.add("a", (0..<40).map { Double($0 % 2) })
        let alike = try #require(throws: ForgeError.self) { try Self.run(table, "kmeans", ["n_clusters": 3]).train() }
        #expect(alike.code == .notEnoughRows && alike.message == "2 distinct rows are too few for 3 clusters")
        let components = try #require(throws: ForgeError.self) {
            try Self.run(table, "pca", ["n_components": 5]).train()
        }
        #expect(components.code == .invalidParameter)
    }

    @Test func numbersBelowZeroAreNoPartsOfASum() throws {
        var table = Table()
        table.add("a", [1, 2, 3, -1])
        table.add("b", [1, 0, 2, 5])
        let error = try #require(throws: ForgeError.self) { try Self.run(table, "nmf", ["n_components": 1]).train() }
        #expect(error.code == .valueOutOfRange && error.message == "nmf takes no number below 0, and column \"a\" holds some")
    }

    @Test func densityWithoutACoreRowIsRefused() throws {
        let error = try #require(throws: ForgeError.self) {
            try Self.run(Self.table(), "dbscan", ["eps": 1e-9]).train()
        }
        #expect(error.code == .invalidParameter)
    }

    @Test func silhouetteChoosesTheNumberOfClusters() throws {
        let run = Self.run(Self.blobs(), "kmeans", ["n_clusters": "auto", "max_clusters": 6])
        let manifest = try run.train().manifest
        #expect(manifest["clusters"]?.arrayValue?.count == 3)
        #expect(manifest["data_report"]?["silhouettes"]?.objectValue?.count == 5)
    }

    @Test func miniBatchesComeNearToAllRows() throws {
        let table = Self.table(rows: 3_000)
        let whole = try Self.run(table, "kmeans", ["n_clusters": 3]).train().manifest["metrics"]?["inertia"]?.doubleValue
        let batches = try Self.run(table, "kmeans", ["n_clusters": 3, "batch_size": 100]).train()
        let inertia = batches.manifest["metrics"]?["inertia"]?.doubleValue ?? .infinity
        #expect(inertia <= (whole ?? 0) * 1.05, "\(inertia), \(String(describing: whole))")
    }

    @Test func centresAreInTheUnitsOfTheData() throws {
        let clusters = try Self.run(Self.blobs(), "kmeans", ["n_clusters": 3]).train().manifest["clusters"]?.arrayValue
        let means = (clusters ?? []).compactMap { $0["center"]?["a"]?.doubleValue }.sorted()
        #expect(zip(means, [4.5, 24.5, 44.5]).allSatisfy { abs($0 - $1) < 0.2 } && means.count == 3, "\(means)")
    }

    @Test func whatOnlyATargetCouldGiveIsRefused() throws {
        var run = Self.run(Self.table(), "kmeans")
        run.evaluation = ["bootstrap": 1_000, "importance": ["permutation"]]
        run.preprocess = ["@select": ["k": 1]]
        let error = try #require(throws: ForgeError.self) { try run.train() }
        #expect(error.code == .invalidParameter && error.message == "3 entries of the request are invalid")
        run = Self.run(Self.table(), "kmeans")
        run.preprocess = ["c": ["encode": "target"]]
        #expect(throws: ForgeError.self) { try run.train() }
    }

    @Test(arguments: all)
    func anotherVersionIsComparedOnTheRowsThatBothHeldOut(_ algorithm: String) throws {
        var run = Self.run(Self.table(), algorithm, Self.params(algorithm))
        run.split = ["test": 0.4]
        let first = try run.train()
        run.champion = ChampionModel(version: 1, metric: nil, manifest: first.manifest, artifact: first.artifact)
        let comparison = try run.train().manifest["comparison"]
        let metric = run.task == "clustering" ? "silhouette" : "explained_variance"
        #expect(comparison?["metric"] == .text(metric) && comparison?["better"] == false)
        #expect(comparison?["champion_value"] == comparison?["challenger_value"], "\(String(describing: comparison))")
        #expect(comparison?["champion_value"]?.doubleValue != nil)
    }

    @Test(arguments: all)
    func foldsMeasureWhatTheyHeldOut(_ algorithm: String) throws {
        var run = Self.run(Self.table(), algorithm, Self.params(algorithm))
        run.split = ["folds": 3, "test": 0]
        let folds = try run.train().manifest["cross_validation"]
        let metric = run.task == "clustering" ? "silhouette" : "explained_variance"
        #expect(folds?["metrics"]?[metric]?["values"]?.arrayValue?.count == 3)
    }
}
