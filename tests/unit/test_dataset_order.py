"""How lines lie in their files does not change a row of a dataset."""

from __future__ import annotations

import random
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from bot_feeds import DAY, FIVE, MIDNIGHT, SECOND, fill, mark, tick, write
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_soak.commands.dataset import Made
from pytest_soak.dataset.filters import load_filters
from pytest_soak.dataset.intervals import Lane
from pytest_soak.dataset.row import Row
from pytest_soak.observation.stored_feeds import Asked, read_parts

FILTERS = load_filters()
SPAN = MIDNIGHT - 6 * FIVE, MIDNIGHT + 3 * FIVE


class Line(NamedTuple):
    feed: str
    row: dict[str, Any]

    @property
    def is_near_midnight(self) -> bool:
        return bool(MIDNIGHT - FIVE <= self.row["time_us"] < MIDNIGHT + FIVE)


def lines_of(seconds: list[int], *, marked: bool) -> list[Line]:
    """Fills at the seconds after the span's start, some of them at once, among ticks and marks."""
    found, inventory = [], 0.0
    for n, second in enumerate(sorted(seconds)):
        at = {"time_us": SPAN[0] + second * SECOND}
        side, mid = 1 - 2 * (n % 3 == 1), 100.0 + second % 7 / 10
        inventory += 2.0 * side
        found += [Line("pipeline_ticks", tick(0, total_ms=10.0 + n) | at)] * (n % 2)
        found.append(Line("fills", fill(side=side, price=mid - side / 9, mid=mid) | at))
        found += [Line("marks", mark(0, mid, inventory) | at)] * marked
    return [Line(feed, row | {"seq": n}) for n, (feed, row) in enumerate(found, 1)]


def written(folder: Path, lines: list[Line], misfiled: Collection[int] = ()) -> None:
    files: dict[tuple[str, int], list[Any]] = {}
    for n, line in enumerate(lines):
        after = (line.row["time_us"] >= MIDNIGHT) != (n in misfiled and line.is_near_midnight)
        files.setdefault((line.feed, DAY.day + after), []).append(line.row)
    for (feed, day), found in files.items():
        write(folder, feed, *found, day=day)


def rows(folder: Path) -> tuple[list[Row], int, int]:
    """The rows, how many lines were doubled, and how many bad."""
    made = Made(FILTERS, FIVE)
    for part in read_parts(folder, Asked(*SPAN, spare_us=FIVE), FIVE):
        made.take(part)
    return made.rows(Lane()), made.doubled, part.bad_lines


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 9 * 300 - 1), min_size=1, max_size=20),
    st.booleans(),
    st.sets(st.integers(0, 40)),
    st.sets(st.integers(0, 40)),
    st.integers(0, 1000),
)
def test_shuffled_doubled_misfiled_and_cut_lines_give_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory,
    seconds: list[int],
    marked: bool,
    doubled: set[int],
    misfiled: set[int],
    seed: int,
) -> None:
    lines = lines_of(seconds, marked=marked)
    clean = tmp_path_factory.mktemp("clean")
    written(clean, lines)
    mixed = [*lines, *(line for n, line in enumerate(lines) if n in doubled)]
    random.Random(seed).shuffle(mixed)
    odd = tmp_path_factory.mktemp("odd")
    written(odd, mixed, misfiled)
    write(odd, "fills", fill(time_us=MIDNIGHT, seq=1), day=DAY.day + 2)
    newest = write(odd, "marks", day=DAY.day + 2)
    newest.write_bytes(b'{"seq": 9, "time_us": 17')
    expected, none, _ = rows(clean)
    found, twice, bad = rows(odd)
    changed = [row.interval_start for row, was in zip(found, expected, strict=True) if row != was]
    assert changed == []
    assert none == 0
    assert twice == len(mixed) - len(lines)
    assert bad == 1  # that of a day on which it cannot be
