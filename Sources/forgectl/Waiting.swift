import ForgeModel
import ForgePQ
import ForgeStore

/// Follows a request until it has ended, showing how far it is.
/// - Returns: its last state; nil if the user stopped waiting.
func waitForEnd(of request: Int, _ admin: Admin) throws -> JSONValue? {
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
func failure(of state: JSONValue) -> PostgresError {
    let id = state["id"]?.intValue ?? 0
    if state["status"]?.textValue == "cancelled" {
        return PostgresError(sqlState: "FG021", message: "request \(id) was cancelled", hint: "forgectl requests retry \(id) queues it again.")
    }
    return PostgresError(
        sqlState: state["error_code"]?.textValue ?? "XX000",
        message: "request \(id) failed: \(plain(state["error_message"]))",
        detail: state["error_detail"]?.textValue, hint: state["error_hint"]?.textValue ?? "forgectl requests log \(id) shows what it did.")
}
