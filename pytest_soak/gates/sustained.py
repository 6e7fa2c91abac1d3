"""Sustained criteria as a value: `advance(criteria, state, t, values) -> (state, transitions)`.

`for` is Prometheus's: the first evaluation at which the limit holds sets `active_since`, the
criterion acts once `t - active_since >= for`, and one evaluation at which it does not hold resets
it. Unlike there, an evaluation without a value neither resets nor clears anything: want of data has
a clock of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from pytest_soak.config.durations import span_us
from pytest_soak.gates.criteria import Action, Criteria, Criterion
from pytest_soak.gates.engine import Check, Verdict
from pytest_soak.text import utc

Kind = Literal["stop", "warn", "clear"]


class Standing(BaseModel):
    """How one criterion stands; times are microseconds on the target's clock.

    `active_since` is since when its limit has held, `no_data_since` since when there has been no
    value, `clear_since` since when a warning could be over. `stopped` and `warned` are what it did.
    """

    model_config = ConfigDict(frozen=True)

    active_since: int | None = None
    no_data_since: int | None = None
    clear_since: int | None = None
    stopped: bool = False
    warned: bool = False


class Sustained(BaseModel):
    """How every criterion stands after the evaluation `at`, None before the first one."""

    model_config = ConfigDict(frozen=True)

    at: int | None = None
    standings: dict[str, Standing] = {}


class Transition(BaseModel):
    """A criterion that begins to stop or warn, or whose warning is over.

    Attributes:
        criterion: Its name.
        kind: `stop`, `warn`, or `clear` of a warning that is over.
        metric: What it looks at.
        value: The metric's value; None where it was the want of data that lasted.
        limit: What held of it, or no longer does.
        since: When that began, in microseconds on the target's clock.
        at: When the criterion acted, on the same clock.
    """

    model_config = ConfigDict(frozen=True)

    criterion: str
    kind: Kind
    metric: str
    value: float | None
    limit: str
    since: int
    at: int

    def __str__(self) -> str:
        lasted = f"for {(self.at - self.since) / 60e6:g} min at {utc(self.at)}"
        if self.value is None:
            return f"{self.criterion}: {self.metric} has no data {lasted}"
        if self.kind == "clear":
            return f"{self.criterion}: over, {self.metric} = {self.value:.6g} {lasted}"
        return f"{self.criterion}: {self.metric} = {self.value:.6g}, {self.limit} {lasted}"


def advance(
    criteria: Criteria, state: Sustained, t: int, values: Mapping[str, float | None]
) -> tuple[Sustained, tuple[Transition, ...]]:
    """Evaluate every criterion at `t`, which is later than `state.at`.

    `values` are by criterion; None and NaN are no data, and one that is left out is not judged.
    Raises ValueError for a `t` that is not later.
    """
    if state.at is not None and t <= state.at:
        raise ValueError(f"t={t}: expected more than {state.at}, the last evaluation")
    standings, transitions = dict(state.standings), list[Transition]()
    for criterion in criteria.criteria:
        if criterion.name not in values:
            continue
        before = standings.get(criterion.name, Standing())
        after, done = _evaluated(criterion, before, t, values[criterion.name])
        standings[criterion.name] = after
        transitions += done
    return Sustained(at=t, standings=standings), tuple(transitions)


def _evaluated(
    criterion: Criterion, standing: Standing, t: int, value: float | None
) -> tuple[Standing, list[Transition]]:
    if standing.stopped:
        return standing, []
    if value is None or math.isnan(value):
        return _without(criterion, standing, t)
    holds = criterion.limit.holds(value)
    active = (t if standing.active_since is None else standing.active_since) if holds else None
    after = standing.model_copy(update={"active_since": active, "no_data_since": None})
    if active is not None and t - active >= span_us(criterion.for_):
        after = after.model_copy(update={"clear_since": None})
        return _acted(criterion, after, criterion.action, value, active, t)
    return _cleared(criterion, after, value, t)


def _without(criterion: Criterion, standing: Standing, t: int) -> tuple[Standing, list[Transition]]:
    """An evaluation without a value: only the clock of no data goes on."""
    since = t if standing.no_data_since is None else standing.no_data_since
    after = standing.model_copy(update={"no_data_since": since})
    rule = criterion.no_data
    if rule is None or t - since < span_us(rule.for_):
        return after, []
    return _acted(criterion, after, rule.then, None, since, t)


def _acted(
    criterion: Criterion,
    standing: Standing,
    action: Action,
    value: float | None,
    since: int,
    t: int,
) -> tuple[Standing, list[Transition]]:
    if action == "stop":
        after = standing.model_copy(update={"stopped": True})
    elif standing.warned:
        return standing, []
    else:
        after = standing.model_copy(update={"warned": True, "clear_since": None})
    return after, [_transition(criterion, action, value, since, t)]


def _cleared(
    criterion: Criterion, standing: Standing, value: float, t: int
) -> tuple[Standing, list[Transition]]:
    """End a warning once what ends it has lasted; a value in between begins that anew."""
    if not standing.warned:
        return standing, []
    if not criterion.clears(value):
        return standing.model_copy(update={"clear_since": None}), []
    since = t if standing.clear_since is None else standing.clear_since
    if t - since < span_us(criterion.clear_for):
        return standing.model_copy(update={"clear_since": since}), []
    after = standing.model_copy(update={"warned": False, "clear_since": None})
    return after, [_transition(criterion, "clear", value, since, t)]


def _transition(
    criterion: Criterion, kind: Kind, value: float | None, since: int, at: int
) -> Transition:
    return Transition(
        criterion=criterion.name,
        kind=kind,
        metric=criterion.metric,
        value=value,
        limit=criterion.limit.text,
        since=since,
        at=at,
    )


def checks_of(
    name: str, transitions: Sequence[Transition], still: Iterable[str]
) -> tuple[Check, ...]:
    """What the criteria called `name` say of a window, stops first; `still` are old warnings."""
    new = [
        Check(
            gate=name,
            metric=transition.metric,
            value=transition.value,
            verdict=Verdict.FAIL if kind == "stop" else Verdict.WARN,
            reason=str(transition),
            no_data=transition.value is None,
        )
        for kind in ("stop", "warn")
        for transition in transitions
        if transition.kind == kind
    ]
    old = [
        Check(gate=name, metric=one, value=None, verdict=Verdict.WARN, reason=f"{one}: still warns")
        for one in still
    ]
    return (*new, *old)
