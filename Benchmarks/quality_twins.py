"""The peer of each algorithm, with the same parameters on the same rows: what `make bench-quality` compares."""
from dataclasses import dataclass, field

import numpy
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def texts(frame):
    return [column for column in frame if frame[column].dtype.kind not in "iufb"]


def numbers(frame):
    return [column for column in frame if frame[column].dtype.kind in "iufb"]


def linear_design(train):
    """Forge's automatic preparation for linear models and networks: median, indicator where a gap was seen, unit variance, one-hot."""
    gaps = [column for column in numbers(train) if train[column].isna().any()]
    return ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers(train)),
        ("gaps", MissingIndicator(features="all"), gaps),
        ("texts", OneHotEncoder(handle_unknown="ignore", sparse_output=False), texts(train)),
    ])


def tree_design(train):
    """One-hot texts, other values as they are: scikit-learn's trees take no categories. Forge is asked for the same."""
    return ColumnTransformer([
        ("numbers", "passthrough", numbers(train)),
        ("texts", OneHotEncoder(handle_unknown="ignore", sparse_output=False), texts(train)),
    ])


ONE_HOT = {"*": {"encode": "one_hot"}}
EXACT = {"tol": 1e-8, "max_iter": 10_000}  # of iterative methods with one optimum, as the peers are asked


class Categories:
    """For XGBoost: text as pandas categories, the levels those of the training rows."""

    def fit_transform(self, train):
        self.levels = {column: sorted(train[column].dropna().unique()) for column in texts(train)}
        return self.transform(train)

    def transform(self, frame):
        import pandas
        frame = frame.copy()
        for column, levels in self.levels.items():
            frame[column] = pandas.Categorical(frame[column], categories=levels)
        return frame


@dataclass
class Twin:
    algorithm: str
    task: str
    metric: str  # of forge.model_metrics, and of `measure`
    sets: list
    peer: callable  # seed -> estimator
    params: dict = field(default_factory=dict)
    design: callable = linear_design
    preprocess: dict = field(default_factory=dict)  # Forge's, where its automatic choice is not the peer's


def measure(metric, truth, estimator, rows):
    from sklearn import metrics
    if metric in ("accuracy", "f1_macro"):
        labels = estimator.predict(rows)
        return metrics.accuracy_score(truth, labels) if metric == "accuracy" else metrics.f1_score(truth, labels, average="macro")
    if metric == "roc_auc":
        return metrics.roc_auc_score(truth == estimator.classes_[1], estimator.predict_proba(rows)[:, 1])
    if metric == "log_loss":
        return metrics.log_loss(truth, estimator.predict_proba(rows), labels=estimator.classes_)
    predicted = numpy.asarray(estimator.predict(rows), dtype=float)
    if metric == "mae":
        return metrics.mean_absolute_error(truth, predicted)
    if metric == "pinball":
        return metrics.mean_pinball_loss(truth, predicted, alpha=estimator.quantile)
    return metrics.root_mean_squared_error(truth, predicted)


