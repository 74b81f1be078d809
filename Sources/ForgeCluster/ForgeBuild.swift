import Foundation

/// The build that the running program belongs to: the sidecar beside it, its libraries, and the extension staged per
/// server.
///
/// In a source tree (`.build/TRIPLE/release`, three levels below the package) the libraries come from `.deps` and the
/// extension from `.build-ext-MAJOR/stage`. An installed program (`PREFIX/bin`) has its libraries in
/// `PREFIX/lib/forge`, and the server it starts must have the extension (`make install`).
public struct ForgeBuild: Sendable, Equatable {
    /// Folder of the running program.
    public var programs: String
    /// The source tree, nil for an installed program.
    public var project: String?

    public static func current() -> ForgeBuild {
        let executable =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        let programs = (executable as NSString).deletingLastPathComponent
        let root = URL(fileURLWithPath: programs).appendingPathComponent("../../..").standardizedFileURL.path
        let isProject = FileManager.default.fileExists(atPath: "\(root)/Package.swift")
        return ForgeBuild(programs: programs, project: isProject ? root : nil)
    }

    var sidecar: String { "\(programs)/forged" }

    /// `libxgboost.so`, and its `libgomp`, which it looks for in `../../xgboost_cpu.libs`: source by place below the
    /// software folder.
    var libraries: [(source: String, target: String)] {
        let home = project.map { "\($0)/.deps/xgboost/xgboost/lib" } ?? "\(programs)/../lib/forge"
        let companions = "\(home)/../../xgboost_cpu.libs"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: companions)) ?? []
        return [("\(home)/libxgboost.so", "lib/forge/libxgboost.so")]
            + names.sorted().map { ("\(companions)/\($0)", "xgboost_cpu.libs/\($0)") }
    }

    /// The extension's files for a server: source, and whether it is a module or belongs to the shared files.
    func extensionFiles(for server: ServerInstallation) -> [(source: String, isModule: Bool)] {
        let stage = project.map { "\($0)/.build-ext-\(server.major)/stage" }
        return files(of: "forge", for: server, below: [stage, ""].compactMap { $0 })
    }

    /// pgvector's files for a server that lacks it, as `scripts/deps.sh` built them; none where it did not.
    func vectorFiles(for server: ServerInstallation) -> [(source: String, isModule: Bool)] {
        guard let project, files(of: "vector", for: server, below: [""]).isEmpty else { return [] }
        return files(of: "vector", for: server, below: ["\(project)/.deps/pgvector/\(server.major)"])
    }

    private func files(
        of name: String, for server: ServerInstallation, below roots: [String]
    ) -> [(source: String, isModule: Bool)] {
        for root in roots {
            let module = "\(root)\(server.modules)/\(name).so"
            let shared = "\(root)\(server.shared)/extension"
            let files = ((try? FileManager.default.contentsOfDirectory(atPath: shared)) ?? [])
                .filter { $0 == "\(name).control" || ($0.hasPrefix("\(name)--") && $0.hasSuffix(".sql")) }
            if files.contains("\(name).control"), FileManager.default.fileExists(atPath: module) {
                return [(module, true)] + files.sorted().map { ("\(shared)/\($0)", false) }
            }
        }
        return []
    }
}
