"""The private cluster of a benchmark: up before it, down after it."""
import contextlib
import os
import subprocess
import sys
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parent.parent
FORGECTL = ROOT / os.environ.get("FORGE_BIN", ".build/release") / "forgectl"


def add_option(parser):
    own = "/var/lib/forge/bench" if os.geteuid() == 0 else str(ROOT / ".forge/bench")
    parser.add_argument("--data-dir", default=own, help=f"the benchmark's private cluster (default {own})")


@contextlib.contextmanager
def started(options):
    """(url, connection) of the cluster in options.data_dir, with a running forged."""
    where = ["--data-dir", options.data_dir]
    subprocess.run([FORGECTL, "up", "--detach", *where], check=True, stdout=sys.stderr)
    try:
        url = subprocess.run([FORGECTL, "url", *where], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
        yield url, psycopg.connect(url, autocommit=True)
    finally:
        subprocess.run([FORGECTL, "down", *where], stdout=sys.stderr)