def twins():
    from sklearn import ensemble, linear_model, naive_bayes, neighbors, neural_network, svm, tree
    import xgboost

    class Boosted(ClassifierMixin, BaseEstimator):
        """Labels as texts, which XGBoost's own class refuses."""

        def fit(self, rows, labels):
            self.classes_, codes = numpy.unique(labels, return_inverse=True)
            self.model = xgboost.XGBClassifier(n_estimators=100, learning_rate=0.1, max_depth=6, enable_categorical=True, n_jobs=2)
            self.model.fit(rows, codes)
            return self

        def predict_proba(self, rows):
            return self.model.predict_proba(rows)

    regression = ["diabetes", "apartments", "dragons", "fifa", "flights"]
    binary = ["breast_cancer", "titanic", "german_credit", "adult", "phoneme", "spambase", "magic"]
    multiclass = ["wine", "digits", "hr", "satimage", "letter"]
    small = ["diabetes", "apartments", "dragons"]
    return [
        Twin("linear_regression", "regression", "rmse", regression, lambda seed: linear_model.LinearRegression()),
        Twin("ridge", "regression", "rmse", regression, lambda seed: linear_model.Ridge(alpha=1.0), {"alpha": 1.0}),
        Twin("lasso", "regression", "rmse", regression, lambda seed: linear_model.Lasso(alpha=0.1, tol=1e-8, max_iter=100_000), {"alpha": 0.1, **EXACT}),
        Twin("elastic_net", "regression", "rmse", regression,
             lambda seed: linear_model.ElasticNet(alpha=0.1, l1_ratio=0.5, tol=1e-8, max_iter=100_000), {"alpha": 0.1, "l1_ratio": 0.5, **EXACT}),
        Twin("huber", "regression", "mae", small, lambda seed: linear_model.HuberRegressor(max_iter=10_000, tol=1e-8), EXACT),
        Twin("quantile_regression", "regression", "mae", small, lambda seed: linear_model.QuantileRegressor(quantile=0.5, alpha=0.0),
             {"quantile": 0.5, "alpha": 0.0}),
        Twin("poisson", "regression", "rmse", ["dragon_teeth", "apartments"],
             lambda seed: linear_model.PoissonRegressor(alpha=1.0, max_iter=10_000, tol=1e-8), {"alpha": 1.0, **EXACT}),
        Twin("gamma", "regression", "rmse", ["apartments", "dragons"],
             lambda seed: linear_model.GammaRegressor(alpha=1.0, max_iter=10_000, tol=1e-8), {"alpha": 1.0, **EXACT}),
        Twin("tweedie", "regression", "rmse", ["dragon_teeth", "apartments"],
             lambda seed: linear_model.TweedieRegressor(power=1.5, alpha=1.0, link="log", max_iter=10_000, tol=1e-8),
             {"power": 1.5, "alpha": 1.0, **EXACT}),
        Twin("logistic_regression", "classification", "log_loss", binary + multiclass[:4],
             lambda seed: linear_model.LogisticRegression(C=1.0, max_iter=10_000, tol=1e-8), EXACT),
        Twin("linear_svm", "classification", "accuracy", binary + multiclass[:3],
             lambda seed: svm.LinearSVC(C=1.0, max_iter=100_000, dual=False, tol=1e-6)),
        Twin("decision_tree", "regression", "rmse", regression,
             lambda seed: tree.DecisionTreeRegressor(max_depth=6, min_samples_leaf=5, random_state=seed),
             {"max_depth": 6, "min_samples_leaf": 5}, tree_design, ONE_HOT),
        Twin("decision_tree", "classification", "accuracy", binary + multiclass,
             lambda seed: tree.DecisionTreeClassifier(max_depth=8, min_samples_leaf=5, random_state=seed),
             {"max_depth": 8, "min_samples_leaf": 5}, tree_design, ONE_HOT),
        Twin("random_forest", "regression", "rmse", regression,
             lambda seed: ensemble.RandomForestRegressor(n_estimators=100, random_state=seed, n_jobs=2), {"n_estimators": 100}, tree_design, ONE_HOT),
        Twin("random_forest", "classification", "accuracy", binary + multiclass,
             lambda seed: ensemble.RandomForestClassifier(n_estimators=100, random_state=seed, n_jobs=2), {"n_estimators": 100}, tree_design, ONE_HOT),
        Twin("gradient_boosting", "regression", "rmse", regression,
             lambda seed: xgboost.XGBRegressor(n_estimators=100, learning_rate=0.1, max_depth=6, enable_categorical=True, n_jobs=2),
             {"n_estimators": 100, "learning_rate": 0.1, "max_depth": 6}, lambda train: Categories()),
        Twin("gradient_boosting", "classification", "log_loss", binary + multiclass,
             lambda seed: Boosted(),
             {"n_estimators": 100, "learning_rate": 0.1, "max_depth": 6}, lambda train: Categories()),
        Twin("gaussian_nb", "classification", "accuracy", ["breast_cancer", "wine", "phoneme", "satimage", "spambase", "magic", "letter"],
             lambda seed: naive_bayes.GaussianNB(), design=tree_design),
        Twin("multinomial_nb", "classification", "accuracy", ["digits", "satimage", "spambase", "letter"],
             lambda seed: naive_bayes.MultinomialNB(), design=tree_design),
        Twin("knn", "regression", "rmse", ["apartments", "dragons"],
             lambda seed: neighbors.KNeighborsRegressor(n_neighbors=5), {"n_neighbors": 5}),
        Twin("knn", "classification", "accuracy", ["breast_cancer", "wine", "digits", "phoneme", "satimage", "spambase", "letter"],
             lambda seed: neighbors.KNeighborsClassifier(n_neighbors=5), {"n_neighbors": 5}),
        Twin("mlp", "regression", "rmse", ["apartments", "dragons", "flights"],
             lambda seed: TransformedTargetRegressor(  # Forge scales a network's target
                 neural_network.MLPRegressor(hidden_layer_sizes=(64,), max_iter=100, random_state=seed), transformer=StandardScaler()),
             {"hidden_layer_sizes": [64], "max_iter": 100}),
        Twin("mlp", "classification", "accuracy", ["breast_cancer", "digits", "phoneme", "satimage", "letter"],
             lambda seed: neural_network.MLPClassifier(hidden_layer_sizes=(64,), max_iter=100, random_state=seed),
             {"hidden_layer_sizes": [64], "max_iter": 100}),
    ]


def interval_twins():
    """The algorithms whose prediction intervals are measured: the promise is the same for every one, so there is no peer."""
    return [
        Twin("linear_regression", "regression", "coverage_90", [], None),
        Twin("random_forest", "regression", "coverage_90", [], None),
        Twin("gradient_boosting", "regression", "coverage_90", [], None, {"n_estimators": 100}),
        Twin("mlp", "regression", "coverage_90", [], None, {"hidden_layer_sizes": [64], "max_iter": 100}),
    ]
