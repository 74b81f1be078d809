-- Generated from the registry of algorithms (Sources/ForgeLearn/Registry). Do not edit; write it again with
-- FORGE_WRITE_GENERATED=1 swift test --filter algorithmsInSQLAreThoseOfTheRegistry

insert into forge.algorithms (name, tasks, form, description, parameters, default_for) values
('linear_regression', '{regression}', 'linear',
 'Ordinary least squares: a weighted sum of the columns, the fastest to train and to read.',
'{
    "fit_intercept": {"default":true,"description":"Whether to learn a constant term, which no penalty touches.","type":"boolean"},
    "statistics": {"choices":["none","nonrobust","HC0","HC1","HC2","HC3","cluster"],"default":"none","description":"Standard errors, p-values and confidence intervals for forge.coefficients: as the model assumes (nonrobust), robust to unequal spread (HC0, HC1, HC2, HC3), or to rows that belong together by group_columns (cluster).","type":"text"}
}', '{}'),
('ridge', '{regression}', 'linear',
 'Least squares with an L2 penalty: steadier than linear_regression when columns are many or depend on each other.',
'{
    "alpha": {"default":1,"description":"Strength of the penalty on the squared coefficients of the encoded columns; 0 is linear_regression.","minimum":0,"search":{"log":true,"max":10000,"min":0.0001},"type":"number"},
    "fit_intercept": {"default":true,"description":"Whether to learn a constant term, which no penalty touches.","fixed_by_base":true,"type":"boolean"},
    "base_model": {"bases":["linear_regression","ridge","lasso","elastic_net"],"default":null,"description":"Version to start from, as model, model@alias or model/version: the penalty pulls towards its coefficients.","type":"text"}
}', '{}'),
('lasso', '{regression}', 'linear',
 'Least squares with an L1 penalty: leaves out, with coefficient 0, the columns that say little.',
'{
    "alpha": {"default":1,"description":"Strength of the penalty on the coefficients of the encoded columns, beside half the mean squared error; 0 is linear_regression.","minimum":0,"search":{"log":true,"max":100,"min":1e-05},"type":"number"},
    "max_iter": {"default":1000,"description":"Most sweeps over the coefficients.","maximum":1000000,"minimum":1,"type":"integer"},
    "tol": {"default":1e-08,"description":"Duality gap, as a share of the target''s sum of squares, at which to stop.","maximum":1,"minimum":1e-15,"type":"number"},
    "fit_intercept": {"default":true,"description":"Whether to learn a constant term, which no penalty touches.","fixed_by_base":true,"type":"boolean"},
    "base_model": {"bases":["linear_regression","ridge","lasso","elastic_net"],"default":null,"description":"Version to start from, as model, model@alias or model/version: the penalty pulls towards its coefficients.","type":"text"}
}', '{}'),
('elastic_net', '{regression}', 'linear',
 'Least squares with L1 and L2 penalties: leaves out columns as lasso does, but keeps those that go together.',
'{
    "alpha": {"default":1,"description":"Strength of the penalty on the coefficients of the encoded columns, beside half the mean squared error; 0 is linear_regression.","minimum":0,"search":{"log":true,"max":100,"min":1e-05},"type":"number"},
    "l1_ratio": {"default":0.5,"description":"Share of the penalty that is L1; the rest is L2. 1 is lasso, 0 a ridge with alpha · rows.","maximum":1,"minimum":0,"search":{"max":1,"min":0.01},"type":"number"},
    "max_iter": {"default":1000,"description":"Most sweeps over the coefficients.","maximum":1000000,"minimum":1,"type":"integer"},
    "tol": {"default":1e-08,"description":"Duality gap, as a share of the target''s sum of squares, at which to stop.","maximum":1,"minimum":1e-15,"type":"number"},
    "fit_intercept": {"default":true,"description":"Whether to learn a constant term, which no penalty touches.","fixed_by_base":true,"type":"boolean"},
    "base_model": {"bases":["linear_regression","ridge","lasso","elastic_net"],"default":null,"description":"Version to start from, as model, model@alias or model/version: the penalty pulls towards its coefficients.","type":"text"}
}', '{}'),
('huber', '{regression}', 'linear',
 'Least squares for rows near the line, absolute errors for outliers: a few wild targets do not bend it.',
'{
    "epsilon": {"default":1.35,"description":"Errors of more than this times the learned scale count as outliers; smaller is more robust.","maximum":1000000,"minimum":1,"search":{"max":3,"min":1.05},"type":"number"},
    "alpha": {"default":0.0001,"description":"Strength of the L2 penalty on the coefficients of the encoded columns.","minimum":0,"search":{"log":true,"max":10,"min":1e-06},"type":"number"},
    "max_iter": {"default":100,"description":"Most iterations of Newton''s method (up to 1024 coefficients) or of L-BFGS.","maximum":10000,"minimum":1,"type":"integer"},
    "tol": {"default":1e-06,"description":"Largest component of the mean loss''s gradient at which to stop.","maximum":1,"minimum":1e-12,"type":"number"},
    "fit_intercept": {"default":true,"description":"Whether to learn a constant term, which no penalty touches.","type":"boolean"}
}', '{}'),
('quantile_regression', '{regression}', 'linear',
 'A quantile of the target instead of its mean: the median, or the level that nine in ten stay below.',
'{
    "quantile": {"default":0.5,"description":"Share of the rows to lie below the prediction.","maximum":0.9999,"minimum":0.0001,"type":"number"},
    "alpha": {"default":0,"description":"Strength of an L1 penalty on the coefficients of the encoded columns, beside the mean pinball loss in units of the target.","minimum":0,"search":{"log":true,"max":1,"min":1e-06},"type":"number"},
    "max_iter": {"default":200,"description":"Most steps of the interior point method.","maximum":10000,"minimum":1,"type":"integer"},
    "tol": {"default":1e-12,"description":"Duality gap, as a share of the loss, at which to stop.","maximum":1,"minimum":1e-14,"type":"number"},
    "fit_intercept": {"default":true,"description":"Whether to learn a constant term, which no penalty touches.","type":"boolean"},
    "statistics": {"choices":["none","nonrobust","HC0"],"default":"none","description":"Standard errors, p-values and confidence intervals for forge.coefficients: as the model assumes (nonrobust), robust to unequal spread (HC0).","type":"text"}
}', '{}'),
('poisson', '{regression}', 'linear',
 'Counts that are never negative: each column multiplies the expected count by a factor.',
'{
    "alpha": {"default":1,"description":"Strength of the L2 penalty on the coefficients of the encoded columns.","minimum":0,"search":{"log":true,"max":10,"min":1e-06},"type":"number"},
    "max_iter": {"default":100,"description":"Most iterations of Newton''s method (up to 1024 coefficients) or of L-BFGS.","maximum":10000,"minimum":1,"type":"integer"},
    "tol": {"default":1e-06,"description":"Largest component of the mean deviance''s gradient at which to stop.","maximum":1,"minimum":1e-12,"type":"number"},
    "fit_intercept": {"default":true,"description":"Whether to learn a constant term, which no penalty touches.","fixed_by_base":true,"type":"boolean"},
    "statistics": {"choices":["none","nonrobust","HC0","HC1","cluster"],"default":"none","description":"Standard errors, p-values and confidence intervals for forge.coefficients: as the model assumes (nonrobust), robust to unequal spread (HC0, HC1), or to rows that belong together by group_columns (cluster).","type":"text"},
    "base_model": {"bases":["poisson"],"default":null,"description":"Version to start from, as model, model@alias or model/version: the penalty pulls towards its coefficients.","type":"text"}
}', '{}'),
('gamma', '{regression}', 'linear',
 'Positive amounts whose spread grows with their mean, such as costs: each column multiplies by a factor.',
'{
    "alpha": {"default":1,"description":"Strength of the L2 penalty on the coefficients of the encoded columns.","minimum":0,"search":{"log":true,"max":10,"min":1e-06},"type":"number"},
    "max_iter": {"default":100,"description":"Most iterations of Newton''s method (up to 1024 coefficients) or of L-BFGS.","maximum":10000,"minimum":1,"type":"integer"},
    "tol": {"default":1e-06,"description":"Largest component of the mean deviance''s gradient at which to stop.","maximum":1,"minimum":1e-12,"type":"number"},
    "fit_intercept": {"default":true,"description":"Whether to learn a constant term, which no penalty touches.","fixed_by_base":true,"type":"boolean"},
    "statistics": {"choices":["none","nonrobust","HC0","HC1","cluster"],"default":"none","description":"Standard errors, p-values and confidence intervals for forge.coefficients: as the model assumes (nonrobust), robust to unequal spread (HC0, HC1), or to rows that belong together by group_columns (cluster).","type":"text"},
    "base_model": {"bases":["gamma"],"default":null,"description":"Version to start from, as model, model@alias or model/version: the penalty pulls towards its coefficients.","type":"text"}
}', '{}'),
('tweedie', '{regression}', 'linear',
 'Amounts that are often exactly zero, such as claims: between poisson (power 1) and gamma (power 2).',
'{
    "power": {"default":1.5,"description":"The variance is proportional to the mean to this power: 0 normal, 1 Poisson, from 1 to 2 amounts with zeros, 2 gamma, 3 inverse Gaussian; none lies between 0 and 1.","fixed_by_base":true,"maximum":10,"search":{"max":1.95,"min":1.05},"type":"number"},
    "alpha": {"default":1,"description":"Strength of the L2 penalty on the coefficients of the encoded columns.","minimum":0,"search":{"log":true,"max":10,"min":1e-06},"type":"number"},
    "max_iter": {"default":100,"description":"Most iterations of Newton''s method (up to 1024 coefficients) or of L-BFGS.","maximum":10000,"minimum":1,"type":"integer"},
    "tol": {"default":1e-06,"description":"Largest component of the mean deviance''s gradient at which to stop.","maximum":1,"minimum":1e-12,"type":"number"},
    "fit_intercept": {"default":true,"description":"Whether to learn a constant term, which no penalty touches.","fixed_by_base":true,"type":"boolean"},
    "statistics": {"choices":["none","nonrobust","HC0","HC1","cluster"],"default":"none","description":"Standard errors, p-values and confidence intervals for forge.coefficients: as the model assumes (nonrobust), robust to unequal spread (HC0, HC1), or to rows that belong together by group_columns (cluster).","type":"text"},
    "base_model": {"bases":["tweedie"],"default":null,"description":"Version to start from, as model, model@alias or model/version: the penalty pulls towards its coefficients.","type":"text"}
}', '{}'),
('logistic_regression', '{classification}', 'linear',
 'A weighted sum of the columns as log-odds: calibrated probabilities, coefficients that can be read.',
'{
    "C": {"default":1,"description":"Inverse strength of the penalty on the coefficients of the encoded columns; smaller is stronger.","exclusive_minimum":0,"search":{"log":true,"max":10000,"min":0.0001},"type":"number"},
    "penalty": {"choices":["l1","l2","elasticnet","none"],"default":"l2","description":"How coefficients are penalised: l1 leaves columns out, elasticnet mixes; none has no finite solution for separable classes.","search":{"choices":["l1","l2"]},"type":"text"},
    "l1_ratio": {"default":0.5,"description":"Share of the penalty that is L1 with penalty elasticnet.","maximum":1,"minimum":0,"type":"number"},
    "max_iter": {"default":100,"description":"Most iterations of Newton''s method (up to 1024 coefficients) or of L-BFGS.","maximum":10000,"minimum":1,"type":"integer"},
    "tol": {"default":1e-06,"description":"Largest component of the mean loss''s gradient at which to stop.","maximum":1,"minimum":1e-12,"type":"number"},
    "fit_intercept": {"default":true,"description":"Whether to learn a constant term, which no penalty touches.","fixed_by_base":true,"type":"boolean"},
    "statistics": {"choices":["none","nonrobust","HC0","HC1","cluster"],"default":"none","description":"Standard errors, p-values and confidence intervals for forge.coefficients: as the model assumes (nonrobust), robust to unequal spread (HC0, HC1), or to rows that belong together by group_columns (cluster).","type":"text"},
    "base_model": {"bases":["logistic_regression"],"default":null,"description":"Version to start from, as model, model@alias or model/version: the penalty pulls towards its coefficients.","type":"text"},
    "positive_class": {"default":null,"description":"Text of the class whose probability forge.predict returns; by default true, 1, or the last label in byte order.","task":"classification","type":"text"},
    "class_weight": {"choices":["balanced"],"default":null,"description":"Weight of each class''s rows, as {\"label\": weight} (1 for those not named), or \"balanced\": rows / (classes · rows of the class).","task":"classification","type":"object"}
}', '{}'),
('linear_svm', '{classification,regression}', 'linear',
 'The weighted sum that keeps the classes furthest apart, or the rows within a margin: outliers count little.',
'{
    "C": {"default":1,"description":"Strength of the errors against the L2 penalty on the coefficients of the encoded columns and the intercept; smaller is steadier.","exclusive_minimum":0,"search":{"log":true,"max":1000,"min":0.0001},"type":"number"},
    "loss": {"choices":["squared_hinge","hinge","epsilon_insensitive","squared_epsilon_insensitive"],"default":null,"description":"Of classes squared_hinge (the default) or hinge, of values epsilon_insensitive (the default) or squared_epsilon_insensitive.","type":"text"},
    "epsilon": {"default":0,"description":"Errors up to this, in units of the target, cost nothing.","minimum":0,"task":"regression","type":"number"},
    "max_iter": {"default":1000,"description":"Most iterations of one machine''s fit.","maximum":1000000,"minimum":1,"type":"integer"},
    "tol": {"default":1e-08,"description":"Gradient of the mean loss, or duality gap as a share of the loss, at which to stop.","maximum":1,"minimum":1e-14,"type":"number"},
    "fit_intercept": {"default":true,"description":"Whether to learn a constant term, which no penalty touches.","fixed_by_base":true,"type":"boolean"},
    "base_model": {"bases":["linear_svm"],"default":null,"description":"Version to start from, as model, model@alias or model/version: the penalty pulls towards its coefficients.","type":"text"},
    "positive_class": {"default":null,"description":"Text of the class whose probability forge.predict returns; by default true, 1, or the last label in byte order.","task":"classification","type":"text"},
    "class_weight": {"choices":["balanced"],"default":null,"description":"Weight of each class''s rows, as {\"label\": weight} (1 for those not named), or \"balanced\": rows / (classes · rows of the class).","task":"classification","type":"object"}
}', '{}'),
('gradient_boosting', '{classification,regression,ranking}', 'trees',
 'Trees that each correct the ones before, by XGBoost: the most accurate on most tables; takes NULL and text as they are.',
'{
    "n_estimators": {"default":100,"description":"Boosting rounds; each adds one tree (one per class when there are more than two).","maximum":10000,"minimum":1,"search":{"log":true,"max":500,"min":50},"type":"integer"},
    "learning_rate": {"default":0.3,"description":"Share of each tree''s correction that is kept; smaller needs more rounds.","exclusive_minimum":0,"maximum":1,"search":{"log":true,"max":0.5,"min":0.01},"type":"number"},
    "max_depth": {"default":6,"description":"Most splits between a tree''s root and a leaf.","maximum":64,"minimum":1,"search":{"max":10,"min":2},"type":"integer"},
    "max_leaves": {"default":0,"description":"Most leaves of a tree; 0: as many as max_depth allows.","maximum":1048576,"minimum":0,"type":"integer"},
    "grow_policy": {"choices":["depthwise","lossguide"],"default":"depthwise","description":"Whether the nodes nearest to the root are split first, or those whose split gains most.","type":"text"},
    "min_child_weight": {"default":1,"description":"Least sum of hessians (of row weights, for squared error) in a leaf.","minimum":0,"search":{"log":true,"max":30,"min":0.1},"type":"number"},
    "gamma": {"default":0,"description":"Least loss reduction that justifies a split.","minimum":0,"type":"number"},
    "max_delta_step": {"default":null,"description":"Largest change of a leaf in a round; by default 0.7 for objective poisson, else without limit.","minimum":0,"type":"number"},
    "subsample": {"default":1,"description":"Share of the rows that each round sees.","exclusive_minimum":0,"maximum":1,"search":{"max":1,"min":0.5},"type":"number"},
    "colsample_bytree": {"default":1,"description":"Share of the columns that each tree may split on.","exclusive_minimum":0,"maximum":1,"search":{"max":1,"min":0.4},"type":"number"},
    "colsample_bylevel": {"default":1,"description":"Of those, share for each level of a tree.","exclusive_minimum":0,"maximum":1,"type":"number"},
    "colsample_bynode": {"default":1,"description":"Of those, share for each split.","exclusive_minimum":0,"maximum":1,"type":"number"},
    "reg_lambda": {"default":1,"description":"L2 penalty on leaf values.","minimum":0,"search":{"log":true,"max":100,"min":0.001},"type":"number"},
    "reg_alpha": {"default":0,"description":"L1 penalty on leaf values.","minimum":0,"type":"number"},
    "max_bin": {"default":256,"description":"Histogram bins of a number column.","maximum":65535,"minimum":2,"type":"integer"},
    "objective": {"choices":["squared_error","absolute_error","pseudo_huber","quantile","poisson","gamma","tweedie"],"default":"squared_error","description":"The loss: squared_error learns means, absolute_error medians, quantile the quantile_alpha quantile; poisson, gamma and tweedie learn means of counts and amounts on a logarithmic scale.","fixed_by_base":true,"task":"regression","type":"text"},
    "quantile_alpha": {"default":0.5,"description":"Of objective quantile: the share of rows that lie below the prediction.","fixed_by_base":true,"maximum":0.999,"minimum":0.001,"task":"regression","type":"number"},
    "huber_slope": {"default":1,"description":"Of objective pseudo_huber: the error from which on it grows linearly.","exclusive_minimum":0,"fixed_by_base":true,"task":"regression","type":"number"},
    "tweedie_variance_power": {"default":1.5,"description":"Of objective tweedie: towards 1 a Poisson, towards 2 a gamma distribution.","fixed_by_base":true,"maximum":1.999,"minimum":1.001,"task":"regression","type":"number"},
    "rank_objective": {"choices":["ndcg","pairwise","map"],"default":"ndcg","description":"LambdaMART by ndcg, or by map for relevances of 0 and 1, or RankNet''s loss over pairs of rows of a query.","fixed_by_base":true,"task":"ranking","type":"text"},
    "ndcg_exp_gain": {"default":true,"description":"Whether relevance r gains 2^r - 1 (whole relevances up to 31), or r itself.","fixed_by_base":true,"task":"ranking","type":"boolean"},
    "base_score": {"default":null,"description":"Prediction before the first tree; by default one that minimises the loss.","task":"regression","type":"number"},
    "monotone_constraints": {"default":null,"description":"{\"column\": 1} for number columns with whose rise the prediction must never fall, {\"column\": -1} for never rise.","type":"object"},
    "early_stopping_rounds": {"default":null,"description":"Stop when the loss on rows set apart has not improved for so many rounds, and keep the rounds up to the best; by default all rounds are kept.","minimum":1,"type":"integer"},
    "validation_fraction": {"default":0.1,"description":"Share of the training rows that early_stopping_rounds sets apart.","exclusive_minimum":0,"maximum":0.9,"type":"number"},
    "scale_pos_weight": {"default":1,"description":"Weight of the positive class''s rows, for two classes.","exclusive_minimum":0,"task":"classification","type":"number"},
    "base_model": {"bases":["gradient_boosting"],"default":null,"description":"Version to continue, as model, model@alias or model/version: n_estimators rounds are added to its trees.","type":"text"},
    "positive_class": {"default":null,"description":"Text of the class whose probability forge.predict returns; by default true, 1, or the last label in byte order.","task":"classification","type":"text"},
    "class_weight": {"choices":["balanced"],"default":null,"description":"Weight of each class''s rows, as {\"label\": weight} (1 for those not named), or \"balanced\": rows / (classes · rows of the class).","task":"classification","type":"object"}
}', '{classification,regression,ranking}'),
('decision_tree', '{classification,regression}', 'trees',
 'One tree of yes-or-no questions, each chosen to tell the rows apart best: the model to read aloud.',
'{
    "max_depth": {"default":null,"description":"Most splits between the root and a leaf; by default 256, the most that a model can hold.","maximum":256,"minimum":1,"search":{"log":true,"max":30,"min":2},"type":"integer"},
    "criterion": {"choices":["gini","entropy","log_loss"],"default":"gini","description":"What a split is judged by: Gini''s impurity, or the entropy (log_loss is another name for it). Regression uses squared error.","task":"classification","type":"text"},
    "min_samples_split": {"default":2,"description":"Fewest rows in a node that is split.","minimum":2,"type":"integer"},
    "min_samples_leaf": {"default":null,"description":"Fewest rows in a leaf; by default 1, and of more than 100000 training rows one for each 100000.","minimum":1,"search":{"log":true,"max":50,"min":1},"type":"integer"},
    "min_impurity_decrease": {"default":0,"description":"Least decrease of the impurity, times the node''s share of the rows'' weight, that justifies a split.","minimum":0,"type":"number"},
    "max_features": {"choices":["sqrt","log2","all"],"default":null,"description":"Share of the encoded columns tried at each split, or sqrt or log2 of their number, or all; by default all.","exclusive_minimum":0,"maximum":1,"type":"number"},
    "max_bin": {"default":65535,"description":"Distinct values of a number column that are told apart; of more, quantiles are.","maximum":65535,"minimum":2,"type":"integer"},
    "positive_class": {"default":null,"description":"Text of the class whose probability forge.predict returns; by default true, 1, or the last label in byte order.","task":"classification","type":"text"},
    "class_weight": {"choices":["balanced"],"default":null,"description":"Weight of each class''s rows, as {\"label\": weight} (1 for those not named), or \"balanced\": rows / (classes · rows of the class).","task":"classification","type":"object"}
}', '{}'),
('random_forest', '{classification,regression}', 'trees',
 'The mean of deep trees, each grown on a bootstrap sample with a part of the columns at each split: hard to overfit, little to tune.',
'{
    "n_estimators": {"default":100,"description":"Trees.","maximum":10000,"minimum":1,"type":"integer"},
    "max_depth": {"default":null,"description":"Most splits between a tree''s root and a leaf; by default 256, the most that a model can hold.","maximum":256,"minimum":1,"search":{"log":true,"max":40,"min":4},"type":"integer"},
    "criterion": {"choices":["gini","entropy","log_loss"],"default":"gini","description":"What a split is judged by: Gini''s impurity, or the entropy (log_loss is another name for it). Regression uses squared error.","task":"classification","type":"text"},
    "min_samples_split": {"default":2,"description":"Fewest rows in a node that is split.","minimum":2,"type":"integer"},
    "min_samples_leaf": {"default":null,"description":"Fewest rows in a leaf; by default 1, and of more than 100000 training rows one for each 100000.","minimum":1,"search":{"log":true,"max":50,"min":1},"type":"integer"},
    "min_impurity_decrease": {"default":0,"description":"Least decrease of the impurity, times the node''s share of the rows'' weight, that justifies a split.","minimum":0,"type":"number"},
    "max_features": {"choices":["sqrt","log2","all"],"default":null,"description":"Share of the encoded columns tried at each split, or sqrt or log2 of their number, or all; by default the square root of their number for classes, all for regression.","exclusive_minimum":0,"maximum":1,"search":{"max":1,"min":0.1},"type":"number"},
    "bootstrap": {"default":true,"description":"Whether each tree sees rows drawn with replacement; otherwise max_samples of them, each once.","type":"boolean"},
    "max_samples": {"default":1,"description":"Rows drawn for each tree, as a share of all.","exclusive_minimum":0,"maximum":1,"type":"number"},
    "max_bin": {"default":null,"description":"Distinct values of a number column that are told apart; of more, quantiles are. By default 65535 up to 50000 training rows, else 256.","maximum":65535,"minimum":2,"type":"integer"},
    "positive_class": {"default":null,"description":"Text of the class whose probability forge.predict returns; by default true, 1, or the last label in byte order.","task":"classification","type":"text"},
    "class_weight": {"choices":["balanced"],"default":null,"description":"Weight of each class''s rows, as {\"label\": weight} (1 for those not named), or \"balanced\": rows / (classes · rows of the class).","task":"classification","type":"object"}
}', '{}'),
('gaussian_nb', '{classification}', 'linear',
 'Each class a bell curve per column, all columns taken as independent: trains in one look at the data.',
'{
    "var_smoothing": {"default":1e-09,"description":"Share of the largest variance of a column that is added to the variances of all.","maximum":1000000,"minimum":0,"search":{"log":true,"max":1,"min":1e-12},"type":"number"},
    "priors": {"default":null,"description":"Shares of the classes, which add up to 1, as {\"label\": share}; by default those of the rows'' weights.","type":"object"},
    "positive_class": {"default":null,"description":"Text of the class whose probability forge.predict returns; by default true, 1, or the last label in byte order.","task":"classification","type":"text"},
    "class_weight": {"choices":["balanced"],"default":null,"description":"Weight of each class''s rows, as {\"label\": weight} (1 for those not named), or \"balanced\": rows / (classes · rows of the class).","task":"classification","type":"object"}
}', '{}'),
('multinomial_nb', '{classification}', 'linear',
 'Each class a distribution over words or other counts: the usual first model for text.',
'{
    "alpha": {"default":1,"description":"Count that is added to every column in every class, so that nothing is impossible.","exclusive_minimum":0,"maximum":1000000000,"search":{"log":true,"max":100,"min":0.001},"type":"number"},
    "fit_prior": {"default":true,"description":"Whether classes are as frequent as in the rows; otherwise all are alike.","search":{"choices":[true,false]},"type":"boolean"},
    "class_prior": {"default":null,"description":"Shares of the classes, which add up to 1, as {\"label\": share}, in place of fit_prior.","type":"object"},
    "positive_class": {"default":null,"description":"Text of the class whose probability forge.predict returns; by default true, 1, or the last label in byte order.","task":"classification","type":"text"},
    "class_weight": {"choices":["balanced"],"default":null,"description":"Weight of each class''s rows, as {\"label\": weight} (1 for those not named), or \"balanced\": rows / (classes · rows of the class).","task":"classification","type":"object"}
}', '{}'),
('mlp', '{classification,regression}', 'network',
 'A neural network of dense layers: learns smooth non-linear relations of many columns; wants thousands of rows.',
'{
    "hidden_layer_sizes": {"default":[100],"description":"Neurons of each hidden layer, from the first to the last; [] is a linear model.","fixed_by_base":true,"max_items":32,"maximum":16384,"minimum":1,"search":{"choices":[[32],[64],[100],[128],[256],[32,32],[64,64],[128,128],[256,256],[128,64],[128,64,32]]},"type":"integers"},
    "activation": {"choices":["relu","gelu","tanh"],"default":"relu","description":"What a hidden neuron makes of its sum.","fixed_by_base":true,"search":{"choices":["relu","gelu","tanh"]},"type":"text"},
    "dropout": {"default":0,"description":"Share of the hidden neurons that each step leaves out, at random; none are when scoring.","maximum":0.95,"minimum":0,"search":{"max":0.5,"min":0},"type":"number"},
    "solver": {"choices":["adam","sgd"],"default":"adam","description":"How the gradient becomes a step.","type":"text"},
    "learning_rate_init": {"default":0.001,"description":"Size of the steps at the start.","exclusive_minimum":0,"maximum":100,"search":{"log":true,"max":0.03,"min":0.0001},"type":"number"},
    "learning_rate": {"choices":["constant","invscaling","adaptive","cosine"],"default":"constant","description":"How steps shrink: not at all, with the number of rows seen, to a fifth when the loss no longer falls, or to 0 along a cosine.","type":"text"},
    "power_t": {"default":0.5,"description":"Exponent of invscaling.","maximum":10,"minimum":0,"type":"number"},
    "momentum": {"default":0.9,"description":"Share of the last step that sgd takes again.","maximum":0.999,"minimum":0,"type":"number"},
    "nesterovs_momentum": {"default":true,"description":"Whether sgd looks at the gradient where the momentum leads.","type":"boolean"},
    "beta_1": {"default":0.9,"description":"Decay of adam''s mean of gradients.","maximum":0.9999,"minimum":0,"type":"number"},
    "beta_2": {"default":0.999,"description":"Decay of adam''s mean of squared gradients.","maximum":0.999999,"minimum":0,"type":"number"},
    "epsilon": {"default":1e-08,"description":"Keeps adam from dividing by zero.","exclusive_minimum":0,"maximum":1,"type":"number"},
    "alpha": {"default":0.0001,"description":"Strength of the L2 penalty on the weights.","minimum":0,"search":{"log":true,"max":1,"min":1e-07},"type":"number"},
    "batch_size": {"default":null,"description":"Rows of a step; by default 200, or all when they are fewer.","maximum":1000000,"minimum":1,"type":"integer"},
    "max_iter": {"default":200,"description":"Most epochs, each of which sees every row once.","maximum":100000,"minimum":1,"type":"integer"},
    "tol": {"default":0.0001,"description":"Least fall of the loss that counts; of a regression it is measured in variances of the target.","maximum":1,"minimum":0,"type":"number"},
    "n_iter_no_change": {"default":10,"description":"Epochs in a row without such a fall after which training stops.","maximum":100000,"minimum":1,"type":"integer"},
    "early_stopping": {"default":false,"description":"Whether the loss of rows set apart decides when to stop, and which epoch''s weights are kept.","type":"boolean"},
    "validation_fraction": {"default":0.1,"description":"Share of the training rows that early_stopping sets apart.","exclusive_minimum":0,"maximum":0.9,"type":"number"},
    "base_model": {"bases":["mlp"],"default":null,"description":"Version whose weights training starts from, as model, model@alias or model/version.","type":"text"},
    "positive_class": {"default":null,"description":"Text of the class whose probability forge.predict returns; by default true, 1, or the last label in byte order.","task":"classification","type":"text"},
    "class_weight": {"choices":["balanced"],"default":null,"description":"Weight of each class''s rows, as {\"label\": weight} (1 for those not named), or \"balanced\": rows / (classes · rows of the class).","task":"classification","type":"object"}
}', '{}'),
('knn', '{classification,regression}', 'neighbors',
 'Keeps the training rows: those nearest to a row vote on it, or are averaged.',
'{
    "n_neighbors": {"default":5,"description":"Training rows that vote on a row.","maximum":1000,"minimum":1,"search":{"log":true,"max":50,"min":1},"type":"integer"},
    "weights": {"choices":["uniform","distance"],"default":"uniform","description":"Whether all neighbours count the same, or each 1 / distance, those at distance 0 alone.","search":{"choices":["uniform","distance"]},"type":"text"},
    "metric": {"choices":["euclidean","manhattan","cosine"],"default":"euclidean","description":"What distance is, in encoded features.","search":{"choices":["euclidean","manhattan","cosine"]},"type":"text"},
    "index": {"choices":["none","hnsw"],"default":"none","description":"Whether the rows also lie in a table with an HNSW index of pgvector, which forge.kneighbors reads.","type":"text"},
    "positive_class": {"default":null,"description":"Text of the class whose probability forge.predict returns; by default true, 1, or the last label in byte order.","task":"classification","type":"text"},
    "class_weight": {"choices":["balanced"],"default":null,"description":"Weight of each class''s rows, as {\"label\": weight} (1 for those not named), or \"balanced\": rows / (classes · rows of the class).","task":"classification","type":"object"}
}', '{}'),
('kmeans', '{clustering}', 'centroids',
 'k-means: the centres with the least squared distance of the rows to the nearest one.',
'{
    "n_clusters": {"choices":["auto"],"default":8,"description":"Clusters to find; \"auto\": as many, from 2 to max_clusters, as give the best silhouette.","maximum":1000,"minimum":1,"type":"integer"},
    "max_clusters": {"default":10,"description":"Of n_clusters \"auto\": the most that are tried.","maximum":1000,"minimum":2,"type":"integer"},
    "n_init": {"default":10,"description":"Starts, each from other rows; the best one is kept.","maximum":1000,"minimum":1,"type":"integer"},
    "max_iter": {"default":300,"description":"Walks over the rows of one start, at most.","maximum":100000,"minimum":1,"type":"integer"},
    "tol": {"default":0.0001,"description":"A start ends when its centres move by less than this share of the columns'' mean variance.","minimum":0,"type":"number"},
    "batch_size": {"default":null,"description":"Rows of a batch of mini-batch k-means, which looks at max_iter times the rows at most; null: every step looks at all rows.","maximum":16777216,"minimum":1,"type":"integer"}
}', '{clustering}'),
('gaussian_mixture', '{clustering}', 'centroids',
 'A mixture of normal distributions: clusters of different sizes and shapes, with a probability for each.',
'{
    "n_components": {"default":1,"description":"Normal distributions in the mixture.","maximum":1000,"minimum":1,"type":"integer"},
    "covariance_type": {"choices":["full","tied","diag","spherical"],"default":"full","description":"full: each has a covariance of its own; tied: all share one; diag: columns do not depend on each other; spherical: one variance each.","type":"text"},
    "reg_covar": {"default":1e-06,"description":"Added to every variance, which keeps them from vanishing.","minimum":0,"type":"number"},
    "max_iter": {"default":100,"description":"Steps of one start, at most.","maximum":100000,"minimum":1,"type":"integer"},
    "n_init": {"default":1,"description":"Starts; the likeliest is kept.","maximum":1000,"minimum":1,"type":"integer"},
    "tol": {"default":0.001,"description":"A start ends when the mean log-likelihood rises by less.","minimum":0,"type":"number"}
}', '{}'),
('dbscan', '{clustering}', 'centroids',
 'Clusters of any shape where rows lie close together; rows that lie alone are of none (-1).',
'{
    "eps": {"default":0.5,"description":"Rows within this distance, in encoded features, are neighbours.","exclusive_minimum":0,"type":"number"},
    "min_samples": {"default":5,"description":"A core row has at least so many neighbours, itself among them (their weight).","maximum":1000000,"minimum":1,"type":"integer"}
}', '{}'),
('pca', '{decomposition}', 'linear',
 'Principal components: the directions in which the rows differ most, each at right angles to the others.',
'{
    "n_components": {"default":null,"description":"Components to keep; null: all, or as many as explained_variance asks for.","maximum":1000,"minimum":1,"type":"integer"},
    "explained_variance": {"default":1,"description":"Without n_components: as many components are kept as together tell this share of the variance.","exclusive_minimum":0,"maximum":1,"type":"number"},
    "whiten": {"default":false,"description":"Whether components are divided by their standard deviation.","type":"boolean"}
}', '{decomposition}'),
('truncated_svd', '{decomposition}', 'linear',
 'Principal components of columns that are not centred, as suits counts and tf-idf (latent semantic analysis).',
'{
    "n_components": {"default":2,"description":"Components to keep.","maximum":1000,"minimum":1,"type":"integer"}
}', '{}'),
('nmf', '{decomposition}', 'nonnegative',
 'Non-negative factors: a row is a sum of parts, none of which is taken away. For counts, words, amounts.',
'{
    "n_components": {"default":2,"description":"Factors to find.","maximum":256,"minimum":1,"type":"integer"},
    "max_iter": {"default":200,"description":"Walks over the rows, at most.","maximum":100000,"minimum":1,"type":"integer"},
    "tol": {"default":0.0001,"description":"It ends when the error falls by less than this share of the first one.","minimum":0,"type":"number"}
}', '{}'),
('auto', '{classification,regression}', 'ensemble',
 'Searches a portfolio of algorithms, tunes the best of them, and weighs the best models into one.',
'{
    "max_members": {"default":10,"description":"Most models that are weighed into one; 1 takes the best one alone.","maximum":64,"minimum":1,"type":"integer"},
    "positive_class": {"default":null,"description":"Text of the class whose probability forge.predict returns; by default true, 1, or the last label in byte order.","task":"classification","type":"text"},
    "class_weight": {"choices":["balanced"],"default":null,"description":"Weight of each class''s rows, as {\"label\": weight} (1 for those not named), or \"balanced\": rows / (classes · rows of the class).","task":"classification","type":"object"}
}', '{}')
on conflict (name) do update set
    tasks = excluded.tasks, form = excluded.form, description = excluded.description,
    parameters = excluded.parameters, default_for = excluded.default_for;

delete from forge.algorithms where name not in ('linear_regression', 'ridge', 'lasso', 'elastic_net', 'huber', 'quantile_regression', 'poisson', 'gamma', 'tweedie', 'logistic_regression', 'linear_svm', 'gradient_boosting', 'decision_tree', 'random_forest', 'gaussian_nb', 'multinomial_nb', 'mlp', 'knn', 'kmeans', 'gaussian_mixture', 'dbscan', 'pca', 'truncated_svd', 'nmf', 'auto');

comment on column forge.algorithms.form is
    'form of the fitted model: linear, trees, network, centroids, nonnegative, neighbors, ensemble';
