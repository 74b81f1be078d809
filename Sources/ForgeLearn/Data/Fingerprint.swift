import CXXHash
import ForgeModel

/// Tells training data apart: XXH3, 128 bits, which reads memory as fast as it comes. It guards against no attacker;
/// artifacts carry a SHA-256. One user at a time.
final class Fingerprint: @unchecked Sendable {
    private let state = XXH3_createState()

    init() { XXH3_128bits_reset(state) }
    deinit { XXH3_freeState(state) }

    func update(_ bytes: UnsafeRawBufferPointer) { XXH3_128bits_update(state, bytes.baseAddress, bytes.count) }

    /// The digest in lower-case hexadecimal, as xxhsum prints it.
    func finish() -> String {
        let digest = XXH3_128bits_digest(state)
        return [digest.high64, digest.low64].map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
