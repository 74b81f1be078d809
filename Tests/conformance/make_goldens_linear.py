#!/usr/bin/env python3
"""Writes the goldens of the linear family: what scikit-learn and statsmodels answer on data/*.csv (make_goldens.py wrote those).

Iterative peers run to a tolerance far below the tests'.
"""
import pathlib
import warnings

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import optimize, stats
from sklearn import compose, feature_selection, impute, linear_model, pipeline, preprocessing, svm
from sklearn.linear_model._huber import _huber_loss_and_gradient
from statsmodels.stats import outliers_influence

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


def generalized():
    x, y = parts("diabetes")
    exact = {"solver": "newton-cholesky", "tol": 1e-12, "max_iter": 1000}
    golden("diabetes.poisson", scaled(linear_model.PoissonRegressor(**exact)).fit(x, y).predict(x))
    golden("diabetes.poisson_unpenalised", scaled(linear_model.PoissonRegressor(alpha=0, **exact)).fit(x, y).predict(x))
    golden("diabetes.gamma", scaled(linear_model.GammaRegressor(alpha=0.1, **exact)).fit(x, y).predict(x))
    for power in [0, 1.5, 3]:
        golden(f"diabetes.tweedie_{power}", scaled(
            linear_model.TweedieRegressor(power=power, alpha=0.5, link="log", **exact)).fit(x, y).predict(x))
    x, frame = mixed(weighted=True)
    golden("mixed.gamma_weighted", linear_model.GammaRegressor(alpha=0.01, **exact).fit(
        x, np.exp(frame.amount / 20), sample_weight=frame.weight).predict(x))


def hubers():
    """scikit-learn's L-BFGS stops early: from where it does, scipy goes to the root of scikit-learn's own gradient."""
    x, y = parts("diabetes")
    y = y.where(y.index % 9 != 0, y * 10)
    x = preprocessing.StandardScaler().fit_transform(x)
    model = linear_model.HuberRegressor(tol=1e-10, max_iter=100_000).fit(x, y)
    start = np.concatenate([model.coef_, [model.intercept_, model.scale_]])
    found = optimize.root(lambda w: _huber_loss_and_gradient(w, x, y.to_numpy(float), 1.35, 1e-4, np.ones(len(y)))[1], start, tol=1e-14)
    assert np.abs(found.fun).max() < 1e-9, found.fun
    golden("diabetes.huber", x @ found.x[:-2] + found.x[-2])


def quantiles():
    x, y = parts("diabetes")
    for quantile, alpha in [(0.5, 0), (0.9, 0), (0.25, 0.5)]:
        golden(f"diabetes.quantile_{quantile}_{alpha}", scaled(
            linear_model.QuantileRegressor(quantile=quantile, alpha=alpha, solver="highs")).fit(x, y).predict(x))
    x, frame = mixed(weighted=True)
    golden("mixed.quantile_weighted", linear_model.QuantileRegressor(quantile=0.3, alpha=0.01, solver="highs").fit(
        x, frame.amount, sample_weight=frame.weight).predict(x))


def support_vectors():
    """Margins of LinearSVC, predictions of LinearSVR."""
    x, y = parts("breast_cancer")
    exact = {"tol": 1e-12, "max_iter": 10_000_000}
    golden("breast_cancer.svm_squared_hinge", scaled(svm.LinearSVC(dual=False, **exact)).fit(x, y).decision_function(x))
    golden("breast_cancer.svm_hinge", scaled(
        svm.LinearSVC(loss="hinge", C=0.1, class_weight="balanced", tol=1e-10, max_iter=1_000_000)).fit(x, y).decision_function(x))
    x, y = parts("wine")
    golden("wine.svm", scaled(svm.LinearSVC(dual=False, **exact)).fit(x, y).decision_function(x))
    x, y = parts("diabetes")
    golden("diabetes.svm_insensitive", scaled(svm.LinearSVR(epsilon=10, C=5, tol=1e-10, max_iter=1_000_000)).fit(x, y).predict(x))
    golden("diabetes.svm_squared", scaled(svm.LinearSVR(
        loss="squared_epsilon_insensitive", dual=False, epsilon=5, **exact)).fit(x, y).predict(x))


def logistics():
    exact = {"solver": "saga", "tol": 1e-13, "max_iter": 1_000_000}
    for name, penalty, settings in [
        ("breast_cancer", "l1", {"C": 0.5, "l1_ratio": 1}), ("breast_cancer", "elasticnet", {"C": 0.2, "l1_ratio": 0.4}),
        ("wine", "l1", {"C": 1, "l1_ratio": 1}), ("wine", "elasticnet", {"C": 1, "l1_ratio": 0.5, "class_weight": "balanced"}),
    ]:
        x, y = parts(name)
        golden(f"{name}.logistic_{penalty}", scaled(
            linear_model.LogisticRegression(**settings, **exact)).fit(x, y).predict_proba(x))


def table(name, result, parameters=None):
    """Coefficient, standard error, statistic, p-value and confidence interval of each term."""
    rows = np.column_stack([result.params, result.bse, result.tvalues, result.pvalues, np.asarray(result.conf_int())])
    golden(f"{name}.table", rows)


