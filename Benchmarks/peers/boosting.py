"""ADBC → XGBoost → COPY: 100 rounds of depth 6, all threads."""
from common import FEATURES, Clock, connect, matrix, read, write

clock = Clock()
import xgboost  # noqa: E402 (the import is part of a user's run)
from sklearn.metrics import r2_score  # noqa: E402
from sklearn.model_selection import train_test_split  # noqa: E402
clock.stage("import")
with connect() as connection:
    table = read(connection, ["id", *FEATURES, "y"], "bench.points")
    X, y, ids = matrix(table, FEATURES), table.column("y").to_numpy(), table.column("id").to_numpy()
    del table
    clock.stage("load")
    train, test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
    data = xgboost.QuantileDMatrix(train, y_train)
    model = xgboost.train({"max_depth": 6, "tree_method": "hist", "seed": 42}, data, num_boost_round=100)
    clock.stage("train")
    score = r2_score(y_test, model.inplace_predict(test))
    predictions = model.inplace_predict(X)
    clock.stage("evaluate_predict")
    write(connection, "bench.peer_boosting", ids, predictions)
    clock.stage("write")
clock.report(score=float(score))
