"""`pytest-soak runs`: the runs of an artifact root, newest first."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from pytest_soak.artifacts.names import LATEST
from pytest_soak.artifacts.run_index import runs_of
from pytest_soak.artifacts.run_row import RUNNING, RunRow
from pytest_soak.kpi.definitions import HEADLINES
from pytest_soak.report.fitted import Column, table_lines
from pytest_soak.storage.lock import in_use
from pytest_soak.text import NO_VALUE, plural, shortened

_FORMS = {one.name: one for one in HEADLINES}


def listed(root: Path, say: Callable[[str], None], *, rebuild: bool = False) -> list[RunRow]:
    """The runs; one that says that it is running, but whose process has ended, says `stopped`.

    Raises SoakUsageError where `root` is no artifact folder.
    """
    rows = runs_of(root, say, rebuild=rebuild)
    at_work = any(row.status == RUNNING for row in rows) and in_use(root)
    return [
        row._replace(status="stopped")
        if row.status == RUNNING and not (at_work and row.path == LATEST)
        else row
        for row in rows
    ]


def runs_lines(rows: Sequence[RunRow], total: int, width: int) -> list[str]:
    """A table of runs, of which there are `total`, and how to see one."""
    if not rows:
        return ["no runs yet"]
    lines = table_lines(_columns(rows), width)
    lines += [shortened(f"{row.name}: {row.problem}", width) for row in rows if row.problem]
    more = f"{total - len(rows)} more, see --limit; " if total > len(rows) else ""
    return [*lines, f"{more}to see one: pytest-soak show NUMBER"]


def runs_json(rows: Sequence[RunRow]) -> str:
    """The runs as a JSON list of objects."""
    found = [{"number": number, **row._asdict()} for number, row in enumerate(rows, start=1)]
    return json.dumps(found, indent=2)


def _columns(rows: Sequence[RunRow]) -> list[Column]:
    asked = [row.asked for row in rows]
    return [
        Column("#", [str(number) for number in range(1, len(rows) + 1)], number=True),
        Column("began (UTC)", [began(row) for row in rows]),
        Column("target", [row.target or NO_VALUE for row in rows], least=12, spare=9),
        Column("gate", [", ".join(row.gates) or NO_VALUE for row in rows], least=8, spare=7),
        Column("lanes", [_soaked(row) for row in rows], least=22),
        Column("it", [_iterations(row) for row in rows], number=True),
        Column("verdict", [_verdict(row) for row in rows]),
        *([Column("with", asked, least=14, spare=1)] if any(asked) else []),
        *(
            Column(one.label, [_kpi(row, one.name) for row in rows], number=True, spare=spare)
            for spare, one in enumerate(HEADLINES, start=1)
        ),
        Column("run", [row.name for row in rows], least=len("20250101T000000Z-00000000"), spare=20),
    ]


def began(row: RunRow) -> str:
    """When the run began, to the minute."""
    return row.started[:16].replace("T", " ") or NO_VALUE


def _soaked(row: RunRow) -> str:
    several = f"{plural(row.lanes, 'lane')}: " if row.lanes > 1 else ""
    markets = f" on {', '.join(row.markets)}" if row.markets else ""
    return f"{several}{', '.join(row.profiles)}{markets}" or NO_VALUE


def _iterations(row: RunRow) -> str:
    if row.iterations == row.planned:
        return str(row.iterations)
    return f"{row.iterations}/{row.planned}"


def _verdict(row: RunRow) -> str:
    if row.problem is not None:
        return "broken"
    return row.verdict or row.status


def _kpi(row: RunRow, name: str) -> str:
    value = row.kpis.get(name)
    return NO_VALUE if value is None else _FORMS[name].form.format(value)
