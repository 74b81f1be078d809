import Foundation

extension EmbeddedCluster {
    /// The sidecar gives its requests back to the queue within this time; then it is killed, and its leases expire.
    static let sidecarStopSeconds = 30.0
    /// A log larger than this is put aside (`forged.log.1`) at the next start.
    static let largestLog = 16_000_000

    /// Stops a sidecar of another build, so that a migration does not meet a program that does not know the new schema.
    @discardableResult
    public func stopOutdated() throws -> Bool {
        guard sidecar != nil, try sidecarDiffers() else { return false }
        return try stopSidecar()
    }

    /// Starts the sidecar unless it runs; a sidecar of another build is replaced.
    public func startSidecar() throws -> Change {
        var change = Change.started
        if sidecar != nil {
            guard try sidecarDiffers() else { return .alreadyRunning }
            _ = try stopSidecar()
            change = .replaced
        }
        try installSidecar()
        rotateLog()
        var program = user.runs(Program(folder.sidecar))
        program.environment["FORGE_DATABASE_URL"] = workerURL
        try makeLog()
        let pid = try program.startDetached(log: folder.sidecarLog)
        guard let mark = ProcessMark(running: pid) else {
            throw ClusterError(
                "the sidecar did not start", detail: tail(of: folder.sidecarLog, lines: 5),
                hint: "Its log is \(folder.sidecarLog).")
        }
        try mark.write(to: folder.sidecarMark)
        return change
    }

    /// True if it ran.
    func stopSidecar() throws -> Bool {
        guard let sidecar else { return false }
        _ = sidecar.terminate(withinSeconds: Self.sidecarStopSeconds)
        unlink(folder.sidecarMark)
        return true
    }

    private var sidecarFiles: [(source: String, target: String)] {
        ([(build.sidecar, "bin/forged")] + build.libraries).map { ($0.source, "\(folder.software)/\($0.target)") }
    }

    private func sidecarDiffers() throws -> Bool {
        guard FileManager.default.isExecutableFile(atPath: build.sidecar) else {
            throw ClusterError("there is no forged in \(build.programs)", hint: "Run make build in the project.")
        }
        return sidecarFiles.contains { !FileManager.default.contentsEqual(atPath: $0.source, andPath: $0.target) }
    }

    private func installSidecar() throws {
        guard try sidecarDiffers() else { return }
        for file in sidecarFiles { _ = try copyIfDifferent(file.source, to: file.target, mode: 0o755) }
    }

    /// Owned by the user who writes it, for setpriv opens nothing.
    private func makeLog() throws {
        let descriptor = open(folder.sidecarLog, O_WRONLY | O_CREAT | O_APPEND, 0o640)
        guard descriptor >= 0 else { throw ClusterError.system("write \(folder.sidecarLog)", errno) }
        defer { close(descriptor) }
        if user.isOther { _ = fchown(descriptor, user.uid, user.gid) }
    }

    private func rotateLog() {
        var status = stat()
        guard stat(folder.sidecarLog, &status) == 0, status.st_size > Self.largestLog else { return }
        rename(folder.sidecarLog, folder.sidecarLog + ".1")
    }
}
