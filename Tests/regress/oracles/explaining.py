"""Holds forge.explain_lime against Python's package lime on the same rows and function, by their means over seeds.

    python3 Tests/regress/oracles/explaining.py postgresql://…   (a database in which lime.sql was run; needs psycopg and lime)
"""
import sys

import numpy as np
import psycopg
from lime.lime_tabular import LimeTabularExplainer

seeds = 40
plans = ["free", "pro", None]
rows = {"none": [41.5, 2], "old": [52, 1], "young": [36.5, 0]}

i = np.arange(1, 501)
people = np.column_stack([20 + (i * 37 % 500) * 0.08, np.choose(i % 4, [0, 1, 0, 2])])


def churn(x):
    """The regress tests' model: log-odds of age / 2 + free 1, pro -1, NULL 1/4."""
    yes = 1 / (1 + np.exp(20 - 0.5 * x[:, 0] - np.choose(x[:, 1].astype(int), [1, -1, 0.25])))
    return np.column_stack([1 - yes, yes])


def explained(row, seed):
    explainer = LimeTabularExplainer(
        people, feature_names=["age", "plan"], categorical_features=[1], categorical_names={1: plans}, random_state=seed)
    found = explainer.explain_instance(np.array(row), churn, labels=(1,), num_features=2)
    return {**dict(found.as_list(1)), "score": found.score, "local_prediction": found.local_pred[0], "intercept": found.intercept[1]}


database = psycopg.connect(sys.argv[1])
for name, row in rows.items():
    theirs = [explained(row, seed) for seed in range(1, seeds + 1)]
    ours = database.execute(
        "select feature, weight, deviation, score, local_prediction, intercept from lime_means where name = %s", (name,)).fetchall()
    assert len(ours) == 2
    for feature, weight, deviation, *rest in ours:
        # The package calls the level None; a rule of Forge says "is null".
        found = np.array([run[feature.replace(" is null", "=None")] for run in theirs])
        noise = np.hypot(deviation, found.std(ddof=1)) / np.sqrt(seeds)
        difference = abs(weight - found.mean()) / noise
        print(f"{name} {feature}: {weight:.4f} and {found.mean():.4f}, {difference:.1f} standard errors apart")
        assert difference < 4 and 0.5 < deviation / found.std(ddof=1) < 2
        for key, value in zip(["score", "local_prediction", "intercept"], rest):
            found = np.array([run[key] for run in theirs])
            assert abs(value - found.mean()) < 5 * found.std(ddof=1) * np.sqrt(2 / seeds), (key, value, found.mean())
