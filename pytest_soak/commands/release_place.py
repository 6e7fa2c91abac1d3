"""Where a release is, and what is there: what its commands have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pytest_soak.artifacts.ledger import Entry
from pytest_soak.artifacts.release_models import ReleaseChange, ReleaseState, ReleaseStep
from pytest_soak.clock import Clock
from pytest_soak.config.ini import ini_value
from pytest_soak.config.names import user_path
from pytest_soak.errors import SoakUsageError, escaped
from pytest_soak.options import RELEASE_DIR
from pytest_soak.release.choice import Choice, Typed, choose
from pytest_soak.release.hashes import file_hashes
from pytest_soak.release.inputs import step_inputs, versions
from pytest_soak.release.plan import OPTIONS_OF, load_plan
from pytest_soak.release.record import HOME
from pytest_soak.release.state import (
    Present,
    State,
    StepState,
    output_paths,
    states,
    status,
)
from pytest_soak.release.steps import STEPS
from pytest_soak.storage.lock import holder, in_use

Say = Callable[[str], None]


class Asked(NamedTuple):
    """The options that all commands of a release have, as typed; None and () where they are not."""

    release_dir: str | None
    plan: str
    config: Sequence[str] = ()
    config_override: Sequence[str] = ()
    target: str | None = None
    profile: str | None = None
    market: str | None = None
    seed: str | None = None

    @property
    def of_plan(self) -> dict[str, str]:
        """What was typed in place of keys of the plan, by their names there."""
        typed = {"seeds": self.seed, **{n: getattr(self, n) for n in OPTIONS_OF if n != "seeds"}}
        return {key: text for key, text in typed.items() if text is not None}


class Place(NamedTuple):
    """A release: its folder and what its plan comes to."""

    directory: Path
    choice: Choice

    @property
    def home(self) -> Path:
        """The folder of its ledger and lock."""
        return self.directory / HOME


class Worked(NamedTuple):
    """What a command came to: its exit status, and the document that it has of it, JSON data."""

    status: int
    document: Mapping[str, object]


def release_directory(typed: str | None, env: Mapping[str, str], folder: Path) -> Path:
    """The folder of the release: typed, else of the environment, pytest's ini file, or usual.

    Raises SoakUsageError for what is no path.
    """
    ini = ini_value(folder, RELEASE_DIR.dest)
    in_env = env.get(RELEASE_DIR.env or "", "").strip()
    base = folder
    if typed is not None:
        text, at = typed, "--release-dir"
    elif in_env:
        text, at = in_env, str(RELEASE_DIR.env)
    elif ini is not None:
        text, at, base = ini.text, f"ini {RELEASE_DIR.dest}", ini.file.parent
    else:
        text, at = RELEASE_DIR.default, "--release-dir"
    if not text.strip() or escaped(text) != text:
        raise SoakUsageError(at, f"expected the path of a folder, got {text!r}")
    path = user_path(text, base, at)
    if path.exists() and not path.is_dir():
        raise SoakUsageError(at, f"expected a folder, {text} is a file")
    return path


def open_place(asked: Asked, env: Mapping[str, str], folder: Path) -> Place:
    """The release that is asked for; SoakUsageError for a plan that cannot be read."""
    directory = release_directory(asked.release_dir, env, folder)
    plan = load_plan(user_path(asked.plan, folder, "--plan"), asked.plan, asked.of_plan)
    return Place(directory, choose(plan, Typed(asked.config, asked.config_override), folder))


def present(place: Place, entries: Sequence[Entry], clock: Clock, *, anew: bool = False) -> Present:
    """What is there of a release now; large files that look as they did are read only `anew`."""
    held = in_use(place.home)
    return Present(
        inputs=step_inputs(place.choice),
        versions=versions(place.choice),
        files=file_hashes(place.directory, output_paths(entries), anew=anew),
        now=clock.now(),
        held=held,
        pid=holder(place.home) if held else None,
        max_age_hours=place.choice.plan.max_age_hours,
    )


def state_of(
    place: Place, entries: Sequence[Entry], now: Present, meta: Mapping[str, object]
) -> ReleaseState:
    """STATE.json."""
    found = states(entries, now)
    return ReleaseState(
        source=place.choice.plan.target,
        plan=place.choice.plan.source,
        steps=[_step(one) for one in found.values()],
        done=sum(one.state is State.DONE for one in found.values()),
        exit_status=status(found),
        next=following(found),
        meta=dict(meta),
    )


def _step(one: StepState) -> ReleaseStep:
    last, changed = one.last, one.changed
    return ReleaseStep(
        step=one.step,
        state=one.state.value,
        reasons=list(one.reasons),
        changed=None if changed is None else ReleaseChange(**changed._asdict()),
        verdict=None if last is None else last.verdict,
        line=None if last is None else last.seq,
        run=None if last is None else last.run,
    )


def following(found: Mapping[str, StepState]) -> str | None:
    """The command that brings a release on; None where all is done, or a process is at it."""
    first = next((one for one in found.values() if one.state is not State.DONE), None)
    if first is None:
        return None
    if first.state is State.RUNNING:
        return "wait until it ends"
    return command(first.step)


def command(step: str) -> str:
    """How a step is run."""
    return f"pytest-soak release {step}"


def number_of(step: str) -> int:
    """The place of a step in their order, from 1."""
    return STEPS.index(step) + 1
