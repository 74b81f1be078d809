#!/usr/bin/env python3
"""How much sooner a search ends with two workers than with one: the same request, the same winner, one core for each worker.

`make bench ARGS="search_workers.py"`. Both daemons run all the while; the search's `workers` says how many take part. The goal is 0.6 of the time."""
import argparse
import contextlib
import json
import os
import statistics
import subprocess
import time

import private_cluster

COLUMNS = ", ".join(f"sin(i * {0.37 + 0.11 * j}) as x{j}" for j in range(12))


@contextlib.contextmanager
def second_worker(url):
    """Another forged on the same database, with one core."""
    with open(os.devnull, "w") as log:
        daemon = subprocess.Popen([private_cluster.ROOT / ".build/release/forged"], stderr=log,
                                  env={**os.environ, "FORGE_DATABASE_URL": url, "FORGE_CPU": "1"})
        try:
            yield
        finally:
            daemon.terminate()
            daemon.wait()


def wait_for_workers(db, count):
    while db.execute("select count(*) from forge.workers where last_seen_at > now() - interval '1 minute'").fetchone()[0] < count:
        time.sleep(0.1)


def searched(db, rows, trials, workers):
    """(wall seconds, the winner's params, the workers that ran trials)"""
    start = time.perf_counter()
    request = db.execute(
        """insert into forge.training_requests (model, source, target, id_column, algorithm, params, search, config, promote)
           values ('search_workers', %s, 'y', 'i', 'gradient_boosting', '{"n_estimators": 100}', %s, %s, 'always') returning id""",
        (f"select i, {COLUMNS}, sin(i * 0.37) * cos(i * 0.48) + 0.1 * sin(i * 7.7) as y from generate_series(1, {rows}) i",
         json.dumps({"trials": trials, "seed": 1, "workers": workers, "prune": False}),
         json.dumps({"resources": {"limits": {"cpu": "1"}}}))).fetchone()[0]
    db.execute("call forge.wait(%s::bigint, interval '30 minutes')", (request,))
    seconds = time.perf_counter() - start
    status, version, error = db.execute(
        "select status, model_version, error_message from forge.training_requests where id = %s", (request,)).fetchone()
    if status != "succeeded":
        raise SystemExit(f"the search {status}: {error}")
    params = db.execute("select params from forge.model_versions where model = 'search_workers' and version = %s", (version,)).fetchone()[0]
    ran = db.execute("select count(distinct worker_id) from forge.search_trials where request = %s", (request,)).fetchone()[0]
    return seconds, params, ran


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=3)
    private_cluster.add_option(parser)
    options = parser.parse_args()
    times, winners = {1: [], 2: []}, []
    with private_cluster.started(options) as (url, db), second_worker(url):
        wait_for_workers(db, 2)
        for _ in range(options.repeats):
            for workers in times:
                seconds, params, ran = searched(db, options.rows, options.trials, workers)
                if ran != workers:
                    raise SystemExit(f"{ran} workers ran trials, not {workers}")
                times[workers].append(seconds)
                winners.append(params)
    one, two = (statistics.median(times[workers]) for workers in (1, 2))
    same = "the same winner" if all(winner == winners[0] for winner in winners) else "DIFFERENT WINNERS"
    print(f"| search of {options.trials} trials, {options.rows} rows | 1 worker | 2 workers | share | goal |\n|---|---|---|---|---|")
    print(f"| median of {options.repeats}, {same} | {one:.2f} s | {two:.2f} s | {two / one:.2f} | ≤ 0.6 |")


if __name__ == "__main__":
    main()
