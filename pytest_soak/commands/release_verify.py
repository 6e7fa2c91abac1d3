"""Verdicts derived anew from what they rest on, for `pytest-soak release status --verify`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pytest_soak.artifacts.ledger import Entry
from pytest_soak.clock import Clock
from pytest_soak.commands.release_ab import ab_anew
from pytest_soak.commands.release_daily import daily_anew
from pytest_soak.commands.release_dataset import dataset_anew
from pytest_soak.commands.release_lock import lock_anew
from pytest_soak.commands.release_place import Place
from pytest_soak.commands.release_shadow import shadow_anew
from pytest_soak.commands.release_soak import soak_anew
from pytest_soak.errors import ArtifactError, SoakUsageError, TargetError
from pytest_soak.release.layout import DAILY_REPORTS
from pytest_soak.release.prep import checks
from pytest_soak.release.state import State, StepState
from pytest_soak.release.steps import AB, DAILY, DATASET, LOCK, PREP, SHADOW, SOAK


def overturned(place: Place, found: Mapping[str, StepState], clock: Clock) -> dict[str, str]:
    """Of each step that is done, whose verdict is another one now, that one."""
    anew: Mapping[str, Callable[[Entry], str]] = {
        PREP: lambda _: _prep(place),
        SHADOW: lambda _: shadow_anew(place),
        SOAK: lambda _: soak_anew(place),
        DATASET: lambda _: dataset_anew(place),
        AB: lambda last: ab_anew(place, last.stage or 0),
        LOCK: lambda _: lock_anew(place, clock),
        DAILY: lambda last: daily_anew(place, _date(last)),
    }
    done = {
        step: one.last
        for step, one in found.items()
        if one.state is State.DONE and one.last is not None
    }
    told = {step: _derived(anew[step], last) for step, last in done.items()}
    return {step: verdict for step, verdict in told.items() if verdict != done[step].verdict}


def _derived(derive: Callable[[Entry], str], last: Entry) -> str:
    try:
        return derive(last)
    except (SoakUsageError, ArtifactError, TargetError) as error:
        return f"not to be had ({error})"


def _prep(place: Place) -> str:
    """That of prep, but for the room on the disk, which is of the moment."""
    found = checks(place.choice, None)
    return "FAIL" if any(check.verdict == "FAIL" for check in found) else "PASS"


def _date(last: Entry) -> str:
    """The day of a report, by the name of its file."""
    names: Sequence[str] = [name for name in last.outputs if name.startswith(DAILY_REPORTS)]
    return Path(names[0]).stem
