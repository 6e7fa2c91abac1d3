"""What a dataset of the reference maker's feeds costs: python -m benchmarks.dataset [--hours=72].

The wanted figures are 300,000 lines a CPU-second, and for 72 hours 15 CPU-seconds and 300 MB.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from pytest_soak import soak


def measured(feeds: Path, output: Path) -> tuple[float, float, str]:
    """CPU-seconds and peak megabytes of the command, and the last line that it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "pytest_soak.cli", "dataset", str(feeds), "--output"]
    done = subprocess.run([*command, str(output)], capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return seconds, after.ru_maxrss / 1024, (done.stdout or done.stderr).splitlines()[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=72)
    hours = parser.parse_args().hours
    with TemporaryDirectory() as name:
        folder = Path(name)
        soak("sim", iterations=hours, gate_mode="off", feeds=True, folder=folder)
        feeds = folder / "artifacts/soak/latest/feeds"
        index = json.loads((feeds / "INDEX.json").read_text(encoding="utf-8"))
        seconds, megabytes, last = measured(feeds, folder / "rows.jsonl")
    lines = sum(entry["lines"] for entry in index["files"])
    print(last)
    print(
        f"{hours} h, {lines:,} lines: {seconds:.1f} CPU-s, {lines / seconds:,.0f} lines a "
        f"CPU-second, {megabytes:.0f} MB at most"
    )


if __name__ == "__main__":
    main()
