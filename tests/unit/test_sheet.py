"""What a desk reads first: the account over a lane, gates in one table, seeds together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pages import HOSTILE, Page, words
from runs import metric, summary_of, write_lane, write_result

from pytest_soak.artifacts.models import GateMetric, IterSummary
from pytest_soak.kpi.curves import SLICES, Account, Curves, Histogram, Markout
from pytest_soak.report.gate_rows import Drifting, gate_table, margin
from pytest_soak.report.page import report_text
from pytest_soak.report.read import read_run
from pytest_soak.report.scales import axis_text
from pytest_soak.report.seeds import seed_groups
from pytest_soak.report.sheet import Sheet, sheet_of
from pytest_soak.report.values import ReportLane
from pytest_soak.text import duration


def curves(gain: float, by: str = "marks", **more: Any) -> Curves:
    """A window that gains evenly, and falls by 3 in between."""
    equity = [gain * (n + 1) / SLICES for n in range(SLICES)]
    flat = [0.0] * SLICES
    account = Account.model_validate(
        {
            "by": by,
            "equity": equity,
            "high": equity,
            "low": [min(0.0, x) for x in equity],
            "fall": [3.0] * SLICES,
            "inventory": flat,
            "inventory_high": [7.0] * SLICES,
            "inventory_low": [-9.0] * SLICES,
        }
    )
    return Curves(minutes=60.0, account=account, **more)


def timed(*counts: int) -> Histogram:
    return Histogram(first=80, counts=list(counts), largest_ms=140.0)


def full(gain: float) -> Curves:
    markouts = [
        Markout(after_ms=after, fills=10, notional_quote=1000.0, gain_quote=0.4 - after / 1e6)
        for after in (0, 100, 1000, 10_000, 60_000)
    ]
    return curves(gain, markouts=markouts, acks=timed(5, 90, 5), ticks=timed(1, 1))


def iteration(number: int, kept: Curves | None, **more: Any) -> IterSummary:
    kpis = {"net_quote": 10.0, "volume_quote": 1e4, "num_fills": 5.0, "net_bps": 3.0}
    return summary_of(number, kpis=kpis, **more).model_copy(update={"curves": kept})


def lane_of(folder: Path, iterations: list[IterSummary], **more: Any) -> ReportLane:
    write_lane(folder, iterations, [metric()], **more)
    return read_run(folder).lanes[0]


def sheet(lane: ReportLane, most: int = 480) -> Sheet:
    found = sheet_of(lane, most)
    assert found is not None
    return found


def value(found: Sheet, name: str) -> str:
    return next(figure.value for figure in found.figures if figure.name == name)


def test_the_equity_of_a_lane_is_the_sum_of_its_windows(tmp_path: Path) -> None:
    found = sheet(lane_of(tmp_path, [iteration(n, full(10.0)) for n in range(1, 13)]))
    assert value(found, "Equity") == "+120"
    assert value(found, "Drawdown") == "-9.583"  # of the last slice, from the peak before it
    facts = dict(found.facts)
    assert facts["net"] == "+120"
    assert facts["net of volume"] == "+10.00 bps"
    assert (facts["fills"], facts["largest position"]) == ("60", "9")
    assert found.missing == []


@pytest.mark.parametrize("most", [12, 40, 100_000])
def test_thinning_keeps_the_end_and_the_largest_drawdown(tmp_path: Path, most: int) -> None:
    found = sheet(lane_of(tmp_path, [iteration(n, full(10.0)) for n in range(1, 26)]), most)
    assert (value(found, "Equity"), value(found, "Drawdown")) == ("+250", "-9.583")
    equity = next(figure.chart for figure in found.figures if figure.name == "Equity")
    points = sum(line.count("L") + 1 for line in equity.lines)
    assert points <= max(2 * most, 25)


def test_a_window_that_is_missing_is_a_gap_and_not_flat(tmp_path: Path) -> None:
    kept = [full(10.0), None, full(10.0), full(10.0)]
    found = sheet(lane_of(tmp_path, [iteration(n, one) for n, one in enumerate(kept, 1)]))
    assert value(found, "Equity") == "+40"  # its net is known from its KPI
    equity = next(figure.chart for figure in found.figures if figure.name == "Equity")
    assert len(equity.lines) == 2


def test_percentiles_and_markouts_are_text(tmp_path: Path) -> None:
    found = sheet(lane_of(tmp_path, [iteration(n, full(1.0)) for n in range(1, 5)]))
    told = {figure.name: " ".join(figure.told) for figure in found.figures}
    assert "fill +4.00 · 0.1 s +4.00 · 1 s +3.99 · 10 s +3.90 · 60 s +3.40" in told["Markout"]
    assert "40 maker fills" in told["Markout"]
    assert told["Latency"].startswith("p50 118.")
    assert "p99.9 140 · max 140 400 acks" in told["Latency"]
    assert "8 ticks" in told["Tick"]


def test_what_is_not_there_is_said_and_not_drawn(tmp_path: Path) -> None:
    found = sheet(lane_of(tmp_path / "a", [iteration(1, curves(1.0, by="fills"))]))
    assert [figure.name for figure in found.figures] == ["Equity", "Drawdown", "Inventory"]
    assert "no marks" in found.figures[0].meaning
    assert [line.partition(":")[0] for line in found.missing] == [
        "No markout curve",
        "No latency",
        "No tick times",
    ]
    unknown = Curves(minutes=60.0, no_account="the fills have no column fee_quote")
    fills = sheet(lane_of(tmp_path / "c", [iteration(1, unknown)]))
    assert fills.figures == []
    assert fills.missing[0].endswith("and inventory: the fills have no column fee_quote.")
    ready = sheet(lane_of(tmp_path / "b", [iteration(1, None)]))
    assert ready.figures == ()
    assert "KPIs alone" in ready.missing[0]


def test_gates_share_a_row_and_drift_goes_with_what_drifts() -> None:
    checks = [
        metric(),
        metric(gate="last8", fail_unless=">= 2.8", warn_unless=None),
        metric("net_bps.drift", fail_unless=None, warn_unless=">= 0", verdict="WARN"),
        metric("own", value=None, fail_unless=None, warn_unless=None, reason="not given"),
    ]
    table = gate_table(checks, {"net_bps": Drifting(-0.1, "falling (worse)")})
    assert table.columns == ["soak: fail unless", "soak: warn unless", "last8: fail unless"]
    net, own = table.rows
    assert net.limits == [">= 2.0", ">= 2.7", ">= 2.8"]
    assert (net.verdict, net.margin, net.drift_verdict) == ("WARN", "+0.3", "WARN")
    assert net.drift == "falling (worse)"
    assert (own.margin, own.reason, own.limits) == ("", "not given", ["", "", ""])


@pytest.mark.parametrize(
    ("value", "more", "expected"),
    [
        (1.5, {}, "-0.5"),
        (0.45, {"fail_unless": "<= 0.5"}, "+0.05"),
        (3.0, {"fail_unless": None}, "+0.3 to warn"),
        (3.0, {"fail_unless": "== 0", "warn_unless": None}, ""),
        (3.0, {"fail_unless": "<= 10 %", "warn_unless": None}, ""),
        (None, {}, ""),
    ],
)
def test_a_margin_is_to_the_tightest_limit(
    value: float | None, more: dict[str, Any], expected: str
) -> None:
    assert margin(value, [metric(value=value, **more)]) == expected


def seeds(folder: Path, nets: list[float], checks: list[GateMetric]) -> list[ReportLane]:
    done = []
    for seed, net in enumerate(nets, 1):
        lane = f"safe-calm-{seed}"
        kpis: dict[str, float | None] = {"net_bps": net, "mine": net, "p95_latency_ms": net}
        rows = [summary_of(n, lane, kpis=kpis, mock_seed=seed) for n in range(1, 6)]
        done.append(write_lane(folder / lane, rows, checks, seed=seed))
    write_result(folder, done)
    return list(read_run(folder).lanes)


def test_seeds_are_taken_together(tmp_path: Path) -> None:
    checks = [metric(), metric("mine", fail_unless="<= 9", warn_unless=None)]
    lanes = seeds(tmp_path, [1.0, 2.0, 6.0], checks)
    (group,) = seed_groups(lanes, ["net_bps", "mine", "p95_latency_ms", "absent"])
    assert (group.name, group.lanes) == ("safe on calm", 3)
    net, mine, latency = group.rows
    assert (net.mean, net.worst, net.lanes) == (3.0, 1.0, 3)
    assert net.deviation == pytest.approx(2.6458, abs=1e-4)
    assert (net.low, net.high) == pytest.approx((3.0 - 6.5724, 3.0 + 6.5724), abs=1e-3)
    assert (mine.worst, latency.worst) == (6.0, 6.0)
    assert seed_groups(lanes[:1], ["net_bps"]) == []
    shown = words(Page(report_text(read_run(tmp_path), {})))
    assert "Seeds of safe on calm" in shown


def test_the_tear_sheet_comes_before_gates_and_the_legend_after_the_pictures(
    tmp_path: Path,
) -> None:
    lane_of(tmp_path, [iteration(n, full(1.0)) for n in range(1, 5)])
    text = report_text(read_run(tmp_path), {})
    places = [text.index(x) for x in (">Tear sheet<", ">Gates<", ">KPIs ", 'id="legend"')]
    assert places == sorted(places)
    found = Page(text)
    assert found.open == []
    assert "script" not in found.tags


def test_the_clock_of_the_machine_is_apart(tmp_path: Path) -> None:
    lane_of(tmp_path, [iteration(n, full(1.0)) for n in range(1, 5)])
    write_result(tmp_path, [], {"minutes": "60"})
    text = report_text(read_run(tmp_path), {})
    assert "soaked</dt><dd><bdi>4 h" in text
    apart = text.partition("<!-- meta -->")[2].partition("<!-- /meta -->")[0]
    assert "wall clock of the windows</dt><dd>4 s" in apart


@pytest.mark.parametrize("gate", HOSTILE)
def test_the_name_of_a_gate_is_text_in_a_card_too(tmp_path: Path, gate: str) -> None:
    write_lane(tmp_path, [summary_of(1)], [metric(gate=gate), metric("net_bps.drift", gate=gate)])
    found = Page(report_text(read_run(tmp_path), {}))
    assert found.open == []
    assert "script" not in found.tags
    assert "img" not in found.tags


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.012, "12 ms"), (1.44, "1.44 s"), (90, "1.5 min"), (86_400, "24 h"), (302_400, "3.5 d")],
)
def test_a_length_of_time_in_one_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0.25, "0.25"), (-1500.0, "-1.5k"), (2e6, "2M"), (3e9, "3G"), (0, "0")]
)
def test_numbers_beside_an_axis_are_short(number: float, text: str) -> None:
    assert axis_text(number) == text
