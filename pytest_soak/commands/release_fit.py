"""`pytest-soak release dataset --fit`: weights of a spread that follows conditions, as a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from pytest_soak.artifacts.calib_models import CalibDataset, SpreadFit
from pytest_soak.canonical import dumps
from pytest_soak.commands.release_place import Place
from pytest_soak.commands.release_step import put
from pytest_soak.errors import SoakUsageError
from pytest_soak.release.choice import Choice
from pytest_soak.release.layout import AUTO_SPREAD, EDGE_REPORTS
from pytest_soak.release.spread_fit import CONDITIONS, spread_fit
from pytest_soak.report.spread_fit import fit_text

_SWITCH = "auto_spread.enabled"


class Fitted(NamedTuple):
    """The files that were written, by their paths below the release, and what there is to say."""

    paths: list[str]
    lines: list[str]


def weight_limit(choice: Choice) -> float:
    """How large a weight of the target may be.

    Raises SoakUsageError for a target without these flags, or whose weights have no bound.
    """
    if "target" in choice.problems:
        raise choice.problems["target"]
    assert choice.bot is not None
    flags = choice.bot.tables.flags
    names = [_flag(condition) for condition in CONDITIONS]
    if missing := [name for name in (_SWITCH, *names) if name not in flags]:
        problem = f"{choice.plan.target} declares no flag {missing[0]} that could be fitted"
        raise SoakUsageError("--fit", problem)
    bounds = [bound for name in names for bound in flags[name].bounds]
    limits = [abs(bound) for bound in bounds if bound is not None]
    if len(limits) < len(bounds):
        raise SoakUsageError("--fit", f"expected bounds of {', '.join(names)}, one is open")
    return min(limits)


def write_fit(place: Place, calib: CalibDataset, days: str, limit: float) -> Fitted:
    """Fit the weights to a dataset of `days`; a file of flags where one of them is not 0."""
    found = spread_fit(calib, limit)
    paths = [f"{EDGE_REPORTS}/spread_fit_{days}.{suffix}" for suffix in ("json", "md")]
    put(place, paths[0], dumps(found.data()))
    put(place, paths[1], fit_text(found))
    lines = list(_lines(found))
    if any(one.weight for one in found.weights.values()):
        put(place, AUTO_SPREAD, _flags(found, paths[0]))
        paths.append(AUTO_SPREAD)
        lines.append(f"a candidate of a plan: {place.directory / AUTO_SPREAD}")
    return Fitted(paths, lines)


def _flag(condition: str) -> str:
    return f"auto_spread.{condition}_weight"


def _flags(found: SpreadFit, report: str) -> str:
    """The weights as a configuration that switches the feature on."""
    values: dict[str, object] = {_SWITCH: True}
    values |= {_flag(name): one.weight for name, one in found.weights.items()}
    told = (
        f"# Fitted to {found.rows} rows of {found.plan}: {Path(report).name} has the intervals.\n"
    )
    return told + yaml.safe_dump({"flags": values}, sort_keys=False)


def _lines(found: SpreadFit) -> Iterator[str]:
    if found.reason:
        yield f"no weights of auto_spread: {found.reason}"
    for name, one in found.weights.items():
        told = "never varied"
        if one.estimate is not None:
            told = f"{one.estimate:+.3f} +- {one.half_width:.3f} of {found.rows} rows"
        yield f"{_flag(name)}: {one.weight:.4g} ({told})"
    if found.weights and not any(one.weight for one in found.weights.values()):
        yield "all weights are 0: so many rows show nothing that a spread should follow"
