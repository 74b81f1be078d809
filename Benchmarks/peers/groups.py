"""ADBC → scikit-learn's Ridge for each group of a pandas groupby → COPY: groups.py URL."""
from common import Clock, connect, read, write

FEATURES = [f"x{i}" for i in range(1, 11)]
clock = Clock()
import numpy as np  # noqa: E402 (the imports are part of a user's run)
from sklearn.linear_model import Ridge  # noqa: E402
from sklearn.metrics import r2_score  # noqa: E402
from sklearn.model_selection import train_test_split  # noqa: E402
clock.stage("import")
with connect() as connection:
    frame = read(connection, ["id", "shop", *FEATURES, "y"], "bench.grouped").to_pandas()
    clock.stage("load")
    train, test = train_test_split(frame, test_size=0.2, random_state=42)
    models = {shop: Ridge(alpha=1.0).fit(rows[FEATURES].to_numpy(), rows["y"].to_numpy()) for shop, rows in train.groupby("shop")}
    clock.stage("train")
    predictions, rows = np.empty(len(frame)), frame[FEATURES].to_numpy()
    for shop, places in frame.groupby("shop").indices.items():
        predictions[places] = models[shop].predict(rows[places])
    score = r2_score(test["y"], predictions[test.index])
    clock.stage("evaluate_predict")
    write(connection, "bench.peer_grouped", frame["id"].to_numpy(), predictions)
    clock.stage("write")
clock.report(score=float(score))
