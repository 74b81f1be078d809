"""Forge's side of the benchmarks: INSERT, wait, predict in SQL. Every figure comes from the database or the wall clock around it."""
import json
import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

FEATURES = [f"x{i}" for i in range(1, 29)]


def task_of(target, algorithm):
    if target is None:
        return "clustering" if algorithm == "kmeans" else "decomposition"
    return "classification" if target == "label" else "regression"


def train(db, model, source, target, algorithm, features, params=None, id_column=None, group_columns=None):
    """Inserts a request and waits; returns its id and the wall seconds until the version is registered.

    Without an id column the rows are read as they lie in the table, as the peers read them, and parted by their content.
    With one they are read in its order."""
    start = time.perf_counter()
    request = db.execute(
        """insert into forge.training_requests (model, algorithm, task, source, target, features, id_column, group_columns, params, promote)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'always') returning id""",
        (model, algorithm, task_of(target, algorithm), source, target, features, id_column,
         group_columns, json.dumps(params or {}))).fetchone()[0]
    db.execute("call forge.wait(%s::bigint, interval '10 minutes')", (request,))
    seconds = time.perf_counter() - start
    status, error = db.execute(
        "select status, error_message from forge.training_requests where id = %s", (request,)).fetchone()
    if status != "succeeded":
        raise SystemExit(f"training {model} {status}: {error}")
    return request, seconds


def logged(db, request, pattern):
    """The last number that `pattern` captures in the request's log."""
    rows = db.execute("select message from forge.training_log where request = %s order by at", (request,)).fetchall()
    found = [re.search(pattern, message) for (message,) in rows]
    return float([match for match in found if match][-1].group(1))


def read_seconds(db, table, features, target, id_column=None):
    """The child's own reading of `table`: rows in Postgres → columns ready for training."""
    request, _ = train(db, "bench_read", table, target, "gradient_boosting", features, {"n_estimators": 1, "max_depth": 1},
                       id_column)
    return {"read": logged(db, request, r"read .* in ([0-9.]+) s")}


def end_to_end(db, model, target, algorithm, params=None, source="bench.points", features=FEATURES, group_columns=None):
    start = time.perf_counter()
    request, training = train(db, model, source, target, algorithm, features, params, group_columns=group_columns)
    output = f"bench.forge_{model}"
    db.execute(f"drop table if exists {output}")
    db.execute("select forge.predict_table(%s, %s, 'id', %s)", (model, source, output))
    total = time.perf_counter() - start
    return {"train": training, "predict_write": total - training, "total": total,
            "fit": sum(logged(db, request, rf"{phase} ([0-9.]+) s") for phase in ("prepare", "fit")),
            "peak_mb": logged(db, request, r"peak resident memory ([0-9.]+) MB")}


def seconds_of(db, statement, runs=5):
    """(first, median of the others) of a statement that runs in one backend without JIT."""
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        db.execute(statement).fetchall()
        times.append(time.perf_counter() - start)
    return times[0], statistics.median(times[1:])


def one_backend(url):
    db = psycopg.connect(url, autocommit=True)
    db.execute("set jit = off")
    db.execute("set max_parallel_workers_per_gather = 0")
    return db


def latency_us(pgbench, url, statement, transactions=4000):
    """p50 of a prepared statement on one warm connection, in microseconds."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "script.sql")
        script.write_text(statement + ";\n")
        subprocess.run([pgbench, "-n", "-M", "prepared", "-c", "1", "-t", str(transactions), "-f", str(script),
                        "-l", f"--log-prefix={folder}/log", url], check=True, capture_output=True, cwd=folder)
        lines = next(Path(folder).glob("log.*")).read_text().split("\n")
        times = [int(line.split()[2]) for line in lines if line]
    return statistics.median(times[len(times) // 4:])


def claim_latency_ms(db, requests=100):
    """(p50, p95) of INSERT committed → claimed, by the database's clock, one request at a time on an idle queue."""
    times = []
    for _ in range(requests):
        request, _ = train(db, "bench_claim", "select * from bench.points where id <= 200", "y",
                           "linear_regression", FEATURES[:2])
        times.append(db.execute(
            """select extract(epoch from a.started_at - r.created_at) * 1000
               from forge.training_attempts a join forge.training_requests r on r.id = a.request
               where r.id = %s and a.attempt = 1""", (request,)).fetchone()[0])
    ordered = sorted(float(t) for t in times)
    return statistics.median(ordered), ordered[int(len(ordered) * 0.95)]
