#!/usr/bin/env python3
"""Runs Forge and its peers in turn and prints ours, the peer's and the ratio, as a Markdown table. See README.md."""
import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import forge_side as forge
import private_cluster

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


def say(text):
    print(text, file=sys.stderr, flush=True)


def peer(url, script, *arguments):
    out = subprocess.run([sys.executable, HERE / "peers" / script, url, *arguments], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    return json.loads(out.splitlines()[-1])


class Table:
    def __init__(self):
        self.rows, self.raw = [], {}

    def add(self, what, ours, theirs, peer_name, goal, unit="s", higher_is_better=False):
        ratio = (ours / theirs) if higher_is_better else (theirs / ours)
        self.raw[what] = {"ours": ours, "peer": theirs, "ratio": ratio, "goal": goal}
        self.rows.append((what, f"{ours:.4g} {unit}", f"{theirs:.4g} {unit}", f"{ratio:.2f}×", goal, peer_name))
        say(f"  {what}: ours {ours:.4g} {unit}, {peer_name} {theirs:.4g} {unit}, ratio {ratio:.2f}×")

    def note(self, what, value, goal):
        self.raw[what] = {"ours": value, "goal": goal}
        self.rows.append((what, value, "–", "–", goal, "–"))
        say(f"  {what}: {value}")

    def markdown(self):
        lines = ["| what | ours | peer | ratio | goal | peer is |", "|---|---|---|---|---|---|"]
        return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in self.rows])


