import ForgeModel

/// What columns without news mean to the algorithm, which decides what becomes of them unless the request does.
extension TrainingJob {
    /// Without a constant term: a column is divided by its deviation, but keeps its zero.
    var isThroughOrigin: Bool { parameters["fit_intercept"].boolValue == false || keepsZero }

    private var keepsZero: Bool { [Algorithm.truncatedSVD.name, Algorithm.nmf.name].contains(algorithm.name) }

    /// Whether a column of one value changes the model: it is a term like any other without an intercept, and among
    /// counts it is a part of every row's total.
    var constantsCount: Bool { isThroughOrigin || algorithm.name == Algorithm.multinomialNB.name }

    /// Whether a column's copy changes the model: naive Bayes takes both for evidence.
    private var copiesCount: Bool { [Algorithm.gaussianNB.name, Algorithm.multinomialNB.name].contains(algorithm.name) }

    var dropsDuplicates: Bool { preprocess.dropsDuplicates ?? !copiesCount }
}
