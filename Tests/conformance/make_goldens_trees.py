#!/usr/bin/env python3
"""Writes the goldens of trees, boosting and naive Bayes: what scikit-learn and XGBoost give for the data beside them.

Needs numpy, pandas, scikit-learn and xgboost 3.2. The numbers it wrote are committed; run it again only to change them.

    python3 Tests/conformance/make_goldens_trees.py
"""
import pathlib

import numpy as np
import pandas as pd
import xgboost as xgb
from sklearn import metrics, naive_bayes, tree

here = pathlib.Path(__file__).resolve().parent


def golden(name, values):
    np.savetxt(here / "goldens" / f"{name}.csv", np.atleast_1d(np.asarray(values, float)), fmt="%.17g", delimiter=",")


def parts(name):
    frame = pd.read_csv(here / f"data/{name}.csv")
    return frame.drop(columns="target"), frame.target


def boosted(x, y, rounds=30, **settings):
    matrix = xgb.QuantileDMatrix(x.astype(np.float32), y, nthread=1)
    model = xgb.train({"tree_method": "hist", "nthread": 1, "seed": 42, "max_depth": 3} | settings, matrix, rounds)
    return model.predict(matrix)


def boosting_goldens():
    x, y = parts("diabetes")
    objectives = {
        "absolute_error": {"objective": "reg:absoluteerror"},
        "pseudo_huber": {"objective": "reg:pseudohubererror", "huber_slope": 30, "base_score": 140},
        "quantile": {"objective": "reg:quantileerror", "quantile_alpha": 0.9},
        "poisson": {"objective": "count:poisson"},
        "gamma": {"objective": "reg:gamma"},
        "tweedie": {"objective": "reg:tweedie", "tweedie_variance_power": 1.3},
        "monotone": {"monotone_constraints": "(" + ",".join(str({2: 1, 3: -1}.get(i, 0)) for i in range(x.shape[1])) + ")"},
        "lossguide": {"grow_policy": "lossguide", "max_leaves": 5, "reg_alpha": 2, "base_score": 100},
    }
    for name, settings in objectives.items():
        golden(f"diabetes.boosting_{name}", boosted(x, y, **settings))


def tree_goldens():
    """Trees of a few splits, so that no two splits of one node are equally good."""
    x, y = parts("diabetes")
    model = tree.DecisionTreeRegressor(max_depth=4, min_samples_leaf=5, random_state=0).fit(x, y)
    golden("diabetes.decision_tree", model.predict(x))
    x, y = parts("breast_cancer")
    for name, settings in {"": {}, "_entropy": {"criterion": "entropy", "max_depth": 2}, "_balanced": {"class_weight": "balanced"}}.items():
        model = tree.DecisionTreeClassifier(**{"max_depth": 3, "random_state": 0} | settings).fit(x, y)
        golden(f"breast_cancer.decision_tree{name}", model.predict_proba(x))
    x, y = parts("wine")
    model = tree.DecisionTreeClassifier(max_depth=3, min_samples_split=10, random_state=0).fit(x, y)
    golden("wine.decision_tree", model.predict_proba(x))
    # Grown to the end, scored on rows it has not seen.
    rows = []
    for name in ["breast_cancer", "wine", "iris"]:
        x, y = parts(name)
        scores = [tree.DecisionTreeClassifier(random_state=seed).fit(x[1::2], y[1::2]).score(x[::2], y[::2]) for seed in range(20)]
        rows.append(np.mean(scores))
    x, y = parts("diabetes")
    scores = [metrics.r2_score(y[::2], tree.DecisionTreeRegressor(random_state=seed).fit(x[1::2], y[1::2]).predict(x[::2]))
              for seed in range(20)]
    golden("trees.quality", rows + [np.mean(scores)])


def bayes_goldens():
    for name in ["iris", "wine", "breast_cancer"]:
        x, y = parts(name)
        golden(f"{name}.gaussian_nb", naive_bayes.GaussianNB().fit(x, y).predict_proba(x))
        golden(f"{name}.multinomial_nb", naive_bayes.MultinomialNB(alpha=0.5).fit(x, y).predict_proba(x))


if __name__ == "__main__":
    boosting_goldens()
    tree_goldens()
    bayes_goldens()
