#!/usr/bin/env python3
"""Writes Tests/ForgeModelTests/Goldens: small artifacts made by another implementation of the format (the Python package
`safetensors`), with the margins, probabilities and contributions that scikit-learn, XGBoost and shap give for the same rows.

Needs numpy, scikit-learn, xgboost 3.2, shap, safetensors. The numbers it wrote are committed; run it again only to change them.

    python3 Tests/conformance/model_goldens.py
"""
import json
import math
import pathlib

import numpy as np
import shap
import xgboost
from safetensors.numpy import save as save_bytes
from shap.utils._legacy import DenseData
from scipy.optimize import nnls
from sklearn.cluster import DBSCAN, KMeans
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.decomposition import NMF, PCA
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

BACKGROUND = 20
GOLDENS = pathlib.Path(__file__).resolve().parents[1] / "ForgeModelTests" / "Goldens"
ROWS = 12


def texts(values):
    """Bytes one after the other, and where each ends."""
    encoded = [value.encode() for value in values]
    return (np.frombuffer(b"".join(encoded), np.uint8).copy(),
            np.cumsum([0] + [len(value) for value in encoded], dtype=np.int64))


def number(name, fill=None, shift=0.0, scale=1.0):
    described = {"encoding": "number", "fill": fill is not None, "indicator": False, "name": name, "type": "double precision"}
    return described, (fill or 0.0, shift, scale), []


def category(name, levels, encoding):
    described = {"encoding": encoding, "levels": len(levels), "name": name, "type": "text"}
    if encoding == "one_hot":
        described |= {"null_level": False, "other_level": False}
    return described, (0.0, 0.0, 1.0), levels


def vector(name, fills, shifts, scales):
    """A column of embeddings; its numbers go to column_numbers. `fills` None: a missing one stays missing."""
    described = {"dimensions": len(shifts), "encoding": "vector", "fill": fills is not None, "name": name,
                 "type": "public.vector"}
    return described, (0.0, 0.0, 1.0), [], np.concatenate([shifts, scales] if fills is None else [shifts, scales, fills])


def artifact(columns, form, link, labels, tensors, algorithm, **more):
    """The bytes of one artifact."""
    outputs = len(labels) if len(labels) > 2 else 1
    description = {
        "algorithm": algorithm, "columns": [column[0] for column in columns], "form": form, "format": 1, "link": link,
        "outputs": outputs, "positive": 1 if len(labels) == 2 else -1,
        "task": "classification" if labels else "regression", **more,
    }
    levels, level_offsets = texts([level for column in columns for level in column[2]])
    label_bytes, label_offsets = texts(labels)
    fills, shifts, scales = (np.array(values, np.float64) for values in zip(*(column[1] for column in columns)))
    numbers = [column[3] for column in columns if len(column) > 3]
    if numbers:
        tensors = dict(tensors, column_numbers=np.concatenate(numbers))
    tensors = dict(tensors, fills=fills, shifts=shifts, scales=scales, levels=levels, level_offsets=level_offsets,
                   labels=label_bytes, label_offsets=label_offsets)
    metadata = {"forge": json.dumps(description, sort_keys=True, separators=(",", ":"), ensure_ascii=False)}
    return save_bytes(tensors, metadata=metadata)


def save(name, columns, form, link, labels, tensors, rows, expected, algorithm, **more):
    """An artifact and, beside it, rows (a list per column; None = NULL) with what the peer says about them."""
    (GOLDENS / f"{name}.safetensors").write_bytes(artifact(columns, form, link, labels, tensors, algorithm, **more))
    text = json.dumps({"columns": rows, **{key: np.asarray(value).tolist() for key, value in expected.items()}})
    (GOLDENS / f"{name}.json").write_text(text + "\n")


