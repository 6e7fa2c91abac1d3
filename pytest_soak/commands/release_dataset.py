"""`pytest-soak release dataset`: the soak as rows of equal intervals, if it covers a day."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pytest_soak.artifacts.build import machine
from pytest_soak.artifacts.calib_models import CalibDataset
from pytest_soak.artifacts.names import FEEDS
from pytest_soak.artifacts.stored_run import StoredRun, run_in
from pytest_soak.canonical import dumps
from pytest_soak.clock import Clock
from pytest_soak.commands.dataset import Done, Request, make
from pytest_soak.commands.release_fit import weight_limit, write_fit
from pytest_soak.commands.release_place import (
    Asked,
    Place,
    Say,
    Worked,
    command,
    open_place,
)
from pytest_soak.commands.release_step import Measured, answer, put, read_and_write, run_folder
from pytest_soak.dataset.summary import totals
from pytest_soak.gates.engine import Verdict, worst
from pytest_soak.release.hashes import file_hashes
from pytest_soak.release.layout import DATASETS, EDGE_FEEDS, EDGE_REPORTS
from pytest_soak.release.record import Outcome
from pytest_soak.release.steps import AB, DATASET, SOAK
from pytest_soak.report.release import calib_text
from pytest_soak.storage.links import plain

INTERVAL_MIN = 5
_ROUNDING = 1e-9
"""Of what was traded: by so much the sum of the rows may differ from that of the records."""


def dataset(
    asked: Asked,
    env: Mapping[str, str],
    folder: Path,
    clock: Clock,
    say: Say,
    *,
    fit: bool = False,
) -> Worked:
    """Make rows of the feeds of the soak, and hold their sums against what it recorded.

    With `fit` the weights of a spread that follows conditions are fitted to them. Exit status 0
    PASS or WARN, 1 FAIL. Raises SoakUsageError where a step before is not done, for feeds that
    cannot be read, and for a target that has no such weights.
    """
    place = open_place(asked, env, folder)
    limit = weight_limit(place.choice) if fit else None
    measured = read_and_write(
        place,
        DATASET,
        clock,
        say,
        lambda: _found(place),
        lambda found: _written(place, found, limit),
    )
    return answer(DATASET, measured, say)


class _Found(NamedTuple):
    """The feeds of the soak, their rows, and what they come to."""

    feeds: Path
    rows: Done
    calib: CalibDataset


def _written(place: Place, what: _Found, limit: float | None) -> Measured:
    feeds, done, found = what
    first, last = (
        row.interval_start[:10].replace("-", "") for row in (done.rows[0], done.rows[-1])
    )
    days = f"{first}_{last}"
    paths = [f"{DATASETS}/calib_{days}.json", f"{EDGE_REPORTS}/calib_summary_{days}.md"]
    put(place, paths[0], dumps(found.data()))
    put(place, paths[1], calib_text(found))
    _share(place, feeds)
    lines = list(done.lines)
    if limit is not None:
        fitted = write_fit(place, found, days, limit)
        paths += fitted.paths
        lines += fitted.lines
    outcome = Outcome(found.verdict.value, found.reasons, file_hashes(place.directory, paths))
    return Measured(outcome, [*lines, _last(found)], found.data())


def _found(place: Place) -> _Found:
    run = run_in(run_folder(place, SOAK))
    (lane,) = run.result.lanes
    feeds = run.folder / f"{run.home(lane.lane)}{FEEDS}"
    done = make(Request(feeds, None, None, INTERVAL_MIN, ""))
    return _Found(feeds, done, _calib(place, run, done))


def dataset_anew(place: Place) -> str:
    """The verdict on the feeds that there are."""
    return _found(place).calib.verdict.value


def _calib(place: Place, run: StoredRun, done: Done) -> CalibDataset:
    """The rows, which must add up to what the soak recorded."""
    (lane,) = run.lanes
    records = [one.summary.model_dump() for one in run.files(lane).iterations.values()]
    net = _sum([row.net_quote for row in done.rows])
    recorded = _sum([one["net_quote"] for one in records])
    traded = math.fsum(one["volume_quote"] or 0.0 for one in records)
    reasons, verdict = list(done.found.reasons), done.found.verdict
    if net is None or recorded is None or abs(net - recorded) > _ROUNDING * max(traded, 1.0):
        told = f"the rows add up to {net} quote, the records of the soak to {recorded}"
        reasons, verdict = [*reasons, told], worst([verdict, Verdict.FAIL])
    every, kept = (
        totals(rows, INTERVAL_MIN * 60_000_000)
        for rows in (done.rows, [row for row in done.rows if row.accepted])
    )
    return CalibDataset(
        source=place.choice.plan.target,
        meta=machine(),
        plan=place.choice.plan.source,
        verdict=verdict,
        reasons=reasons,
        interval_min=INTERVAL_MIN,
        intervals=every.rows,
        accepted=kept.rows,
        covered_hours=every.hours,
        kpis=every.kpis,
        accepted_kpis=kept.kpis,
        net_quote=net,
        recorded_net_quote=recorded,
        run=run.folder.relative_to(place.directory).as_posix(),
        rows=done.rows,
    )


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) if values and len(known) == len(values) else None


def _share(place: Place, feeds: Path) -> None:
    """Let the feeds lie where tools look for them, by hard links, else as copies."""
    for source in sorted(feeds.glob("*.json*")):
        target = plain(place.directory, place.directory / EDGE_FEEDS / source.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)


def _last(found: CalibDataset) -> str:
    good = found.verdict is not Verdict.FAIL
    why = f": {'; '.join(found.reasons)}" if found.reasons else ""
    then = command(AB) if good else f"mend that, then {command(SOAK)}"
    hours = f"{found.covered_hours:.1f} h covered"
    return f"{found.verdict}: dataset of {found.plan}, {hours}{why}; next: {then}"
