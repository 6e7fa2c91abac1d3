"""A recorded lane: its plan, and the inputs of `advance` for each iteration, from its journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import ValidationError

from pytest_soak.artifacts.lane_journal import Content
from pytest_soak.engine.lane import begin, finish
from pytest_soak.engine.past import Done, redo
from pytest_soak.engine.plan import GateMode, LanePlan
from pytest_soak.engine.record import Ending, LaneResult
from pytest_soak.errors import SoakUsageError
from pytest_soak.gates.engine import Verdict
from pytest_soak.gates.model import Gate
from pytest_soak.version import __version__


class RecordedLane(NamedTuple):
    """What a lane was asked to do and what it measured; `source` names it in messages.

    `version` is what its target said of itself, or the digest of the target's file; None where
    nothing is known.
    """

    source: str
    plan: LanePlan
    done: tuple[Done, ...]
    version: str | None

    def judged_by(self, gates: Sequence[Gate], mode: GateMode) -> RecordedLane:
        """The same lane, to be judged by other gates, of which the first judges iterations."""
        return self._replace(plan=judged_by(self.plan, gates, mode))

    @property
    def fails(self) -> bool:
        """Whether a soak would have failed the lane."""
        return fails(self.plan, self.done)


def judged_by(plan: LanePlan, gates: Sequence[Gate], mode: GateMode) -> LanePlan:
    """`plan` with other gates."""
    return plan.model_copy(
        update={"gate": gates[0], "finals": tuple(gates), "gate_mode": mode, "tuned": False}
    )


def fails(plan: LanePlan, done: Sequence[Done]) -> bool:
    """Whether a soak under `plan` fails a lane that measured what is in `done`."""
    return judged(plan, done).verdict is Verdict.FAIL


def judged(plan: LanePlan, done: Sequence[Done]) -> LaneResult:
    """What a soak under `plan` says of a lane that measured what is in `done`."""
    state, ending = begin(plan), Ending.COMPLETED
    for one in done:
        state, record = redo(plan, state, one)
        if record.ending is not None:
            ending = record.ending
            break
    return finish(plan, state, ending)


def lane_of(source: str, content: Content, planned: int) -> RecordedLane:
    """The lane of a journal, which was to have `planned` iterations.

    Raises SoakUsageError where it was recorded by another version of this package.
    """
    facts, done = content.fingerprint, tuple(line.done for line in content.iterations)
    package = facts.get("pytest_soak")
    if package != __version__:
        problem = f"was recorded by pytest-soak {package}, this is {__version__}; record it anew"
        raise SoakUsageError(source, problem)
    try:
        plan = LanePlan.model_validate(facts | {"iterations": planned, "planned": planned})
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise SoakUsageError(source, f"its plan cannot be read ({where}); record it anew") from None
    version = facts.get("target_version") or (done[-1].source if done else None)
    return RecordedLane(source, plan, done, version)
