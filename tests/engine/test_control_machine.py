"""Whole lanes under any metrics, operators and settings, against the control loop once more."""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from builders import LANE, START, FakeTarget, Lane, gate, lane_of, plan, preset, preset_named
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pytest_soak.artifacts.build import iter_summary
from pytest_soak.artifacts.tuning import tuned_iteration, tuning_report
from pytest_soak.canonical import state_hash
from pytest_soak.config.parameters import ParameterTable, reference_table
from pytest_soak.engine.events import IterationFinished, LaneFinished
from pytest_soak.engine.lane import LaneState, advance, enter
from pytest_soak.engine.plan import GateMode, LanePlan
from pytest_soak.engine.record import Ending, IterationRecord
from pytest_soak.errors import SoakUsageError
from pytest_soak.gates.engine import Verdict
from pytest_soak.session.markers import marker_lines
from pytest_soak.targets.base import LaneInfo
from pytest_soak.testing import GOOD
from pytest_soak.tuning.tuners import TUNERS

Edit = Mapping[str, Any] | SoakUsageError | None
OWN = ParameterTable.of(
    {
        "min_interval_ms": {"default": 60, "bounds": [40, 62], "tuner_range": [30, 90]},
        "impact_cap_ratio": {"default": 0.1, "tuner_range": [0.06, None], "decimals": 2},
        "max_delta_ratio": {"default": 0.1, "bounds": [0, 1], "tuner_range": [0.1, 0.1]},
        "tail_age_ms": {
            "default": 600,
            "bounds": [400, None],
            "tuner_range": [500, 800],
            "max_change_per_hour": 40,
            "decimals": 0,
            "effects": {"net_bps": 3.0, "risk_ratio": -0.4},
        },
        "base_spread_bps_delta": {
            "default": 0.14,
            "bounds": [0, 0.2],
            "tuner_range": [0.08, 0.25],
            "max_change_per_hour": 0.05,
            "decimals": 3,
            "effects": {"net_bps": 5.0, "net_quote": -1e6},
        },
        "mine": 1.0,
    },
    "bot",
)
PRESETS = (
    None,
    preset_named("warmup_conservative_v1"),
    preset(
        {
            "min_interval_ms": {"set": 61},
            "tail_age_ms": {"mul": 1e300},
            "base_spread_bps_delta": {"add": -0.1},
        },
        warmup=(5, 3),
    ),
)

# Metrics: what makes rules fire, freezes and panics happen; and what no target should give.
REGIMES = (
    GOOD,
    {**GOOD, "risk_ratio": 0.37, "net_bps": 2.8},
    {**GOOD, "net_bps": 1.0, "slippage_bps": -3.0, "min_interval_pct": 40.0},
    {**GOOD, "net_bps": 1.0, "adverse_bps": 12.0, "risk_ratio": 0.45, "p95_latency_ms": 380.0},
    {**GOOD, "net_bps": 2.5, "risk_ratio": 0.55, "concurrency_pct": 50.0, "min_interval_pct": 40.0},
    {**GOOD, "net_bps": 2.5, "risk_ratio": 0.7, "p95_latency_ms": 1e9},
)
ODD = (None, math.nan, math.inf, -math.inf, 1e308, -1e308, "3", 0.0, 7.5)
regimes = st.sampled_from(REGIMES)
odd_metrics = st.dictionaries(
    st.sampled_from([*GOOD, "adverse_bps", "min_interval_pct", "unknown"]), st.sampled_from(ODD)
)
metrics = regimes | st.builds(lambda usual, odd: {**usual, **odd}, regimes, odd_metrics)

good_edits = st.dictionaries(st.sampled_from(list(OWN)[:5]), st.floats(0, 1), max_size=2)
bad_edits = st.sampled_from(
    [
        None,
        SoakUsageError("runtime_overrides.json:3", "is not valid JSON"),
        {"min_interval_ms": math.nan},
        {"min_interval_ms": 5e9},
        {"tail_age_ms": "600"},
        {"unknown": 3.0},
    ]
)
nothing: st.SearchStrategy[Edit] = st.just({})

