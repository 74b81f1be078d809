"""What every peer shares: reading by ADBC, writing by binary COPY, and a report of times and peak memory as one JSON line."""
import json
import resource
import sys
import time

import adbc_driver_postgresql.dbapi as postgres

FEATURES = [f"x{i}" for i in range(1, 29)]


class Clock:
    """Seconds by stage; `report` prints them with the total and the process's peak resident megabytes."""

    def __init__(self):
        self.start = self.last = time.perf_counter()
        self.stages = {}

    def stage(self, name):
        now = time.perf_counter()
        self.stages[name] = now - self.last
        self.last = now

    def report(self, **more):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
        print(json.dumps({**self.stages, "total": self.last - self.start, "peak_mb": peak, **more}))


def connect():
    return postgres.connect(sys.argv[1])


def read(connection, columns, table):
    with connection.cursor() as cursor:
        cursor.execute(f"select {', '.join(columns)} from {table}")
        return cursor.fetch_arrow_table()


def write(connection, table, ids, predictions):
    """A new logged table (id, prediction), by ADBC's binary COPY."""
    import pyarrow
    with connection.cursor() as cursor:
        cursor.execute(f"drop table if exists {table}")
        cursor.adbc_ingest(table.split(".")[1], pyarrow.table({"id": ids, "prediction": predictions}),
                           mode="create", db_schema_name=table.split(".")[0])
    connection.commit()


def matrix(table, columns):
    """(rows, columns) float64, column-major: what scikit-learn and XGBoost take without another copy."""
    import numpy
    out = numpy.empty((table.num_rows, len(columns)), order="F")
    for index, name in enumerate(columns):
        out[:, index] = table.column(name).to_numpy()
    return out
