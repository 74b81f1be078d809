#!/usr/bin/env python3
"""Writes data/prep*.csv and goldens/prep.*.csv: what scikit-learn's preprocessing answers on two made-up tables.

    python3 -m venv v && v/bin/pip install -r requirements.txt && v/bin/python make_goldens_prep.py
"""
import pathlib

import numpy as np
import pandas as pd
from sklearn import preprocessing as pp
from sklearn.feature_extraction.text import TfidfVectorizer

here = pathlib.Path(__file__).parent


def golden(name, values):
    values = np.asarray(values, dtype=float)
    np.savetxt(here / "goldens" / f"prep.{name}.csv", values.reshape(len(values), -1), fmt="%.17g", delimiter=",")


def table():
    rng = np.random.default_rng(11)
    n = 400
    frame = pd.DataFrame({
        "skewed": np.exp(rng.normal(1, 1, n)).round(4),
        "signed": rng.normal(0, 3, n).round(4),
        "ties": rng.integers(0, 6, n).astype(float),
        "city": [f"city {i}" for i in np.minimum(rng.geometric(0.15, n), 25)],
        "size": rng.choice(["small", "medium", "large"], n),
        "fold": rng.integers(0, 5, n),
    })
    level = frame["city"].str[5:].astype(int)
    frame["amount"] = (level * 0.7 + frame["signed"] + rng.normal(0, 1, n)).round(6)
    frame["label"] = np.where(level + rng.normal(0, 3, n) > 6, "yes", "no")
    frame["kind"] = rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2])
    frame.loc[level > 8, "kind"] = "c"
    frame.to_csv(here / "data" / "prep.csv", index=False, float_format="%.17g")
    return frame


def target_encoding(frame, name, y, target_type, **options):
    """All rows by the table of all rows, then each row by that of the other folds."""
    x = frame[["city"]].to_numpy()
    whole = pp.TargetEncoder(target_type=target_type, **options).fit(x, y).transform(x)
    crossed = np.empty_like(whole)
    for fold in range(5):
        own = (frame["fold"] == fold).to_numpy()
        crossed[own] = pp.TargetEncoder(target_type=target_type, **options).fit(x[~own], y[~own]).transform(x[own])
    golden(f"target_{name}", np.hstack([whole, crossed]))


def texts():
    rng = np.random.default_rng(5)
    words = ["the", "service", "was", "great", "awful", "slow", "Fast", "café", "ÄRGER", "x", "42", "re_do", "naïve", "ok"]
    rows = [" ".join(rng.choice(words, rng.integers(1, 12))) + rng.choice([".", "!", ", really", ""]) for _ in range(120)]
    pd.DataFrame({"text": rows}).to_csv(here / "data" / "prep_texts.csv", index=False, sep="\t")
    return rows


frame = table()
for column in ["skewed", "signed", "ties"]:
    x = frame[[column]].to_numpy()
    golden(f"{column}.scaled", np.hstack([
        pp.StandardScaler().fit_transform(x), pp.RobustScaler().fit_transform(x), pp.MinMaxScaler().fit_transform(x)]))
    for strategy in ["quantile", "uniform"]:
        golden(f"{column}.bins_{strategy}", np.hstack([
            pp.KBinsDiscretizer(bins, encode="ordinal", strategy=strategy, quantile_method="averaged_inverted_cdf",
                                subsample=None).fit_transform(x)
            for bins in [2, 5, 10]]))
    power = pp.PowerTransformer(method="yeo-johnson").fit(x)
    golden(f"{column}.power", np.vstack([power.transform(x), [[power.lambdas_[0]]]]))
golden("ordinal", pp.OrdinalEncoder().fit_transform(frame[["city"]]))
target_encoding(frame, "regression", frame["amount"].to_numpy(), "continuous")
target_encoding(frame, "regression_smooth", frame["amount"].to_numpy(), "continuous", smooth=10.0)
target_encoding(frame, "binary", (frame["label"] == "yes").to_numpy().astype(int), "binary")
target_encoding(frame, "multiclass", frame["kind"].to_numpy(), "multiclass")
rows = texts()
for name, options in {
    "unigrams": {}, "bigrams": {"ngram_range": (1, 2), "min_df": 3}, "sublinear": {"sublinear_tf": True, "min_df": 0.1},
}.items():
    golden(f"tfidf_{name}", TfidfVectorizer(**options).fit_transform(rows).toarray())
