"""Freeze and panic revert: keep what is good, leave what is not (S8)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from pytest_soak.canonical import state_hash
from pytest_soak.tuning.conditions import Kpis, all_hold
from pytest_soak.tuning.limits import FreezeLimits, PanicLimits


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
    """What the watch makes of an iteration: a new freeze, a panic, or neither."""

    model_config = ConfigDict(frozen=True)

    watch: Watch
    froze: bool = False
    thawed: bool = False
    panicked: bool = False


def observe(
    watch: Watch,
    freeze: FreezeLimits,
    panic: PanicLimits,
    iteration: int,
    kpis: Kpis,
    overrides: dict[str, float],
    *,
    counts: bool,
    failed: bool,
    freezes: bool,
    panics: bool,
) -> Outcome:
    """Take in an iteration that ended under `overrides`.

    `counts` says that it was steady and graded; `failed` is its raw verdict; `freezes` and
    `panics` switch the two on.
    """
    good = watch.good + 1 if counts and not failed and all_hold(freeze.conditions, kpis) else 0
    bad = (watch.bad + 1 if failed else 0) if counts else watch.bad
    thawed = failed and watch.lock is not None and watch.locked(iteration) is not None
    lock = None if thawed else watch.lock
    now = watch.model_copy(update={"good": good, "bad": bad, "lock": lock})
    if panics and bad >= panic.streak:
        held = Lock(
            since=iteration + 1,
            until=iteration + panic.iterations,
            reason="panic",
            signature=state_hash(now.frozen or {}),
        )
        update = {"bad": 0, "good": 0, "panics": watch.panics + 1, "lock": held}
        return Outcome(watch=now.model_copy(update=update), thawed=thawed, panicked=True)
    if freezes and good >= freeze.streak and now.locked(iteration + 1) is None:
        held = Lock(
            since=iteration + 1,
            until=iteration + freeze.iterations,
            reason="steady_state",
            signature=state_hash(overrides),
        )
        update = {"lock": held, "frozen": dict(overrides)}
        return Outcome(watch=now.model_copy(update=update), froze=True, thawed=thawed)
    return Outcome(watch=now, thawed=thawed)
