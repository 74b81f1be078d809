"""One run of FLAML: flaml_automl.py ROWS.pickle TRIALS SEED → {"score": …} of the test rows as one JSON line.

ROWS.pickle holds {"rows", "truth", "test" (mask), "task", "metric"}. It runs in an environment of its own: FLAML needs an older XGBoost."""
import json
import pickle
import sys

from flaml import AutoML
from sklearn import metrics

asked = pickle.load(open(sys.argv[1], "rb"))
rows, truth, test = asked["rows"], asked["truth"], asked["test"]
for column in rows:
    if rows[column].dtype.kind not in "iufb":
        rows[column] = rows[column].astype("category")
automl = AutoML()
automl.fit(rows[~test], truth[~test], task=asked["task"], metric=asked["metric"], max_iter=int(sys.argv[2]), time_budget=-1,
           seed=int(sys.argv[3]), ensemble=True, verbose=0)
if asked["metric"] == "log_loss":
    score = metrics.log_loss(truth[test], automl.predict_proba(rows[test]), labels=automl.classes_)
else:
    score = metrics.root_mean_squared_error(truth[test], automl.predict(rows[test]))
print(json.dumps({"score": float(score), "best": automl.best_estimator}))
