#!/usr/bin/env python3
"""Writes data/*.csv and goldens/*.csv: what scikit-learn, statsmodels and XGBoost answer, for ForgeLearnTests to agree with.

    python3 -m venv v && v/bin/pip install -r requirements.txt && v/bin/python make_goldens.py

Data: scikit-learn's bundled diabetes, breast_cancer, wine and iris, statsmodels' longley (all public domain or BSD), and
`mixed`, made here. A golden has a row for each row of its data: predictions, or a probability for each class in byte
order of the labels. The tests state the tolerances.
"""
import pathlib
import warnings

import numpy as np
import pandas as pd
import statsmodels.api as sm
import xgboost as xgb
from sklearn import compose, datasets, ensemble, impute, linear_model, metrics, pipeline, preprocessing

here = pathlib.Path(__file__).parent
(here / "data").mkdir(exist_ok=True)
(here / "goldens").mkdir(exist_ok=True)


def golden(name, values):
    values = np.asarray(values, dtype=float)
    values = values.reshape(len(values), -1)
    np.savetxt(here / "goldens" / f"{name}.csv", values, fmt="%.17g", delimiter=",")


def save(name, frame):
    frame.to_csv(here / "data" / f"{name}.csv", index=False, float_format="%.17g")
    return frame


def bundled(name, load):
    data = load(as_frame=True)
    frame = data.data.copy()
    frame.columns = [c.replace(" ", "_").replace("/", "_").replace("(", "").replace(")", "") for c in frame.columns]
    frame["target"] = data.target
    return save(name, frame)


def mixed():
    rng = np.random.default_rng(7)
    n = 600
    frame = pd.DataFrame({
        "age": rng.integers(18, 80, n).astype(float),
        "income": np.exp(rng.normal(10, 1, n)).round(2),
        "plan": rng.choice(["basic", "plus", "Ünlimited", "pro"], n, p=[0.5, 0.3, 0.05, 0.15]),
        "region": rng.choice(["north", "south", "east", "west", "islands"], n),
    })
    margin = (0.03 * (frame.age - 45) + 0.6 * (np.log(frame.income) - 10) + (frame.plan == "pro") - 0.8 * (frame.region == "south")
              + rng.normal(0, 1, n))
    frame["label"] = np.where(margin > 0, "yes", "no")
    frame["amount"] = margin * 10 + 50
    frame.loc[rng.random(n) < 0.12, "age"] = np.nan
    frame.loc[rng.random(n) < 0.05, "income"] = np.nan
    frame.loc[rng.random(n) < 0.08, "region"] = None
    frame["weight"] = rng.integers(1, 5, n)
    return save("mixed", frame)


def parts(frame):
    return frame.drop(columns="target"), frame["target"]


def scaled(model):
    return pipeline.make_pipeline(preprocessing.StandardScaler(), model)


def logistic(**settings):
    return linear_model.LogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=1000, **settings)


def linear_goldens():
    x, y = parts(bundled("diabetes", datasets.load_diabetes))
    golden("diabetes.linear_regression", linear_model.LinearRegression().fit(x, y).predict(x))
    golden("diabetes.linear_regression_no_intercept", linear_model.LinearRegression(fit_intercept=False).fit(x, y).predict(x))
    golden("diabetes.ridge", scaled(linear_model.Ridge(alpha=1)).fit(x, y).predict(x))
    golden("diabetes.ridge_raw", linear_model.Ridge(alpha=0.5).fit(x, y).predict(x))
    longley = sm.datasets.longley.load_pandas()
    frame = longley.exog.copy()
    frame["target"] = longley.endog
    save("longley", frame)
    golden("longley.linear_regression", sm.OLS(longley.endog, sm.add_constant(longley.exog)).fit().predict())

    above = (y > 140).astype(int)
    golden("diabetes.logit_unpenalised", sm.Logit(above, sm.add_constant(x)).fit(disp=0, tol=1e-14, maxiter=200, method="newton").predict())


def logistic_goldens():
    x, y = parts(bundled("breast_cancer", datasets.load_breast_cancer))
    golden("breast_cancer.logistic_regression", scaled(logistic()).fit(x, y).predict_proba(x))
    golden("breast_cancer.logistic_regression_balanced", scaled(logistic(C=0.1, class_weight="balanced")).fit(x, y).predict_proba(x))
    for name, load in [("wine", datasets.load_wine), ("iris", datasets.load_iris)]:
        x, y = parts(bundled(name, load))
        golden(f"{name}.logistic_regression", scaled(logistic()).fit(x, y).predict_proba(x))


def encoded(frame):
    """Forge's default encoding for linear models, said in scikit-learn's words."""
    numbers = ["age", "income"]
    indicators = impute.MissingIndicator(features="all")
    return compose.ColumnTransformer([
        ("numbers", pipeline.make_pipeline(impute.SimpleImputer(strategy="median"), preprocessing.StandardScaler()), numbers),
        ("gaps", indicators, numbers),
        ("levels", preprocessing.OneHotEncoder(handle_unknown="ignore"), ["plan", "region"]),
    ]).fit(frame)