def linear_goldens():
    x, y = load_diabetes(return_X_y=True, scaled=False)
    scaler = StandardScaler().fit(x)
    z = scaler.transform(x)
    columns = [number(f"x{i}", 0.0, scaler.mean_[i], scaler.scale_[i]) for i in range(x.shape[1])]
    model = LinearRegression().fit(z, y)
    explained = shap.LinearExplainer(model, z.mean(axis=0, keepdims=True))(z[:ROWS])
    tensors = {"coefficients": model.coef_.reshape(1, -1).copy(), "intercepts": np.array([model.intercept_]),
               "means": z.mean(axis=0)}
    save("linear", columns, "linear", "identity", [], tensors, x[:ROWS].T.tolist(),
         {"margins": model.predict(z[:ROWS]), "scores": model.predict(z[:ROWS]),
          "contributions": np.column_stack([explained.base_values, explained.values])}, "linear_regression")

    x, y = load_iris(return_X_y=True)
    colours = np.array(["amber", "blue", "żółty"])[(np.arange(len(x)) * 7 + y) % 3]
    one_hot = OneHotEncoder(sparse_output=False).fit(colours.reshape(-1, 1))
    levels = list(one_hot.categories_[0])
    encoded = np.hstack([x, one_hot.transform(colours.reshape(-1, 1))])
    columns = [number(f"x{i}", 0.0) for i in range(4)] + [category("colour", levels, "one_hot")]
    chosen = np.arange(0, len(x), len(x) // ROWS)[:ROWS]
    rows = x[chosen].T.tolist() + [colours[chosen].tolist()]
    for name, labels, target in (("softmax", ["0", "1", "2"], y), ("logistic", ["0", "1"], (y == 1).astype(int))):
        model = LogisticRegression(max_iter=5000).fit(encoded, target)
        explained = shap.LinearExplainer(model, encoded.mean(axis=0, keepdims=True))(encoded[chosen])
        values = explained.values if explained.values.ndim == 3 else explained.values[:, :, None]
        base = np.broadcast_to(explained.base_values.reshape(-1, values.shape[2]), (ROWS, values.shape[2]))
        grouped = np.concatenate([values[:, :4], values[:, 4:].sum(axis=1, keepdims=True)], axis=1)
        contributions = np.concatenate([base[:, None], grouped], axis=1).transpose(0, 2, 1)
        tensors = {"coefficients": model.coef_.copy(), "intercepts": model.intercept_.copy(), "means": encoded.mean(axis=0)}
        save(name, columns, "linear", name, labels, tensors, rows,
             {"margins": model.decision_function(encoded[chosen]), "scores": model.predict_proba(encoded[chosen]),
              "contributions": contributions}, "logistic_regression")


def vector_goldens():
    """A vector of four columns beside six numbers: standardised elements, a missing vector in the third row."""
    x, y = load_diabetes(return_X_y=True, scaled=False)
    x[:, :4] = x[:, :4].astype(np.float32)
    scaler = StandardScaler().fit(x)
    z = scaler.transform(x)
    fills = np.median(x[:, :4], axis=0)
    columns = [vector("embedding", fills, scaler.mean_[:4], scaler.scale_[:4])]
    columns += [number(f"x{i}", 0.0, scaler.mean_[i], scaler.scale_[i]) for i in range(4, x.shape[1])]
    model = LinearRegression().fit(z, y)
    shown = z[:ROWS].copy()
    shown[2, :4] = (fills - scaler.mean_[:4]) / scaler.scale_[:4]
    explained = shap.LinearExplainer(model, z.mean(axis=0, keepdims=True))(shown)
    grouped = np.column_stack([explained.base_values, explained.values[:, :4].sum(axis=1), explained.values[:, 4:]])
    vectors = [None if row == 2 else x[row, :4].tolist() for row in range(ROWS)]
    tensors = {"coefficients": model.coef_.reshape(1, -1).copy(), "intercepts": np.array([model.intercept_]),
               "means": z.mean(axis=0)}
    save("vectors", columns, "linear", "identity", [], tensors, [vectors, *x[:ROWS, 4:].T.tolist()],
         {"margins": model.predict(shown), "scores": model.predict(shown), "contributions": grouped}, "linear_regression")


def tree_tensors(booster, outputs):
    """An XGBoost model's JSON as Forge's flat arrays."""
    learner = json.loads(booster.save_raw("json"))["learner"]
    model = learner["gradient_booster"]["model"]
    base = np.array(json.loads(learner["learner_model_param"]["base_score"]), np.float64).ravel()
    if learner["objective"]["name"].startswith("binary"):
        base = np.log(base / (1 - base))
    elif learner["objective"]["name"].startswith("count"):
        base = np.log(base)
    arrays = {key: [] for key in ("features", "thresholds", "left", "right", "default_left", "covers")}
    roots, bits, offsets = [], [], [0]
    for tree in model["trees"]:
        start = len(arrays["features"])
        roots.append(start)
        leaf = np.array(tree["left_children"]) < 0
        arrays["features"] += np.where(leaf, -1, tree["split_indices"]).tolist()
        arrays["thresholds"] += tree["split_conditions"]
        arrays["left"] += np.where(leaf, -1, np.array(tree["left_children"]) + start).tolist()
        arrays["right"] += np.where(leaf, -1, np.array(tree["right_children"]) + start).tolist()
        arrays["default_left"] += [bool(flag) for flag in tree["default_left"]]
        arrays["covers"] += tree["sum_hessian"]
        segments = {node: tree["categories"][first:first + size] for node, first, size in zip(
            tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"])}
        for node in range(len(leaf)):
            codes = segments.get(node, [])
            if codes:
                words = np.zeros(max(codes) // 32 + 1, np.uint32)
                for code in codes:
                    words[code // 32] |= np.uint32(1 << code % 32)
                bits += words.tolist()
                arrays["thresholds"][start + node] = 0.0
            offsets.append(len(bits))
    types = {"features": np.int32, "thresholds": np.float32, "left": np.int32, "right": np.int32, "default_left": np.bool_,
             "covers": np.float32}
    return {key: np.array(values, types[key]) for key, values in arrays.items()} | {
        "base_scores": np.broadcast_to(base, outputs).copy(), "roots": np.array(roots, np.int32),
        "tree_outputs": np.array(model["tree_info"], np.int32), "category_offsets": np.array(offsets, np.int32),
        "category_bits": np.array(bits, np.uint32), "leaf_vectors": np.zeros((0, outputs), np.float32)}


def compared_with(background, seed=0, samples=0):
    """The rows that explanations compare with."""
    return {"background": np.ascontiguousarray(background, np.float64), "explanation": np.array([seed, samples], np.int64)}


def kernel_contributions(function, encoded, background, groups, samples="auto"):
    """shap's Kernel SHAP without its L1 regularisation; `groups` are the encoded features of each column. (rows, outputs,
    columns + 1), the base first."""
    data = DenseData(background, [str(i) for i in range(len(groups))], groups)
    explainer = shap.KernelExplainer(lambda x: function(x).reshape(len(x), -1), data)
    np.random.seed(0)
    values = explainer.shap_values(encoded, nsamples=samples, l1_reg=False, silent=True)
    values = np.asarray(values).reshape(len(encoded), len(groups), -1)
    base = np.broadcast_to(np.atleast_1d(explainer.expected_value), (len(encoded), values.shape[2]))
    return np.concatenate([base[:, None], values], axis=1).transpose(0, 2, 1)


def interventional_goldens():
    random = np.random.default_rng(11)
    x = random.normal(size=(500, 6)).astype(np.float32)
    x[random.random(x.shape) < 0.1] = np.nan
    known = np.nan_to_num(x)
    signal = known[:, 0] * known[:, 1] + np.sin(3 * known[:, 2]) + np.abs(known[:, 3])
    columns = [number(f"x{i}") for i in range(6)]
    rows = [[None if np.isnan(value) else float(value) for value in column] for column in x[:ROWS].T]
    background = x[-BACKGROUND:]
    for name, link, labels, parameters, target in (
        ("interventional", "identity", [], {"objective": "reg:squarederror"}, signal),
        ("interventional_classes", "softmax", ["a", "b", "c"], {"objective": "multi:softprob", "num_class": 3},
         np.digitize(signal, [0.3, 1.2])),
    ):
        outputs = max(len(labels), 1)
        booster = xgboost.train(parameters | {"max_depth": 5, "eta": 0.3, "nthread": 1}, xgboost.DMatrix(x, target), 12)
        some = xgboost.DMatrix(x[:ROWS])
        explainer = shap.TreeExplainer(booster, background, feature_perturbation="interventional")
        values = np.asarray(explainer.shap_values(x[:ROWS], check_additivity=False)).reshape(ROWS, 6, outputs)
        # shap 0.5 gives every class the first one's base score
        base = booster.predict(xgboost.DMatrix(background), output_margin=True).astype(float).mean(axis=0)
        contributions = np.concatenate([np.broadcast_to(base, (ROWS, 1, outputs)), values], axis=1).transpose(0, 2, 1)
        save(name, columns, "trees", link, labels, tree_tensors(booster, outputs) | compared_with(background), rows,
             {"margins": booster.predict(some, output_margin=True).astype(float), "scores": booster.predict(some).astype(float),
              "contributions": contributions}, "gradient_boosting")


def tree_goldens():
    random = np.random.default_rng(7)
    x = random.normal(size=(600, 5)).astype(np.float32)
    levels = [f"level {i:02}" for i in range(40)]
    code = random.integers(0, 40, 600).astype(np.float32)
    x[random.random(x.shape) < 0.1] = np.nan
    code[random.random(600) < 0.1] = np.nan
    known = np.nan_to_num(x)
    signal = known[:, 0] * known[:, 1] + np.sin(3 * known[:, 2]) + np.where(np.isin(code, [1, 5, 8, 13, 33, 38]), 2.0, 0.0)
    features = np.column_stack([x, code])
    columns = [number(f"x{i}") for i in range(5)] + [category("level", levels, "native")]
    rows = [[None if np.isnan(value) else float(value) for value in column] for column in x[:ROWS].T]
    rows.append([None if np.isnan(value) else levels[int(value)] for value in code[:ROWS]])
    targets = (
        ("boosting", "identity", [], {"objective": "reg:squarederror"}, signal),
        ("boosting_binary", "logistic", ["no", "yes"], {"objective": "binary:logistic"}, (signal > 0.5).astype(int)),
        ("boosting_classes", "softmax", ["a", "b", "c"], {"objective": "multi:softprob", "num_class": 3},
         np.digitize(signal, [-0.3, 0.8])),
        ("boosting_counts", "log", [], {"objective": "count:poisson"}, np.floor(np.exp(signal / 2))),
    )
    for name, link, labels, parameters, target in targets:
        data = xgboost.DMatrix(features, target, feature_types=["q"] * 5 + ["c"], enable_categorical=True)
        booster = xgboost.train(parameters | {"max_depth": 4, "eta": 0.3, "max_cat_to_onehot": 4, "nthread": 1}, data, 8)
        some = xgboost.DMatrix(features[:ROWS], feature_types=["q"] * 5 + ["c"], enable_categorical=True)
        contributions = booster.predict(some, pred_contribs=True)
        contributions = contributions.reshape(ROWS, -1, len(columns) + 1)
        contributions = np.concatenate([contributions[:, :, -1:], contributions[:, :, :-1]], axis=2)
        save(name, columns, "trees", link, labels, tree_tensors(booster, max(len(labels), 1) if len(labels) > 2 else 1), rows,
             {"margins": booster.predict(some, output_margin=True).astype(float),
              "scores": booster.predict(some).astype(float), "contributions": contributions.astype(float)}, "gradient_boosting")


def network_tensors(weights, biases):
    """Matrices (in, out) and vectors, as scikit-learn has them, as Forge's; the last biases are intercepts."""
    return {
        "network_layers": np.array([weights[0].shape[0]] + [w.shape[1] for w in weights], np.int32),
        "network_weights": np.concatenate([w.T.ravel() for w in weights]).astype(np.float32),
        "network_biases": np.concatenate([np.zeros(0), *biases[:-1]]).astype(np.float32),
        "intercepts": np.array(biases[-1], np.float64)}


def network_goldens():
    x, y = load_diabetes(return_X_y=True, scaled=False)
    scaler = StandardScaler().fit(x)
    z = scaler.transform(x)
    columns = [number(f"x{i}", 0.0, scaler.mean_[i], scaler.scale_[i]) for i in range(x.shape[1])]
    model = MLPRegressor(hidden_layer_sizes=(20, 9), random_state=1, max_iter=300).fit(z, y)
    predicted = model.predict(z[:ROWS])
    contributions = kernel_contributions(model.predict, z[:ROWS], z[-BACKGROUND:], [[i] for i in range(x.shape[1])])
    tensors = network_tensors(model.coefs_, model.intercepts_) | compared_with(z[-BACKGROUND:])
    save("network", columns, "network", "identity", [], tensors, x[:ROWS].T.tolist(),
         {"margins": predicted, "scores": predicted, "contributions": contributions}, "mlp", activation="relu")

    x, y = load_iris(return_X_y=True)
    colours = np.array(["amber", "blue", "żółty"])[(np.arange(len(x)) * 7 + y) % 3]
    one_hot = OneHotEncoder(sparse_output=False).fit(colours.reshape(-1, 1))
    encoded = np.hstack([x, one_hot.transform(colours.reshape(-1, 1))])
    columns = [number(f"x{i}", 0.0) for i in range(4)] + [category("colour", list(one_hot.categories_[0]), "one_hot")]
    chosen = np.arange(0, len(x), len(x) // ROWS)[:ROWS]
    rows = x[chosen].T.tolist() + [colours[chosen].tolist()]
    model = MLPClassifier((17,), activation="tanh", random_state=1, max_iter=300).fit(encoded, y)
    scores = model.predict_proba(encoded[chosen])
    background = encoded[3::len(x) // BACKGROUND]
    groups = [[0], [1], [2], [3], [4, 5, 6]]

    def margins_of(values):
        return np.tanh(values @ model.coefs_[0] + model.intercepts_[0]) @ model.coefs_[1] + model.intercepts_[1]

    margins = margins_of(encoded[chosen])
    assert np.allclose(np.exp(margins) / np.exp(margins).sum(axis=1, keepdims=True), scores)
    save("network_classes", columns, "network", "softmax", ["0", "1", "2"],
         network_tensors(model.coefs_, model.intercepts_) | compared_with(background), rows,
         {"margins": margins, "scores": scores,
          "contributions": kernel_contributions(margins_of, encoded[chosen], background, groups)}, "mlp", activation="tanh")

    random = np.random.default_rng(5)  # scikit-learn has no GELU: its formula in double
    sizes = [7, 33, 16, 4, 1]
    weights = [random.normal(size=shape) / math.sqrt(shape[0]) for shape in zip(sizes, sizes[1:])]
    biases = [random.normal(size=size) for size in sizes[1:]]

    def gelu_margins(values):
        for weight, bias in zip(weights[:-1], biases):
            sums = values @ weight + bias
            values = sums * np.vectorize(lambda s: (1 + math.erf(s / math.sqrt(2))) / 2)(sums)
        return (values @ weights[-1] + biases[-1]).ravel()

    margins = gelu_margins(encoded[chosen])
    save("network_gelu", columns, "network", "logistic", ["no", "yes"],
         network_tensors(weights, biases) | compared_with(background), rows,
         {"margins": margins, "scores": 1 / (1 + np.exp(-margins)),
          "contributions": kernel_contributions(gelu_margins, encoded[chosen], background, groups)}, "mlp", activation="gelu")


def ensemble_goldens():
    """Soft voting of two classifiers with encodings of their own, explained by columns as they came."""
    x, y = load_iris(return_X_y=True)
    levels = ["amber", "blue", "żółty"]
    codes = (np.arange(len(x)) * 7 + y) % 3
    raw = np.column_stack([x, codes])
    one_hot = ColumnTransformer([("colour", OneHotEncoder(sparse_output=False), [4])], remainder="passthrough")
    logistic = make_pipeline(one_hot, LogisticRegression(max_iter=5000))
    scaled = ColumnTransformer([("x", StandardScaler(), [0, 1, 2, 3])])  # without the colour
    network = make_pipeline(scaled, MLPClassifier((9,), activation="tanh", random_state=1, max_iter=300))
    voting = VotingClassifier([("l", logistic), ("n", network)], voting="soft", weights=[0.25, 0.75]).fit(raw, y)
    logistic, network = (pipeline[-1] for pipeline in voting.estimators_)
    scaler = voting.estimators_[1][0].named_transformers_["x"]
    numbers = [number(f"x{i}", 0.0) for i in range(4)]
    scaled_numbers = [number(f"x{i}", 0.0, scaler.mean_[i], scaler.scale_[i]) for i in range(4)]
    labels = ["0", "1", "2"]
    background = raw[3::len(x) // BACKGROUND]
    members = [
        artifact([category("colour", levels, "one_hot"), *numbers], "linear", "softmax", labels,
                 {"coefficients": logistic.coef_.copy(), "intercepts": logistic.intercept_.copy(), "means": np.zeros(7)},
                 "logistic_regression"),
        artifact(scaled_numbers, "network", "softmax", labels,
                 network_tensors(network.coefs_, network.intercepts_)
                 | compared_with(scaler.transform(background[:, :4])), "mlp", activation="tanh")]
    tensors = {"members": np.frombuffer(b"".join(members), np.uint8).copy(),
               "member_offsets": np.cumsum([0] + [len(member) for member in members], dtype=np.int64),
               "member_weights": np.array([0.25, 0.75])} | compared_with(background)
    chosen = np.arange(0, len(x), len(x) // ROWS)[:ROWS]
    rows = x[chosen].T.tolist() + [[levels[int(code)] for code in codes[chosen]]]
    scores = voting.predict_proba(raw[chosen])
    contributions = kernel_contributions(voting.predict_proba, raw[chosen], background, [[i] for i in range(5)])
    save("ensemble", [number(f"x{i}") for i in range(4)] + [category("colour", levels, "native")], "ensemble", "shares",
         labels, tensors, rows, {"margins": scores, "scores": scores, "contributions": contributions}, "auto")


def neighbor_goldens():
    """Rows and queries in float32, as they are compared."""
    x, y = load_diabetes(return_X_y=True, scaled=False)
    scaler = StandardScaler().fit(x)
    z = scaler.transform(x).astype(np.float32)
    kept, asked, background = z[ROWS:300], z[:ROWS].astype(float), z[-BACKGROUND:].astype(float)
    classes = np.digitize(y, [90, 170])
    columns = [number(f"x{i}", 0.0, scaler.mean_[i], scaler.scale_[i]) for i in range(x.shape[1])]
    regressor = KNeighborsRegressor(8, weights="distance", algorithm="brute").fit(kept.astype(float), y[ROWS:300])
    classifier = KNeighborsClassifier(15, metric="manhattan", algorithm="brute").fit(kept.astype(float), classes[ROWS:300])
    for name, link, labels, target, function, described in (
        ("neighbors", "identity", [], y, regressor.predict, {"neighbors": 8, "metric": "euclidean", "weights": "distance"}),
        ("neighbors_classes", "shares", ["0", "1", "2"], classes, classifier.predict_proba,
         {"neighbors": 15, "metric": "manhattan", "weights": "uniform"}),
    ):
        margins = function(asked)
        tensors = {"neighbor_rows": kept, "neighbor_targets": target[ROWS:300].astype(np.float64)} | compared_with(background)
        save(name, columns, "neighbors", link, labels, tensors, x[:ROWS].T.tolist(),
             {"margins": margins, "scores": margins,
              "contributions": kernel_contributions(function, asked, background, [[i] for i in range(x.shape[1])])}, "knn", **described)


def ensemble_vector_goldens():
    """The same with the four numbers as one vector, which is one player of the explanation; one row has none."""
    x, y = load_iris(return_X_y=True)
    x = x.astype(np.float32).astype(np.float64)
    levels = ["amber", "blue", "żółty"]
    codes = (np.arange(len(x)) * 7 + y) % 3
    scaler = StandardScaler().fit(x)
    one_hot = np.eye(3)[codes]
    logistic = LogisticRegression(max_iter=5000).fit(np.hstack([x, one_hot]), y)
    network = MLPClassifier((9,), activation="tanh", random_state=1, max_iter=300).fit(scaler.transform(x), y)
    fills = np.median(x, axis=0)

    def filled(raw):
        return np.where(np.isnan(raw[:, :4]), fills, raw[:, :4])

    def votes(raw):
        encoded = np.hstack([filled(raw), np.eye(3)[raw[:, 4].astype(int)]])
        return 0.25 * logistic.predict_proba(encoded) + 0.75 * network.predict_proba(scaler.transform(filled(raw)))

    labels = ["0", "1", "2"]
    raw = np.column_stack([x, codes])
    background = raw[3::len(x) // BACKGROUND].copy()
    background[5, :4] = np.nan
    members = [
        artifact([vector("embedding", fills, np.zeros(4), np.ones(4)), category("colour", levels, "one_hot")], "linear",
                 "softmax", labels, {"coefficients": logistic.coef_.copy(), "intercepts": logistic.intercept_.copy(),
                                     "means": np.zeros(7)}, "logistic_regression"),
        artifact([vector("embedding", fills, scaler.mean_, scaler.scale_)], "network", "softmax", labels,
                 network_tensors(network.coefs_, network.intercepts_)
                 | compared_with(scaler.transform(filled(background))), "mlp", activation="tanh")]
    tensors = {"members": np.frombuffer(b"".join(members), np.uint8).copy(),
               "member_offsets": np.cumsum([0] + [len(member) for member in members], dtype=np.int64),
               "member_weights": np.array([0.25, 0.75])} | compared_with(background)
    chosen = raw[np.arange(0, len(x), len(x) // ROWS)[:ROWS]].copy()
    chosen[2, :4] = np.nan
    vectors = [None if np.isnan(row[0]) else row[:4].tolist() for row in chosen]
    contributions = kernel_contributions(votes, chosen, background, [[0, 1, 2, 3], [4]])
    save("ensemble_vectors", [vector("embedding", None, np.zeros(4), np.ones(4)), category("colour", levels, "native")],
         "ensemble", "shares", labels, tensors, [vectors, [levels[int(code)] for code in chosen[:, 4]]],
         {"margins": votes(chosen), "scores": votes(chosen), "contributions": contributions}, "auto")


def unsupervised_goldens():
    """What has no target: k-means, density clusters by their core rows, a mixture, principal components, non-negative
    factors. A cluster's margin is the squared distance of its nearest point."""
    x = load_iris().data
    scaler = StandardScaler().fit(x)
    z = scaler.transform(x)
    columns = [number(f"x{i}", 0.0, scaler.mean_[i], scaler.scale_[i]) for i in range(4)]
    chosen = np.arange(0, len(x), len(x) // ROWS)[:ROWS]
    rows, shown = x[chosen].T.tolist(), z[chosen]
    background = z[3::len(x) // BACKGROUND]
    players = [[i] for i in range(4)]

    def save_clusters(name, algorithm, points, memberships, margins_of, scores, more, **described):
        clusters = max(memberships) + 1
        tensors = {"centers": points, "memberships": np.array(memberships, np.int32), "intercepts": np.zeros(clusters)}
        save(name, columns, "centroids", "softmax" if "precisions" in more else "distances", [],
             tensors | compared_with(background) | more, rows,
             {"margins": margins_of(shown), "scores": scores,
              "contributions": kernel_contributions(margins_of, shown, background, players)}, algorithm,
             outputs=clusters, task="clustering", **described)

    means = KMeans(3, n_init=10, random_state=0).fit(z)
    save_clusters("clusters", "kmeans", means.cluster_centers_.copy(), [0, 1, 2], lambda values: means.transform(values) ** 2,
                  means.transform(shown), {}, precisions="none")

    density = DBSCAN(eps=0.6, min_samples=8).fit(z)
    found = density.labels_[density.core_sample_indices_]
    first = [int(np.flatnonzero(found == cluster)[0]) for cluster in range(found.max() + 1)]
    order = first + [place for place in range(len(found)) if place not in first]
    points = density.components_[order]
    memberships = found[order].tolist()

    def nearest(values):
        squares = ((values[:, None] - points[None]) ** 2).sum(axis=2)
        return np.column_stack([squares[:, np.array(memberships) == cluster].min(axis=1) for cluster in range(len(first))])

    save_clusters("clusters_density", "dbscan", points, memberships, nearest, np.sqrt(nearest(shown)),
                  {"cluster_radius": np.array([0.6])}, precisions="none")

    mixture = GaussianMixture(3, random_state=0).fit(z)
    factors = mixture.precisions_cholesky_
    constants = np.log(mixture.weights_) + np.log(np.einsum("kii->ki", factors)).sum(axis=1) - 2 * np.log(2 * np.pi)
    save_clusters("mixture", "gaussian_mixture", mixture.means_.copy(), [0, 1, 2], mixture._estimate_weighted_log_prob,
                  mixture.predict_proba(shown), {"precisions": factors.transpose(0, 2, 1).ravel(), "intercepts": constants},
                  precisions="full")

    axes = PCA(2).fit(z)
    centred = shown - z.mean(axis=0)
    values = axes.components_[None] * centred[:, None, :]
    base = axes.transform(z.mean(axis=0, keepdims=True))
    save("components", columns, "linear", "identity", [],
         {"coefficients": axes.components_.copy(), "intercepts": -axes.components_ @ axes.mean_, "means": z.mean(axis=0)}, rows,
         {"margins": axes.transform(shown), "scores": axes.transform(shown),
          "contributions": np.concatenate([np.broadcast_to(base[:, :, None], (ROWS, 2, 1)), values], axis=2)}, "pca",
         outputs=2, task="decomposition")

    wine = load_wine().data[:, :6]  # its factors are so alike that coordinate descent takes thousands of sweeps
    parts = NMF(3, max_iter=5000, random_state=0).fit(wine).components_.copy()

    def weights(values):
        return np.array([nnls(parts.T, row)[0] for row in values])

    background, shown = wine[3::len(wine) // BACKGROUND], wine[:ROWS]
    save("factors", [number(f"x{i}", 0.0) for i in range(6)], "nonnegative", "identity", [],
         {"coefficients": parts} | compared_with(background), shown.T.tolist(),
         {"margins": weights(shown), "scores": weights(shown),
          "contributions": kernel_contributions(weights, shown, background, [[i] for i in range(6)])}, "nmf",
         outputs=3, task="decomposition")


def sampled_goldens():
    """More columns than there are coalitions for: shap with many times the samples."""
    random = np.random.default_rng(3)
    width = 24
    x = random.normal(size=(200, width))
    weights = [random.normal(size=shape) / math.sqrt(shape[0]) for shape in ((width, 16), (16, 1))]
    biases = [random.normal(size=16), random.normal(size=1)]

    def margins_of(values):
        return (np.tanh(values @ weights[0] + biases[0]) @ weights[1] + biases[1]).ravel()

    chosen, background = x[:3], x[-BACKGROUND:]
    contributions = kernel_contributions(margins_of, chosen, background, [[i] for i in range(width)], 60_000)
    save("sampled", [number(f"x{i}", 0.0) for i in range(width)], "network", "identity", [],
         network_tensors(weights, biases) | compared_with(background), chosen.T.tolist(),
         {"margins": margins_of(chosen), "scores": margins_of(chosen), "contributions": contributions}, "mlp",
         activation="tanh")


if __name__ == "__main__":
    GOLDENS.mkdir(exist_ok=True)
    linear_goldens()
    vector_goldens()
    tree_goldens()
    network_goldens()
    interventional_goldens()
    sampled_goldens()
    ensemble_goldens()
    neighbor_goldens()
    ensemble_vector_goldens()
    unsupervised_goldens()
