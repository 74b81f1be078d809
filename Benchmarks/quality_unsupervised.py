#!/usr/bin/env python3
"""kmeans and pca on real data beside scikit-learn: the same standardised columns, the same number of clusters, starts and components;
of kmeans the mean of five seeds on either side.

`make bench ARGS="quality_unsupervised.py"`. Inertia is to be within 1 % of scikit-learn's best of as many starts, the shares of variance
that components explain to 1e-6. Not a test: it ends with 0 whatever the numbers say."""
import argparse
import json

import numpy
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

import private_cluster
import quality
import quality_data
import quality_twins

CLUSTERS, STARTS, SEEDS, COMPONENTS = 8, 10, 5, 4


def numeric_sets(chosen):
    """(name, rows): the sets with at least COMPONENTS number columns, those columns alone, rows with gaps left out."""
    for name, (fetch, target, _) in quality_data.SETS.items():
        if chosen and name not in chosen:
            continue
        frame = fetch().drop(columns=target)
        frame = frame[quality_twins.numbers(frame)].dropna().astype(float)
        frame = frame.loc[:, frame.nunique() > 1]
        if frame.shape[1] >= COMPONENTS:
            yield name, frame.reset_index(drop=True)


def trained(db, model, algorithm, frame, source, params, seed=0):
    """Learns from all rows; returns the model's metrics."""
    request = db.execute(
        """insert into forge.training_requests (model, algorithm, source, features, params, split, promote)
           values (%s, %s, %s, %s, %s, %s, 'always') returning id""",
        (model, algorithm, source, list(frame.columns), json.dumps(params),
         json.dumps({"method": "none", "seed": seed}))).fetchone()[0]
    db.execute("call forge.wait(%s::bigint, interval '30 minutes')", (request,))
    status, version, error = db.execute(
        "select status, model_version, error_message from forge.training_requests where id = %s", (request,)).fetchone()
    if status != "succeeded":
        raise SystemExit(f"{model} {status}: {error}")
    return db.execute("select metrics from forge.model_versions where model = %s and version = %s", (model, version)).fetchone()[0]


def clustered(db, name, frame, scaled):
    """(our inertia, scikit-learn's), each of the best of as many starts, means over the seeds"""
    params = {"n_clusters": CLUSTERS, "n_init": STARTS}
    ours = [trained(db, f"q_kmeans_{name}", "kmeans", frame, f"quality.{name}_numbers", params, seed)["inertia"] for seed in range(SEEDS)]
    theirs = [KMeans(CLUSTERS, n_init=STARTS, random_state=seed).fit(scaled).inertia_ for seed in range(SEEDS)]
    return float(numpy.mean(ours)), float(numpy.mean(theirs))


def reduced(db, name, frame, scaled):
    """The largest difference between the shares of variance that the components explain."""
    trained(db, f"q_pca_{name}", "pca", frame, f"quality.{name}_numbers", {"n_components": COMPONENTS})
    ours = [share for (share,) in db.execute(
        "select explained_variance_ratio from forge.components(%s) order by component", (f"q_pca_{name}",)).fetchall()]
    return float(numpy.abs(numpy.array(ours) - PCA(COMPONENTS, svd_solver="full").fit(scaled).explained_variance_ratio_).max())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default="", help="data sets, comma-separated")
    private_cluster.add_option(parser)
    options = parser.parse_args()
    chosen = set(filter(None, options.sets.split(",")))
    lines = ["| data | rows × columns | inertia | scikit-learn's | ours is larger by | pca: largest difference of a share |",
             "|---|---|---|---|---|---|"]
    near = exact = total = 0
    with private_cluster.started(options) as (_, db):
        db.execute("create schema if not exists quality")
        for name, frame in numeric_sets(chosen):
            quality.load(db, f"{name}_numbers", frame, {})
            scaled = StandardScaler().fit_transform(frame)
            ours, theirs = clustered(db, name, frame, scaled)
            difference = reduced(db, name, frame, scaled)
            lines.append(f"| {name} | {frame.shape[0]} × {frame.shape[1]} | {ours:.6g} | {theirs:.6g} | {(ours / theirs - 1) * 100:+.2g} % | {difference:.1e} |")
            quality.say(lines[-1])
            near, exact, total = near + (ours <= 1.01 * theirs), exact + (difference <= 1e-6), total + 1
    print("\n".join(lines))
    print(f"\n{CLUSTERS} clusters, best of {STARTS} starts, mean of {SEEDS} seeds: {near} of {total} within 1 %; {COMPONENTS} components: {exact} of {total} to 1e-6")


if __name__ == "__main__":
    main()
