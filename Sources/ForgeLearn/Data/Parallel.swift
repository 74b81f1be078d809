import Dispatch

/// Runs `body` for 0..<count on up to `threads` threads, lane by lane: index i runs on lane i mod lanes.
///
/// The work of one index must touch nothing that another's writes: that is what makes the closure safe to share.
func inParallel(_ count: Int, threads: Int, _ body: (Int) -> Void) {
    guard threads > 1, count > 1 else {
        for index in 0..<count { body(index) }
        return
    }
    let lanes = min(threads, count)
    withoutActuallyEscaping(body) { body in
        nonisolated(unsafe) let body = body
        DispatchQueue.concurrentPerform(iterations: lanes) { lane in
            for index in Swift.stride(from: lane, to: count, by: lanes) { body(index) }
        }
    }
}
