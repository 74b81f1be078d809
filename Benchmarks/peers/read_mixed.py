"""ADBC → pandas: 24 numeric columns and 5 text columns as categories."""
from common import Clock, connect, read

TEXT = ["plan", "region", "shop", "product", "street"]
clock = Clock()
with connect() as connection:
    table = read(connection, [f"x{i}" for i in range(1, 24)] + TEXT + ["y"], "bench.mixed")
    frame = table.to_pandas(categories=TEXT)
    clock.stage("read")
clock.report(rows=len(frame))
