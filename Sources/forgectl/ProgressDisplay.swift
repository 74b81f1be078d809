import ForgeModel
import Foundation

/// How far a request is: one line that is redrawn on a terminal, a line per change elsewhere.
struct ProgressDisplay {
    private let redraws: Bool
    private var lastLine = ""

    init(redraws: Bool = Terminal.showsProgress) { self.redraws = redraws }

    mutating func show(_ state: JSONValue) {
        if redraws {
            FileHandle.standardError.write(Data("\r\(Self.bar(state, width: Terminal.width))\u{1B}[K".utf8))
            return
        }
        let line = Self.line(state)
        if line != lastLine { complain(line) }
        lastLine = line
    }

    func finish() {
        if redraws { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }

    /// `churn  [█████·····]  45 %  fitting  12 s, about 14 s left`
    static func bar(_ state: JSONValue, width: Int) -> String {
        let share = state["progress"]?.doubleValue ?? 0
        let seconds = state["seconds"]?.doubleValue ?? 0
        let name = plain(state["model"])
        guard state["status"]?.textValue == "running" else {
            return String("\(name)  \(waiting(state))  \(duration(seconds))".prefix(width - 1))
        }
        let left = share > 0.02 && share < 1 ? ", about \(duration(seconds * (1 - share) / share)) left" : ""
        let text = String(format: "  %3d %%  ", Int(share * 100)) + "\(plain(state["phase"]))  \(duration(seconds))\(left)"
        let room = max(0, min(30, width - name.count - text.count - 5))
        let full = Int((share * Double(room)).rounded())
        let drawing = String(repeating: "█", count: full) + String(repeating: "·", count: room - full)
        return String("\(name)  [\(drawing)]\(text)".prefix(width - 1))
    }

    /// In steps of ten percent, so that a log does not fill.
    static func line(_ state: JSONValue) -> String {
        let name = plain(state["model"])
        guard state["status"]?.textValue == "running" else { return "\(name): \(waiting(state))" }
        let phase = plain(state["phase"])
        return "\(name): running, \(Int((state["progress"]?.doubleValue ?? 0) * 10) * 10) %\(phase.isEmpty ? "" : ", \(phase)")"
    }

    private static func waiting(_ state: JSONValue) -> String {
        guard state["status"]?.textValue == "queued" else { return plain(state["status"]) }
        let error = plain(state["error_message"])
        return error.isEmpty ? "queued" : "queued for another attempt after: \(error)"
    }
}
