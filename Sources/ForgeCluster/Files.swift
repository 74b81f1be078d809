import Foundation

/// Writes beside the file and renames, so that a reader sees the old text or the new, and the mode from the start.
func replaceFile(_ path: String, with text: String, mode: mode_t, owner: ServerUser? = nil) throws {
    let temporary = "\(path).\(getpid())"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode)
    guard descriptor >= 0 else { throw ClusterError.system("write \(path)", errno) }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    guard fchmod(descriptor, mode) == 0, write(descriptor, bytes, bytes.count) == bytes.count else {
        throw ClusterError.system("write \(path)", errno)
    }
    if let owner, owner.isOther, fchown(descriptor, owner.uid, owner.gid) != 0 {
        throw ClusterError.system("give \(path) to \(owner.name)", errno)
    }
    guard rename(temporary, path) == 0 else { throw ClusterError.system("write \(path)", errno) }
}

/// A folder with this mode and owner, made with its parents where missing.
func makeFolder(_ path: String, mode: mode_t, owner: ServerUser? = nil) throws {
    do {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    } catch {
        throw ClusterError("cannot make the folder \(path): \(error.localizedDescription)")
    }
    guard chmod(path, mode) == 0 else { throw ClusterError.system("set the mode of \(path)", errno) }
    if let owner, owner.isOther, chown(path, owner.uid, owner.gid) != 0 {
        throw ClusterError.system("give \(path) to \(owner.name)", errno)
    }
}

/// A copy under its final name only when it is whole, leaving alone who still has the old one open.
/// False if the same bytes were there already.
func copyIfDifferent(_ source: String, to target: String, mode: mode_t) throws -> Bool {
    if FileManager.default.contentsEqual(atPath: source, andPath: target) { return false }
    let temporary = "\(target).\(getpid())"
    try? FileManager.default.removeItem(atPath: temporary)
    do {
        try makeFolder((target as NSString).deletingLastPathComponent, mode: 0o755)
        try FileManager.default.copyItem(atPath: source, toPath: temporary)
    } catch {
        throw ClusterError("cannot copy \(source) to \(target): \(error.localizedDescription)")
    }
    guard chmod(temporary, mode) == 0, rename(temporary, target) == 0 else {
        throw ClusterError.system("write \(target)", errno)
    }
    return true
}

/// FNV-1a, 64 bits: a short name for a path; not a secret.
func shortHash(_ text: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let digits = String(hash, radix: 16)
    return String((String(repeating: "0", count: 16 - digits.count) + digits).prefix(8))
}

/// The last `count` lines of a text file; empty if it cannot be read.
public func tail(of file: String, lines count: Int) -> String {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return "" }
    return text.split(separator: "\n", omittingEmptySubsequences: false).suffix(count + 1).joined(separator: "\n")
        .trimmingCharacters(in: .newlines)
}
