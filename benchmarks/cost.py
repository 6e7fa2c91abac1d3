"""What an iteration costs by itself: soaks of an instant target, of 10 to 10,000 iterations.

The plugin's own cost is that of a soak's item less that of a bare pytest item. Each figure is the
CPU time, or peak memory, of a whole process less that of a shorter one, divided by the difference
in items; of several rounds the median, and the least. `disk` is what the system alone takes for
what an iteration must leave: a line made durable, and a file renamed into place.
Run: python -m benchmarks.cost [--items 10 1000 10000] [--rounds 3] [--folder /dev/shm]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

SOAK = ("--soak-target=pytest_soak.testing:InstantTarget", "-q", "-p", "no:cacheprovider")
BARE = "import pytest\n@pytest.mark.parametrize('n', range({}))\ndef test(n): pass\n"
DISK = """
import os
open("journal", "wb").close()
for n in range({}):
    with open("journal", "r+b", buffering=0) as journal:
        journal.seek(0, os.SEEK_END)
        journal.write(b"x" * 600)
        os.fsync(journal.fileno())
    with open(".half", "wb", buffering=0) as half:
        half.write(b"x" * 2100)
    os.replace(".half", f"summary{{n}}")
"""


class Used(NamedTuple):
    """CPU milliseconds and peak memory, in KB, of a process."""

    cpu: float
    memory: float


def used(folder: str, *arguments: str) -> Used:
    """What a Python process takes that runs in `folder`."""
    command = [sys.executable, *arguments]
    running = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(running.pid, 0)
    if status != 0:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return Used(1e3 * (usage.ru_utime + usage.ru_stime), float(usage.ru_maxrss))


def soak(folder: str, items: int) -> Used:
    """Of a soak of so many iterations."""
    return used(folder, "-m", "pytest", f"--soak-iterations={items}", *SOAK)


def bare(folder: str, items: int) -> Used:
    """Of as many empty tests."""
    (Path(folder) / "test_bare.py").write_text(BARE.format(items), encoding="utf-8")
    return used(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:soak")


def disk(folder: str, items: int) -> Used:
    """Of as many durable lines and renamed files."""
    return used(folder, "-c", DISK.format(items))


def measured(run: Callable[[str, int], Used], items: list[int], where: str) -> list[Used]:
    """What each number of items takes, each in a new folder of `where`."""
    return [run(tempfile.mkdtemp(dir=where), number) for number in items]


def main() -> None:
    """Print the price of an item between each two lengths."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[10, 1000, 10000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="where to soak, e.g. on a disk in memory")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as where:
        _compare(given.items, given.rounds, where)


def _compare(items: list[int], repeats: int, where: str) -> None:
    """Nothing is deleted before the end: ext4 looks for a long time at what was deleted lately."""
    spans = list(enumerate(pairwise(items)))
    for run in (soak, bare, disk):
        rounds = [measured(run, items, where) for _ in range(repeats)]
        for n, (fewer, more) in spans:
            cpu = [(r[n + 1].cpu - r[n].cpu) / (more - fewer) for r in rounds]
            memory = [(r[n + 1].memory - r[n].memory) / (more - fewer) for r in rounds]
            print(
                f"{run.__name__}: {fewer} to {more} items: {median(cpu):.2f} ms CPU "
                f"(least {min(cpu):.2f}) and {median(memory):.1f} KB an item",
                flush=True,
            )


if __name__ == "__main__":
    main()
