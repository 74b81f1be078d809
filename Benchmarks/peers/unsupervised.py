"""ADBC → scikit-learn → COPY: unsupervised.py URL kmeans|pca. Fits 80 % of the rows, standardised, and writes what all of them become."""
import sys

from common import FEATURES, Clock, connect, matrix, read, write

kind = sys.argv[2]
clock = Clock()
from sklearn.cluster import KMeans  # noqa: E402 (the import is part of a user's run)
from sklearn.decomposition import PCA  # noqa: E402
from sklearn.model_selection import train_test_split  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
clock.stage("import")
with connect() as connection:
    table = read(connection, ["id", *FEATURES], "bench.points")
    X, ids = matrix(table, FEATURES), table.column("id").to_numpy()
    del table
    clock.stage("load")
    train, test = train_test_split(X, test_size=0.2, random_state=42)
    model = make_pipeline(StandardScaler(), {"kmeans": KMeans(8, n_init=1, max_iter=20, tol=0, random_state=42), "pca": PCA(8)}[kind])
    model.fit(train)
    clock.stage("train")
    del train, test
    if kind == "kmeans":
        made = model.predict(X)
    else:
        import pyarrow
        made = model.transform(X).astype("float32")
        made = pyarrow.FixedSizeListArray.from_arrays(made.ravel(), 8).cast(pyarrow.list_(pyarrow.float32()))
    clock.stage("evaluate_predict")
    write(connection, f"bench.peer_{kind}", ids, made)
    clock.stage("write")
clock.report()
