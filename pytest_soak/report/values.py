"""A run as plain values: all that is shown afterwards, held thinly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import fsum
from typing import NamedTuple

from pytest_soak.artifacts.ab_found import FoundAbs
from pytest_soak.artifacts.models import GateMetric, LaneOutcome, RunResult
from pytest_soak.exchange.judged import Judged
from pytest_soak.gates.engine import FINAL_WINDOW, Verdict
from pytest_soak.kpi.curves import Curves
from pytest_soak.tuning.phases import Phase


class ReportIteration(NamedTuple):
    """One iteration; `deltas` are in force in the next, in which the tuner may be `locked_next`.

    It took `seconds` of real time, None where that is not told.
    """

    number: int
    phase: str
    verdict: Verdict
    graded: bool
    reasons: tuple[str, ...]
    kpis: dict[str, float | None]
    overrides: dict[str, float]
    sources: dict[str, str]
    deltas: dict[str, float]
    rationale: tuple[str, ...]
    locked_next: bool
    panicked: bool
    notes: tuple[str, ...] = ()
    curves: Curves | None = None
    seconds: float | None = None
    stops: tuple[str, ...] = ()

    @property
    def steady(self) -> bool:
        """Whether a trend counts it: graded, in the steady phase."""
        return self.graded and self.phase == Phase.STEADY


@dataclass(frozen=True)
class ReportLane:
    """A lane: its iterations by number, and its outcome if it ended.

    `each_minutes` is how long an iteration lasts, None where nothing says so.

    `judged` are its windows on an exchange, `again` the command that has it meet the same, and
    `piece` no more of it than what failed.

    `overrides` are those of its newest iteration or, of one that ended, of its end without a phase;
    `flags_hash` tells its feature flags.

    `checks` are the newest ones of the gates, `gate` is the name of the one that judges each
    iteration; `blocks` count the newest iteration's stopped quote changes by reason.
    """

    id: str
    target: str
    market: str
    seed: int
    iterations: tuple[ReportIteration, ...]
    outcome: LaneOutcome | None
    gate: str = ""
    note: str = ""
    checks: tuple[GateMetric, ...] = ()
    blocks: Mapping[str, int] = field(default_factory=dict)
    each_minutes: float | None = None
    overrides: Mapping[str, float] = field(default_factory=dict)
    flags_hash: str | None = None
    judged: tuple[Judged, ...] = ()
    again: str = ""
    piece: str = ""

    @property
    def minutes(self) -> float:
        """How long it was soaked, on its own clock, as far as that is known."""
        each = self.each_minutes or 0.0
        return fsum(one.curves.minutes if one.curves else each for one in self.iterations)

    @property
    def seconds(self) -> float:
        """How long its iterations took, of real time."""
        return fsum(one.seconds or 0.0 for one in self.iterations)

    @property
    def verdict(self) -> Verdict | None:
        """The final verdict; None of a lane that did not end."""
        return self.outcome.verdict if self.outcome else None

    def gated(self) -> list[str]:
        """The metrics of its gates that iterations have."""
        measured = {name for one in self.iterations for name in one.kpis}
        judged = dict.fromkeys(check.metric for check in self.checks)
        return [name for name in judged if name in measured]

    def kpis(self) -> list[str]:
        """Every KPI that it measured or was judged by: those of the gates, then by name."""
        measured = {
            name for one in self.iterations for name, v in one.kpis.items() if v is not None
        }
        gated = self.gated()
        return gated + sorted(measured.difference(gated))

    def last_graded(self) -> list[ReportIteration]:
        """The iterations that its final verdict rests on."""
        graded = [one for one in self.iterations if one.graded][-FINAL_WINDOW:]
        most = self.outcome.graded if self.outcome and self.outcome.graded else len(graded)
        return graded[-most:]


@dataclass(frozen=True)
class ReportRun:
    """The lanes of a run, RESULT.json if it is there, and whether a session goes on with it.

    `compared` says that a comparison with a reference was made when it was merged; `abs` are the
    A/Bs that there are where it lies, of these configurations or of others.
    """

    lanes: tuple[ReportLane, ...]
    result: RunResult | None
    under_way: bool = False
    compared: bool = False
    abs: FoundAbs | None = None

    @property
    def done(self) -> int:
        """How many iterations are done, of all lanes."""
        return sum(len(lane.iterations) for lane in self.lanes)

    @property
    def planned(self) -> int | None:
        """How many iterations each lane is to have; None where nothing says so."""
        return None if self.result is None else _whole(self.result.settings.get("iterations", ""))

    @property
    def unfinished(self) -> str:
        """What to say of a run that has not come to its end: `in progress, 7 of 24`; else empty."""
        if self.result is None or self.result.status != "running":
            return ""
        lanes = {x.id for x in self.lanes} | set(self.result.unfinished)
        of = "" if self.planned is None else f" of {self.planned * len(lanes)}"
        return f"{'in progress' if self.under_way else 'not finished'}, {self.done}{of}"


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() else None
