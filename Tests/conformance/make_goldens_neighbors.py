#!/usr/bin/env python3
"""Writes the goldens of knn: scikit-learn's neighbours of data/*.csv (make_goldens.py wrote those). Rows 1, 3, 5 … are kept, rows 0, 2, 4 … asked.

Columns are standardised as Forge does it, and rounded to float32 as it stores them. Data whose distances do not tie.
"""
import pathlib

import numpy as np
import pandas as pd
from sklearn import neighbors, preprocessing

here = pathlib.Path(__file__).parent


def golden(name, values):
    values = np.asarray(values, dtype=float)
    values = values.reshape(len(values), -1)
    np.savetxt(here / "goldens" / f"{name}.csv", values, fmt="%.17g", delimiter=",")


def parts(name):
    frame = pd.read_csv(here / f"data/{name}.csv")
    x, y = frame.drop(columns="target").to_numpy(), frame["target"].to_numpy()
    scaler = preprocessing.StandardScaler().fit(x[1::2])
    z = scaler.transform(x).astype(np.float32).astype(float)
    return z[1::2], y[1::2], z[0::2]


for name in ["wine", "breast_cancer", "diabetes"]:
    kept, target, asked = parts(name)
    for metric in ["euclidean", "manhattan", "cosine"]:
        for weights in ["uniform", "distance"]:
            settings = dict(n_neighbors=7, metric=metric, weights=weights, algorithm="brute")
            if name == "diabetes":
                predicted = neighbors.KNeighborsRegressor(**settings).fit(kept, target).predict(asked)
            else:
                predicted = neighbors.KNeighborsClassifier(**settings).fit(kept, target).predict_proba(asked)
            golden(f"{name}.knn_{metric}_{weights}", predicted)
    found = neighbors.NearestNeighbors(n_neighbors=9, algorithm="brute").fit(kept).kneighbors(asked)
    golden(f"{name}.kneighbors", np.hstack(found))
