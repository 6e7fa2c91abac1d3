"""Freeze and panic revert: keep what is good, leave what is not."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from pytest_soak.canonical import state_hash
from pytest_soak.tuning.conditions import Kpis, all_hold
from pytest_soak.tuning.limits import FreezeLimits, PanicLimits

STEADY_STATE, PANIC = "steady_state", "panic"


class Lock(BaseModel):
    """The tuner is locked from one iteration until another, both included."""

    model_config = ConfigDict(frozen=True)

    since: int
    until: int
    reason: str
    signature: str


class Watch(BaseModel):
    """What freeze and panic remember of a lane."""

    model_config = ConfigDict(frozen=True)

    good: int = 0
    bad: int = 0
    panics: int = 0
    lock: Lock | None = None
    frozen: dict[str, float] | None = None

    def locked(self, iteration: int) -> Lock | None:
        """The lock in force in an iteration."""
        held = self.lock is not None and self.lock.since <= iteration <= self.lock.until
        return self.lock if held else None


class Outcome(BaseModel):
    """What the watch makes of an iteration: a new freeze, a panic, or neither.

    A panic goes back to the baseline `revert`.
    """

    model_config = ConfigDict(frozen=True)

    watch: Watch
    froze: bool = False
    thawed: bool = False
    revert: dict[str, float] | None = None


def observe(
    watch: Watch,
    freeze: FreezeLimits,
    panic: PanicLimits,
    iteration: int,
    kpis: Kpis,
    baseline: Mapping[str, float],
    fallback: Mapping[str, float],
    *,
    counts: bool,
    failed: bool,
    freezes: bool,
    panics: bool,
) -> Outcome:
    """Take in an iteration that ended under `baseline`.

    `fallback` is what a panic reverts to before the first freeze. `counts` says that it was steady
    and graded; `failed` is its raw verdict; `freezes` and `panics` switch the two on. A FAIL thaws
    a freeze; the lock of a panic lasts its time.
    """
    good = watch.good + 1 if counts and not failed and all_hold(freeze.conditions, kpis) else 0
    bad = (watch.bad + 1 if failed else 0) if counts else watch.bad
    lock = watch.locked(iteration)
    thawed = failed and lock is not None and lock.reason == STEADY_STATE
    lock = None if thawed else lock
    now = watch.model_copy(update={"good": good, "bad": bad, "lock": lock})
    if panics and bad >= panic.streak:
        safe = {**baseline, **(now.frozen or fallback)}
        held = Lock(
            since=iteration + 1,
            until=iteration + panic.iterations,
            reason=PANIC,
            signature=state_hash(safe),
        )
        update = {"bad": 0, "good": 0, "panics": watch.panics + 1, "lock": held}
        return Outcome(watch=now.model_copy(update=update), thawed=thawed, revert=safe)
    if freezes and good >= freeze.streak and now.locked(iteration + 1) is None:
        held = Lock(
            since=iteration + 1,
            until=iteration + freeze.iterations,
            reason=STEADY_STATE,
            signature=state_hash(baseline),
        )
        update = {"lock": held, "frozen": dict(baseline)}
        return Outcome(watch=now.model_copy(update=update), froze=True, thawed=thawed)
    return Outcome(watch=now, thawed=thawed)
