"""Goldens of the metrics and of the windows of folds by time, from scikit-learn. Run from this folder; see README.md."""
import numpy as np
import pandas as pd
from sklearn import metrics
from sklearn.model_selection import TimeSeriesSplit


def save(name, frame):
    frame.to_csv(f"data/{name}.csv", index=False, float_format="%.17g")


def golden(name, values):
    with open(f"goldens/{name}.csv", "w") as file:
        file.writelines(f"{value:.17g}\n" for value in values)


def averages(truth, predicted):
    """precision, recall and f1: macro, micro, weighted each."""
    scores = [metrics.precision_score, metrics.recall_score, metrics.f1_score]
    return [s(truth, predicted, average=a, zero_division=0) for s in scores for a in ["macro", "micro", "weighted"]]


def per_class(truth, predicted):
    scores = [metrics.precision_score, metrics.recall_score, metrics.f1_score]
    return [value for s in scores for value in s(truth, predicted, average=None, zero_division=0)]


def binary_goldens():
    data = pd.read_csv("data/binary_scores.csv")
    truth, score = data["truth"], data["score"]
    predicted = (score > 0.5).astype(int)
    golden("folds_binary.metrics", [
        metrics.roc_auc_score(truth, score), metrics.average_precision_score(truth, score),
        metrics.log_loss(truth, np.column_stack([1 - score, score])), metrics.brier_score_loss(truth, score),
        metrics.accuracy_score(truth, predicted), metrics.balanced_accuracy_score(truth, predicted),
        metrics.matthews_corrcoef(truth, predicted), metrics.cohen_kappa_score(truth, predicted),
        metrics.precision_score(truth, predicted), metrics.recall_score(truth, predicted), metrics.f1_score(truth, predicted),
        *averages(truth, predicted), *per_class(truth, predicted)])


def class_goldens(rng):
    n, classes = 400, 5
    truth = rng.choice(classes, n, p=[0.5, 0.2, 0.15, 0.1, 0.05])
    margin = rng.normal(size=(n, classes)).round(1)  # rounded: ties
    margin[np.arange(n), truth] += 1
    share = np.exp(margin) / np.exp(margin).sum(axis=1, keepdims=True)
    save("folds_classes", pd.DataFrame(np.column_stack([truth, share]), columns=["truth", *[f"p{i}" for i in range(classes)]]))
    predicted = share.argmax(axis=1)
    golden("folds_classes.metrics", [
        *[metrics.roc_auc_score(truth, share, multi_class=m, average=a) for m in ["ovr", "ovo"] for a in ["macro", "weighted"]],
        metrics.average_precision_score(truth, share, average="macro"), metrics.log_loss(truth, share),
        metrics.brier_score_loss(truth, share), metrics.accuracy_score(truth, predicted),
        metrics.balanced_accuracy_score(truth, predicted), metrics.matthews_corrcoef(truth, predicted),
        metrics.cohen_kappa_score(truth, predicted), *averages(truth, predicted), *per_class(truth, predicted)])


def value_goldens(rng):
    n = 300
    truth = rng.gamma(2, 3, n)
    guess = truth * rng.gamma(8, 1 / 8, n) + 0.1
    save("folds_values", pd.DataFrame({"truth": truth, "guess": guess}))
    golden("folds_values.metrics", [
        metrics.root_mean_squared_error(truth, guess), metrics.mean_absolute_error(truth, guess),
        metrics.median_absolute_error(truth, guess), metrics.mean_absolute_percentage_error(truth, guess),
        metrics.r2_score(truth, guess), metrics.explained_variance_score(truth, guess),
        metrics.mean_pinball_loss(truth, guess, alpha=0.8), metrics.mean_poisson_deviance(truth, guess),
        metrics.mean_gamma_deviance(truth, guess)])
    counts = rng.poisson(2, n).astype(float)
    rate = rng.gamma(4, 0.5, n)
    save("folds_counts", pd.DataFrame({"truth": counts, "guess": rate}))
    golden("folds_counts.metrics", [metrics.mean_poisson_deviance(counts, rate), metrics.mean_absolute_percentage_error(counts, rate)])


def ranking_goldens(rng):
    rows = []
    ndcg = {k: [] for k in [None, 5, 10]}
    precision = []
    for query in range(40):
        n = rng.integers(2, 25)
        relevance = rng.choice(4, n, p=[0.6, 0.2, 0.15, 0.05]).astype(float)
        score = (relevance * 0.5 + rng.normal(size=n)).round(1)  # rounded: ties
        rows += [(query, r, s) for r, s in zip(relevance, score)]
        for k in ndcg:
            ndcg[k].append(metrics.ndcg_score([relevance], [score], k=k))
        order = np.lexsort((relevance, -score))[:10]  # ties in the worst order
        hits = relevance[order] > 0
        relevant = (relevance > 0).sum()
        if relevant:
            precision.append((hits * np.cumsum(hits) / np.arange(1, len(hits) + 1)).sum() / min(10, relevant))
    save("folds_ranking", pd.DataFrame(rows, columns=["query", "relevance", "score"]))
    golden("folds_ranking.metrics", [np.mean(ndcg[None]), np.mean(ndcg[5]), np.mean(ndcg[10]), np.mean(precision)])


def window_goldens():
    """For 103 rows in order and 4 folds with a gap of 7: first and last training row, first and last test row."""
    splits = TimeSeriesSplit(n_splits=4, gap=7).split(np.zeros((103, 1)))
    with open("goldens/folds_windows.csv", "w") as file:
        file.writelines(f"{train[0]},{train[-1]},{test[0]},{test[-1]}\n" for train, test in splits)


rng = np.random.default_rng(20)
binary_goldens()
class_goldens(rng)
value_goldens(rng)
ranking_goldens(rng)
window_goldens()