def cold_and_warm(run, key, repeats):
    """Runs 1 + repeats times: (first, the run whose `key` is the median of the rest)."""
    results = [run() for _ in range(repeats + 1)]
    warm = sorted(results[1:], key=lambda result: result[key])[repeats // 2]
    return results[0], warm


def group_read(table, url, db, repeats):
    for name, script, source, features, id_column, goal in [
        ("read 1 M × 29 numeric", "read_numeric.py", "bench.points", forge.FEATURES, None, "6×"),
        ("the same in the order of an id column", "read_numeric.py", "bench.points", forge.FEATURES, "id", "printed"),
        ("read 1 M × 29, 5 of them text", "read_mixed.py", "bench.mixed",
         forge.FEATURES[:23] + ["plan", "region", "shop", "product", "street"], None, "4×"),
    ]:
        ours = cold_and_warm(lambda: forge.read_seconds(db, source, features, "y", id_column), "read", repeats)
        theirs = cold_and_warm(lambda: peer(url, script), "read", repeats)
        for when, mine, other in zip(("cold", "warm"), ours, theirs):
            table.add(f"{name}, {when}", mine["read"], other["read"], "ADBC", goal)


# name, model, target, algorithm, parameters, the peer's script and arguments, goal
TRAINING = [
    ("linear", "bench_linear", "y", "linear_regression", {}, "linear.py", ["linear"], "3×"),
    ("logistic", "bench_logistic", "label", "logistic_regression", {}, "linear.py", ["logistic"], "2×"),
    ("boosting 100 × depth 6", "bench_boosting", "y", "gradient_boosting", {"n_estimators": 100, "max_depth": 6}, "boosting.py", [],
     "1.15×"),
]
MODELS = [
    ("ridge", "bench_ridge", "y", "ridge", {"alpha": 1.0}, "linear.py", ["ridge"], "1×"),
    ("elastic net", "bench_elastic", "y", "elastic_net", {"alpha": 0.01, "l1_ratio": 0.5}, "linear.py", ["elastic_net"], "1×"),
    ("forest 50 × depth 16", "bench_forest", "label", "random_forest", {"n_estimators": 50, "max_depth": 16, "min_samples_leaf": 10},
     "forest.py", [], "1×"),
    ("mlp 2 × 64, 5 epochs", "bench_mlp", "y", "mlp", {"hidden_layer_sizes": [64, 64], "max_iter": 5, "batch_size": 200}, "linear.py",
     ["mlp"], "1×"),
]


UNSUPERVISED = [
    ("kmeans", "kmeans 8, 20 iterations", "bench_kmeans", None, "kmeans", {"n_clusters": 8, "n_init": 1, "max_iter": 20, "tol": 0},
     "unsupervised.py", ["kmeans"], "2×"),
    ("pca", "pca 8", "bench_pca", None, "pca", {"n_components": 8}, "unsupervised.py", ["pca"], "2×"),
]


def group_training(table, url, db, repeats, entries):
    for name, model, target, algorithm, params, script, arguments, goal in entries:
        name += ", INSERT → 1 M predictions"
        ours = cold_and_warm(lambda: forge.end_to_end(db, model, target, algorithm, params), "total", repeats)
        theirs = cold_and_warm(lambda: peer(url, script, *arguments), "total", repeats)
        peer_name = "XGBoost" if script == "boosting.py" else "scikit-learn"
        for when, mine, other in zip(("cold", "warm"), ours, theirs):
            table.add(f"{name}, {when}", mine["total"], other["total"], peer_name, goal)
        say(f"    stages, warm: ours {ours[1]}, peer {theirs[1]}")
        table.add(f"{name}, training step alone", ours[1]["fit"], theirs[1]["train"], peer_name, "1×")
        table.add(f"{name}, peak memory", ours[1]["peak_mb"], theirs[1]["peak_mb"], peer_name, "2×", unit="MB")


def group_groups(table, url, db, repeats, rows):
    ours = cold_and_warm(
        lambda: forge.end_to_end(db, "bench_grouped", "y", "ridge", {"alpha": 1.0}, "bench.grouped", forge.FEATURES[:10], ["shop"]),
        "total", repeats)
    theirs = cold_and_warm(lambda: peer(url, "groups.py"), "total", repeats)
    name = f"ridge of {rows // 100} groups × 100 rows"
    for when, mine, other in zip(("cold", "warm"), ours, theirs):
        table.add(f"{name}, INSERT → version, {when}", mine["train"], other["total"] - other["write"], "pandas groupby, Ridge", "< 5 s")
        table.add(f"{name}, INSERT → predictions, {when}", mine["total"], other["total"], "pandas groupby, Ridge", "1×")
    say(f"    stages, warm: ours {ours[1]}, peer {theirs[1]}")
    table.add(f"{name}, peak memory", ours[1]["peak_mb"], theirs[1]["peak_mb"], "pandas groupby, Ridge", "1×", unit="MB")


def group_functions(table, url, rows):
    db = forge.one_backend(url)
    names = ", ".join(forge.FEATURES)
    if db.execute("select count(*) from forge.models where name in ('bench_linear', 'bench_boosting')").fetchone()[0] < 2:
        forge.train(db, "bench_linear", "bench.points", "y", "linear_regression", forge.FEATURES)
        forge.train(db, "bench_boosting", "bench.points", "y", "gradient_boosting", forge.FEATURES,
                    {"n_estimators": 100, "max_depth": 6})
    bare = forge.seconds_of(db, f"select sum({'+'.join(forge.FEATURES)}) from bench.points")
    typed = forge.seconds_of(db, f"select sum(forge_models.bench_linear({names})) from bench.points")
    for when, mine, other in zip(("cold", "warm"), typed, bare):
        table.add(f"sum(linear model(x1, …, x28)), 1 M rows, {when}", mine, other, "sum(x1+…+x28)", "1×")
    scoring = peer(url, "tree_scoring.py")
    for form, call, goal in [("typed", f"forge_models.bench_boosting({names})", "≥ 0.75 M rows/s and faster"),
                             ("row form", "forge_models.bench_boosting(p)", "≥ 0.4 M rows/s")]:
        _, seconds = forge.seconds_of(db, f"select sum({call}) from bench.points p", runs=3)
        table.add(f"100 trees of depth 6, {form}, warm", rows / seconds / 1e6, scoring["rows_per_second"] / 1e6,
                  "inplace_predict, 1 thread", goal, unit="M rows/s", higher_is_better=True)
    explaining = peer(url, "tree_explaining.py")
    _, seconds = forge.seconds_of(db, "select count(e.contribution) from (select * from bench.points limit 2000) p, "
                                      "forge.explain('bench_boosting', p) e", runs=3)
    table.add("explain 100 trees of depth 6, in SQL, warm", seconds / 2000 * 1e6, explaining["seconds_a_row"] * 1e6,
              "pred_contribs, 1 thread", "1×", unit="µs a row")
    few = rows // 10
    _, seconds = forge.seconds_of(db, "select sum(forge_models.bench_linear(w)) from bench.wide w", runs=3)
    _, typed_seconds = forge.seconds_of(db, f"select sum(forge_models.bench_linear({names})) from bench.wide", runs=3)
    table.add("row form beside a 20 kB text", seconds / few * 1e6, typed_seconds / few * 1e6, "the typed form", "printed",
              unit="µs a row")


def group_latency(table, url, db, pgbench):
    names = ", ".join(forge.FEATURES)
    values = ", ".join(str(0.1 * i) + "::float8" for i in range(28))
    json_row = "{" + ", ".join(f'"{name}": 0.5' for name in forge.FEATURES) + "}"
    base = forge.latency_us(pgbench, url, "select 1")
    typed = forge.latency_us(pgbench, url, f"select forge_models.bench_linear({values})")
    row = forge.latency_us(pgbench, url, f"select forge.predict('bench_linear', p) from (select {names} from bench.points "
                                         "where id = 1) p")
    lookup = forge.latency_us(pgbench, url, f"select {names} from bench.points where id = 1")
    by_json = forge.latency_us(pgbench, url, f"select forge.predict('bench_linear', '{json_row}'::jsonb)")
    table.note("one prediction, typed form, above SELECT 1 (p50)", f"{typed - base:.0f} µs (SELECT 1: {base:.0f})", "≤ 60 µs")
    table.note("one prediction, row form, above the row's own SELECT (p50)", f"{row - lookup:.0f} µs", "≤ 60 µs")
    table.note("one prediction, jsonb form, above SELECT 1 (p50)", f"{by_json - base:.0f} µs", "≤ 60 µs")
    p50, p95 = forge.claim_latency_ms(db)
    table.note("INSERT → claimed", f"p50 {p50:.1f} ms, p95 {p95:.1f} ms", "p50 ≤ 10 ms, p95 ≤ 50 ms")


def cpu_family():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3, help="warm runs of each, their median is quoted; one of the group models")
    parser.add_argument("--only", default="read,training,models,kmeans,pca,groups,functions,latency")
    private_cluster.add_option(parser)
    parser.add_argument("--json", help="also write the raw numbers here")
    options = parser.parse_args()

    say("starting the cluster")
    with private_cluster.started(options) as (url, db):
        pg_config = subprocess.run([ROOT / "scripts/pg.sh", "default"], check=True, text=True, stdout=subprocess.PIPE).stdout
        bindir = Path(pg_config.strip()).parent
        have = db.execute("select to_regclass('bench.wide') is not null").fetchone()[0]
        if not have or db.execute("select count(*) from bench.points").fetchone()[0] != options.rows:
            say(f"filling the tables with {options.rows} rows")
            subprocess.run([f"{bindir}/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", f"rows={options.rows}",
                            "-f", HERE / "data.sql", url], check=True, stdout=subprocess.DEVNULL)
        table, only = Table(), options.only.split(",")
        if "read" in only:
            group_read(table, url, db, options.repeats)
        if "training" in only:
            group_training(table, url, db, options.repeats, TRAINING)
        if "models" in only:
            group_training(table, url, db, 1, MODELS)
        group_training(table, url, db, options.repeats, [entry for name, *entry in UNSUPERVISED if name in only])
        if "groups" in only:
            group_groups(table, url, db, options.repeats, options.rows)
        if "functions" in only:
            group_functions(table, url, options.rows)
        if "latency" in only:
            group_latency(table, url, db, f"{bindir}/pgbench")
    print(f"\n{os.cpu_count()} cores, {cpu_family()}; {options.rows} rows; warm = median of {options.repeats}\n")
    print(table.markdown())
    if options.json:
        Path(options.json).write_text(json.dumps(table.raw, indent=2))


if __name__ == "__main__":
    main()
