#!/usr/bin/env python3
"""Forge and its peers on real data: the same rows, the same split, the mean of several seeds. Prints a Markdown table.

A seed gives the split and both sides' random numbers. Where chance still hides the difference, seeds are added.
`make bench-quality`; ARGS="--only ridge,mlp --seeds 2" for a part. Not a test: it ends with 0 whatever the numbers say."""
import argparse
import json
import sys
import warnings
from pathlib import Path

import numpy
import pandas
from sklearn.model_selection import train_test_split

import private_cluster
import quality_data
import quality_twins

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LEAST_ROWS = 10_000  # a small set is split anew until so many rows were dealt: the share of 100 test rows says little
STEADY = 0.1  # seeds are added until the standard error of the difference is so small, in per cent,
MOST_SEEDS, MOST_ROWS = 200, 1_000_000  # but not more of them, nor more rows dealt
LOWER_IS_BETTER = {"rmse", "mae", "log_loss", "pinball"}


def say(text):
    print(text, file=sys.stderr, flush=True)


def sql_type(series):
    kind = series.dtype.kind
    return "boolean" if kind == "b" else "bigint" if kind in "iu" else "double precision" if kind == "f" else "text"


def load(db, name, frame, parts):
    """The set as a table quality.<name>, with a text column part_<seed> of train and test for each seed."""
    columns = list(frame.columns)
    db.execute(f"drop table if exists quality.{name}")
    db.execute(f"create table quality.{name} (" + ", ".join(
        [f'"{column}" {sql_type(frame[column])}' for column in columns] + [f"part_{seed} text" for seed in parts]) + ")")
    with db.cursor().copy(f"copy quality.{name} from stdin") as copy:
        for row in zip(*[frame[column] for column in columns], *parts.values()):
            copy.write_row([None if value is None or value != value else value.item() if hasattr(value, "item") else value
                            for value in row])
    db.execute(f"analyze quality.{name}")


def ours(db, twin, name, frame, target, seed, config=None, search=None):
    features = [column for column in frame.columns if column != target]
    model = f"q_{twin.algorithm}_{name}"
    listed = ", ".join(f'"{column}"' for column in [*features, target])
    request = db.execute(
        """insert into forge.training_requests (model, algorithm, task, source, target, params, preprocess, split, config, search, promote)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'always') returning id""",
        (model, twin.algorithm, twin.task, f"select {listed}, part_{seed} as part from quality.{name}", target,
         json.dumps(twin.params), json.dumps(twin.preprocess), json.dumps({"method": "column", "column": "part", "seed": seed}),
         json.dumps(config or {}), json.dumps(search) if search else None)).fetchone()[0]
    db.execute("call forge.wait(%s::bigint, interval '30 minutes')", (request,))
    status, version, error = db.execute(
        "select status, model_version, error_message from forge.training_requests where id = %s", (request,)).fetchone()
    if status != "succeeded":
        raise RuntimeError(f"{model} {status}: {error}")
    return db.execute("select value from forge.model_metrics where model = %s and version = %s and part = 'test' and metric = %s",
                      (model, version, twin.metric)).fetchone()[0]


def theirs(twin, frame, target, part, seed):
    rows, truth = frame.drop(columns=target), frame[target].to_numpy()
    if twin.task == "classification":
        truth = truth.astype(str)
    train, test = part == "train", part == "test"
    design = twin.design(rows[train])
    estimator = twin.peer(seed)
    estimator.fit(design.fit_transform(rows[train]), truth[train])
    return quality_twins.measure(twin.metric, truth[test], estimator, design.transform(rows[test]))


def parted(frame, seeds, stratify=None, validation=0.0):
    """Which part each row is of, for each seed: a quarter is held out, `validation` of all rows set apart."""
    parts = {}
    for seed in seeds:
        part = numpy.full(len(frame), "train", dtype=object)
        rest, test = train_test_split(numpy.arange(len(frame)), test_size=0.25, random_state=seed, stratify=stratify)
        part[test] = "test"
        if validation:
            part[train_test_split(rest, test_size=validation / 0.75, random_state=seed)[1]] = "validation"
        parts[seed] = part
    return parts


