#!/usr/bin/env python3
"""Writes the goldens of fine-tuning: what continues a model of every other row on all rows (boosting) or on the others.

Boosting is XGBoost's own continuation. Of linear models the penalty is on the way from the base's coefficients: the
closed form for ridge, scipy's minimisers for the rest. Columns are scaled as the base's rows were.

Needs numpy, pandas, scipy, scikit-learn and xgboost 3.2. The numbers it wrote are committed; run it again only to change them.

    python3 Tests/conformance/make_goldens_tuning.py
"""
import numpy as np
import xgboost as xgb
from scipy import optimize
from scipy.special import expit, log_expit
from sklearn import linear_model, svm

from make_goldens_trees import golden, parts


def continued(x, y, **settings):
    """50 rounds on every other row, then 50 more on all. A QuantileDMatrix would show the first trees each value's bin
    instead of the value."""
    settings = {"tree_method": "hist", "nthread": 1, "seed": 42, "max_depth": 3} | settings
    some, every = (xgb.DMatrix(x[s].astype(np.float32), y[s], nthread=1) for s in (slice(0, None, 2), slice(None)))
    base = xgb.train(settings, some, 50)
    model = xgb.train(settings, every, 50, xgb_model=base)
    return model.predict(every)


def boosting_goldens():
    x, y = parts("diabetes")
    golden("tuning.boosting_diabetes", continued(x, y))
    golden("tuning.boosting_poisson", continued(x, y, objective="count:poisson"))
    x, y = parts("breast_cancer")
    positive = continued(x, y, objective="binary:logistic")
    golden("tuning.boosting_breast_cancer", np.column_stack([1 - positive, positive]))
    x, y = parts("wine")
    golden("tuning.boosting_wine", continued(x, y, objective="multi:softprob", num_class=3))


def scaled(name):
    x, y = parts(name)
    x, y = x.to_numpy(float), y.to_numpy(float)
    base = x[::2]
    return (x - base.mean(0)) / base.std(0), y


def moved(loss, start, penalised):
    """The minimum of `loss(point) + ½‖point − start‖²` over the penalised entries; point: coefficients, intercept."""
    def value(point):
        return loss(point) + 0.5 * np.sum(((point - start) * penalised) ** 2)
    found = optimize.minimize(value, start, jac="3-point", method="BFGS", options={"gtol": 1e-7, "maxiter": 2000})
    return found.x


def linear_goldens():
    free = np.append(np.ones(10), 0)
    x, y = scaled("diabetes")
    ones = np.column_stack([x, np.ones(len(x))])
    base = linear_model.Ridge(alpha=1).fit(x[::2], y[::2])
    start = np.append(base.coef_, base.intercept_)
    new, targets = ones[1::2], y[1::2]
    point = start + np.linalg.solve(new.T @ new + np.diag(30 * free), new.T @ (targets - new @ start))
    golden("tuning.ridge", ones @ point)

    base = linear_model.PoissonRegressor(alpha=1, tol=1e-12, max_iter=1000, solver="newton-cholesky").fit(x[::2], y[::2])
    start = np.append(base.coef_, base.intercept_)
    def poisson(point):
        margins = new @ point
        return np.mean(np.exp(margins) - targets * margins) / 0.5
    golden("tuning.poisson", np.exp(ones @ moved(poisson, start, free)))

    x, y = scaled("breast_cancer")
    ones = np.column_stack([x, np.ones(len(x))])
    new, signs = ones[1::2], 2 * y[1::2] - 1
    base = linear_model.LogisticRegression(C=1, tol=1e-12, max_iter=1000, solver="newton-cholesky").fit(x[::2], y[::2])
    start = np.append(base.coef_[0], base.intercept_)
    point = moved(lambda p: -0.1 * np.sum(log_expit(signs * (new @ p))), start, np.append(np.ones(30), 0))
    positive = expit(ones @ point)
    golden("tuning.logistic", np.column_stack([1 - positive, positive]))

    base = svm.LinearSVC(C=1, tol=1e-12, max_iter=1000000, dual=False).fit(x[::2], y[::2])
    start = np.append(base.coef_[0], base.intercept_)
    point = moved(lambda p: 0.1 * np.sum(np.maximum(0, 1 - signs * (new @ p)) ** 2), start, np.ones(31))
    golden("tuning.svm_margins", ones @ point)


if __name__ == "__main__":
    boosting_goldens()
    linear_goldens()
