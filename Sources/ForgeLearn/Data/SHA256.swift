import CLibCrypto
import ForgeModel

/// SHA-256 (FIPS 180-4) by OpenSSL, which libpq brings along. One user at a time.
final class SHA256: @unchecked Sendable {
    private let context = EVP_MD_CTX_new()

    init() { EVP_DigestInit_ex(context, EVP_sha256(), nil) }
    deinit { EVP_MD_CTX_free(context) }

    func update(_ bytes: UnsafeRawBufferPointer) { EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) }

    /// The digest in lower-case hexadecimal; ends the computation.
    func finish() -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        EVP_DigestFinal_ex(context, &digest, nil)
        return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    static func hex(of bytes: Bytes) -> String {
        let hash = SHA256()
        bytes.withUnsafeBytes(hash.update)
        return hash.finish()
    }
}
