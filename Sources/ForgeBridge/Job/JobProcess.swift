import ForgeLearn
import ForgeModel
import ForgePQ
import ForgeStore
import Foundation

/// The whole life of `forged run-job`: read the rows in one short snapshot, compute without a transaction, register.
public enum JobProcess {
    /// Runs the job that the environment names; the exit status.
    public static func run(environment: [String: String] = ProcessInfo.processInfo.environment) -> Int32 {
        guard let job = JobEnvironment(environment) else {
            FileHandle.standardError.write(Data("forged run-job is started by forged, for one job each\n".utf8))
            return 2
        }
        let lifeline = Lifeline()
        lifeline.watch()
        let channel = JobChannel()
        var stage = FailurePolicy.Stage.registering
        do {
            channel.send(.outcome(try perform(job, channel: channel, lifeline: lifeline, stage: &stage)))
            return 0
        } catch {
            channel.send(.outcome(FailurePolicy.outcome(of: error, at: stage)))
            return 1
        }
    }

    private static func perform(
        _ environment: JobEnvironment, channel: JobChannel, lifeline: Lifeline, stage: inout FailurePolicy.Stage
    ) throws -> ChildMessage.Outcome {
        let store = JobStore(
            ConnectionSettings(environment.target, applicationName: "forged job \(environment.lease.request)"), lease: environment.lease)
        store.onConnect = { lifeline.guards($0) }

        channel.progress(0, phase: "starting", waits: true)
        var description = try store.job()
        description["threads"] = .integer(Int64(environment.threads))
        let base = description["base"]?.isNull == false ? try store.baseArtifact() : nil
        let job = try TrainingJob(json: description, baseArtifact: base)
        let helps = description["helps"]?.boolValue ?? false
        let champion = try helps ? nil : champion(description["champion"] ?? .null, store)

        stage = .reading
        let clock = ContinuousClock()
        let began = clock.now
        let data = try read(job, store, channel)
        let readDone = clock.now

        stage = .computing
        let reporter = JobReporter(channel: channel, store: store)
        reporter.log(.info, "read \(data.rowsRead) rows of \(job.columns.count) columns in \(seconds(readDone - began)) s")
        reporter.start()
        let trials = StoredTrials(reporter, channel)
        if helps {
            try help(job, data, trials: trials, observer: reporter)
            try reporter.stop()
            return .helped
        }
        let trained = Result { try train(job, data, champion: champion, trials: trials, observer: reporter) }
        let peak = (ProcessFacts.peakBytes(of: getpid()) ?? 0) / 1_000_000
        reporter.log(.info, "trained and evaluated in \(seconds(clock.now - readDone)) s (\(reporter.phaseSummary(seconds: seconds))), peak resident memory \(peak) MB")
        channel.progress(0.95, phase: "registering", waits: true)
        let reported = Result { try reporter.stop() }
        let outcome = try trained.get()
        try reported.get()

        stage = .registering
        return .completed(version: try store.complete(
            manifest: outcome.manifest, artifact: outcome.artifact,
            heldOut: outcome.heldOutScores.map { JobStore.HeldOutScores(truth: $0.truth, scores: $0.scores) }))
    }

    /// With three decimals.
    private static func seconds(_ duration: Duration) -> String { seconds(duration / .seconds(1)) }
    private static func seconds(_ count: Double) -> String { String(format: "%.3f", count) }

    private static func read(_ job: TrainingJob, _ store: JobStore, _ channel: JobChannel) throws -> DataSet {
        var builder: DataSetReader?
        channel.progress(0.01, phase: "reading", waits: true)
        try store.readBlocks { block in
            if let builder {
                try builder.append(block: block)
            } else {
                builder = try DataSetReader(header: block, job: job)
            }
        }
        guard let builder else {
            throw ForgeError(
                .versionMismatch, "the reader sent no header", hint: "install the extension, the schema and the sidecar of one release")
        }
        channel.progress(0.1, phase: "reading", waits: false)
        return try builder.finish()
    }

    private static func champion(_ description: JSONValue, _ store: JobStore) throws -> ChampionModel? {
        guard let version = description["version"]?.intValue, let artifact = try store.championArtifact() else { return nil }
        return ChampionModel(
            version: version, metric: description["metric"]?.textValue, manifest: description["manifest"] ?? .null, artifact: artifact)
    }
}

extension JobProcess {
    /// Algorithms that this program can train.
    public static var algorithms: [String] { AlgorithmRegistry.all.map(\.name) }
    public static var algorithmsSQL: String { AlgorithmRegistry.sql }
}
