"""ADBC → scikit-learn → COPY: linear.py URL linear|ridge|elastic_net|logistic|mlp."""
import sys

from common import FEATURES, Clock, connect, matrix, read, write

kind = sys.argv[2]
target = "label" if kind == "logistic" else "y"
clock = Clock()
from sklearn.linear_model import ElasticNet, LinearRegression, LogisticRegression, Ridge  # noqa: E402 (the import is part of a user's run)
from sklearn.metrics import r2_score, roc_auc_score  # noqa: E402
from sklearn.model_selection import train_test_split  # noqa: E402
from sklearn.neural_network import MLPRegressor  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
clock.stage("import")
with connect() as connection:
    table = read(connection, ["id", *FEATURES, target], "bench.points")
    X, y, ids = matrix(table, FEATURES), table.column(target).to_numpy(), table.column("id").to_numpy()
    del table
    clock.stage("load")
    train, test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
    model = {"linear": LinearRegression(), "ridge": make_pipeline(StandardScaler(), Ridge(alpha=1.0)),
             "elastic_net": make_pipeline(StandardScaler(), ElasticNet(alpha=0.01, l1_ratio=0.5)),
             "mlp": make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(64, 64), max_iter=5, batch_size=200)),
             "logistic": make_pipeline(StandardScaler(), LogisticRegression())}[kind]
    model.fit(train, y_train)
    clock.stage("train")
    score = roc_auc_score(y_test, model.predict_proba(test)[:, 1]) if kind == "logistic" else r2_score(y_test, model.predict(test))
    del train, test
    predictions = model.predict_proba(X)[:, 1] if kind == "logistic" else model.predict(X)
    clock.stage("evaluate_predict")
    write(connection, f"bench.peer_{kind}", ids, predictions)
    clock.stage("write")
clock.report(score=float(score))
