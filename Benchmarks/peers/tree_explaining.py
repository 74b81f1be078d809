"""XGBoost's pred_contribs on one thread over rows in memory: 100 trees of depth 6 × 28 features."""
import time

import numpy
import xgboost
from common import FEATURES, Clock, connect, matrix, read

ROWS = 2000
with connect() as connection:
    table = read(connection, FEATURES + ["y"], "bench.points")
X, y = matrix(table, FEATURES).astype(numpy.float32, order="C"), table.column("y").to_numpy()
model = xgboost.train({"max_depth": 6, "nthread": 2}, xgboost.QuantileDMatrix(X, y), num_boost_round=100)
model.set_param({"nthread": 1})
rows = xgboost.DMatrix(X[:ROWS], nthread=1)
clock = Clock()
times = []
for _ in range(5):
    start = time.perf_counter()
    model.predict(rows, pred_contribs=True)
    times.append(time.perf_counter() - start)
clock.report(seconds_a_row=sorted(times)[2] / ROWS)
