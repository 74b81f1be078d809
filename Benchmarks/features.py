#!/usr/bin/env python3
"""The feature store beside Feast and pandas, in one run over the same tables: the historical join, online reads, materialization, pushes.

`make bench ARGS="features.py"`; `--entities 10000 --events 100000 --keys 1000` for less, `--growth` for 1/100, 1/10 and all of it."""
import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import private_cluster
from run import HERE, ROOT, Table, peer, say


def feast_python():
    """The Python of Feast's own environment, made on the first run."""
    venv, wanted = ROOT / ".deps/feast", ROOT / "Tests/feast/requirements.txt"
    if not (venv / ".installed").exists() or (venv / ".installed").read_text() != wanted.read_text():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin/pip", "install", "-q", "--disable-pip-version-check", "-r", wanted], check=True)
        (venv / ".installed").write_text(wanted.read_text())
    return venv / "bin/python"


def feast(url, *arguments):
    out = subprocess.run([feast_python(), HERE / "peers/feast_store.py", url, *map(str, arguments)], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    return json.loads(out.splitlines()[-1])


def fill(db, url, entities, events, keys):
    """New tables and their definitions; the seconds that the index took."""
    say(f"{entities} entity rows, {events} events of {keys} keys")
    bindir = Path(subprocess.run([ROOT / "scripts/pg.sh", "default"], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()).parent
    for kind, name in [("service", "bench"), ("view", "stats")]:
        if db.execute(f"select exists (select from forge.feature_{kind}s where name = %s)", (name,)).fetchone()[0]:
            db.execute(f"select forge.drop_feature_{kind}(%s)", (name,))
    subprocess.run([f"{bindir}/psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-v", f"entities={entities}", "-v", f"events={events}", "-v", f"keys={keys}",
                    "-f", HERE / "features_data.sql", url], check=True, stdout=subprocess.DEVNULL)
    if not db.execute("select exists (select from forge.entities where name = 'user')").fetchone()[0]:
        db.execute("select forge.create_entity('user', '{user_id}', '{bigint}')")
    start = time.perf_counter()
    db.execute("""select forge.create_feature_view('stats', '{user}', 'features.events', 'at', '{f1,f2,f3,f4,f5}', ttl => '30 days',
                                                   create_index => true)""")
    seconds = time.perf_counter() - start
    db.execute("select forge.create_feature_service('bench', '{stats}')")
    db.execute("vacuum analyze features.events")
    return seconds


def joined(db):
    """Seconds of forge.historical_features into a table, and what the table holds."""
    db.execute("drop table if exists features.made")
    start = time.perf_counter()
    db.execute("select forge.historical_features('features.labels', output => 'features.made', service => 'bench')")
    seconds = time.perf_counter() - start
    rows, found, total = db.execute("select count(*), count(f1), sum(f1) from features.made").fetchone()
    return {"total": seconds, "rows": rows, "found": found, "sum": total}


def agree(ours, theirs, name):
    """A faster join of something else proves nothing."""
    if (ours["rows"], ours["found"]) != (theirs["rows"], theirs["found"]) or abs(ours["sum"] - theirs["sum"]) > 1e-9 * abs(ours["sum"]):
        raise SystemExit(f"{name} found other features: {theirs}, not {ours}")


def historical(table, db, url, options, share=1.0):
    entities, events, keys = (max(1, int(size * share)) for size in (options.entities, options.events, options.keys))
    table.note(f"index of {events} events", f"{fill(db, url, entities, events, keys):.3g} s", "printed")
    what = f"historical join of {entities} × {events}"
    runs = [joined(db) for _ in range(options.repeats + 1)][1:]
    ours = statistics.median(run["total"] for run in runs)
    with_pandas = peer(url, "asof.py")
    agree(runs[0], with_pandas, "pandas")
    table.add(f"{what}, into a table", ours, with_pandas["total"], "pandas merge_asof, load and write", "≥ 4×")
    if not options.no_feast:
        with_feast = feast(url, "historical")
        agree(runs[0], with_feast, "Feast")
        table.add(f"{what}, into a table; Feast's stays in the client", ours, with_feast["total"], "Feast, Postgres offline store", "≥ 20×")
    return ours


def materialized(table, db, keys):
    """Keys a second of a first run, and of an incremental one after a new row for every key."""
    db.execute("drop table if exists features.changes")
    db.execute("create table features.changes (user_id bigint, at timestamptz, f1 float8, f2 float8, f3 float8, f4 float8, f5 float8)")
    insert = """insert into features.changes
                select i, now(), random(), random(), random(), random(), random() from generate_series(1, %s) i"""
    db.execute(insert, (keys,))
    if db.execute("select exists (select from forge.feature_views where name = 'changes')").fetchone()[0]:
        db.execute("select forge.drop_feature_view('changes')")
    db.execute("select forge.create_feature_view('changes', '{user}', 'features.changes', 'at', create_index => true)")
    for what, call in [("first run", "forge.materialize('changes')"), ("all changed", "forge.materialize_incremental('changes')"),
                       ("all changed again", "forge.materialize_incremental('changes')")]:
        if what != "first run":
            db.execute(insert, (keys,))
        db.execute("vacuum analyze features.changes")
        start = time.perf_counter()
        rows = db.execute(f"select rows from {call}").fetchone()[0]
        seconds = time.perf_counter() - start
        if rows != keys:
            raise SystemExit(f"{what}: {rows} rows were written, not {keys}")
        table.note(f"materialize {keys} keys, {what}", f"{keys / seconds:.4g} keys/s", "≥ 100,000 keys/s")


# What reads one user's features, and those of many, of what `stats` has online: a statement each, with one parameter.
READS = [
    ("SELECT on the online table", "select f1, f2, f3, f4, f5 from forge_online.{table} where user_id = %s",
     "select user_id, f1, f2, f3, f4, f5 from forge_online.{table} where user_id = any(%s)"),
    ("forge_features.bench", "select f1, f2, f3, f4, f5 from forge_features.bench(%s)",
     "select k, f1, f2, f3, f4, f5 from unnest(%s::bigint[]) k, forge_features.bench(k)"),
    ("forge_features.bench with statuses and times", "select * from forge_features.bench(%s)",
     "select k, f.* from unnest(%s::bigint[]) k, forge_features.bench(k) f"),
    ("forge.get_online_features", "select forge.get_online_features('bench', jsonb_build_object('user_id', %s::bigint))",
     "select forge.get_online_features('bench', jsonb_build_object('user_id', %s::bigint[]))"),
]
MANY = 100
GOALS = {1: "≤ 0.2 ms", MANY: "≤ 0.8 ms"}
GOAL_OF = "forge_features.bench"  # the rest is printed
CLIENTS = 8


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def read_times(db, statement, parameters):
    """Milliseconds of each, prepared, on one connection; the first tenth warms it."""
    times = []
    for parameter in parameters:
        start = time.perf_counter()
        db.execute(statement, (parameter,), prepare=True).fetchall()
        times.append((time.perf_counter() - start) * 1000)
    return times[len(times) // 10:]


def online(table, db, url, options):
    db.execute("select forge.materialize('stats')")
    version = db.execute("select max(version) from forge.feature_views where name = 'stats'").fetchone()[0]
    keys = [key for key, in db.execute("select user_id from features.labels limit 1000")]
    chosen = {1: [keys[i % len(keys)] for i in range(options.reads)],
              MANY: [[keys[(i * MANY + j) % len(keys)] for j in range(MANY)] for i in range(options.reads)]}
    theirs = {} if options.no_feast else feast(url, "online", options.reads, *keys)["ms"]
    for name, *statements in READS:
        for (count, parameters), statement in zip(chosen.items(), statements):
            ours = read_times(db, statement.format(table=f"stats_v{version}"), parameters)
            for share in (0.5, 0.99):
                what = f"online read of {count}, {name}, p{share * 100:.0f}"
                goal = GOALS[count] if share == 0.5 and name == GOAL_OF else "printed"
                if theirs:
                    table.add(what, percentile(ours, share), percentile(theirs[str(count)], share), "Feast, Postgres online store", goal, "ms")
                else:
                    table.note(what, f"{percentile(ours, share):.3g} ms", goal)
    predicted(table, db, keys, options.reads)
    loaded(table, url, options.keys, options.load_seconds)


def predicted(table, db, keys, reads):
    """What a prediction by key takes longer than the read of its features."""
    db.execute("drop table if exists features.few")
    db.execute("create table features.few as select * from features.labels limit 20000")
    db.execute("""select forge.train('bench_churn', source => 'select user_id, event_timestamp, churned from features.few', target => 'churned',
                                     source_features => 'bench', algorithm => 'logistic_regression')""")
    db.execute("call forge.wait('bench_churn')")
    parameters = [keys[i % len(keys)] for i in range(reads)]
    read = percentile(read_times(db, READS[1][1], parameters), 0.5)
    made = percentile(read_times(db, "select forge.predict_for('bench_churn', %s::bigint)", parameters), 0.5)
    table.note("forge.predict_for, p50; beyond the read of its features", f"{made:.3g} ms; {made - read:.2g} ms", "≤ 0.1 ms")


def loaded(table, url, keys, seconds):
    """The p99 of reads by many clients at half of the rate that they reach."""
    pgbench = shutil.which("pgbench") or Path(subprocess.run(["pg_config", "--bindir"], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()) / "pgbench"
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "read.sql"
        script.write_text(f"\\set k random(1, {keys})\nselect f1, f2, f3, f4, f5 from forge_features.bench(:k);\n")
        run = [pgbench, "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds), "-f", script]
        out = subprocess.run([*run, url], check=True, text=True, stdout=subprocess.PIPE, cwd=folder).stdout
        most = float(re.search(r"tps = ([0-9.]+)", out).group(1))
        subprocess.run([*run, "-R", str(int(most / 2)), "-l", url], check=True, stdout=subprocess.DEVNULL, cwd=folder)
        # The third column is the latency in microseconds, the schedule's lag included.
        latencies = [int(line.split()[2]) / 1000 for log in Path(folder).glob("pgbench_log.*") for line in log.read_text().splitlines()]
    table.note(f"online read by {CLIENTS} clients, forge_features.bench, at most", f"{most:.4g} reads/s", "printed")
    table.note(f"the same at half of that rate, p50; p99", f"{percentile(latencies, 0.5):.3g} ms; {percentile(latencies, 0.99):.3g} ms", "p99 ≤ 2 ms")


def pushed(table, db, keys, pushes=300):
    """Milliseconds until a pushed row is online and in the source."""
    db.execute("select forge.drop_push_source('bench') from forge.push_sources where name = 'bench'")
    db.execute("select forge.create_push_source('bench', 'changes')")
    times = []
    for i in range(pushes):
        row = json.dumps({"user_id": keys[i % len(keys)], "at": "2026-06-01", "f1": 1, "f2": 2, "f3": 3, "f4": 4, "f5": 5})
        start = time.perf_counter()
        db.execute("select forge.push('bench', %s::jsonb)", (row,), prepare=True).fetchall()
        times.append((time.perf_counter() - start) * 1000)
    times = times[pushes // 10:]
    table.note("push of 1 row, into its table and online, p50; p99", f"{percentile(times, 0.5):.3g} ms; {percentile(times, 0.99):.3g} ms", "≤ 5 ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entities", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--materialize", type=int, default=1_000_000, help="keys to materialize; 0: none")
    parser.add_argument("--reads", type=int, default=2000, help="online reads of each kind; 0: none")
    parser.add_argument("--load-seconds", type=int, default=10, help="of each of two runs of many clients")
    parser.add_argument("--growth", action="store_true", help="1/100 and 1/10 of the sizes, too")
    parser.add_argument("--no-feast", action="store_true")
    private_cluster.add_option(parser)
    options = parser.parse_args()
    table = Table()
    with private_cluster.started(options) as (url, db):
        seconds = {share: historical(table, db, url, options, share) for share in ([0.01, 0.1, 1.0] if options.growth else [1.0])}
        if options.reads:
            online(table, db, url, options)
        if options.materialize:
            materialized(table, db, options.materialize)
            pushed(table, db, list(range(1, options.materialize + 1)))
    if options.growth:
        table.note("time of all of it, by that of 1/10, of that by 1/100", f"{seconds[1.0] / seconds[0.1]:.3g}, {seconds[0.1] / seconds[0.01]:.3g}", "≈ 10")
    print(table.markdown())


if __name__ == "__main__":
    main()
