"""ADBC → pandas.merge_asof → COPY: the row of the same user that held at each label's time, not older than 30 days."""
from common import Clock, connect, read

FEATURES = [f"f{i}" for i in range(1, 6)]

clock = Clock()
import pandas  # noqa: E402 (the import is part of a user's run)
import pyarrow  # noqa: E402
clock.stage("import")
with connect() as connection:
    labels = read(connection, ["label_row", "user_id", "event_timestamp", "churned"], "features.labels").to_pandas()
    events = read(connection, ["user_id", "at", *FEATURES], "features.events").to_pandas()
    clock.stage("load")
    made = pandas.merge_asof(labels.sort_values("event_timestamp"), events.sort_values("at"), left_on="event_timestamp", right_on="at",
                             by="user_id", tolerance=pandas.Timedelta(days=30)).sort_values("label_row")
    clock.stage("join")
    with connection.cursor() as cursor:
        cursor.execute("drop table if exists features.made_by_pandas")
        cursor.adbc_ingest("made_by_pandas", pyarrow.Table.from_pandas(made, preserve_index=False),
                           mode="create", db_schema_name="features")
    connection.commit()
    clock.stage("write")
clock.report(rows=len(made), found=int(made["f1"].notna().sum()), sum=float(made["f1"].sum()))
