import CForgeABI
import ForgeModel