def compare(db, twin, name, seeds):
    """Means of ours and of the peer's, by how much ours is better in per cent ± standard error, and how many seeds that took."""
    fetch, target, task = quality_data.SETS[name]
    frame = fetch()
    pairs, most = [], max(seeds, min(MOST_SEEDS, MOST_ROWS // len(frame)))
    while True:
        parts = parted(frame, range(len(pairs), min(most, len(pairs) + seeds)), frame[target] if task == "classification" else None)
        load(db, name, frame, parts)
        pairs += [(ours(db, twin, name, frame, target, seed), theirs(twin, frame, target, part, seed)) for seed, part in parts.items()]
        mine, other = (float(numpy.mean(values)) for values in zip(*pairs))
        sign = -1 if twin.metric in LOWER_IS_BETTER else 1
        gains = [sign * (ours_then - theirs_then) / abs(other) * 100 for ours_then, theirs_then in pairs]
        error = float(numpy.std(gains, ddof=1) / len(gains) ** 0.5) if len(gains) > 1 else 0.0
        if error <= STEADY or len(pairs) >= most:
            return mine, other, float(numpy.mean(gains)), error, len(pairs)


def coverages(db, chosen, seeds):
    """How many of the test rows lie inside of their 90 % interval; as lines of a table, and how many are off."""
    lines = ["| algorithm | data | test rows | inside of the 90 % interval | by seed |", "|---|---|---|---|---|"]
    outside = total = 0
    for name, (fetch, target, task) in quality_data.SETS.items():
        if task != "regression" or (chosen and name not in chosen):
            continue
        frame = fetch()
        parts = parted(frame, range(max(seeds, LEAST_ROWS // len(frame))), validation=0.2)
        load(db, name, frame, parts)
        for twin in quality_twins.interval_twins():
            shares = [ours(db, twin, name, frame, target, seed, {"evaluation": {"intervals": "split"}}) for seed in parts]
            mean = float(numpy.mean(shares))
            lines.append(f"| {twin.algorithm} | {name} | {sum(parts[0] == 'test')} | {mean:.3f} | {min(shares):.3f} to {max(shares):.3f} |")
            say(lines[-1])
            outside, total = outside + (not 0.88 <= mean <= 0.92), total + 1
    summary = f"{total - outside} of {total} between 0.88 and 0.92; mean of {seeds} seeds, more of small sets; a fifth of the rows set apart"
    return [*lines, "", summary]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default="", help="algorithms, or intervals, comma-separated")
    parser.add_argument("--sets", default="", help="data sets, comma-separated")
    private_cluster.add_option(parser)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    wanted = set(filter(None, options.only.split(",")))
    chosen = set(filter(None, options.sets.split(",")))

    lines = ["| algorithm | data | metric | ours | peer | ours is better by (± standard error) | seeds |", "|---|---|---|---|---|---|---|"]
    outside = by_chance = total = 0
    with private_cluster.started(options) as (_, db):
        db.execute("create schema if not exists quality")
        for twin in quality_twins.twins():
            if wanted and twin.algorithm not in wanted:
                continue
            for name in twin.sets:
                if chosen and name not in chosen:
                    continue
                try:
                    mine, other, better, error, taken = compare(db, twin, name, options.seeds)
                except Exception as error:  # the table shows what failed beside what did not
                    lines.append(f"| {twin.algorithm} | {name} | {twin.metric} | {str(error)[:120]} | | | |")
                    say(lines[-1])
                    outside, total = outside + 1, total + 1
                    continue
                lines.append(f"| {twin.algorithm} | {name} | {twin.metric} | {mine:.5g} | {other:.5g} | {better:+.2g} ± {error:.2g} % | {taken} |")
                say(lines[-1])
                outside, total = outside + (better < -0.5), total + 1
                by_chance += better < -0.5 <= better + 2 * error
        intervals = coverages(db, chosen, options.seeds) if not wanted or "intervals" in wanted else []
    if total:
        print("\n".join(lines))
        print(f"\n{total - outside} of {total} within 0.5 % of the peer or better, {by_chance} more within two standard errors of that; "
              f"mean of {options.seeds} seeds or more, a quarter of the rows held out\n")
    print("\n".join(intervals))


if __name__ == "__main__":
    main()
