import CForgeABI
import CForgeMath

/// An arena on the sidecar's heap, 16-byte aligned, freed with the object.
final class DecodedModel: @unchecked Sendable {
    private let memory: UnsafeMutableRawPointer
    let byteCount: Int

    init(_ artifact: Bytes) throws {
        (memory, byteCount) = try artifact.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { throw Refusal.corrupt("it is empty").error }
            do throws(Refusal) {
                let size = try ArenaDecoder.measure(base, count: buffer.count)
                let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
                do throws(Refusal) {
                    try ArenaDecoder.decode(base, count: buffer.count, into: memory, capacity: size)
                } catch {
                    memory.deallocate()
                    throw error
                }
                return (memory, size)
            } catch {
                throw error.error
            }
        }
    }

    deinit { memory.deallocate() }

    /// Never written after decoding, so it may be read from many threads.
    var arena: UnsafePointer<ForgeArena> { UnsafePointer(memory.assumingMemoryBound(to: ForgeArena.self)) }
}
