import ForgeModel

/// What a fit is given: the encoded training rows, the target, the resolved hyperparameters.
struct FitInput: ~Copyable {
    let parameters: Parameters
    let data: DataSet
    let plan: EncodingPlan
    let target: Target
    /// (rows) sample weight times class weight; nil: all 1.
    let weights: [Double]?
    /// Rows to watch for early stopping; nil unless the hyperparameters ask for it.
    var validation: ValidationRows? = nil
    let threads: Int
    let seed: Int
    /// The version to continue; nil: the fit starts afresh.
    var base: BaseModel? = nil
    let observer: any TrainingObserver

    var rows: Int { data.training.rows }

    func checkCancelled() throws {
        if observer.isCancelled { throw ForgeError(.cancelled, "training was cancelled") }
    }

    /// (rows) 1 for the class at `index`, else 0.
    func indicator(of index: Int, in classes: Classes) -> [Double] {
        classes.training.map { $0 == Int32(index) ? 1 : 0 }
    }
}

/// Rows apart from the training rows, by which a fit knows when to stop. Nothing is fitted to them.
struct ValidationRows {
    let part: Part
    /// (rows) class; -1: one that no training row has. Empty for regression, whose values are `part.targets`.
    let classes: [Int32]
    /// (rows) sample weight times class weight; 0 where the class is -1. nil: all 1.
    let weights: [Double]?
}

/// What a fit gives back.
struct FittedModel {
    var form: ModelForm
    var link: Link
    /// (encoded) weight of each encoded feature; summed to columns for the manifest.
    var importance: [Double]
    /// Products that the fit put behind those of the plan; the form has coefficients for them too.
    var products: [FeatureProduct] = []
    /// Sentences for the data report: what the fit had to leave out or could not reach.
    var notes: [String] = []
    /// Of support vector machines of classes: what their margins were multiplied by to become log-odds.
    var marginScale: Double?
    /// Seconds, rounds and such have no place here: equal input gives equal models.
    var iterations: Int?
    /// With standard errors, when the request asks for statistics; of linear forms the manifest has the bare ones
    /// anyway.
    var coefficients: CoefficientTable?
    /// Of a clustering: its clusters, in order; behind them, if there are any, the rows of none (-1).
    var clusters: [FoundCluster] = []
    /// Of a decomposition, in order.
    var components: [FoundComponent] = []
    /// Numbers for the data report, by name.
    var findings: JSONObject = [:]
}