plans = st.builds(
    lambda table, warmup, grace, minutes, mode, **flags: plan(
        gate(grace=grace),
        mode,
        iterations=10_000,
        table=table,
        warmup=warmup,
        lane=LaneInfo(**{**vars(LANE), "minutes": minutes}),
        fallback={name: row.clamp(row.default * 1.01) for name, row in table.items()},
        **flags,
    ),
    st.sampled_from([reference_table(), OWN]),
    st.sampled_from(PRESETS),
    st.sampled_from([0, 4]),
    st.sampled_from([5.0, 15.0, 60.0]),
    st.sampled_from([GateMode.SOFT, GateMode.OFF]),
    tuner=st.sampled_from(sorted(TUNERS)),
    guards=st.booleans(),
    auto_tune=st.sampled_from([True, True, True, False]),
)


@dataclass
class Step:
    """An iteration as it happened: its record, its baseline, and what an operator had set."""

    record: IterationRecord
    baseline: Mapping[str, float]
    edits: Mapping[str, float]

    @property
    def kpis(self) -> Mapping[str, float | None]:
        return self.record.summary.kpis


@dataclass
class Watched:
    """A lane on a target that gives what it is told, with a copy that lives on JSON alone."""

    of: LanePlan
    given: deque[Any] = field(default_factory=deque)
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lane: Lane = lane_of(of=self.of, target=FakeTarget(self._feed()))
        self.of_json = LanePlan.model_validate_json(self.of.model_dump_json())

    def _feed(self) -> Iterator[Any]:
        while True:
            yield self.given.popleft()

    @property
    def over(self) -> bool:
        return self.lane.run.ended is not None

    def run(self, measured: Mapping[str, Any], edit: Edit) -> None:
        """One more iteration, that an operator may have prepared."""
        run, file = self.lane.run, self.lane.file
        self.given.append(measured)
        file.edits = {file.reads + 1: edit}
        edits = self._effect_of(edit, file.content or run.plan.overrides.values)
        copy = LaneState.model_validate_json(run.state.model_dump_json())
        record = run.run_iteration()
        self.steps.append(Step(record, run.state.judged, edits))
        again, repeated = advance(self.of_json, enter(self.of_json, copy, edits), record.summary)
        told = {"started": "", "seconds": 0.0, "notes": ()}
        assert repeated.model_copy(update=told) == record.model_copy(update=told)
        assert again == run.state

    def _effect_of(self, edit: Edit, written: Mapping[str, float]) -> dict[str, float]:
        if not isinstance(edit, Mapping):
            return {}
        if not self.lane.file.content:  # the first write, of the warm-up's first values
            written = in_force(self.of, 1, written, {}, {})
        try:
            new = {name: self.of.table.check(name, value, "x") for name, value in edit.items()}
        except SoakUsageError:
            return {}
        return {name: value for name, value in new.items() if value != written[name]}

    @property
    def pairs(self) -> list[tuple[Step, Step]]:
        return list(zip(self.steps, self.steps[1:], strict=False))

    def decided(self, before: Step, after: Step) -> dict[str, float]:
        """How the baseline moved from one iteration to the next, operator and panic apart."""
        if before.record.tuning.panicked:
            return {}
        moved = {
            name: self.of.table[name].round(after.baseline[name] - value)
            for name, value in before.baseline.items()
            if name not in after.edits
        }
        return {name: change for name, change in moved.items() if change}


