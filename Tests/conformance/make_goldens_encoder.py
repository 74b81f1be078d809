#!/usr/bin/env python3
"""What scikit-learn makes of columns, for the encodings that rows are prepared by:
    python Tests/conformance/make_goldens_encoder.py > Tests/ForgeModelTests/Goldens/encodings.json
"""
import json

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import KBinsDiscretizer, PolynomialFeatures, PowerTransformer

rng = np.random.default_rng(7)
numbers = np.round(np.concatenate([rng.normal(2, 4, 60), [0, -1, 1, 1e-9, -1e-9, 150, -80]]), 6)
texts = [
    "Free trial! FREE trial, start your free trial", "", "a b c", "don't STOP me now", "ΟΔΟΣ και ΟΔΌΣ ΣΑΣ Σ ΑΣ. ΑΣ'Β",
    "Привет, МИР! мир привет", "Straße STRASSE ẞ ǅ ǆ", "İstanbul ISPARTA ıspanak", "x_1 __init__ 42 4² ½ Ⅷ ٣٤",
    "日本語のテキスト 日本", "naïve café cafe\u0301 CAFÉ", "ﬁne ﬂow Å\u212B K\u212A", "free\u00a0trial free\u2003trial\tfree",
    "e-mail: me@site.org, free trial", "ΣΊΣΥΦΟΣ ΣΊΣΥΦΟΣ\u0301 Σ\u00b7Σ Α\u00adΣ", "हिन्दी में ไทย ภาษา", "𝔘𝔫𝔦 𐐀𐐁 𐐨𐐩 😀😀 a😀b free",
]


def column(values):
    return np.asarray(values, dtype=float).reshape(-1, 1)


def case(name, encoding, values, features, names, tolerance=1e-13):
    return {"name": name, "encoding": encoding, "values": list(values), "features": np.asarray(features).tolist(),
            "names": list(names), "tolerance": tolerance}


def power():
    fitted = PowerTransformer("yeo-johnson", standardize=True).fit(column(numbers))
    scaler = fitted._scaler
    encoding = {"encoding": "transformed", "lambda": fitted.lambdas_[0], "shift": scaler.mean_[0], "scale": scaler.scale_[0]}
    return case("yeo_johnson", encoding, numbers, fitted.transform(column(numbers)), ["x"])


def lambdas():
    for value in (0.0, 2.0, -1.5, 3.25):
        fitted = PowerTransformer("yeo-johnson", standardize=False).fit(column(numbers))
        fitted.lambdas_ = np.array([value])
        yield case(f"yeo_johnson({value})", {"encoding": "transformed", "lambda": value, "shift": 0, "scale": 1}, numbers,
                   fitted.transform(column(numbers)), ["x"])


def bins():
    for strategy in ("quantile", "uniform"):
        for encode in ("onehot-dense", "ordinal"):
            fitted = KBinsDiscretizer(5, encode=encode, strategy=strategy, subsample=None).fit(column(numbers))
            edges = fitted.bin_edges_[0][1:-1].tolist()
            probe = np.concatenate([numbers, edges])
            names = ["x bin"] if encode == "ordinal" else [f"x bin {k}" for k in range(5)]
            yield case(f"{strategy}, {encode}", {"encoding": "bins", "edges": edges, "ordinal": encode == "ordinal"}, probe,
                       fitted.transform(column(probe)), names)


def tfidf():
    for options in ({}, {"sublinear_tf": True}, {"ngram_range": (1, 2)}, {"ngram_range": (1, 2), "sublinear_tf": True}):
        fitted = TfidfVectorizer(**options).fit(texts)
        terms = fitted.get_feature_names_out()
        encoding = {"encoding": "tfidf", "vocabulary": list(terms), "idf": fitted.idf_.tolist(),
                    "bigrams": "ngram_range" in options, "sublinear": "sublinear_tf" in options}
        yield case(f"tfidf {options}", encoding, texts, fitted.transform(texts).toarray(), [f"x:{term}" for term in terms])


def dates():
    stamps = pd.to_datetime(["2000-01-01", "2024-02-29 13:45:59.5", "1999-12-31 23:59:59", "1900-03-01 00:00", "2100-12-31 06:30"], format="ISO8601")
    seconds = (stamps - pd.Timestamp("2000-01-01")).total_seconds()
    features = np.column_stack([stamps.year, stamps.month, stamps.day, (stamps.day_of_week + 1) % 7, stamps.day_of_year, stamps.hour,
                                stamps.minute, np.zeros(len(stamps))])
    parts = ["year", "month", "day", "day_of_week", "day_of_year", "hour", "minute"]
    return case("dates", {"encoding": "date_parts", "parts": parts}, seconds, features, [f"x:{part}" for part in parts] + ["x_missing"])


def polynomial():
    table = np.round(rng.normal(0, 2, (20, 3)), 4)
    fitted = PolynomialFeatures(3, include_bias=False).fit(table)
    powers = fitted.powers_.tolist()
    return {"powers": powers, "table": table.tolist(), "features": fitted.transform(table).tolist(),
            "names": [name.replace(" ", "*") for name in fitted.get_feature_names_out(["a", "b", "c"])]}


print(json.dumps({"cases": [power(), *lambdas(), *bins(), *tfidf(), dates()], "polynomial": polynomial()}))
