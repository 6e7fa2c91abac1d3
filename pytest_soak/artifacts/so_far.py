"""What lanes have come to that are under way, by the iterations that they have done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from os import scandir
from pathlib import Path
from typing import NamedTuple

from pytest_soak.artifacts.models import IterSummary
from pytest_soak.artifacts.names import iteration_of, summary_name
from pytest_soak.artifacts.stored_run import read
from pytest_soak.errors import SoakUsageError
from pytest_soak.gates.engine import FINAL_WINDOW
from pytest_soak.kpi.spans import over

MOST_LANES = 100
"""Of more lanes only how many iterations are done is read, which takes no look into a file."""


class SoFar(NamedTuple):
    """Iterations that are done, by verdict and those of the grace among them; KPIs as at an end."""

    iterations: int
    counts: Mapping[str, int]
    ungraded: Mapping[str, int]
    medians: Mapping[str, float | None]


def so_far(iterations: Sequence[IterSummary]) -> SoFar:
    """What a lane's iterations come to; their order is that of time.

    KPIs are over the last graded ones, over all of the last ones where none is graded yet.
    """
    return SoFar(
        iterations=len(iterations),
        counts=Counter(str(one.summary.verdict) for one in iterations),
        ungraded=Counter(str(x.summary.verdict) for x in iterations if not x.summary.graded),
        medians=_medians(iterations),
    )


def newest_medians(run: Path) -> list[Mapping[str, float | None]]:
    """The KPIs so far of each lane in a run's folder that has any; none of very many lanes.

    What is damaged or goes meanwhile is left out.
    """
    lanes = [(home, numbers) for home in _homes(run) if (numbers := _numbers(home))]
    if len(lanes) > MOST_LANES:
        return []
    return [_medians(list(_newest(home, numbers))) for home, numbers in lanes]


def done(run: Path) -> int:
    """How many iterations of the lanes in a run's folder are over, as far as their files tell."""
    return sum(len(_numbers(home)) for home in _homes(run))


def _medians(iterations: Sequence[IterSummary]) -> dict[str, float | None]:
    graded = [one for one in iterations if one.summary.graded]
    last = (graded or iterations)[-FINAL_WINDOW:]
    given: dict[str, list[float]] = {}
    for one in last:
        for name, value in one.summary.__pydantic_extra__.items():
            given.setdefault(name, []).extend([] if value is None else [value])
    return {name: over(name, values) if values else None for name, values in given.items()}


def _homes(run: Path) -> list[Path]:
    """The run's folder, and those in it; a symbolic link is left alone."""
    return [run, *(run / one for one in _names(run, folders=True))]


def _numbers(home: Path) -> list[int]:
    found = map(iteration_of, _names(home, folders=False))
    return sorted(number for number in found if number is not None)


def _names(folder: Path, *, folders: bool) -> list[str]:
    """What is in a folder, sorted; nothing of one that went meanwhile."""
    try:
        with scandir(folder) as found:
            return sorted(one.name for one in found if one.is_dir(follow_symlinks=False) == folders)
    except OSError:
        return []


def _newest(home: Path, numbers: Sequence[int]) -> Iterator[IterSummary]:
    for number in numbers[-FINAL_WINDOW:]:
        try:
            yield read(IterSummary, home / summary_name(number))
        except SoakUsageError:
            continue