def in_force(
    of: LanePlan,
    iteration: int,
    baseline: Mapping[str, float],
    previous: Mapping[str, float | None],
    edits: Mapping[str, float],
) -> dict[str, float]:
    """What is in force, from the baseline alone."""
    values = dict(baseline)
    if of.warmup is None or of.warmup.warmup is None:
        return values | dict(edits)
    full, fade = of.warmup.warmup.iterations, of.warmup.warmup.rampdown
    faded = (iteration - full - 1) / fade if fade else 1.0
    part = 1.0 if iteration <= full else max(0.0, 1.0 - faded)
    for name, change in of.warmup.changes.items():
        if name in values:
            row, was = of.table[name], baseline[name]
            for amount, result in (
                (change.set, change.set),
                (change.add, was + (change.add or 0)),
                (change.mul, was * (change.mul or 0)),
            ):
                if amount is not None and result is not None:
                    values[name] = row.clamp(was + part * (row.clamp(row.round(result)) - was))
    risk, p95 = previous.get("risk_ratio") or 0.0, previous.get("p95_latency_ms") or 0.0
    warm = iteration <= full
    if warm and p95 > 350:
        row = of.table["base_spread_bps_delta"]
        wider = values["base_spread_bps_delta"] + min(0.05, (p95 - 350) / 10 * 0.01)
        values["base_spread_bps_delta"] = row.clamp(wider)
    if "rescue_max_ratio" in values and (
        risk > (0.45 if warm else 0.55) or p95 > (360 if warm else 400)
    ):
        values["rescue_max_ratio"] = 0.0
    return values | dict(edits)


@dataclass
class Locks:
    """Who is locked from when until when, and what a panic goes back to."""

    of: LanePlan
    good: int = 0
    bad: int = 0
    lock: tuple[int, int, str] | None = None
    frozen: Mapping[str, float] | None = None

    def covers(self, iteration: int) -> bool:
        return self.lock is not None and self.lock[0] <= iteration <= self.lock[1]

    def see(self, step: Step) -> Mapping[str, float] | None:
        """Take in an iteration; what the next baseline must be, None if it is free to move."""
        record, now = step.record, step.record.iteration
        counts = record.phase == "steady" and now > self.of.gate.grace
        failed = record.verdict_raw is Verdict.FAIL
        risk, net = step.kpis.get("risk_ratio"), step.kpis.get("net_bps")
        fine = risk is not None and net is not None and risk <= 0.35 and net >= 2.7
        self.good = self.good + 1 if counts and fine and not failed else 0
        self.bad = self.bad + 1 if counts and failed else 0
        if failed and self.lock is not None and self.lock[2] == "steady_state":
            self.lock = None
        if self.of.auto_tune and self.bad == 3:
            self.bad = 0
            self.lock = (now + 1, now + 4, "panic")
            return {**step.baseline, **(self.frozen or self.of.fallback)}
        if self.of.guards and self.good >= 2 and not self.covers(now + 1):
            self.lock = (now + 1, now + 4, "steady_state")
            self.frozen = step.baseline
        return step.baseline if self.covers(now + 1) else None


