"""The error rates of gates, by lanes that were recorded."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from builders import gate, usage_error
from calibrations import FAILED, NET_AT_LEAST_2, done, lane, nets, noisy
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.api import soak
from pytest_soak.artifacts.lane_journal import parse_journal
from pytest_soak.calibration import study as study_module
from pytest_soak.calibration.bootstrap import BLOCK, resampled
from pytest_soak.calibration.key import key_of
from pytest_soak.calibration.lanes import RecordedLane, lane_of
from pytest_soak.calibration.power import detectable
from pytest_soak.calibration.shifts import harms, shifted, smallest, values_of
from pytest_soak.calibration.study import rate_of, study
from pytest_soak.gates.engine import Verdict
from pytest_soak.gates.model import Threshold
from pytest_soak.stats.limits import fewest_to_show, share_interval, share_upper_bound


def journal_lane(path: Path, planned: int) -> RecordedLane:
    return lane_of("it", parse_journal(str(path), path.read_bytes()), planned)


@pytest.mark.parametrize("mode", ["soft", "hard", "off"])
def test_a_recorded_lane_is_judged_as_the_soak_judged_it(tmp_path: Path, mode: str) -> None:
    """The mock fails by chance, some of these lanes by their hours and some by their end."""
    seeds = list(range(1, 7))
    result = soak("mock", iterations=9, seed=seeds, gate_mode=mode, dir="s", folder=tmp_path)
    failed = [one.verdict is Verdict.FAIL for one in result.lanes]
    journals = [tmp_path / "s" / "latest" / one.lane.id / "journal" for one in result.lanes]
    assert [journal_lane(path, 9).fails for path in journals] == failed
    assert set(failed) == ({False} if mode == "off" else {True, False})


def test_a_lane_fails_by_the_share_of_its_iterations_that_fail() -> None:
    hourly = gate(Threshold(metric="net_bps", fail_unless=">= 2"), failed=FAILED)
    good = [3.0] * 9
    assert not nets(*good, 1.0, judged_by=hourly).fails
    assert nets(*good, 1.0, 1.0, judged_by=hourly).fails


def test_a_lane_on_hold_does_not_fail() -> None:
    sure = gate(Threshold(metric="net_bps", fail_unless=">= 2", confidence=0.95))
    assert not nets(2.5, 1.4, judged_by=sure).fails
    assert nets(*[1.0, 1.1, 0.9] * 8, judged_by=sure).fails


def test_a_lane_fails_by_a_drift_that_its_gate_fails() -> None:
    falling = [5.0 - 0.1 * n + 0.01 * (n % 3) for n in range(24)]
    limit = Threshold(metric="net_bps", fail_unless=">= 0")
    assert nets(*falling, judged_by=gate(limit, drift="fail")).fails
    assert not nets(*falling, judged_by=gate(limit, drift="warn")).fails


@given(st.floats(0.001, 500), st.floats(0.01, 10))
def test_the_smallest_size_is_found_to_what_a_bisection_can(limit: float, first: float) -> None:
    found = smallest(lambda size: size >= limit, first)
    assert found is not None
    assert limit <= found <= max(limit * (1 + 1 / 128), limit + first / 128)


def test_what_breaks_of_itself_needs_no_size_and_what_never_breaks_has_none() -> None:
    assert smallest(lambda size: True, 1.0) == 0.0
    assert smallest(lambda size: False, 1.0) is None


@given(st.lists(st.floats(0, 1) | st.none(), min_size=1, max_size=9), st.floats(-2, 2))
def test_a_shift_moves_one_kpi_and_stays_within_its_range(
    values: list[float | None], by: float
) -> None:
    before = [done(n, risk_ratio=value, net_bps=1.0) for n, value in enumerate(values, 1)]
    after = shifted(before, "risk_ratio", by)
    expected = [None if v is None else min(max(v + by, 0.0), 1.0) for v in values]
    assert values_of(after, "risk_ratio") == expected
    assert values_of(after, "net_bps") == [1.0] * len(values)
    assert values_of(before, "risk_ratio") == values


def test_what_is_worse_follows_from_the_limits_that_fail() -> None:
    judged_by = gate(
        Threshold(metric="net_bps", fail_unless=">= 2"),
        Threshold(metric="p95_latency_ms", fail_unless="<= 400"),
        Threshold(metric="risk_ratio", warn_unless="<= 0.4"),
    )
    assert harms(nets(3.0, judged_by=judged_by).plan) == {"net_bps": -1.0, "p95_latency_ms": 1.0}


def test_the_change_that_is_caught_is_the_distance_of_the_medians_from_the_limit() -> None:
    lanes = [noisy(seed, 12) for seed in range(1, 21)]
    ends = [[v for v in values_of(one.done, "net_bps")[-8:] if v is not None] for one in lanes]
    distances = sorted(median(end) - 2.0 for end in ends)
    (found,) = detectable(lanes)
    for power, change in found.changes.items():
        exact = distances[math.ceil(float(power) / 100 * len(lanes)) - 1]
        assert change is not None
        assert -exact * 1.016 <= change <= -exact


def test_a_change_that_cannot_be_large_enough_is_none() -> None:
    judged_by = gate(Threshold(metric="net_bps", fail_unless=">= -1", min_samples=1))
    failing = gate(Threshold(metric="risk_ratio", fail_unless="<= 0.999"), grace=0)
    rows: list[dict[str, float | None]] = [{"risk_ratio": 0.1}, {"risk_ratio": 0.2}]
    (found,) = detectable([lane(*rows, judged_by=failing)])
    assert found.changes["80"] == pytest.approx(0.8, abs=0.1)
    (always,) = detectable([nets(1.0, 2.0, judged_by=judged_by)])
    assert str(always.changes) == "{'50': 0.0, '80': 0.0, '95': 0.0}"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ((3.0, 3.0, 3.0), "is 3 in all 3 iterations: no noise to judge a change by"),
        ((3.0, None, 3.1), "has no value in 1 of 3 iterations"),
    ],
)
def test_a_kpi_that_tells_nothing_is_left_out(values: Any, reason: str) -> None:
    (found,) = detectable([nets(*values)])
    assert (found.median, found.changes, found.reason) == (None, {}, reason)


def test_a_kpi_of_several_iterations_is_left_out() -> None:
    judged_by = gate(Threshold(metric="drawdown_ratio", fail_unless="<= 0.25"))
    (found,) = detectable([nets(3.0, 3.1, judged_by=judged_by)])
    assert found.reason == "is of several iterations: it follows from net_quote, max_drawdown_quote"


def test_drawn_lanes_begin_as_one_of_them_and_go_on_in_blocks() -> None:
    lanes = [nets(*[float(100 * seed + n) for n in range(13)], seed=seed) for seed in range(1, 9)]
    drawn = resampled(lanes, 50)
    assert drawn == resampled(lanes, 50)
    for one in drawn:
        values = [v for v in values_of(one.done, "net_bps") if v is not None]
        assert [d.iteration for d in one.done] == list(range(1, 14))
        assert [value % 100 for value in values[:2]] == [0, 1]
        graded = values[2:]
        assert min(value % 100 for value in graded) >= 2
        for begin in range(0, len(graded), BLOCK):
            block = graded[begin : begin + BLOCK]
            assert block == [block[0] + n for n in range(len(block))]
    assert {values_of(one.done, "net_bps")[0] for one in drawn} == {100.0 * n for n in range(1, 9)}


def test_rates_are_shares_with_their_interval() -> None:
    lanes = [nets(3.0, 3.0, 1.0 if seed == 5 else 3.0, seed=seed) for seed in range(1, 101)]
    rate = rate_of(lanes)
    assert (rate.lanes, rate.failed, rate.share) == (100, 1, 0.01)
    assert (round(rate.low, 4), round(rate.high, 4)) == (0.0018, 0.0545)


@given(st.integers(1, 500), st.data())
def test_an_interval_holds_its_share_and_mirrors(total: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, total))
    low, high = share_interval(count, total)
    assert 0.0 <= low <= count / total <= high <= 1.0
    assert high == share_upper_bound(count, total)
    mirrored = share_interval(total - count, total)
    assert mirrored == pytest.approx((1 - high, 1 - low))


def test_how_many_lanes_show_a_rate() -> None:
    assert fewest_to_show(0.05) == 59
    assert 0.95**59 < 0.05 < 0.95**58


def test_enough_lanes_give_a_rate_and_changes_by_themselves() -> None:
    found = study([noisy(seed) for seed in range(1, 60)])
    assert found.seeds == list(range(1, 60))
    assert found.false_alarms is not None
    assert (found.false_alarms.lanes, found.lacking, found.draws) == (59, None, 0)
    (net,) = found.detectable
    assert net.changes["80"] is not None
    assert -1.6 < net.changes["80"] < -1.0


def test_few_lanes_give_no_rate_but_changes_by_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study_module, "DRAWS", 25)
    found = study([noisy(seed) for seed in range(1, 9)])
    assert found.false_alarms is None
    assert found.lacking == "8 of 59 lanes, 51 more needed to show 5 % at 95 %"
    assert found.draws == 25
    (net,) = found.detectable
    assert net.changes["80"] is not None
    assert -1.8 < net.changes["80"] < -0.9


def several(*more: RecordedLane) -> list[RecordedLane]:
    return [*(noisy(seed) for seed in range(1, 9)), *more]


@pytest.mark.parametrize(
    ("lanes", "problem"),
    [
        ([noisy(1)], "lanes: 1 of 8 lanes, 7 more needed to tell anything by"),
        (several(noisy(1)), "lane 1: measured the very same as lane 1; give each lane once"),
        (
            several(noisy(9, judged_by=gate(grace=2))),
            "lane 9: is of another text of the gate than lane 1; calibrate each by itself",
        ),
        (several(noisy(9, 5)), "lane 9: is of another number of iterations than lane 1"),
        (several(noisy(9)._replace(version="v2")), "lane 9: is of another version of the target"),
        (several(noisy(9, auto_tune=True)), "lane 9: was tuned: what a tuner does depends on"),
        (
            several(noisy(9)._replace(done=noisy(9).done[:3])),
            "lane 9: has 3 of 4 iterations, 1 more needed; soak it to its end, gate mode soft",
        ),
        (
            [noisy(seed, 2) for seed in range(1, 9)],
            "lane 1: 2 iterations, none of which gate test grades: 1 more needed at least",
        ),
    ],
)
def test_lanes_that_tell_nothing_are_refused(lanes: list[RecordedLane], problem: str) -> None:
    assert problem in usage_error(lambda: study(lanes))


def test_a_key_is_of_what_matters_to_a_verdict_and_of_no_seed() -> None:
    first = key_of(noisy(1))
    assert key_of(noisy(2)) == first
    described = NET_AT_LEAST_2.model_copy(update={"description": "other words"})
    assert key_of(noisy(1, judged_by=described)) == first
    stricter = gate(Threshold(metric="net_bps", fail_unless=">= 2.1"), grace=2)
    assert key_of(noisy(1, judged_by=stricter)).gate_hash != first.gate_hash
    plan = noisy(1).plan
    values = plan.overrides.values | {"min_interval_ms": 70.0}
    changed = plan.model_copy(
        update={"overrides": plan.overrides.model_copy(update={"values": values})}
    )
    assert key_of(noisy(1)._replace(plan=changed)).settings_hash != first.settings_hash


def test_a_journal_of_another_version_is_refused(tmp_path: Path) -> None:
    soak("mock", iterations=5, gate="smoke", dir="s", folder=tmp_path)
    path = tmp_path / "s" / "latest" / "journal"
    content = parse_journal(str(path), path.read_bytes())
    older = content._replace(fingerprint=content.fingerprint | {"pytest_soak": "0.0.1"})
    assert "was recorded by pytest-soak 0.0.1, this is" in usage_error(
        lambda: lane_of("it", older, 5)
    )
    other = content._replace(fingerprint=content.fingerprint | {"gate": {"name": "x"}})
    assert "its plan cannot be read (gate" in usage_error(lambda: lane_of("it", other, 5))
