#!/usr/bin/env python3
"""algorithm auto on real data, beside default gradient boosting, the best single default, and FLAML at as many trials.

`make bench ARGS="quality_auto.py"`; ARGS="quality_auto.py --sets wine --seeds 1 --trials 5" for a part. The same rows and splits for all,
the mean of several seeds; log_loss of classes, rmse of values. Not a test: it ends with 0 whatever the numbers say."""
import argparse
import json
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy

import private_cluster
import quality
import quality_data
from quality_twins import Twin

# The defaults that a specialist would try first; the best on the test rows of a set is the single default to beat.
DEFAULTS = {
    "classification": ["gradient_boosting", "random_forest", "logistic_regression", "mlp"],
    "regression": ["gradient_boosting", "random_forest", "ridge", "mlp"],
}
METRIC = {"classification": "log_loss", "regression": "rmse"}


def plain(algorithm, task):
    """A twin without a peer: what `quality.ours` trains."""
    return Twin(algorithm, task, METRIC[task], sets=[], peer=None)


def flaml(environment, frame, target, task, part, trials, seed):
    """FLAML's score, with its own preparation of the same rows."""
    truth = frame[target].astype(str) if task == "classification" else frame[target]
    with tempfile.NamedTemporaryFile(suffix=".pickle") as file:
        pickle.dump({"rows": frame.drop(columns=target), "truth": truth.to_numpy(), "test": part == "test", "task": task,
                     "metric": METRIC[task]}, file, protocol=4)
        file.flush()
        out = subprocess.run([environment, quality.HERE / "peers/flaml_automl.py", file.name, str(trials), str(seed)],
                             check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return json.loads(out.splitlines()[-1])["score"]


def measured(db, environment, name, trials, seeds):
    """Mean scores of one set by contender; all metrics here are the better the smaller."""
    fetch, target, task = quality_data.SETS[name]
    frame = fetch()
    parts = quality.parted(frame, range(seeds), frame[target] if task == "classification" else None)
    quality.load(db, name, frame, parts)
    scores = {}
    for seed in range(seeds):
        for algorithm in DEFAULTS[task]:
            scores.setdefault(algorithm, []).append(quality.ours(db, plain(algorithm, task), name, frame, target, seed))
        auto = quality.ours(db, plain("auto", task), name, frame, target, seed,
                            search={"trials": trials, "metric": METRIC[task]})
        scores.setdefault("auto", []).append(auto)
        if environment:
            scores.setdefault("flaml", []).append(flaml(environment, frame, target, task, parts[seed], trials, seed))
    return task, {contender: float(numpy.mean(values)) for contender, values in scores.items()}


def row(name, task, scores):
    """The table's line, and whether auto beats default boosting and is within 1 % of the best default."""
    best = min(DEFAULTS[task], key=scores.get)
    auto, boosting = scores["auto"], scores["gradient_boosting"]
    gain = (scores[best] - auto) / scores[best] * 100
    peer = f"{scores['flaml']:.5g}" if "flaml" in scores else "–"
    line = f"| {name} | {METRIC[task]} | {auto:.5g} | {boosting:.5g} | {scores[best]:.5g} ({best}) | {gain:+.2g} % | {peer} |"
    return line, auto < boosting, gain >= -1, "flaml" in scores and auto < scores["flaml"]


def flaml_environment():
    """The Python of FLAML's own environment, made on the first run."""
    venv, wanted = quality.ROOT / ".deps/flaml", quality.HERE / "requirements-flaml.txt"
    if not (venv / ".installed").exists() or (venv / ".installed").read_text() != wanted.read_text():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin/pip", "install", "-q", "--disable-pip-version-check", "-r", wanted], check=True)
        (venv / ".installed").write_text(wanted.read_text())
    return venv / "bin/python"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--sets", default="", help="data sets, comma-separated")
    parser.add_argument("--no-flaml", action="store_true")
    private_cluster.add_option(parser)
    options = parser.parse_args()
    names = list(filter(None, options.sets.split(","))) or list(quality_data.SETS)
    environment = None if options.no_flaml else flaml_environment()

    lines = ["| data | metric | auto | default boosting | best single default | auto against it | FLAML |", "|---|---|---|---|---|---|---|"]
    verdicts = []
    with private_cluster.started(options) as (url, db):
        db.execute("create schema if not exists quality")
        for name in names:
            line, *verdict = row(name, *measured(db, environment, name, options.trials, options.seeds))
            quality.say(line)
            lines.append(line)
            verdicts.append(verdict)
    print("\n".join(lines))
    boosting, single, peer = (sum(verdict) for verdict in zip(*verdicts))
    print(f"\n{options.trials} trials, mean of {options.seeds} seeds, a quarter of the rows held out. auto beats default boosting on {boosting} of "
          f"{len(names)} sets, is within 1 % of the best single default or better on {single}"
          + ("" if options.no_flaml else f", and beats FLAML at as many trials on {peer}"))


if __name__ == "__main__":
    main()
