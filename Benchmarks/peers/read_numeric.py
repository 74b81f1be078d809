"""ADBC → numpy: 29 numeric columns as contiguous float64 arrays."""
from common import FEATURES, Clock, connect, matrix, read

clock = Clock()
with connect() as connection:
    table = read(connection, FEATURES + ["y"], "bench.points")
    columns = matrix(table, FEATURES + ["y"])
    clock.stage("read")
clock.report(rows=len(columns))
