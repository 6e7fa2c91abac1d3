"""What a list of a thousand runs costs: CPU time of `pytest-soak runs`, without an index and with.

Run: python -m benchmarks.many_runs [--runs 1000]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.startup import ENVIRONMENT

ITERATIONS = 2


def main() -> None:
    """Print a line for the first list, then for the second."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(folder, given.runs)
        for what in ("without an index", "with it", "with it, again"):
            seconds, lines = _list(folder)
            print(f"{given.runs} runs {what}: {seconds:.2f} CPU s, {lines} lines", flush=True)


def _prepare(folder: Path, count: int) -> None:
    """One run that was soaked, and copies of its RESULT.json as earlier ones."""
    options = [f"--soak-iterations={ITERATIONS}", "--soak-target=pytest_soak.testing:InstantTarget"]
    command = [sys.executable, "-m", "pytest", "-q", *options]
    subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, check=True)
    root = folder / "artifacts" / "soak"
    text = (root / "latest" / "RESULT.json").read_text(encoding="utf-8")
    for number in range(count - 1):
        run = root / "runs" / f"20250101T{number:06d}Z-00000000"
        run.mkdir(parents=True)
        (run / "RESULT.json").write_text(text, encoding="utf-8")


def _list(folder: Path) -> tuple[float, int]:
    before = os.times()
    command = [sys.executable, "-m", "pytest_soak.cli", "runs", "--limit=100000"]
    done = subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, capture_output=True, check=True, text=True
    )
    after = os.times()
    used = after.children_user + after.children_system - before[2] - before[3]
    return used, len(done.stdout.splitlines())


if __name__ == "__main__":
    main()
