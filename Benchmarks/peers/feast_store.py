"""Feast over the same tables: its Postgres offline store's get_historical_features as Arrow, or its Postgres online store.

feast_store.py URL historical
feast_store.py URL online REPEATS KEY…     milliseconds of reading 1 entity and of reading 100"""
import contextlib
import io
import json
import os
import resource
import sys
import tempfile
import time
import warnings
from datetime import datetime, timedelta, timezone

warnings.filterwarnings("ignore")

from feast import Entity, FeatureStore, FeatureView, Field, RepoConfig, ValueType
from feast.infra.offline_stores.contrib.postgres_offline_store.postgres_source import PostgreSQLSource
from feast.types import Float64
from psycopg.conninfo import conninfo_to_dict

FEATURES = [f"f{i}" for i in range(1, 6)]
REFERENCES = [f"stats:{feature}" for feature in FEATURES]


def store(url, folder):
    found = conninfo_to_dict(url)
    os.environ.setdefault("PGPASSFILE", found.get("passfile", ""))  # Feast's settings know none
    place = {"type": "postgres", "host": found["host"], "port": int(found.get("port", 5432)), "database": found["dbname"], "user": found["user"],
             "password": "", "db_schema": "features", "sslmode": "disable"}
    feast = FeatureStore(config=RepoConfig(project="bench", provider="local", registry=f"{folder}/registry.db", offline_store=place,
                                           online_store=place, entity_key_serialization_version=3))
    user = Entity(name="user", join_keys=["user_id"], value_type=ValueType.INT64)
    view = FeatureView(name="stats", entities=[user], ttl=timedelta(days=30), schema=[Field(name=f, dtype=Float64) for f in FEATURES],
                       source=PostgreSQLSource(name="events", query="select * from features.events", timestamp_field="at"))
    with contextlib.redirect_stdout(io.StringIO()):
        feast.apply([user, view])
    return feast


def historical(feast):
    start = time.perf_counter()
    made = feast.get_historical_features(entity_df="select * from features.labels", features=REFERENCES).to_arrow()
    total = time.perf_counter() - start
    values = made.column("f1").drop_null()
    return {"total": total, "rows": made.num_rows, "found": len(values), "sum": float(values.to_numpy().sum())}


def online(feast, repeats, keys):
    with contextlib.redirect_stdout(io.StringIO()):
        feast.materialize(datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2027, 1, 1, tzinfo=timezone.utc))
    times = {}
    for count in (1, 100):
        taken = []
        for place in range(repeats):
            rows = [{"user_id": keys[(place * count + i) % len(keys)]} for i in range(count)]
            start = time.perf_counter()
            feast.get_online_features(features=REFERENCES, entity_rows=rows).to_dict()
            taken.append((time.perf_counter() - start) * 1000)
        times[str(count)] = taken[repeats // 10:]
    return {"ms": times}


def main():
    url, what, *rest = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        feast = store(url, folder)
        report = historical(feast) if what == "historical" else online(feast, int(rest[0]), [int(key) for key in rest[1:]])
    print(json.dumps({**report, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6}))


if __name__ == "__main__":
    main()
