"""`pytest-soak release status`: how each step stands, and what is next."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pytest_soak.artifacts.build import machine
from pytest_soak.artifacts.release_models import ReleaseState, ReleaseStep
from pytest_soak.canonical import dumps
from pytest_soak.clock import Clock
from pytest_soak.commands.release_place import (
    Asked,
    Place,
    Say,
    Worked,
    command,
    number_of,
    open_place,
    present,
    state_of,
)
from pytest_soak.commands.release_verify import overturned
from pytest_soak.errors import one_line
from pytest_soak.release.layout import STATE
from pytest_soak.release.record import AT, Record
from pytest_soak.release.state import State, states
from pytest_soak.storage.files import write_text, writing
from pytest_soak.storage.links import plain
from pytest_soak.text import table


def status(
    asked: Asked, verify: bool, env: Mapping[str, str], folder: Path, clock: Clock, say: Say
) -> Worked:
    """Print how each step stands; with `verify` from all bytes, and verdicts anew.

    Exit status 0: all steps are done, 1: one failed or was rolled back, else 3. Raises
    SoakUsageError for a plan, ArtifactError for a ledger that cannot be read.
    """
    place = open_place(asked, env, folder)
    entries = Record(place.directory, clock, say, only_read=True).entries
    now = present(place, entries, clock, anew=verify)
    if verify:
        now = now._replace(overturned=overturned(place, states(entries, now), clock))
    meta = {**machine(), AT: now.now.isoformat()}
    state = state_of(place, entries, now, meta)
    _write(place, state)
    for line in lines(place, state):
        say(line)
    return Worked(state.exit_status, state.data())


def _write(place: Place, state: ReleaseState) -> None:
    """Print the state to its file, once there is a release to tell of."""
    if place.home.is_dir():
        with writing(place.home):
            path = plain(place.directory, place.directory / STATE)
        write_text(path, dumps(state.data()), durable=True)


def lines(place: Place, state: ReleaseState) -> list[str]:
    """What to print: problems of the plan, a line a step, then what is next."""
    told = [one_line(f"{what}: {error}") for what, error in place.choice.problems.items()]
    rows = [
        (str(number_of(one.step)), one.step, one.state, one_line(_why(one))) for one in state.steps
    ]
    done = f"{state.done} of {len(state.steps)} steps done"
    last = done if state.next is None else f"{done}; next: {state.next}"
    return [*told, *table(rows), last]


def _why(one: ReleaseStep) -> str:
    """What there is to say of a step's state."""
    told = list(one.reasons)
    if one.state == State.READY:
        told.append(command(one.step))
    elif one.state == State.DONE:
        told.insert(0, f"{one.verdict}, line {one.line} of the ledger")
    return "; ".join(told)
