"""Real Feast, its Postgres offline store reading the tables that Forge's feature views read: the same features for the same entity
rows where no rows tie, and each difference that docs/feature-store.md lists, seen.

compare.py SOCKET_DIRECTORY DATABASE"""
import contextlib
import io
import sys
import tempfile
import warnings
from datetime import timedelta

warnings.filterwarnings("ignore")

import pandas as pd
import psycopg
from feast import Entity, FeatureStore, FeatureView, Field, RepoConfig, ValueType
from feast.infra.offline_stores.contrib.postgres_offline_store.postgres_source import PostgreSQLSource
from feast.types import Bool, Float64, Int64, String

COUNTS = {"passed": 0, "failed": 0}


def expect(claim, holds, seen=""):
    COUNTS["passed" if holds else "failed"] += 1
    if not holds:
        print(f"FAILED {claim}: {seen}")


def store(host, database, folder):
    return FeatureStore(config=RepoConfig(
        project="shop", provider="local", registry=f"{folder}/registry.db", online_store=None, entity_key_serialization_version=3,
        offline_store={"type": "postgres", "host": host, "database": database, "user": "postgres", "password": "", "sslmode": "disable"}))


def define(feast):
    user = Entity(name="user", join_keys=["user_id"], value_type=ValueType.INT64)
    shop = Entity(name="shop", join_keys=["shop"], value_type=ValueType.STRING)
    a, b = (Entity(name=key, join_keys=[key], value_type=ValueType.STRING) for key in "ab")

    def view(name, entities, features, table, timestamp, ttl=timedelta(0), created=""):
        source = PostgreSQLSource(name=name, query=f"select * from {table}", timestamp_field=timestamp, created_timestamp_column=created)
        return FeatureView(name=name, entities=entities, ttl=ttl, source=source, online=False,
                           schema=[Field(name=feature, dtype=dtype) for feature, dtype in features.items()])

    plan = {"plan": String, "price": Float64, "trial": Bool}
    feast.apply([
        user, shop, a, b,
        view("plan", [user], plan, "plans", "changed_at", timedelta(days=2), "recorded_at"),
        view("bought", [user, shop], {"amount": Int64}, "purchases", "at"),
        view("tied", [user], {"value": Int64}, "tied", "at"),
        view("pairs", [a, b], {"value": Int64}, "pairs", "at"),
        view("old", [user], {"value": Int64}, "old", "at", timedelta(seconds=0.5)),
    ])


def of_feast(feast, entities, features, **options):
    return feast.get_historical_features(entity_df=entities, features=features, **options).to_df()


def of_forge(db, entities, features):
    db.execute("drop table if exists made")
    db.execute("select forge.historical_features(%s, output => 'made', features => %s)", (entities, features))
    with warnings.catch_warnings():
        return pd.read_sql("select * from made order by entity_row", db)


def same(claim, theirs, ours, features):
    """Value by value, NULL like NULL, in the order of label_row."""
    theirs, ours = (frame.sort_values("label_row").reset_index(drop=True) for frame in (theirs, ours))
    expect(f"{claim}: as many rows", len(theirs) == len(ours), (len(theirs), len(ours)))
    for feature in features:
        differing = [(t, o) for t, o in zip(theirs[feature], ours[feature]) if not (pd.isna(t) and pd.isna(o) or t == o)]
        expect(f"{claim}: {feature}", not differing, differing[:3])
        found = ours[feature].notna()
        expect(f"{claim}: some rows have {feature} and some lack it", found.any() and not found.all(), found.mean())


def compare(feast, db):
    labels = "select * from labels"
    same("by event time, both ends of ttl counting", of_feast(feast, labels, ["plan:plan", "plan:price", "plan:trial"]),
         of_forge(db, labels, ["plan"]), ["plan", "price", "trial"])
    same("known at the time", of_feast(feast, labels, ["plan:plan", "plan:price"], filter_by_created_timestamp=True),
         of_forge(db, labels, ["plan_known:plan", "plan_known:price"]), ["plan", "price"])
    same("keys of two columns, two views", of_feast(feast, labels, ["bought:amount", "plan:price"]),
         of_forge(db, labels, ["bought:amount", "plan:price"]), ["amount", "price"])


def differences(feast, db):
    one = "select 1::bigint as user_id, timestamptz '2026-06-01' as event_timestamp"
    theirs, ours = of_feast(feast, one, ["tied:value"]), of_forge(db, one, ["tied"])
    expect("ties double entity rows in Feast alone", len(theirs) == 2 and list(ours["value"]) == [2], (theirs, ours))

    pairs = ("select * from (values ('1', '12', timestamptz '2026-06-01'), ('11', '2', timestamptz '2026-06-01')) v(a, b, event_timestamp)")
    theirs, ours = of_feast(feast, pairs, ["pairs:value"]), of_forge(db, pairs, ["pairs"])
    expect("keys that are one text are mixed up in Feast alone",
           len(theirs) != 2 or list(theirs.sort_values("a")["value"]) != [112, 1102], theirs)
    expect("Forge tells keys apart that are one text", list(ours["value"]) == [112, 1102], ours)

    theirs, ours = of_feast(feast, one, ["old:value"]), of_forge(db, one, ["old"])
    expect("a ttl below a second is none in Feast alone", list(theirs["value"]) == [1] and ours["value"].isna().all(), (theirs, ours))


def main():
    host, database = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder, psycopg.connect(host=host, dbname=database, user="postgres", autocommit=True) as db:
        feast = store(host, database, folder)
        with contextlib.redirect_stdout(io.StringIO()):
            define(feast)
        compare(feast, db)
        differences(feast, db)
    print(f"{COUNTS['passed']} passed, {COUNTS['failed']} failed")
    sys.exit(COUNTS["failed"] > 0)


if __name__ == "__main__":
    main()
