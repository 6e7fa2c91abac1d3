"""What the end of a lane is judged on: the iterations with its last overrides, as a value."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pydantic import BaseModel, ConfigDict

from pytest_soak.gates.engine import FINAL_WINDOW, Check, Judgement, Sample, Verdict, check, worst
from pytest_soak.gates.expressions import parse_share
from pytest_soak.gates.lasting import drift_checks, sure_check
from pytest_soak.gates.model import Failed, Gate, Threshold

FAILED, AS_TUNED = "failed", "as_tuned"
"""The names of checks that are of no KPI: how many iterations failed, how many there are."""


class FailedIteration(BaseModel):
    """An iteration that failed: why, and how far beyond its limit it was, of that limit."""

    model_config = ConfigDict(frozen=True)

    iteration: int
    reason: str
    excess: float

    def __str__(self) -> str:
        return f"{self.iteration} ({self.reason})"


class Evidence(BaseModel):
    """The graded iterations since the lane's overrides changed last: `last` are the newest of them.

    `graded` and `failed` count them all; `tuned` says that there has been a change; `series` are
    the values of the steady ones among them, of the metrics that the lane's end wants all of.
    """

    model_config = ConfigDict(frozen=True)

    last: tuple[Sample, ...] = ()
    graded: int = 0
    failed: int = 0
    first: FailedIteration | None = None
    worst: FailedIteration | None = None
    tuned: bool = False
    series: dict[str, tuple[float | None, ...]] = {}

    def with_graded(self, sample: Sample, failure: FailedIteration | None) -> Evidence:
        """With one more graded iteration, and how it failed if it did."""
        update: dict[str, object] = {
            "last": (*self.last, sample)[-FINAL_WINDOW:],
            "graded": self.graded + 1,
        }
        if failure is not None:
            update |= {"failed": self.failed + 1, "first": self.first or failure}
            if self.worst is None or failure.excess > self.worst.excess:
                update["worst"] = failure
        return self.model_copy(update=update)

    def with_steady(self, sample: Sample, metrics: Collection[str]) -> Evidence:
        """With the values of `metrics` of one more steady graded iteration."""
        if not metrics:
            return self
        longer = {
            name: (*self.series.get(name, ()), sample.values.get(name)) for name in sorted(metrics)
        }
        return self.model_copy(update={"series": longer})

    def judge_failed(self, gate: str, rule: Failed, unit: str) -> Check:
        """Whether too many iterations failed; `unit` is the word for one of them."""
        verdict = Verdict.PASS
        if rule.warn_unless is not None and not self._holds(rule.warn_unless):
            verdict = Verdict.WARN
        if rule.fail_unless is not None and not self._holds(rule.fail_unless):
            verdict = Verdict.FAIL if self.failed >= rule.at_least else Verdict.WARN
        return Check(
            gate=gate,
            metric=FAILED,
            value=self.failed,
            verdict=verdict,
            fail_unless=rule.fail_unless,
            warn_unless=rule.warn_unless,
            reason="" if verdict is Verdict.PASS else self._failures(unit),
        )

    def judge(self, gate: str, threshold: Threshold, unit: str) -> Check:
        """A threshold at the lane's end."""
        if threshold.confidence is None:
            return check(gate, threshold, self.last)
        return sure_check(gate, threshold, self.series.get(threshold.metric, ()), unit)

    def judge_tuned(self, gate: str, least: int, unit: str) -> Check | None:
        """HOLD where a tuned lane has fewer than `least` iterations as it ended."""
        if not self.tuned or self.graded >= least:
            return None
        more = f"{least - self.graded} more needed"
        return Check(
            gate=gate,
            metric=AS_TUNED,
            value=self.graded,
            verdict=Verdict.HOLD,
            hold_unless=f">= {least}",
            reason=f"as tuned for {self.graded} of {least} {unit}s, {more}",
        )

    def _holds(self, text: str) -> bool:
        limit = parse_share(text)
        if not limit.percent:
            return limit.holds(self.failed)
        return self.graded == 0 or limit.holds(100 * self.failed / self.graded)

    def _failures(self, unit: str) -> str:
        told = f"{self.failed} of {self.graded} graded {unit}s failed"
        if self.first is None or self.worst is None:
            return told
        if self.first == self.worst:
            return f"{told}: {'first and worst' if self.failed > 1 else unit} {self.first}"
        return f"{told}: first {self.first}, worst {self.worst}"


def judge_final(
    gates: Sequence[Gate],
    market: str,
    evidence: Evidence,
    unit: str = "iteration",
    ungraded: Verdict = Verdict.WARN,
) -> Judgement:
    """The verdict on a lane, of which the first of `gates` judged the iterations.

    All of them judge what `kpi.spans` says of the last eight graded ones, medians of most KPIs;
    the first also how many failed, and whether there are enough of them. Where nothing is graded,
    it is `ungraded`.
    """
    if not evidence.graded:
        return Judgement(verdict=ungraded, note="nothing graded yet")
    gate, rule = gates[0], gates[0].failed_on(market)
    checks = [] if rule is None else [evidence.judge_failed(gate.name, rule, unit)]
    tuned = evidence.judge_tuned(gate.name, gate.min_final, unit)
    checks += [] if tuned is None else [tuned]
    checks += [evidence.judge(g.name, t, unit) for g in gates for t in g.on(market)]
    checks += drift_checks(gates, market, evidence.series, unit)
    return Judgement(
        verdict=worst([c.verdict for c in checks]),
        checks=tuple(checks),
        note=_what(len(evidence.last)),
    )


def _what(count: int) -> str:
    return "its one graded iteration" if count == 1 else f"medians of its last {count} graded"


def failure_of(iteration: int, judgement: Judgement) -> FailedIteration:
    """How an iteration failed: by its worst check, one without data being the worst there is."""
    failing = [check for check in judgement.checks if check.verdict is Verdict.FAIL]
    worst = max(failing, key=_excess, default=None)
    if worst is None:
        return FailedIteration(iteration=iteration, reason=judgement.note, excess=_NO_DATA)
    return FailedIteration(iteration=iteration, reason=worst.reason, excess=_excess(worst))


_NO_DATA = 1e300


def _excess(check: Check) -> float:
    if check.value is None or check.fail_unless is None:
        return _NO_DATA
    limit = parse_share(check.fail_unless).limit
    return min(abs(check.value - limit) / (abs(limit) or 1.0), _NO_DATA)
