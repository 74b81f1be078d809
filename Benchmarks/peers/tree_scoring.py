"""XGBoost's inplace_predict on one thread over the rows in memory: 100 trees of depth 6 × 28 features."""
import time

import numpy
import xgboost
from common import FEATURES, Clock, connect, matrix, read

with connect() as connection:
    table = read(connection, FEATURES + ["y"], "bench.points")
X, y = matrix(table, FEATURES).astype(numpy.float32, order="C"), table.column("y").to_numpy()
model = xgboost.train({"max_depth": 6, "nthread": 2}, xgboost.QuantileDMatrix(X, y), num_boost_round=100)
model.set_param({"nthread": 1})
clock = Clock()
times = []
for _ in range(5):
    start = time.perf_counter()
    model.inplace_predict(X)
    times.append(time.perf_counter() - start)
row = X[:1]
start = time.perf_counter()
for _ in range(200):
    model.inplace_predict(row)
clock.report(rows_per_second=len(X) / sorted(times)[2], one_row_seconds=(time.perf_counter() - start) / 200)
