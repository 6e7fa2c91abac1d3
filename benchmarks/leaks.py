"""Whether the gate `leak` is right on real processes: docs/GROWTH.md.

    python -m benchmarks.leaks [--times 60 --jobs 4]
    python -m benchmarks.leaks --real [--minutes 150]

Python processes that leak, stay as they are, or fill a cache and drop it, under a clock that is 360
times as fast. With --real, one that leaks and one that does not are soaked by the machine's clock.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from benchmarks.lanes import ROOT, put_section, table
from benchmarks.leaks_real import MINUTES, soak_both
from benchmarks.leaks_scaled import FILES, HOURS, MB, SPEED, Found, watched
from pytest_soak.stats.limits import share_interval

DOCUMENT = ROOT / "docs" / "GROWTH.md"
SHAPES = ("leaking", "flat", "saw-toothed")
HEAD = ["processes", "of them", "MB/h", "open files/h", "called leaking", "95 % interval"]
HEAD += ["by memory", "by open files"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=60, help="processes of each shape")
    parser.add_argument("--jobs", type=int, default=4, help="how many run at once")
    parser.add_argument("--real", action="store_true", help="soak two bots in real time")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="how long, with --real")
    given = parser.parse_args()
    if given.real:
        soak_both(given.minutes)
        return
    text = section(study(given.times, given.jobs), given.jobs)
    print(text)
    put_section(DOCUMENT, "processes", text)


def study(times: int, jobs: int) -> list[Found]:
    """What so many processes of each shape come to, the shapes side by side."""
    shapes = SHAPES * times
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(watched, shapes, range(len(shapes))))


def section(found: Sequence[Found], jobs: int) -> str:
    """The document's section: how it was measured, and a row a shape."""
    every = np.median([one.every_seconds for one in found])
    how = (
        f"{jobs} at a time, {HOURS:g} h of a clock {SPEED:g} times as fast as the machine's, "
        f"measured each {every:.0f} s of that clock (median):"
    )
    rows = [row(shape, [one for one in found if one.shape == shape]) for shape in SHAPES]
    return f"{how}\n\n{table(HEAD, rows)}"


def row(shape: str, found: Sequence[Found]) -> list[str]:
    """A row of the table; `found` are of that shape."""
    called = sum(1 for one in found if one.failed)
    low, high = share_interval(called, len(found))
    return [
        shape,
        str(len(found)),
        spread([one.growth[MB] for one in found]),
        spread([one.growth[FILES] for one in found]),
        str(called),
        f"{100 * low:.1f} to {100 * high:.1f} %",
        *(str(sum(1 for one in found if kpi in one.failed)) for kpi in (MB, FILES)),
    ]


def spread(values: Sequence[float | None]) -> str:
    """Median and range of those that there are, and how many there are not."""
    there = [value for value in values if value is not None]
    if not there:
        return "none"
    lacking = f", {len(values) - len(there)} without" if len(there) < len(values) else ""
    return f"{np.median(there):.1f} ({min(there):.1f} to {max(there):.1f}){lacking}"


if __name__ == "__main__":
    main()
