"""Holds forge.evaluate, the curves, lift and residuals against scikit-learn and pandas on the same rows; stops at the first difference.

    python3 Tests/regress/oracles/evaluating.py postgresql://…   (a database in which registry_evaluating.sql was run; needs psycopg)
"""
import sys

import numpy as np
import pandas as pd
import psycopg
from sklearn import calibration, metrics

database = psycopg.connect(sys.argv[1])
database.execute("set role tom")


def columns(query):
    return [np.array(column) for column in zip(*database.execute(query).fetchall())]


def same(name, ours, theirs, tolerance=1e-12):
    np.testing.assert_allclose(np.array(ours, float), np.array(theirs, float), rtol=tolerance, atol=tolerance, err_msg=name)
    print("the same:", name)


def hold(model, source, expected):
    found = dict(database.execute("select metric, value from forge.evaluate(%s, %s)", (model, source)).fetchall())
    assert found.pop("rows") > 0 and found.keys() == expected.keys(), found.keys() ^ expected.keys()
    for name, value in expected.items():
        same(f"{model} {name}", found[name], value)


def of_labels(truth, label, classes):
    result = {"accuracy": metrics.accuracy_score(truth, label), "balanced_accuracy": metrics.balanced_accuracy_score(truth, label),
              "mcc": metrics.matthews_corrcoef(truth, label), "cohen_kappa": metrics.cohen_kappa_score(truth, label)}
    for name, score in (("precision", metrics.precision_score), ("recall", metrics.recall_score), ("f1", metrics.f1_score)):
        for average in ("macro", "micro", "weighted"):
            result[f"{name}_{average}"] = score(truth, label, average=average)
        for c, value in zip(classes, score(truth, label, average=None, labels=classes)):
            result[f"{name}/{c}"] = value
    return result


truth, score, label = columns("select churned, forge.predict('leavers', c), forge.predict_label('leavers', c) from customers c")
yes = truth == "yes"
hold("leavers", "customers", of_labels(truth, label, ["no", "yes"]) | {
    "precision": metrics.precision_score(truth, label, pos_label="yes"), "recall": metrics.recall_score(truth, label, pos_label="yes"),
    "f1": metrics.f1_score(truth, label, pos_label="yes"), "roc_auc": metrics.roc_auc_score(yes, score),
    "pr_auc": metrics.average_precision_score(yes, score), "log_loss": metrics.log_loss(yes, score), "brier": metrics.brier_score_loss(yes, score)})
precision, recall, threshold = metrics.precision_recall_curve(yes, score)
same("pr_curve", columns("select threshold, precision, recall from forge.pr_curve('leavers', 'customers') where threshold < 'Infinity' order by 1"),
     [threshold, precision[:-1], recall[:-1]])
fpr, tpr, threshold = metrics.roc_curve(yes, score)
same("roc_curve", columns("select threshold, fpr, tpr from forge.roc_curve('leavers', 'customers') where threshold < 'Infinity'"),
     [threshold[1:], fpr[1:], tpr[1:]])
for strategy in "uniform", "quantile":
    fraction, mean = calibration.calibration_curve(yes, score, n_bins=5, strategy=strategy)
    same(f"calibration_curve {strategy}", columns(
        f"select mean_predicted, fraction_positive from forge.calibration_curve('leavers', 'customers', 5, '{strategy}') order by bin"), [mean, fraction])
# Gains by hand: the share of positives among the rows above each bin's end.
rows, gain = columns("select sum(rows) over (order by bin), gain from forge.lift('leavers', 'customers', 5)")
ordered = yes[np.argsort(-score, kind="stable")]
same("lift gain", gain, [ordered[:int(n)].sum() / yes.sum() for n in rows])
same("cumulative_lift", columns("select cumulative_lift from forge.lift('leavers', 'customers', 5) order by bin"),
     [[ordered[:int(n)].mean() / yes.mean() for n in rows]])

classes = ["seto", "vers", "virg"]
truth, shares, label = columns("select species, forge.predict_proba('kinds', f), forge.predict_label('kinds', f) from flowers f")
shares = np.array([[s[c] for c in classes] for s in shares])
one_hot = truth[:, None] == np.array(classes)
expected = of_labels(truth, label, classes) | {
    "log_loss": metrics.log_loss(truth, shares, labels=classes), "brier": ((shares - one_hot) ** 2).sum(axis=1).mean(),
    "pr_auc": metrics.average_precision_score(one_hot, shares)}
for kind in "ovr", "ovo":
    expected[f"roc_auc_{kind}"] = metrics.roc_auc_score(truth, shares, multi_class=kind, labels=classes)
    expected[f"roc_auc_{kind}_weighted"] = metrics.roc_auc_score(truth, shares, multi_class=kind, average="weighted", labels=classes)
hold("kinds", "flowers", expected)
for place, c in enumerate(classes):
    fraction, mean = calibration.calibration_curve(one_hot[:, place], shares[:, place], n_bins=4)
    same(f"calibration_curve of {c}", columns(
        f"select mean_predicted, fraction_positive from forge.calibration_curve('kinds', 'flowers', 4) where class = '{c}' order by bin"), [mean, fraction])

truth, score = columns("select price::float8, forge.predict('dwelling', h) from houses h")
hold("dwelling", "houses", {
    "rmse": metrics.root_mean_squared_error(truth, score), "mae": metrics.mean_absolute_error(truth, score),
    "median_absolute_error": metrics.median_absolute_error(truth, score), "mape": metrics.mean_absolute_percentage_error(truth, score),
    "r2": metrics.r2_score(truth, score), "explained_variance": metrics.explained_variance_score(truth, score),
    "pinball": metrics.mean_pinball_loss(truth, score), "mean_poisson_deviance": metrics.mean_poisson_deviance(truth, score),
    "mean_gamma_deviance": metrics.mean_gamma_deviance(truth, score)})
residual = pd.Series(truth - score)
same("residuals", columns("select mean, sd, skewness, minimum, q05, q25, median, q75, q95, maximum from forge.residuals('dwelling', 'houses', 3) where bin is null"),
     np.array([[residual.mean(), residual.std(), residual.skew(), residual.min(), *residual.quantile([0.05, 0.25, 0.5, 0.75, 0.95]), residual.max()]]).T)
