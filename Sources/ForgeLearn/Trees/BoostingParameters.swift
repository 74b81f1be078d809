import ForgeModel

/// The hyperparameters of gradient boosting, named as XGBoost's scikit-learn interface names them.
let boostingParameters: [Hyperparameter] = [
    .integer(
        "n_estimators", 100, minimum: 1, maximum: 10_000,
        "Boosting rounds; each adds one tree (one per class when there are more than two)."
    ).searched(50...500, log: true),
    .number(
        "learning_rate", 0.3, above: 0, maximum: 1,
        "Share of each tree's correction that is kept; smaller needs more rounds."
    ).searched(0.01...0.5, log: true),
    .integer("max_depth", 6, minimum: 1, maximum: 64, "Most splits between a tree's root and a leaf.")
        .searched(2...10),
    .integer("max_leaves", 0, minimum: 0, maximum: 1 << 20, "Most leaves of a tree; 0: as many as max_depth allows."),
    .choice(
        "grow_policy", "depthwise", of: ["depthwise", "lossguide"],
        "Whether the nodes nearest to the root are split first, or those whose split gains most."),
    .number(
        "min_child_weight", 1, minimum: 0, "Least sum of hessians (of row weights, for squared error) in a leaf."
    ).searched(0.1...30, log: true),
    .number("gamma", 0, minimum: 0, "Least loss reduction that justifies a split."),
    Hyperparameter(
        name: "max_delta_step", kind: .number, defaultValue: nil, minimum: 0, choices: [],
        sentence: "Largest change of a leaf in a round; by default 0.7 for objective poisson, else without limit."),
    .number("subsample", 1, above: 0, maximum: 1, "Share of the rows that each round sees.").searched(0.5...1),
    .number("colsample_bytree", 1, above: 0, maximum: 1, "Share of the columns that each tree may split on.")
        .searched(0.4...1),
    .number("colsample_bylevel", 1, above: 0, maximum: 1, "Of those, share for each level of a tree."),
    .number("colsample_bynode", 1, above: 0, maximum: 1, "Of those, share for each split."),
    .number("reg_lambda", 1, minimum: 0, "L2 penalty on leaf values.").searched(1e-3...100, log: true),
    .number("reg_alpha", 0, minimum: 0, "L1 penalty on leaf values."),
    .integer("max_bin", 256, minimum: 2, maximum: 65_535, "Histogram bins of a number column."),
    Hyperparameter(
        name: "objective", kind: .text, defaultValue: "squared_error",
        choices: ["squared_error", "absolute_error", "pseudo_huber", "quantile", "poisson", "gamma", "tweedie"],
        task: .regression, isFixedByBase: true,
        sentence:
            "The loss: squared_error learns means, absolute_error medians, quantile the quantile_alpha quantile; poisson, gamma and tweedie learn means of counts and amounts on a logarithmic scale."
    ),
    Hyperparameter(
        name: "quantile_alpha", kind: .number, defaultValue: 0.5, minimum: 0.001, maximum: 0.999, choices: [],
        task: .regression, isFixedByBase: true,
        sentence: "Of objective quantile: the share of rows that lie below the prediction."),
    Hyperparameter(
        name: "huber_slope", kind: .number, defaultValue: 1.0, exclusiveMinimum: 0, choices: [], task: .regression,
        isFixedByBase: true, sentence: "Of objective pseudo_huber: the error from which on it grows linearly."),
    Hyperparameter(
        name: "tweedie_variance_power", kind: .number, defaultValue: 1.5, minimum: 1.001, maximum: 1.999, choices: [],
        task: .regression, isFixedByBase: true,
        sentence: "Of objective tweedie: towards 1 a Poisson, towards 2 a gamma distribution."),
    Hyperparameter(
        name: "rank_objective", kind: .text, defaultValue: "ndcg", choices: ["ndcg", "pairwise", "map"], task: .ranking,
        isFixedByBase: true,
        sentence:
            "LambdaMART by ndcg, or by map for relevances of 0 and 1, or RankNet's loss over pairs of rows of a query."),
    Hyperparameter(
        name: "ndcg_exp_gain", kind: .boolean, defaultValue: true, choices: [], task: .ranking, isFixedByBase: true,
        sentence:
            "Whether relevance r gains 2^r - 1 (whole relevances up to 31), or r itself."),
    Hyperparameter(
        name: "base_score", kind: .number, defaultValue: nil, choices: [], task: .regression,
        sentence: "Prediction before the first tree; by default one that minimises the loss."),
    Hyperparameter(
        name: "monotone_constraints", kind: .object, defaultValue: nil, choices: [],
        sentence:
            "{\"column\": 1} for number columns with whose rise the prediction must never fall, {\"column\": -1} for never rise."
    ),
    .integer(
        "early_stopping_rounds", nil, minimum: 1,
        "Stop when the loss on rows set apart has not improved for so many rounds, and keep the rounds up to the best; by default all rounds are kept."
    ),
    .number(
        "validation_fraction", 0.1, above: 0, maximum: 0.9,
        "Share of the training rows that early_stopping_rounds sets apart."),
    Hyperparameter(
        name: "scale_pos_weight", kind: .number, defaultValue: 1.0, exclusiveMinimum: 0, choices: [],
        task: .classification, sentence: "Weight of the positive class's rows, for two classes."),
    .baseModel(
        of: ["gradient_boosting"],
        "Version to continue, as model, model@alias or model/version: n_estimators rounds are added to its trees."),
    .positiveClass, .classWeight,
]
