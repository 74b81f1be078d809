import CForgeABI
import CForgeMath

/// Writes an error into the caller's `ForgeStatus`, without `String`.
public struct Status {
    let pointer: UnsafeMutablePointer<ForgeStatus>
    public init(_ pointer: UnsafeMutablePointer<ForgeStatus>) { self.pointer = pointer }

    private static let textSize: Int64 = 512

    private func begin(_ code: ErrorCode) {
        pointer.pointee.code = 1
        forge_status_sqlstate(pointer)[0] = 0
        forge_status_message(pointer)[0] = 0
        forge_status_detail(pointer)[0] = 0
        forge_status_hint(pointer)[0] = 0
        StaticBytes(code.sqlState).withPointer {
            forge_status_append(forge_status_sqlstate(pointer), 8, $0, Int64($1))
        }
    }

    private func append(_ field: UnsafeMutablePointer<CChar>, _ text: StaticString) {
        StaticBytes(text).withPointer { forge_status_append(field, Status.textSize, $0, Int64($1)) }
    }

    private func message(_ text: StaticString) { append(forge_status_message(pointer), text) }
    private func hint(_ text: StaticString) { append(forge_status_hint(pointer), text) }

    @discardableResult
    func set(_ refusal: Refusal) -> Int32 {
        begin(refusal.code)
        if refusal.code == .corruptArtifact { message("the model's artifact is corrupt: ") }
        message(refusal.reason)
        hint(refusal.hint)
        return 1
    }

    func setMulticlass(classes: Int32) -> Int32 {
        begin(.multiclass)
        message("the model has ")
        forge_status_append_number(forge_status_message(pointer), Status.textSize, Double(classes))
        message(" classes, which one number cannot tell apart")
        hint("use forge.predict_label or forge.predict_proba")
        return 1
    }

    func setComponents(_ count: Int32) -> Int32 {
        begin(.multiclass)
        message("the model gives ")
        forge_status_append_number(forge_status_message(pointer), Status.textSize, Double(count))
        message(" components, not one number")
        hint("use forge.transform")
        return 1
    }

    func setNoClusters() -> Int32 {
        begin(.notAClassifier)
        message("the model is no clustering")
        hint("use forge.predict, forge.predict_label or forge.transform")
        return 1
    }

    func setNoTransform() -> Int32 {
        begin(.notAClassifier)
        message("the model predicts, and transforms nothing")
        hint("use forge.predict, or train a decomposition, a clustering or an mlp")
        return 1
    }

    func setNoNeighbors() -> Int32 {
        begin(.notAClassifier)
        message("the model holds no training rows")
        hint("use forge.neighbours_of, or train by algorithm knn")
        return 1
    }

    /// `column` is the one whose value is refused, or the number of columns when only the result is out of range.
    func setOutOfRange(_ arena: Backend.Arena, column: Int32, _ values: UnsafePointer<Double>) -> Int32 {
        begin(.valueOutOfRange)
        guard column < arena.pointee.columns else {
            message("the prediction is beyond the range of double precision")
            hint("scale the features, or leave out rows with values far beyond those trained on")
            return 1
        }
        let name = Backend.columns(arena)[Int(column)].name
        message("column \"")
        forge_status_append(
            forge_status_message(pointer), Status.textSize, Backend.text(arena, name), name.count)
        message("\" has the value ")
        forge_status_append_number(forge_status_message(pointer), Status.textSize, values[Int(column)])
        message(values[Int(column)].isFinite ? ", which is beyond the range of real" : ", which no model takes")
        hint("replace it by NULL, or by a finite value that a real can hold")
        return 1
    }
}
