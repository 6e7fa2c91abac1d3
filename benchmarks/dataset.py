"""What a dataset of the reference maker's feeds costs: python -m benchmarks.dataset [--hours=72].

The wanted figures are 300,000 lines a CPU-second, and for the ticks of 72 hours 15 CPU-seconds and
300 MB. DuckDB's bare scan of the same files, which checks no line, is beside it where it is there.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

SCAN = """
import sys
import duckdb
duckdb.execute("SET threads = 1; SET enable_progress_bar = false")
for files in sys.argv[1:]:
    query = "SELECT count(COLUMNS(*)) FROM read_json($1, format = 'newline_delimited')"
    duckdb.execute(query, [files]).fetchall()
"""


class Cost(NamedTuple):
    """CPU-seconds and peak megabytes of a program, and the last line that it printed."""

    seconds: float
    megabytes: float
    said: str


def cost(command: Sequence[str], log: Path) -> Cost:
    with log.open("w", encoding="utf-8") as output:
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        _, _, usage = os.wait4(child.pid, 0)
    said = log.read_text(encoding="utf-8").splitlines()
    seconds = usage.ru_utime + usage.ru_stime
    return Cost(seconds, usage.ru_maxrss / 1024, said[-1] if said else "")


def line(name: str, lines: int, found: Cost) -> str:
    return (
        f"{name}: {found.seconds:.1f} CPU-s, {lines / found.seconds:,.0f} lines a CPU-second, "
        f"{found.megabytes:.0f} MB at most"
    )


def soaked(hours: int, folder: Path) -> Path:
    """The feeds of so many hours, made by another process: what it held, a child of it had held."""
    code = f"soak('sim', iterations={hours}, gate_mode='off', feeds=True)"
    command = [sys.executable, "-c", f"from pytest_soak import soak; {code}"]
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    return folder / "artifacts/soak/latest/feeds"


def ticks(feeds: Path, folder: Path) -> Path:
    """A copy of the ticks alone."""
    folder.mkdir()
    index = json.loads((feeds / "INDEX.json").read_text(encoding="utf-8"))
    index["files"] = [x for x in index["files"] if x["file"].startswith("pipeline_ticks")]
    for entry in index["files"]:
        shutil.copy(feeds / entry["file"], folder)
    (folder / "INDEX.json").write_text(json.dumps(index), encoding="utf-8")
    return folder


def measure(what: str, feeds: Path, folder: Path) -> None:
    """Print what the data set of some feeds costs, and DuckDB's scan of them."""
    files = json.loads((feeds / "INDEX.json").read_text(encoding="utf-8"))["files"]
    lines = sum(entry["lines"] for entry in files)
    command = [sys.executable, "-m", "pytest_soak.cli", "dataset", str(feeds)]
    found = cost([*command, f"--output={folder / 'rows.jsonl'}"], folder / "log")
    size = sum(entry["bytes"] for entry in files) / 1e6
    print(f"{what}: {lines:,} lines, {size:.0f} MB; {found.said}")
    print(line("pytest-soak dataset", lines, found))
    if find_spec("duckdb") is None:
        print("DuckDB is not installed: `pip install duckdb` to have its bare scan beside it")
        return
    names = sorted({entry["file"].rpartition("_")[0] for entry in files})
    patterns = [str(feeds / f"{name}_*.jsonl") for name in names]
    scan = cost([sys.executable, "-c", SCAN, *patterns], folder / "log")
    print(line("DuckDB's bare scan, one thread", lines, scan), scan.said)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=72)
    parser.add_argument("--feeds", type=Path, help="of a run that is there")
    asked = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        feeds = asked.feeds or soaked(asked.hours, folder)
        measure("all feeds", feeds, folder)
        measure("the ticks", ticks(feeds, folder / "ticks"), folder)


if __name__ == "__main__":
    main()
