import Foundation

/// Who runs the server and the sidecar. PostgreSQL refuses to run as root; everyone else runs their own.
public struct ServerUser: Sendable, Equatable {
    public var name: String
    public var uid: uid_t
    public var gid: gid_t
    /// Whether that is somebody else than this process.
    public var isOther: Bool

    /// Environment variable that names the user to run as when root calls.
    public static let variable = "FORGE_SERVER_USER"
    public static let fallback = "postgres"

    public static func current() throws -> ServerUser {
        let caller = geteuid()
        guard caller == 0 else {
            return ServerUser(name: userName(caller) ?? "\(caller)", uid: caller, gid: getegid(), isOther: false)
        }
        let wanted = ProcessInfo.processInfo.environment[variable] ?? fallback
        guard let entry = getpwnam(wanted), entry.pointee.pw_uid != 0 else {
            throw ClusterError(
                "PostgreSQL does not run as root, and there is no user \(wanted) to run it as",
                hint: "Install PostgreSQL from packages, which creates the user, or name another with \(variable).")
        }
        return ServerUser(name: wanted, uid: entry.pointee.pw_uid, gid: entry.pointee.pw_gid, isOther: true)
    }

    /// The same command, run as this user.
    func runs(_ program: Program) -> Program {
        guard isOther else { return program }
        var switched = Program(
            "/usr/bin/setpriv",
            ["--reuid", "\(uid)", "--regid", "\(gid)", "--init-groups", "--", program.path] + program.arguments)
        switched.input = program.input
        switched.environment = program.environment
        switched.environment["HOME"] = "/"
        switched.environment["USER"] = name
        switched.environment["LOGNAME"] = name
        return switched
    }

    /// Whether the user can enter a folder: a home of mode 0700 on the way keeps everybody else out.
    func reaches(_ folder: String) throws -> Bool {
        try runs(Program("/usr/bin/test", ["-x", folder])).run().succeeded
    }

    private static func userName(_ uid: uid_t) -> String? {
        getpwuid(uid).map { String(cString: $0.pointee.pw_name) }
    }
}
