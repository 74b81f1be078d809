"""What scikit-learn and pandas say of the rows of registry_reading.sql and registry_data.sql; compare with expected/.

    python3 Tests/regress/oracles/registry.py postgresql://…   (a database in which registry_reading.sql was run; needs psycopg)
"""
import sys

import numpy as np
import pandas as pd
import psycopg
from sklearn import metrics

database = psycopg.connect(sys.argv[1])
database.execute("set role tom")


def rows(query):
    return [np.array(column) for column in zip(*database.execute(query).fetchall())]


truth, score, label = rows("select churned, forge.predict('leavers', c), forge.predict_label('leavers', c) from customers c")
print("leavers: accuracy", metrics.accuracy_score(truth, label), "f1", metrics.f1_score(truth, label, pos_label="yes"),
      "f1_macro", metrics.f1_score(truth, label, average="macro"),
      "roc_auc", metrics.roc_auc_score(truth == "yes", score), "log_loss", metrics.log_loss(truth == "yes", score))
truth, score = rows("select churned, forge.predict('leavers', c) from customers c where id <= 30")
fpr, tpr, threshold = metrics.roc_curve(truth == "yes", score)
print("roc_curve:", *zip(threshold.round(9), fpr.round(9), tpr.round(9)), sep="\n")
truth, shares, label = rows("select species, forge.predict_proba('kinds', f), forge.predict_label('kinds', f) from flowers f")
clipped = np.clip([s.get(t, 0) for s, t in zip(shares, truth)], 2**-52, 1 - 2**-52)  # a label that training did not see: 0
print("kinds: accuracy", metrics.accuracy_score(truth, label), "f1_macro", metrics.f1_score(truth, label, average="macro"),
      "log_loss", -np.log(clipped).mean())
truth, score = rows("select price::float8, forge.predict('house', h) from houses h")
print("house: rmse", metrics.root_mean_squared_error(truth, score), "mae", metrics.mean_absolute_error(truth, score),
      "r2", metrics.r2_score(truth, score))

samples = pd.DataFrame({
    "a": [1, 2, 3, 4, 10, None], "b": [1.5, 2.5, None, None, -7, 3.25], "C d": [10.25, 20.5, -5.75, 8, 100, 0],
    "flag": [1, 0, None, 1, 1, 0], "day": [86400, 172800, 345600, None, -86400, None], "wait": [3600, 7200, None, 10800, 18000, 86400]})
print(pd.DataFrame({"mean": samples.mean(), "sd": samples.std(), "skewness": samples.skew()}))
print(samples.quantile([0.05, 0.25, 0.5, 0.75, 0.95]).T)
print(samples.corr())
