import Foundation

/// A condition that did not come true in time.
public struct TimedOut: Error, CustomStringConvertible {
    public let description: String
}

/// Polls until the condition holds; for what gives no signal of its own. Throws with the last state seen.
public func eventually<T>(
    _ what: String, within limit: Duration = .seconds(90), every pause: Duration = .milliseconds(10), _ condition: () throws -> T?
) async throws -> T {
    let deadline = ContinuousClock.now + limit
    while true {
        if let value = try condition() { return value }
        if ContinuousClock.now > deadline { throw TimedOut(description: "not within \(limit): \(what)") }
        try await Task.sleep(for: pause)
    }
}

/// Makes a value once, however many threads ask for it.
final class Once<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var made: Value?

    func value(_ make: () -> Value) -> Value {
        lock.withLock {
            if let made { return made }
            let value = make()
            made = value
            return value
        }
    }
}

final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var last = 0

    func next() -> Int {
        lock.withLock {
            last += 1
            return last
        }
    }
}