def inference():
    x, y = parts("diabetes")
    x1 = sm.add_constant(x)
    table("diabetes.ols", sm.OLS(y, x1).fit())
    golden("diabetes.vif", [outliers_influence.variance_inflation_factor(x1.to_numpy(), i) for i in range(1, 11)])
    golden("diabetes.condition", [np.linalg.cond(x1)])
    for kind in ["HC0", "HC1", "HC2", "HC3"]:
        table(f"diabetes.ols_{kind}", sm.OLS(y, x1).fit(cov_type=kind))
    groups = np.arange(len(y)) % 37
    table("diabetes.ols_cluster", sm.OLS(y, x1).fit(cov_type="cluster", cov_kwds={"groups": groups}))
    above = (y > 140).astype(int)
    exact = {"disp": 0, "tol": 1e-14, "maxiter": 200, "method": "newton"}
    table("diabetes.logit", sm.Logit(above, x1).fit(**exact))
    table("diabetes.logit_HC0", sm.Logit(above, x1).fit(cov_type="HC0", **exact))
    table("diabetes.logit_cluster", sm.Logit(above, x1).fit(cov_type="cluster", cov_kwds={"groups": groups}, **exact))
    for name, family in [("poisson", sm.families.Poisson()), ("gamma", sm.families.Gamma(sm.families.links.Log())),
                         ("tweedie", sm.families.Tweedie(var_power=1.5))]:
        table(f"diabetes.glm_{name}", sm.GLM(y, x1, family).fit(tol=1e-14))
        table(f"diabetes.glm_{name}_HC0", sm.GLM(y, x1, family).fit(tol=1e-14, cov_type="HC0"))
    table("diabetes.quantreg", sm.QuantReg(y, x1).fit(vcov="iid", p_tol=1e-12, max_iter=10_000))

    frame = pd.read_csv(here / "data/mixed.csv", keep_default_na=False, na_values=[""])
    exog = pd.DataFrame({"const": 1.0, "age": frame.age.fillna(frame.age.median()), "age is null": frame.age.isna(),
                         "income": frame.income.fillna(frame.income.median()), "income is null": frame.income.isna()})
    for level in ["plus", "pro", "Ünlimited"]:
        exog[level] = frame.plan == level
    for level in ["islands", "north", "south", "west"]:
        exog[level] = frame.region == level
    exog["null"] = frame.region.isna()
    exog = exog.astype(float)
    table("mixed.wls", sm.WLS(frame.amount, exog, weights=frame.weight).fit())
    table("mixed.wls_HC3", sm.WLS(frame.amount, exog, weights=frame.weight).fit(cov_type="HC3"))

    x, y = parts("wine")
    result = sm.MNLogit(y, sm.add_constant(x.iloc[:, :2])).fit(**exact)
    rows = np.column_stack([a.T.reshape(-1) for a in (np.asarray(result.params), np.asarray(result.bse))])
    golden("wine.mnlogit.table", rows)


def through_origin():
    """Without an intercept, on columns whose means are far from 0: Forge divides by deviations, but shifts nothing."""
    x, y = parts("wine")
    y = 1.0 + y
    divided = x / x.std(ddof=0)

    def line(name, model):
        golden(f"wine.origin_{name}", model.fit(divided, y).predict(divided))

    table("wine.origin_ols", sm.OLS(y, x).fit())
    golden("wine.origin_vif", [
        outliers_influence.variance_inflation_factor(x.to_numpy(), i, standardize=False) for i in range(x.shape[1])])
    table("wine.origin_poisson", sm.GLM(y, x, sm.families.Poisson()).fit(tol=1e-14))
    line("linear_regression", linear_model.LinearRegression(fit_intercept=False))
    line("ridge", linear_model.Ridge(alpha=2, fit_intercept=False, solver="cholesky"))
    line("lasso", linear_model.Lasso(alpha=0.1, fit_intercept=False, tol=1e-15, max_iter=1_000_000))
    line("poisson", linear_model.PoissonRegressor(
        alpha=0.1, fit_intercept=False, solver="newton-cholesky", tol=1e-12, max_iter=1000))
    line("quantile_regression", linear_model.QuantileRegressor(alpha=0, fit_intercept=False))
    line("linear_svm", svm.LinearSVR(
        C=0.1, loss="squared_epsilon_insensitive", dual=False, fit_intercept=False, tol=1e-12, max_iter=1_000_000))
    x, y = parts("breast_cancer")
    golden("breast_cancer.origin_logistic_regression", linear_model.LogisticRegression(
        C=0.5, fit_intercept=False, solver="newton-cholesky", tol=1e-12, max_iter=1000
    ).fit(x / x.std(ddof=0), y).predict_proba(x / x.std(ddof=0)))


def mutual_information():
    x, y = parts("diabetes")
    golden("diabetes.mutual_information", feature_selection.mutual_info_regression(
        x, y, discrete_features=[1], random_state=0))
    golden("diabetes.mutual_information_classes", feature_selection.mutual_info_classif(
        x, y > 140, discrete_features=[1], random_state=0))


def distributions():
    """t, degrees of freedom, two-sided p-value; 0 degrees: normal."""
    rows = []
    for degrees in [1, 2, 3.5, 10, 37, 79, 81, 200, 5e3, 1e6]:
        for t in [0.01, 0.5, 1, 1.96, 5, 20, 37]:
            rows.append([t, degrees, 2 * stats.t.sf(t, degrees)])
    rows += [[z, 0, 2 * stats.norm.sf(z)] for z in [0.01, 1, 1.96, 8, 30]]
    golden("student_t", rows)


with warnings.catch_warnings():
    warnings.simplefilter("error")
    elastic_nets()
    generalized()
    hubers()
    quantiles()
    support_vectors()
    logistics()
warnings.simplefilter("ignore")
inference()
through_origin()
mutual_information()
distributions()
