#!/usr/bin/env python3
"""Writes the goldens of the linear family: what scikit-learn and statsmodels answer on data/*.csv (make_goldens.py wrote those).

Iterative peers run to a tolerance far below the tests'.
"""
import pathlib
import warnings

import numpy as np
import pandas as pd
from sklearn import compose, impute, linear_model, pipeline, preprocessing

here = pathlib.Path(__file__).parent


def golden(name, values):
    values = np.asarray(values, dtype=float)
    values = values.reshape(len(values), -1)
    np.savetxt(here / "goldens" / f"{name}.csv", values, fmt="%.17g", delimiter=",")


def parts(name):
    frame = pd.read_csv(here / f"data/{name}.csv")
    return frame.drop(columns="target"), frame["target"]


def scaled(model):
    return pipeline.make_pipeline(preprocessing.StandardScaler(), model)


def mixed(weighted=False):
    """Forge's default encoding of `mixed`, said in scikit-learn's words, and the frame. Weights count in means and scales."""
    frame = pd.read_csv(here / "data/mixed.csv", keep_default_na=False, na_values=[""])
    numbers = ["age", "income"]
    filled = frame.assign(region=frame.region.fillna("\0null"))
    x = compose.ColumnTransformer([
        ("numbers", pipeline.make_pipeline(impute.SimpleImputer(strategy="median"), preprocessing.StandardScaler()), numbers),
        ("gaps", impute.MissingIndicator(features="all"), numbers),
        ("levels", preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["plan", "region"]),
    ]).fit_transform(filled)
    if weighted:
        x[:, :2] = preprocessing.StandardScaler().fit(x[:, :2], sample_weight=frame.weight).transform(x[:, :2])
    return x, frame


def elastic_nets():
    x, y = parts("diabetes")
    exact = {"tol": 1e-15, "max_iter": 1_000_000}
    golden("diabetes.lasso", scaled(linear_model.Lasso(alpha=1, **exact)).fit(x, y).predict(x))
    golden("diabetes.elastic_net", scaled(linear_model.ElasticNet(alpha=0.5, l1_ratio=0.3, **exact)).fit(x, y).predict(x))
    golden("diabetes.elastic_net_no_intercept",
           linear_model.ElasticNet(alpha=0.001, l1_ratio=0.5, fit_intercept=False, **exact).fit(x, y).predict(x))
    x, frame = mixed()
    golden("mixed.elastic_net", linear_model.ElasticNet(alpha=0.1, **exact).fit(x, frame.amount).predict(x))
    x, frame = mixed(weighted=True)
    golden("mixed.lasso_weighted", linear_model.Lasso(alpha=0.2, **exact).fit(
        x, frame.amount, sample_weight=frame.weight.to_numpy(float)).predict(x))


warnings.simplefilter("error")
elastic_nets()
