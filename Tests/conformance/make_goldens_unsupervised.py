#!/usr/bin/env python3
"""Writes the goldens of what has no target: scikit-learn's clusters and components of data/*.csv (make_goldens.py wrote those).

Columns are standardised as Forge does it; for truncated_svd and nmf they are divided by their deviation only.
"""
import pathlib

import numpy as np
import pandas as pd
from sklearn import cluster, datasets, decomposition, metrics, mixture, preprocessing

here = pathlib.Path(__file__).parent


def golden(name, values):
    values = np.asarray(values, dtype=float)
    values = values.reshape(len(values), -1)
    np.savetxt(here / "goldens" / f"{name}.csv", values, fmt="%.17g", delimiter=",")


def standard(name):
    return preprocessing.StandardScaler().fit_transform(pd.read_csv(here / f"data/{name}.csv").drop(columns="target"))


def divided(name):
    x = pd.read_csv(here / f"data/{name}.csv").drop(columns="target").to_numpy()
    return x / x.std(axis=0)


def clusters():
    # Of ten starts the best, ten times: inertia, and the metrics of its clusters.
    for name, k in [("iris", 3), ("wine", 4), ("breast_cancer", 5)]:
        x = standard(name)
        fits = [cluster.KMeans(k, n_init=10, random_state=seed, tol=0).fit(x) for seed in range(10)]
        best = min(fits, key=lambda fit: fit.inertia_)
        golden(f"{name}.kmeans", [best.inertia_, metrics.silhouette_score(x, best.labels_),
                                  metrics.calinski_harabasz_score(x, best.labels_), metrics.davies_bouldin_score(x, best.labels_)])
    x = standard("iris")
    for kind in ["full", "tied", "diag", "spherical"]:
        fit = mixture.GaussianMixture(3, covariance_type=kind, n_init=10, tol=1e-9, max_iter=10_000, random_state=1).fit(x)
        order = np.argsort(fit.weights_)
        golden(f"iris.gaussian_mixture_{kind}", [fit.score(x), *fit.weights_[order]])
    moons, _ = datasets.make_moons(300, noise=0.07, random_state=4)
    np.savetxt(here / "data/moons.csv", moons, fmt="%.17g", delimiter=",", header="x,y", comments="")
    golden("moons.dbscan", cluster.DBSCAN(eps=0.2, min_samples=6).fit(preprocessing.StandardScaler().fit_transform(moons)).labels_)
    golden("iris.dbscan", cluster.DBSCAN(eps=0.55, min_samples=5).fit(x).labels_)


def components():
    for name, k in [("wine", 5), ("breast_cancer", 8)]:
        fit = decomposition.PCA(k).fit(standard(name))
        golden(f"{name}.pca", fit.transform(standard(name)))
        golden(f"{name}.pca_ratios", fit.explained_variance_ratio_)
        fit = decomposition.PCA(k, whiten=True).fit(standard(name))
        golden(f"{name}.pca_whitened", fit.transform(standard(name)))
        x = divided(name)
        fit = decomposition.TruncatedSVD(k, algorithm="arpack", tol=0).fit(x)
        golden(f"{name}.truncated_svd", fit.transform(x))
        golden(f"{name}.truncated_svd_ratios", fit.explained_variance_ratio_)
    x = divided("wine")
    fits = [decomposition.NMF(3, init=init, tol=1e-10, max_iter=100_000, random_state=0).fit(x) for init in ["nndsvda", "random"]]
    golden("wine.nmf_error", [min(fit.reconstruction_err_ for fit in fits)])


clusters()
components()
