"""What an iteration costs by itself: soaks of an instant target, of 10 to 10,000 iterations.

The plugin's own cost is that of a soak's item less that of a bare pytest item. Each figure is the
CPU time, or peak memory, of a whole process less that of a shorter one, divided by the difference
in items. Run: python -m benchmarks.cost [--items 10 1000 10000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SOAK = ("--soak-target=pytest_soak.testing:InstantTarget", "-q", "-p", "no:cacheprovider")
BARE = "import pytest\n@pytest.mark.parametrize('n', range({}))\ndef test(n): pass\n"


def used(folder: Path, *arguments: str) -> tuple[float, float]:
    """CPU milliseconds and peak memory, in KB, of a pytest session."""
    command = [sys.executable, "-m", "pytest", *arguments]
    running = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(running.pid, 0)
    if status != 0:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return 1e3 * (usage.ru_utime + usage.ru_stime), float(usage.ru_maxrss)


def soak(items: int) -> tuple[float, float]:
    """Of a soak of so many iterations."""
    with tempfile.TemporaryDirectory() as folder:
        return used(Path(folder), f"--soak-iterations={items}", *SOAK)


def bare(items: int) -> tuple[float, float]:
    """Of as many empty tests."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "test_bare.py").write_text(BARE.format(items), encoding="utf-8")
        return used(Path(name), "-q", "-p", "no:cacheprovider", "-p", "no:soak")


def main() -> None:
    """Print the price of an item between each two lengths."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[10, 1000, 10000])
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    for name, run in (("soak", soak), ("bare", bare)):
        rounds = [[run(items) for items in given.items] for _ in range(given.rounds)]
        cost = [
            (statistics.median(r[n][0] for r in rounds), statistics.median(r[n][1] for r in rounds))
            for n in range(len(given.items))
        ]
        spans = zip(given.items, given.items[1:], cost, cost[1:], strict=False)
        for fewer, more, before, after in spans:
            cpu, memory = ((b - a) / (more - fewer) for a, b in zip(before, after, strict=True))
            print(f"{name}: {fewer} to {more} items: {cpu:.3f} ms CPU and {memory:.1f} KB an item")


if __name__ == "__main__":
    main()
