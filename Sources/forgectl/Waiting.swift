import ArgumentParser
import ForgeModel
import ForgePQ
import ForgeStore

/// Follows a request until it has succeeded. Throws the error that ended it, or, when the user stops waiting, leaves it
/// running.
func waitForSuccess(of request: Int, _ admin: Admin) throws {
    guard let state = try waitForEnd(of: request, admin) else {
        complain("stopped waiting; request \(request) goes on without you: \(calledAs) requests show \(request)")
        throw ExitCode(Failure.failed)
    }
    guard state["status"]?.textValue == "succeeded" else { throw failure(of: state) }
}

/// The request's last state; nil if the user stopped waiting.
private func waitForEnd(of request: Int, _ admin: Admin) throws -> JSONValue? {
    Terminal.catchInterrupts()
    var display = ProgressDisplay()
    defer { display.finish() }
    while true {
        let state = try admin.progress(request)
        if ["succeeded", "failed", "cancelled"].contains(state["status"]?.textValue) { return state }
        display.show(state)
        if !Terminal.pause(milliseconds: 250) { return nil }
    }
}

/// Why a request did not succeed, as the error that ended it.
private func failure(of state: JSONValue) -> PostgresError {
    let id = state["id"]?.intValue ?? 0
    if state["status"]?.textValue == "cancelled" {
        return PostgresError(sqlState: "FG021", message: "request \(id) was cancelled", hint: "forgectl requests retry \(id) queues it again.")
    }
    return PostgresError(
        sqlState: state["error_code"]?.textValue ?? "XX000",
        message: "request \(id) failed: \(plain(state["error_message"]))",
        detail: state["error_detail"]?.textValue, hint: state["error_hint"]?.textValue ?? "forgectl requests log \(id) shows what it did.")
}
