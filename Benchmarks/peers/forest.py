"""ADBC → scikit-learn's random forest → COPY: 50 trees of depth 16 for two classes, all threads."""
from common import FEATURES, Clock, connect, matrix, read, write

clock = Clock()
from sklearn.ensemble import RandomForestClassifier  # noqa: E402 (the import is part of a user's run)
from sklearn.metrics import roc_auc_score  # noqa: E402
from sklearn.model_selection import train_test_split  # noqa: E402
clock.stage("import")
with connect() as connection:
    table = read(connection, ["id", *FEATURES, "label"], "bench.points")
    X, y, ids = matrix(table, FEATURES), table.column("label").to_numpy(), table.column("id").to_numpy()
    del table
    clock.stage("load")
    train, test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
    model = RandomForestClassifier(n_estimators=50, max_depth=16, min_samples_leaf=10, n_jobs=-1, random_state=42)
    model.fit(train, y_train)
    clock.stage("train")
    score = roc_auc_score(y_test, model.predict_proba(test)[:, 1])
    del train, test
    predictions = model.predict_proba(X)[:, 1]
    clock.stage("evaluate_predict")
    write(connection, "bench.peer_forest", ids, predictions)
    clock.stage("write")
clock.report(score=float(score))
