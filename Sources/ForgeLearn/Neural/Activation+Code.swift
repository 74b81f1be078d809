import CForgeMath
import ForgeModel

extension Activation {
    /// Of forge_activation.h.
    var code: Int32 {
        switch self {
        case .relu: Int32(FORGE_RELU)
        case .gelu: Int32(FORGE_GELU)
        case .tanh: Int32(FORGE_TANH)
        }
    }
}