def mixed_goldens(frame):
    features = frame.drop(columns=["label", "amount", "weight"])
    filled = features.assign(region=features.region.fillna("\0null"))
    x = encoded(filled).transform(filled)
    x = x.toarray() if hasattr(x, "toarray") else x
    golden("mixed.linear_regression", linear_model.LinearRegression().fit(x, frame.amount).predict(x))
    golden("mixed.ridge", linear_model.Ridge(alpha=2).fit(x, frame.amount).predict(x))
    golden("mixed.logistic_regression", logistic(C=0.5).fit(x, frame.label).predict_proba(x))
    weights = frame.weight.to_numpy(float)
    golden("mixed.weighted_wls", sm.WLS(frame.amount, x, weights=weights).fit(method="pinv").predict())

    for name in ["plan", "region"]:
        levels = sorted(features[name].dropna().unique(), key=lambda text: text.encode())
        features[name] = pd.Categorical(features[name], categories=levels)
    settings = {"tree_method": "hist", "nthread": 1, "seed": 42, "max_cat_to_onehot": 4}
    matrix = xgb.QuantileDMatrix(features, frame.amount, enable_categorical=True, nthread=1)
    golden("mixed.gradient_boosting", xgb.train(settings, matrix, 50).predict(matrix))
    matrix = xgb.QuantileDMatrix(features, (frame.label == "yes").astype(int), enable_categorical=True, nthread=1,
                                 weight=weights)
    model = xgb.train(settings | {"objective": "binary:logistic", "max_depth": 3}, matrix, 50)
    positive = model.predict(matrix).astype(float)
    golden("mixed.gradient_boosting_weighted", np.column_stack([1 - positive, positive]))


def boosting_goldens():
    x, y = parts(pd.read_csv(here / "data/wine.csv"))
    matrix = xgb.QuantileDMatrix(x.astype(np.float32), y, nthread=1)
    settings = {"objective": "multi:softprob", "num_class": 3, "tree_method": "hist", "nthread": 1, "seed": 42, "eta": 0.1}
    golden("wine.gradient_boosting", xgb.train(settings, matrix, 40).predict(matrix))


def forest_goldens():
    """Quality, not digits: out-of-sample scores of scikit-learn's forests on the even rows, trained on the odd ones."""
    rows = []
    for name in ["breast_cancer", "wine", "iris"]:
        x, y = parts(pd.read_csv(here / f"data/{name}.csv"))
        model = ensemble.RandomForestClassifier(200, random_state=0).fit(x[1::2], y[1::2])
        rows.append(metrics.accuracy_score(y[::2], model.predict(x[::2])))
    x, y = parts(pd.read_csv(here / "data/diabetes.csv"))
    model = ensemble.RandomForestRegressor(200, random_state=0).fit(x[1::2], y[1::2])
    rows.append(metrics.r2_score(y[::2], model.predict(x[::2])))
    golden("forests.quality", rows)


def metric_goldens():
    """Columns: truth, score (with ties); then metrics of the two. Three classes: truth and three probabilities."""
    rng = np.random.default_rng(3)
    n = 200
    truth = rng.integers(0, 2, n)
    score = np.clip(np.round(truth * 0.3 + rng.random(n) * 0.7, 1), 0, 1)
    save("binary_scores", pd.DataFrame({"truth": truth, "score": score}))
    predicted = (score > 0.5).astype(int)
    golden("binary_scores.metrics", [
        metrics.roc_auc_score(truth, score), metrics.log_loss(truth, np.column_stack([1 - score, score])),
        metrics.accuracy_score(truth, predicted), metrics.f1_score(truth, predicted), metrics.f1_score(truth, predicted, average="macro")])
    classes = rng.integers(0, 3, n)
    probability = rng.dirichlet([1, 1, 1], n)
    probability[np.arange(n), classes] += 0.5
    probability /= probability.sum(axis=1, keepdims=True)
    save("class_scores", pd.DataFrame(np.column_stack([classes, probability]), columns=["truth", "p0", "p1", "p2"]))
    predicted = probability.argmax(axis=1)
    golden("class_scores.metrics", [
        metrics.log_loss(classes, probability), metrics.accuracy_score(classes, predicted),
        metrics.f1_score(classes, predicted, average="macro")])
    value = rng.normal(5, 2, n)
    guess = value + rng.normal(0, 1, n)
    save("value_scores", pd.DataFrame({"truth": value, "guess": guess}))
    golden("value_scores.metrics", [
        metrics.root_mean_squared_error(value, guess), metrics.mean_absolute_error(value, guess), metrics.r2_score(value, guess)])


warnings.simplefilter("error", category=sm.tools.sm_exceptions.ConvergenceWarning)
linear_goldens()
logistic_goldens()
mixed_goldens(mixed())
boosting_goldens()
forest_goldens()
metric_goldens()
