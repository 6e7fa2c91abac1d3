"""KPIs of a span of iterations, and sums that do not hang on the interpreter."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from builders import gate, observation, sample
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.gates.engine import Judgement, Verdict, judge
from pytest_soak.gates.evidence import Evidence, judge_final
from pytest_soak.gates.model import Threshold
from pytest_soak.kpi.definitions import KNOWN
from pytest_soak.kpi.edge import summarize
from pytest_soak.kpi.spans import SPAN_KPIS, derivable, drawdown_ratio, over
from pytest_soak.kpi.tables import GROWTH_KPIS
from pytest_soak.stats.spread import deviation

quotes = st.floats(-1e6, 1e6)
hours = st.lists(st.tuples(quotes, st.floats(0, 1e6)), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("rows", "ratio"),
    [
        ([(100.0, 5.0)] * 8, 5 / 800),
        ([(100.0, 5.0)] * 7 + [(-100.0, 110.0)], 110 / 800),
        ([(100.0, 0.0), (-50.0, 50.0), (-50.0, 50.0), (200.0, 0.0)], 100 / 400),
        ([(-300.0, 300.0), (100.0, 0.0), (100.0, 0.0)], 300 / 500),
        ([(0.0, 10.0), (0.0, 3.0)], None),
    ],
)
def test_the_largest_drawdown_is_taken_of_all_that_was_earned_and_lost(
    rows: list[tuple[float, float]], ratio: float | None
) -> None:
    assert drawdown_ratio(rows) == pytest.approx(ratio) if ratio else drawdown_ratio(rows) is None


@given(hours)
def test_the_drawdown_is_that_of_some_span_or_of_some_iteration(
    rows: list[tuple[float, float]],
) -> None:
    equity = [0.0]
    for net, _ in rows:
        equity.append(equity[-1] + net)
    falls = [a - b for n, a in enumerate(equity) for b in equity[n:]]
    turnover = sum(abs(b - a) for a, b in pairwise(equity))
    found = drawdown_ratio(rows)
    if found is not None and turnover > 0:
        wanted = max(*falls, *(within for _, within in rows)) / turnover
        assert found == pytest.approx(wanted, rel=1e-6)


def money(*nets: float) -> Evidence:
    evidence = Evidence()
    for net in nets:
        one = sample(net_quote=net, max_drawdown_quote=max(0.0, -net))
        evidence = evidence.with_graded(one, None)
    return evidence


def test_a_gate_judges_it_over_the_last_iterations_not_by_a_median() -> None:
    asked = gate(Threshold(metric="drawdown_ratio", fail_unless="<= 0.25"))
    one_loss = judge_final([asked], "calm", money(*[100.0] * 7, -100.0))
    assert one_loss.verdict is Verdict.PASS
    assert one_loss.checks[0].value == pytest.approx(0.125)
    assert judge_final([asked], "calm", money(*[100.0] * 7, -400.0)).verdict is Verdict.FAIL


def test_it_is_no_data_where_what_it_needs_is_missing() -> None:
    asked = gate(Threshold(metric="drawdown_ratio", fail_unless="<= 0.25"))
    found = judge(asked, "calm", [sample(net_quote=1.0)])
    assert found.reasons() == ["drawdown_ratio: no data (max_drawdown_quote: not measured) (test)"]
    still = judge(asked, "calm", [sample(net_quote=0.0, max_drawdown_quote=0.0)])
    assert still.reasons() == ["drawdown_ratio: no data (net_quote is 0 throughout) (test)"]
    known = judge(asked, "calm", [sample(drawdown_ratio=0.2)])
    assert known.verdict is Verdict.PASS
    own = Evidence()
    for ratio in (0.1, 0.2, 0.9):
        own = own.with_graded(sample(drawdown_ratio=ratio), None)
    assert judge_final([asked], "calm", own).checks[0].value == 0.2


GROWTH = "rss_growth_mb_per_h"
"""A KPI of the lane so far: no window before its second hour has one."""


def ended(asked: Threshold, *windows: float | None) -> Judgement:
    evidence = Evidence()
    for value in windows:
        evidence = evidence.with_graded(sample(**{asked.metric: value}), None)
    return judge_final([gate(asked)], "calm", evidence)


@pytest.mark.parametrize(
    ("windows", "value", "verdict"),
    [
        ((None, None, None, None, 150.0), 150.0, Verdict.FAIL),
        ((None, None, None, None, 0.0), 0.0, Verdict.PASS),
        ((0.0, 0.0, 0.0, 150.0), 150.0, Verdict.FAIL),
        ((150.0, 150.0, 150.0, 0.0), 0.0, Verdict.PASS),
        ((None, 150.0, None), 150.0, Verdict.FAIL),
        ((None, None), None, Verdict.WARN),
    ],
)
def test_the_end_of_a_lane_judges_the_newest_growth_since_it_is_of_all_the_lane(
    windows: tuple[float | None, ...], value: float | None, verdict: Verdict
) -> None:
    found = ended(Threshold(metric=GROWTH, fail_unless="<= 100", no_data="warn"), *windows)
    assert (found.verdict, found.checks[0].value) == (verdict, value)


def test_the_end_of_a_lane_has_no_median_where_a_window_lacks_what_is_of_each() -> None:
    found = ended(Threshold(metric="net_bps", fail_unless="> 0"), None, 3.0, 3.0)
    assert found.reasons() == ["net_bps: no data (not measured) (test)"]


def test_the_newest_growth_rests_on_enough_samples_or_is_no_data() -> None:
    asked = Threshold(metric=GROWTH, fail_unless="<= 100", min_samples=20)
    few = sample(**{GROWTH: 0.0}).model_copy(update={"samples": {GROWTH: 19}})
    many = sample(**{GROWTH: 0.0}).model_copy(update={"samples": {GROWTH: 20}})
    ends = [Evidence().with_graded(few, None).with_graded(one, None) for one in (many, few)]
    found = [judge_final([gate(asked)], "calm", end) for end in ends]
    assert found[0].verdict is Verdict.PASS
    assert found[1].reasons() == [f"{GROWTH}: no data (19 samples of 20) (test)"]


@pytest.mark.parametrize(("kpi", "told"), [(GROWTH, 1.0), ("net_bps", 2.0), ("mine", 2.0)])
def test_iterations_are_told_by_their_median_or_by_the_last(kpi: str, told: float) -> None:
    assert over(kpi, [9.0, 2.0, 1.0]) == told


def test_kpis_of_the_lane_so_far_are_those_of_growth() -> None:
    assert {name for name, kpi in KNOWN.items() if kpi.so_far} == set(GROWTH_KPIS)


def test_it_follows_from_what_a_target_gives() -> None:
    assert derivable({"net_quote", "max_drawdown_quote", "mine"}) == {"drawdown_ratio"}
    assert derivable({"net_quote"}) == set()
    assert all(name == span.kpi.name for name, span in SPAN_KPIS.items())


def naive(values: Iterable[Any], start: Any = 0) -> Any:
    for value in values:
        start = start + value
    return start


def compensated(values: Iterable[Any], start: Any = 0) -> Any:
    """What `sum` is from Python 3.12 on, for floats."""
    listed = list(values)
    if not any(isinstance(value, float) for value in listed):
        return naive(listed, start)
    total, lost = float(start), 0.0
    for value in listed:
        after = total + value
        lost += (total - after) + value if abs(total) >= abs(value) else (value - after) + total
        total = after
    return total + lost


def test_no_figure_hangs_on_how_an_interpreter_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    from builders import fills

    rows = [(1, n % 3 != 0, 100.0 + n / 7, 1.1, 0.013 * n, 100.0 + n / 9, 100.3) for n in range(40)]
    values = [0.1] * 10
    found = []
    for summed in (naive, compensated):
        monkeypatch.setattr(builtins, "sum", summed)
        kpis = summarize(observation(fills=fills(rows), mid_end=103.7, inventory_start=0.3)).kpis
        ratio = drawdown_ratio([(v, v) for v in values])
        found.append((kpis, deviation(values, 0.3), ratio))
    monkeypatch.undo()
    assert naive(values) != compensated(values)
    assert found[0] == found[1]