class Lanes(RuleBasedStateMachine):
    """Any lane: after each iteration, every promise of the control loop holds."""

    watched: Watched
    locks: Locks
    still: Mapping[str, float] | None

    @initialize(of=plans)
    def begin(self, of: LanePlan) -> None:
        self.watched = Watched(of)
        self.locks = Locks(of)
        self.still = None

    @property
    def steps(self) -> list[Step]:
        return self.watched.steps

    @property
    def of(self) -> LanePlan:
        return self.watched.of

    def _run(self, measured: Mapping[str, Any], edit: Edit) -> None:
        if self.watched.over:
            return
        self.watched.run(measured, edit)
        step = self.steps[-1]
        if self.still is not None:
            kept = {**self.still, **step.edits}
            assert step.baseline == kept, "frozen means still, and a panic reverts"
        self.still = self.locks.see(step)
        lock = step.record.tuning.lock
        wanted = self.locks.lock if self.locks.covers(step.record.iteration + 1) else None
        assert (lock and (lock.since, lock.until, lock.reason)) == wanted

    @rule(measured=regimes, times=st.integers(2, 8))
    def go_on_the_same(self, measured: Mapping[str, Any], times: int) -> None:
        for _ in range(times):
            self._run(measured, {})

    @rule(measured=metrics, parts=good_edits)
    def go_on(self, measured: Mapping[str, Any], parts: Mapping[str, float]) -> None:
        """An operator may set parameters to some point between their bounds."""
        spans = {name: self.of.table[name].bounds for name in parts}
        low = {name: 0.0 if span[0] is None else span[0] for name, span in spans.items()}
        high = {name: 1e4 if span[1] is None else span[1] for name, span in spans.items()}
        self._run(
            measured, {name: low[name] + x * (high[name] - low[name]) for name, x in parts.items()}
        )

    @rule(measured=metrics, edit=bad_edits)
    def clumsy_operator(self, measured: Mapping[str, Any], edit: Edit) -> None:
        self._run(measured, edit)
        assert any("last good values kept" in note for note in self.steps[-1].record.notes) or (
            self.watched.over
        )

    @rule(measured=metrics, name=st.sampled_from(list(OWN)[:5]))
    def operator_loses_a_key(self, measured: Mapping[str, Any], name: str) -> None:
        if not self.watched.over:
            self.watched.lane.file.content.pop(name, None)
        self._run(measured, {})

    @invariant()
    def bounds_hold(self) -> None:
        if self.steps:
            for name, value in self.steps[-1].record.overrides.items():
                assert self.of.table[name].complaint(value) is None
                assert self.of.table[name].round(value) == value

    @invariant()
    def what_is_in_force_comes_from_the_baseline_alone(self) -> None:
        """So a warm-up never compounds, and steady is the tuned baseline."""
        for number, step in enumerate(self.steps[-1:], len(self.steps)):
            previous = self.steps[-2].kpis if number > 1 else {}
            wanted = in_force(self.of, number, step.baseline, previous, step.edits)
            assert step.record.overrides == wanted
            assert self.watched.lane.file.content == wanted
            assert step.record.state_hash == state_hash(wanted)
            if step.record.phase == "steady":
                moved = {n for n, v in wanted.items() if v != step.baseline[n]}
                assert moved <= ({"rescue_max_ratio"} if self.of.warmup else set())

    @invariant()
    def what_was_said_to_be_applied_is_what_moved(self) -> None:
        for before, after in self.watched.pairs[-1:]:
            said = before.record.tuning.deltas
            assert self.watched.decided(before, after) == {
                name: delta for name, delta in said.items() if name not in after.edits
            }

    @invariant()
    def a_step_keeps_the_direction_of_its_reasons(self) -> None:
        for step in self.steps[-1:]:
            record, warm = step.record, step.record.phase == "warmup"
            fired = [
                r
                for r in self.of.rules
                if set(r.deltas) <= set(self.of.table)
                and r.fires(step.kpis, record.drivers, warmup=warm)
            ]
            if self.of.tuner == "rules":
                assert len(fired) == len(record.tuning.rationale)
                for name, delta in record.tuning.suggested.items():
                    assert delta * sum(r.deltas.get(name, 0.0) for r in fired) > 0
            assert bool(record.tuning.suggested) <= bool(record.tuning.rationale)
            for name, delta in record.tuning.deltas.items():
                assert 0 < delta / record.tuning.suggested[name] <= 1 + 1e-9
            both = {*record.tuning.deltas, *record.tuning.suppressed}
            assert both == set(record.tuning.suggested) or not self.of.auto_tune

    @invariant()
    def nothing_moves_without_auto_tune(self) -> None:
        if self.steps and not self.of.auto_tune:
            assert not any(self.watched.decided(*pair) for pair in self.watched.pairs)

    @invariant()
    def at_most_two_move(self) -> None:
        if self.steps and self.of.guards:
            assert all(len(self.watched.decided(*pair)) <= 2 for pair in self.watched.pairs[-1:])

    @invariant()
    def velocity_holds_over_every_trailing_hour(self) -> None:
        if not self.steps or not self.of.guards:
            return
        pairs = self.watched.pairs
        for name in self.watched.decided(*pairs[-1]) if pairs else {}:
            most = self.of.table[name].max_change_per_hour
            if most is None:
                continue
            now = pairs[-1][0].record.iteration * self.of.lane.minutes
            changed = sum(
                abs(self.watched.decided(before, after).get(name, 0.0))
                for before, after in pairs
                if now - 60 < before.record.iteration * self.of.lane.minutes <= now
            )
            warm = pairs[-1][0].record.phase == "warmup"
            assert changed <= most * (1.5 if warm else 1.0) + 1e-9

    @invariant()
    def what_moved_rests_and_does_not_swing_back(self) -> None:
        if len(self.steps) < 2 or not self.of.guards:
            return
        last = self.steps[-6:]  # iterations i - 4 to i + 1; the last four before i + 1 and one more
        for name, change in self.watched.decided(*last[-2:]).items():
            recent = last[-5:]
            if any(name in step.edits for step in recent[1:]):
                continue
            if any(step.record.tuning.panicked for step in recent[:-1]):
                continue
            values = [step.baseline[name] for step in recent]
            if len(values) > 2:
                assert values[-3] == values[-2], "moved after k, again at the earliest after k + 2"
            other = [value for value in values[:-1] if value != values[-2]]
            assert not other or other[-1] != values[-1], f"{name} swung back by {change}"


