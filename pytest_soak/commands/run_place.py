"""Which run of those that there are a user means."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from pytest_soak.artifacts.names import LATEST, RUNS
from pytest_soak.artifacts.run_row import RunRow
from pytest_soak.artifacts.stored_run import find_run
from pytest_soak.baseline.named import find_baseline
from pytest_soak.commands.runs import listed
from pytest_soak.config.names import user_path
from pytest_soak.errors import SoakUsageError
from pytest_soak.text import plural


def run_place(given: str | None, root: Path, base: Path) -> Path:
    """Where the run lies that is meant: `latest`, its number in the list of `root`, a path from
    `base`, its name, or the beginning of one; without a word `root`.

    Raises SoakUsageError where there is nothing, or more than one name begins so.
    """
    found = known_run(given, root, base)
    if found is None:
        there = f"{root} has {plural(len(_rows(root)), 'run')}"
        problem = f"no run {given!r}: {there}, and there is none at that path; see pytest-soak runs"
        raise SoakUsageError("RUN", problem)
    return found


def known_run(given: str | None, root: Path, base: Path) -> Path | None:
    """As `run_place`; None where there is nothing."""
    if given is None:
        return root
    if given == LATEST:
        return root / LATEST
    rows = _rows(root)
    asked = int(given) if re.fullmatch(r"[0-9]{1,6}", given) else 0
    if 1 <= asked <= len(rows):
        return root / rows[asked - 1].path
    path = user_path(given, base, "RUN")
    readable = bool(given) and "\0" not in given
    if readable and find_run(path) is not None:
        return path
    found = _named(given, root, rows)
    return path if found is None and readable and os.path.lexists(path) else found


def reference_place(given: str, root: Path, base: Path) -> Path:
    """As `run_place`, for a run that others are held against: baselines by name come first."""
    try:
        return find_baseline(given, root, base)
    except SoakUsageError:
        found = known_run(given, root, base)
        if found is None or find_run(found) is None:
            raise
        return found


def _rows(root: Path) -> list[RunRow]:
    return listed(root, lambda _: None) if root.is_dir() else []


def _named(given: str, root: Path, rows: Sequence[RunRow]) -> Path | None:
    found = [row for row in rows if given and given in (row.name, row.path.rpartition("/")[2])]
    found = found or [row for row in rows if given and _begins(row, given)]
    if len(found) > 1:
        some = ", ".join(row.name for row in found[:3])
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise SoakUsageError("RUN", f"{given!r} begins {len(found)} names: {some}{more}")
    return root / found[0].path if found else None


def _begins(row: RunRow, given: str) -> bool:
    return row.name.startswith(given) or row.path.startswith(f"{RUNS}/{given}")
