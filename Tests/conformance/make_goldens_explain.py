"""Goldens of LIME's regression (package lime), permutation importance (scikit-learn) and mean |SHAP| (shap). Run from this
folder; see README.md."""
import numpy as np
import pandas as pd
import shap
from lime.lime_base import LimeBase
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def golden(name, rows):
    with open(f"goldens/{name}.csv", "w") as file:
        file.writelines(",".join(f"{value:.17g}" for value in row) + "\n" for row in rows)


# Rows around an explained one, the first: whether each of eight columns is as in it, and what a model says of them. The last
# column is always as in it, the one before follows the first.
random = np.random.default_rng(3)
same = (random.random((500, 8)) < [0.25, 0.5, 0.3, 0.25, 0.8, 0.1, 0.5, 1]).astype(float)
same[0] = 1
same[:, 6] = same[:, 0]
y = 1 / (1 + np.exp(-(same @ [1.5, -1, 0.4, 0.1, -0.2, 2, 0.3, 1] + 0.7 * same[:, 0] * same[:, 1] + random.normal(0, 0.3, 500) - 1)))
pd.DataFrame(np.column_stack([same, y]), columns=[f"same{i}" for i in range(8)] + ["prediction"]).to_csv(
    "data/lime_neighbourhood.csv", index=False, float_format="%.17g")
width = 0.75 * np.sqrt(8)
base = LimeBase(lambda d: np.sqrt(np.exp(-(d**2) / width**2)), random_state=0)
distances = np.sqrt((1 - same).sum(axis=1))
fits = []
for count in (1, 2, 4, 6, 7, 8):
    intercept, weights, score, local = base.explain_instance_with_data(same, y[:, None], distances, 0, count)
    fits.append([count, intercept, score, local[0], *(number for pair in weights for number in pair)])
golden("lime_neighbourhood.fits", fits)

for name, model, scoring in (
    ("diabetes", LinearRegression(), "neg_root_mean_squared_error"),
    ("breast_cancer", make_pipeline(StandardScaler(), LogisticRegression(C=1, tol=1e-10, max_iter=10_000)), "roc_auc"),
):
    data = pd.read_csv(f"data/{name}.csv")
    x, target = data.drop(columns="target"), data["target"]
    model.fit(x, target)
    found = permutation_importance(model, x, target, scoring=scoring, n_repeats=400, random_state=0)
    error = found.importances_std / np.sqrt(400)
    golden(f"{name}.permutation", np.column_stack([found.importances_mean, error]))
    if name == "diabetes":
        values = shap.LinearExplainer(model, shap.maskers.Independent(x, max_samples=len(x))).shap_values(x)
        golden("diabetes.mean_abs_shap", np.abs(values).mean(axis=0)[:, None])
