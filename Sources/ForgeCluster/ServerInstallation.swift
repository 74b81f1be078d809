import Foundation

/// A PostgreSQL server on this machine, as its `pg_config` describes it.
public struct ServerInstallation: Sendable, Equatable {
    public var binaries: String  // --bindir
    public var modules: String  // --pkglibdir
    public var shared: String  // --sharedir
    public var libraries: String  // --libdir
    public var version: String  // 15.20
    public var major: Int { Int(version.prefix { $0.isNumber }) ?? 0 }

    /// Environment variable that names the folder with `postgres`, `initdb` and `pg_ctl`.
    public static let variable = "FORGE_PG_BINDIR"
    public static let oldestMajor = 15
    static let places = "\(variable), /usr/lib/postgresql/*/bin, /usr/pgsql-*/bin, /usr/local/pgsql/bin and PATH"

    /// Every usable server: the one named by `FORGE_PG_BINDIR` alone, else those in the well-known places, newest
    /// first.
    public static func all() throws -> [ServerInstallation] {
        if let named = ProcessInfo.processInfo.environment[variable], !named.isEmpty {
            guard let server = ServerInstallation(binaries: named) else {
                throw ClusterError(
                    "\(variable) is \(named), which holds no PostgreSQL server",
                    hint: "Name the folder that holds postgres, initdb, pg_ctl and pg_config.")
            }
            return [server]
        }
        var seen: Set<String> = []
        return candidates().compactMap { ServerInstallation(binaries: $0) }
            .filter { $0.major >= oldestMajor && seen.insert($0.binaries).inserted }
            .sorted { $0.major > $1.major }
    }

    init?(binaries folder: String) {
        let needed = ["postgres", "initdb", "pg_ctl", "pg_config"].map { "\(folder)/\($0)" }
        guard needed.allSatisfy(FileManager.default.isExecutableFile(atPath:)),
            let text = try? Program("\(folder)/pg_config").run().text
        else { return nil }
        var values: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
        guard let binaries = values["BINDIR"], let modules = values["PKGLIBDIR"], let shared = values["SHAREDIR"],
            let libraries = values["LIBDIR"], let version = values["VERSION"]?.split(separator: " ").dropFirst().first
        else { return nil }
        (self.binaries, self.modules, self.shared, self.libraries) = (binaries, modules, shared, libraries)
        self.version = String(version)
    }

    /// Libraries that programs load from outside the system's folders: a relocatable server brings its own, found
    /// relative to its programs.
    func privateLibraries(of programs: [String]) throws -> [String] {
        let system = ["/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/"]
        let lines = try Program("/usr/bin/ldd", programs).require("list the server's libraries").split(separator: "\n")
        let paths = lines.compactMap { line -> String? in
            let parts = line.components(separatedBy: " => ")
            guard parts.count == 2, let path = parts[1].split(separator: " ").first, path.hasPrefix("/") else { return nil }
            return URL(fileURLWithPath: String(path)).standardizedFileURL.path
        }
        return Set(paths).filter { path in !system.contains { path.hasPrefix($0) } }.sorted()
    }

    private static func candidates() -> [String] {
        let files = FileManager.default
        let versioned = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"].flatMap { folder in
            ((try? files.contentsOfDirectory(atPath: folder)) ?? []).map { "\(folder)/\($0)/bin" }
        }
        let redHat = ((try? files.contentsOfDirectory(atPath: "/usr")) ?? []).filter { $0.hasPrefix("pgsql-") }
            .map { "/usr/\($0)/bin" }
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return versioned + redHat + ["/usr/local/pgsql/bin"] + path
    }
}
