/// Why an artifact is refused: an error that costs no memory, thrown on the way through the decoder.
struct Refusal: Error {
    var code: ErrorCode
    var reason: StaticString

    static func corrupt(_ reason: StaticString) -> Refusal { Refusal(code: .corruptArtifact, reason: reason) }
    static func tooLarge(_ reason: StaticString) -> Refusal { Refusal(code: .tooLarge, reason: reason) }
    static func newer(_ reason: StaticString) -> Refusal { Refusal(code: .versionMismatch, reason: reason) }

    var hint: StaticString {
        if code == .tooLarge { return "train the model with fewer or shallower trees, columns or levels" }
        if code == .versionMismatch { return "upgrade the forge extension and library to the version that wrote the model" }
        return "restore the model's artifact from a backup, or train the model again"
    }
}

@inline(__always)
func require(_ condition: Bool, _ reason: StaticString) throws(Refusal) {
    if !condition { throw .corrupt(reason) }
}
