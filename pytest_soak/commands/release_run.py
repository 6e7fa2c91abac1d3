"""`pytest-soak release run`: the next steps in their order, while each is good."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from pytest_soak.clock import Clock
from pytest_soak.commands.ab_stages import Asked as Stage
from pytest_soak.commands.release_ab import ab
from pytest_soak.commands.release_daily import daily
from pytest_soak.commands.release_dataset import dataset
from pytest_soak.commands.release_lock import lock
from pytest_soak.commands.release_place import Asked, Say, Worked, open_place, present
from pytest_soak.commands.release_prep import prep
from pytest_soak.commands.release_shadow import shadow
from pytest_soak.commands.release_soak import soak
from pytest_soak.commands.release_status import status
from pytest_soak.release.record import Record
from pytest_soak.release.state import State, states
from pytest_soak.release.steps import AB, DAILY, DATASET, HOUR, LOCK, PREP, SHADOW, SOAK, STEPS


class Wish(NamedTuple):
    """How far, with how many processes for the A/B, and whether standard output is for JSON."""

    until: str | None
    jobs: int
    accept_low_power: bool
    quiet: bool


def run(
    asked: Asked, wish: Wish, env: Mapping[str, str], folder: Path, clock: Clock, say: Say
) -> Worked:
    """Run what is next until a step is neither PASS, WARN nor PROMOTE, or all are done.

    Errors are those of the steps.
    """
    here = (env, folder, clock, say)
    stage = Stage(None, 0.0, wish.jobs, wish.accept_low_power)
    steps: Mapping[str, Callable[[], Worked]] = {
        PREP: lambda: prep(asked, False, *here),
        SHADOW: lambda: shadow(asked, HOUR, (), *here, quiet=wish.quiet),
        SOAK: lambda: soak(asked, (), *here, quiet=wish.quiet),
        DATASET: lambda: dataset(asked, *here),
        AB: lambda: ab(asked, stage, *here),
        LOCK: lambda: lock(asked, (), *here, quiet=wish.quiet),
        DAILY: lambda: daily(asked, None, *here),
    }
    last = wish.until or STEPS[-1]
    while (step := _next(asked, env, folder, clock, say)) is not None:
        if STEPS.index(step) > STEPS.index(last):
            break
        say(f"step {STEPS.index(step) + 1} of {len(STEPS)}: {step}")
        came = steps[step]()
        if came.status != 0:
            return came
    return status(asked, False, *here)


def _next(asked: Asked, env: Mapping[str, str], folder: Path, clock: Clock, say: Say) -> str | None:
    """The first step that is not done."""
    place = open_place(asked, env, folder)
    entries = Record(place.directory, clock, say, only_read=True).entries
    found = states(entries, present(place, entries, clock))
    return next((name for name, one in found.items() if one.state is not State.DONE), None)