Lanes.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestLanes = Lanes.TestCase


edits = nothing | bad_edits | good_edits.map(lambda found: {"tail_age_ms": 700.0} if found else {})
scripts = st.lists(st.tuples(metrics, nothing | nothing | edits), min_size=2, max_size=14)


@settings(max_examples=80)
@given(plans, scripts)
def test_what_it_says_and_what_it_did_are_one(
    of: LanePlan, script: list[tuple[Mapping[str, Any], Edit]]
) -> None:
    """Records, ITER_SUMMARYs, TUNING_REPORT and markers against the baselines that were used."""
    watched = Watched(of)
    for measured, edit in script:
        if not watched.over:
            watched.run(measured, edit)
    watched.lane.run.end(Ending.INTERRUPTED, "enough")
    end = watched.lane.events[-1]
    assert isinstance(end, LaneFinished)
    records = [step.record for step in watched.steps]
    report = tuning_report(of, end.result, [tuned_iteration(r) for r in records]).data()
    entries = report["iterations"]
    assert [entry["iteration"] for entry in entries] == [r.iteration for r in records]
    for record, entry in zip(records, entries, strict=True):
        said = iter_summary(record).data()["tuning"]
        assert {name: entry[name] for name in said} == said
        assert entry["net_bps"] == record.summary.kpis.get("net_bps")
        assert applied_marker(record) == nonzero(entry["deltas"])
        assert set(entry["suppressed"]) == {n for n, d in entry["deltas"].items() if d == 0}
    for (before, after), entry in zip(watched.pairs, entries, strict=False):
        said = {n: d for n, d in nonzero(entry["deltas"]).items() if n not in after.edits}
        assert watched.decided(before, after) == pytest.approx(said)
        if of.warmup is None and not after.edits and not entry["panicked"]:
            moved = {
                name: pytest.approx(after.record.overrides[name] - value)
                for name, value in before.record.overrides.items()
                if after.record.overrides[name] != value
            }
            assert nonzero(entry["deltas"]) == moved
    last = watched.steps[-1].baseline
    changed = [name for name, value in of.overrides.values.items() if last[name] != value]
    assert report["summary"]["changed"] == changed
    assert report["summary"]["applied"] == sum(any(nonzero(e["deltas"])) for e in entries)


def nonzero(deltas: Mapping[str, float]) -> dict[str, float]:
    return {name: delta for name, delta in deltas.items() if delta}


def applied_marker(record: IterationRecord) -> dict[str, float]:
    """What the APPLIED marker of a record says; nothing without one."""
    event = IterationFinished(lane=record.lane.id, time=START, record=record)
    for line in marker_lines(event, several_lanes=False):
        if line.startswith("| iter_watch | APPLIED | "):
            found: dict[str, float] = json.loads(line.split(" | ")[2].removesuffix(" |"))
            return found
    return {}
