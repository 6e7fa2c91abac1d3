"""What of a soak goes to Prometheus: counts, the board, and the page that is scraped."""

from __future__ import annotations

import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import START, blocks, fills, inputs, observation, plan, usage_error
from hypothesis import given
from hypothesis import strategies as st
from prometheus import PROMTOOL, needs_promtool
from scrapes import Samples, free_port, get, one, parsed, plain_text, scraped

from pytest_soak import IterationStarted, LaneStarted, Metered, Observation, soak
from pytest_soak.kpi.definitions import KNOWN
from pytest_soak.metrics import table
from pytest_soak.metrics.board import MOST_LANES, Board
from pytest_soak.metrics.follow import Follower
from pytest_soak.metrics.server import local
from pytest_soak.metrics.table import ALL, BOUNDS_MS, KPIS, kpi_gauge, labels_of
from pytest_soak.metrics.tally import spread, tally
from pytest_soak.observation.columns import BREAKER, ERROR, LATENCY, RESOURCE, TICK
from pytest_soak.run.metrics import Metrics
from pytest_soak.run.resolve import resolve_settings
from pytest_soak.targets.base import LaneInfo
from pytest_soak.tuning.phases import Phase

LANE = "default-calm-42"


def lanes(count: int) -> list[LaneInfo]:
    return [LaneInfo(f"p-calm-{n}", "p", "calm", n) for n in range(count)]


def busy(**more: Any) -> Observation:
    """An hour with three fills, four ticks, and whatever else there can be."""
    ticks, acks = np.zeros(4, TICK), np.zeros(2, LATENCY)
    ticks["total_ms"], ticks["fetch_md_ms"] = [1.0, 1.5, 30.0, 9999.0], 2.0
    ticks["cache_hit"], ticks["deadline_miss"] = [1, 1, 0, 1], [0, 0, 0, 1]
    acks["latency_ms"] = [100.0, 100.5]
    used, open_now = np.zeros(2, RESOURCE), np.zeros(2, BREAKER)
    used["rss_mb"], used["threads"], open_now["open"] = [50.0, 60.0], [3, 4], [True, False]
    traded = fills(
        [
            (1, True, 100.0, 2.0, 0.0, 100.0, 100.0),
            (-1, True, 100.0, 2.0, 0.0, 100.0, 100.0),
            (1, False, 50.0, 1.0, 0.0, 50.0, 50.0),
        ]
    )
    parts: dict[str, Any] = {
        "fills": traded,
        "ticks": ticks,
        "acks": acks,
        "blocks": blocks(risk=2, throttle=1),
        "errors": np.zeros(5, ERROR),
        "resources": used,
        "breaker": open_now,
        "intended_changes": 9,
    }
    return observation(**(parts | more))


def test_a_part_is_counted() -> None:
    found = tally(busy())
    counted = found.counters
    assert counted["soak_ticks_total"] == {"": 4}
    assert counted["soak_md_cache_hits_total"] == {"": 3}
    assert counted["soak_deadline_misses_total"] == {"": 1}
    assert counted["soak_traded_quote_total"] == {"": 450}
    assert counted["soak_taken_quote_total"] == {"": 50}
    assert counted["soak_fills_total"] == {"maker": 2, "taker": 1}
    assert counted["soak_blocks_total"]["risk"] == 2
    assert sum(counted["soak_blocks_total"].values()) == 3
    assert counted["soak_errors_total"] == {"": 5}
    assert found.gauges["soak_breaker_open"] == {"": 0.0}
    assert found.gauges["soak_rss_mb"] == {"": 60.0}
    assert found.gauges["soak_threads"] == {"": 4.0}


def test_makers_and_takers_that_are_not_told_apart_are_not_counted() -> None:
    counted = tally(busy(untold={"fills.maker": "the fills have no column maker"})).counters
    assert counted["soak_traded_quote_total"] == {"": 450}
    assert not {"soak_taken_quote_total", "soak_fills_total"} & set(counted)


def test_a_part_without_events_begins_the_counts_and_says_no_gauge() -> None:
    found = tally(observation())
    assert {m.name for m in table.EVENTS if m.kind == "counter"} == set(found.counters)
    assert {m.name for m in table.EVENTS if m.kind == "histogram"} == set(found.histograms)
    assert all(value == 0 for values in found.counters.values() for value in values.values())
    assert found.gauges == {}


@given(st.lists(st.floats(0, 1e5) | st.sampled_from(BOUNDS_MS).map(float)))
def test_a_bucket_holds_what_is_not_above_its_bound(values: list[float]) -> None:
    found = spread(np.array(values))
    assert found.total == pytest.approx(sum(values))
    assert sum(found.counts) == len(values)
    for n, bound in enumerate(BOUNDS_MS):
        assert sum(found.counts[: n + 1]) == sum(value <= bound for value in values)


_ANY = st.sampled_from([np.nan, np.inf, -np.inf, -1.0, 0.0, 1.0, 1e300])


@given(_ANY, _ANY, st.integers(-128, 127))
def test_what_cannot_be_true_does_no_harm(first: float, second: float, reason: int) -> None:
    """The bot's own call must not raise, nor a counter fall or be no number for good."""
    part = busy()
    part.fills["price"][0], part.fills["quantity"][0] = first, second
    part.ticks["total_ms"][0], part.acks["latency_ms"][0] = first, second
    part.blocks["reason"][0], part.resources["rss_mb"][-1] = reason, first
    found = tally(part)
    values = [v for grown in found.counters.values() for v in grown.values()]
    values += [float(count) for one in found.histograms.values() for count in one.counts]
    assert all(np.isfinite(value) and value >= 0 for value in values)
    assert all(np.isfinite(one.total) and one.total >= 0 for one in found.histograms.values())
    assert all(np.isfinite(v) for now in found.gauges.values() for v in now.values())


def test_no_two_families_of_openmetrics_have_one_name() -> None:
    families = [metric.name.removesuffix("_total") for metric in ALL]
    assert len(families) == len(set(families))
    assert set(KPIS) == set(KNOWN)
    assert {KPIS[name].name for name in KNOWN} == {kpi_gauge(name) for name in KNOWN}


def full_board(kpi: str = "mine") -> Board:
    """A board with a value of every metric."""
    board = Board(lanes(1))
    for metric in ALL:
        own = tuple(kpi for _ in metric.labels)
        of_run = metric in table.OF_RUN
        if metric.kind == "histogram":
            board.spread(metric, "p-calm-0", spread(np.array([1.0, 70.0])))
        elif metric.kind == "counter":
            board.add(metric, "p-calm-0", {own: 3.0})
        else:
            board.put(metric, "" if of_run else "p-calm-0", {own: 4.0})
    return board


def test_every_metric_is_exported_under_its_name_with_its_labels() -> None:
    samples = scraped(full_board().series())
    for metric in ALL:
        name = f"{metric.name}_count" if metric.kind == "histogram" else metric.name
        ((labels, value),) = samples[name].items()
        assert {label for label, _ in labels} == set(labels_of(metric))
        assert value == {"histogram": 2, "counter": 3, "gauge": 4}[metric.kind]
    lane = {"lane": "p-calm-0", "profile": "p", "scenario": "calm"}
    assert one(samples, "soak_tick_total_ms_bucket", le="60.0", **lane) == 1
    assert one(samples, "soak_tick_total_ms_bucket", le="80.0") == 2
    assert one(samples, "soak_tick_total_ms_sum") == 71


def test_histograms_of_several_parts_are_added_up() -> None:
    board = Board(lanes(1))
    for values in ([1.0, 70.0], [2.0]):
        board.spread(table.TICK_MS, "p-calm-0", spread(np.array(values)))
    samples = scraped(board.series())
    assert one(samples, "soak_tick_total_ms_sum") == 73
    assert one(samples, "soak_tick_total_ms_count") == 3


@pytest.mark.parametrize("word", ['"', "a\nb", "\\", "\u202eabc", "x" * 100, "ä{le=1}"])
def test_a_label_may_be_any_text(word: str) -> None:
    samples = scraped(full_board(word).series())
    assert one(samples, "soak_own_kpi", kpi=word) == 4
    assert one(samples, "soak_parameter", parameter=word) == 4


@needs_promtool
def test_promtool_minds_nothing_but_units_that_are_those_of_the_kpis() -> None:
    assert PROMTOOL is not None
    done = subprocess.run(
        [PROMTOOL, "check", "metrics"],
        input=plain_text(full_board().series()),
        capture_output=True,
        text=True,
        check=False,
    )
    minded = (done.stdout + done.stderr).splitlines()
    assert minded
    assert {
        line for line in minded if "metric names should not contain abbreviated units" not in line
    } == set()


def test_only_so_many_lanes_have_series_of_their_own() -> None:
    board = Board(lanes(MOST_LANES + 50))
    for lane in lanes(MOST_LANES + 50):
        event = Metered(
            lane=lane.id,
            time=START,
            counters={"soak_ticks_total": {"": 1.0}},
            gauges={"soak_threads": {"": 1.0}},
            histograms={"soak_tick_total_ms": spread(np.array([1.0]))},
        )
        board.take(event)
    samples = scraped(board.series())
    assert board.aside == 50
    assert len(samples["soak_threads"]) == MOST_LANES
    assert len(samples["soak_ticks_total"]) == MOST_LANES + 1
    assert one(samples, "soak_ticks_total", lane="other") == 50
    assert one(samples, "soak_tick_total_ms_count", lane="other") == 50
    assert one(samples, "soak_ticks_total", lane=f"p-calm-{MOST_LANES - 1}") == 1


def test_a_run_of_a_thousand_lanes_says_once_what_is_left_out(tmp_path: Path) -> None:
    port, said = free_port(), list[str]()
    typed = {"seed": "1..1000", "metrics-port": str(port)}
    settings = resolve_settings(inputs(tmp_path, typed))
    metrics = Metrics(settings, said.append)
    try:
        metrics.start(settings)
        samples = parsed(get(port))
    finally:
        metrics.stop()
    assert said == [
        "metrics: 900 lanes beyond the first 100 have no series of their own; their counts are "
        'together in lane="other"'
    ]
    assert one(samples, "soak_run_lanes") == 1000
    assert one(samples, "soak_run_lanes_aside") == 900
    assert one(samples, "soak_run_iterations_planned") == 1000


def test_a_phase_is_told_when_its_iteration_begins() -> None:
    follower = Follower(lanes(1), 3, "1", "sim")
    follower.take(LaneStarted(lane="p-calm-0", time=START, plan=plan(iterations=2)))
    begun = IterationStarted(lane="p-calm-0", time=START, iteration=1, phase=Phase.WARMUP)
    follower.take(begun)
    samples = scraped(follower.board.series())
    assert one(samples, "soak_phase", phase="warmup") == 1
    assert one(samples, "soak_phase", phase="steady") == 0
    assert one(samples, "soak_iterations_planned") == one(samples, "soak_run_iterations_planned")
    assert one(samples, "soak_iterations_planned") == 2
    assert one(samples, "soak_iterations_done") == 0


class Bot:
    port: int
    seen: list[Samples]

    def __init__(self, lane: LaneInfo) -> None:
        pass

    def start(self, lane: LaneInfo) -> None:
        pass

    def stop(self) -> None:
        pass


class Watched(Bot):
    """Scrapes its own metrics when an iteration begins; gives an Observation every second time."""

    def run(self, overrides: Any, window: Any) -> Any:
        self.seen.append(parsed(get(self.port)))
        if window.iteration % 2:
            return busy(start_us=int(window.start_minutes * 60e6))
        return {"net_bps": 3.0, "risk_ratio": None}


@pytest.fixture
def watched(tmp_path: Path) -> list[Samples]:
    Watched.port, Watched.seen = free_port(), []
    soak(
        Watched,
        iterations=4,
        gate_mode="off",
        metrics_port=Watched.port,
        folder=tmp_path,
        extra_kpis={"joy": lambda given, summary: 7.5},
    )
    return Watched.seen


def test_a_soak_can_be_scraped_while_it_runs(watched: list[Samples]) -> None:
    first, second, third, fourth = watched
    assert one(first, "soak_iterations_done") == 0
    assert "soak_net_bps" not in first
    assert "soak_ticks_total" not in first
    lane = {"lane": LANE, "profile": "default", "scenario": "calm"}
    assert one(second, "soak_ticks_total", **lane) == 4
    assert one(second, "soak_own_kpi", kpi="joy") == 7.5
    assert len(second["soak_own_kpi"]) == 1
    assert one(second, "soak_p95_latency_ms") == pytest.approx(100.475)
    assert one(second, "soak_run_iterations_done") == one(second, "soak_iteration") - 1 == 1
    assert one(second, "soak_parameter", parameter="tail_age_ms") > 0
    assert one(third, "soak_ticks_total") == 4
    assert one(third, "soak_net_bps") == 3.0
    assert "soak_p95_latency_ms" not in third  # no older value stands for one that is not there
    assert one(fourth, "soak_ticks_total") == 8
    assert sum(fourth["soak_iterations_total"].values()) == 3
    assert one(fourth, "soak_verdict", verdict="FAIL") in (0, 1)
    assert sum(fourth["soak_verdict"].values()) == 1
    with pytest.raises(OSError, match="refused"):
        get(Watched.port)


class Slow(Bot):
    """A tick of 200 ms each second, reported minute by minute, in iteration 2 all at once."""

    def run(self, overrides: Any, window: Any) -> Any:
        first = int(window.start_minutes)
        if window.iteration == 2:
            ticks = np.zeros(72, TICK)
            ticks["time_us"], ticks["cache_hit"] = np.arange(72) * 10_000_000, True
            return observation(
                start_us=first * 60_000_000, end_us=(first + 12) * 60_000_000, ticks=ticks
            )
        for minute in range(first, first + 12):
            start = minute * 60_000_000
            ticks = np.zeros(60, TICK)
            ticks["time_us"], ticks["total_ms"] = np.arange(60) * 1_000_000, 200.0
            ticks["cache_hit"] = True
            window.report(observation(start_us=start, end_us=start + 60_000_000, ticks=ticks))
            self.seen.append(parsed(get(self.port)))
        return None


def test_a_criterion_is_pending_before_it_warns(tmp_path: Path) -> None:
    Slow.port, Slow.seen = free_port(), []
    soak(
        Slow,
        iterations=4,
        minutes=12,
        gate_mode="off",
        stop="stop",
        metrics_port=Slow.port,
        folder=tmp_path,
    )
    first = Slow.seen[:12]
    pending = [
        one(seen, "soak_criterion_pending_seconds", criterion="slow_tick")
        for seen in first
        if seen.get("soak_criterion_pending_seconds")
    ]
    assert one(first[0], "soak_criterion_for_seconds", criterion="slow_tick") == 600
    assert pending[:4] == [0, 60, 120, 180]
    warned = [one(seen, "soak_criterion_warned", criterion="slow_tick") for seen in first[2:]]
    assert warned == [*[0] * 9, 1]
    counted = [one(seen, "soak_ticks_total") for seen in Slow.seen]
    once = [60.0 * n for n in range(1, 13)]
    assert counted[:12] == once
    assert counted[12:24] == [792 + more for more in once]  # iteration 2 had 72 ticks
    assert counted[24:] == [792 + 720 + more for more in once]


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("127.0.0.1:9464", True),
        ("localhost", True),
        ("LOCALHOST:1", True),
        ("[::1]:9464", True),
        ("[::1]", True),
        ("", False),
        ("example.org", False),
        ("example.org:9464", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org:80", False),
        ("127.0.0.1:x", False),
        ("x:127.0.0.1", False),
    ],
)
def test_only_this_machine_is_answered(host: str, is_local: bool) -> None:
    assert local(host) is is_local


def test_the_page_refuses_other_names_and_other_pages(tmp_path: Path) -> None:
    port = free_port()
    settings = resolve_settings(inputs(tmp_path, {"metrics-port": str(port)}))
    metrics = Metrics(settings)
    try:
        found = [
            _status(port, "GET", "/metrics", host)
            for host in ("localhost", f"127.0.0.1:{port}", "evil.example")
        ]
        assert found == [200, 200, 403]
        assert _status(port, "GET", "/") == 404
        assert _status(port, "POST", "/metrics") == 501
        assert "text/plain" in _type(port)
        again = usage_error(lambda: Metrics(settings))
        assert f"--soak-metrics-port: port {port} of 127.0.0.1 cannot be had" in again
    finally:
        metrics.stop()


def _status(port: int, method: str, path: str, host: str = "localhost") -> int:
    asked = HTTPConnection("127.0.0.1", port, timeout=60)
    asked.request(method, path, headers={"Host": host})
    return asked.getresponse().status


def _type(port: int) -> str:
    asked = HTTPConnection("127.0.0.1", port, timeout=60)
    asked.request("GET", "/metrics?x=1")
    return str(asked.getresponse().headers["Content-Type"])


@pytest.mark.parametrize("text", ["0", "-1", "65536", "70000", "abc", "1.5"])
@pytest.mark.parametrize("source", ["cli", "env", "ini"])
def test_a_port_is_a_number_of_a_port(text: str, source: str, tmp_path: Path) -> None:
    named = {
        "cli": ("--soak-metrics-port", {"metrics-port": text}, {}, {}),
        "env": ("SOAK_METRICS_PORT", {}, {"SOAK_METRICS_PORT": text}, {}),
        "ini": ("ini soak_metrics_port", {}, {}, {"soak_metrics_port": text}),
    }
    name, cli, env, ini = named[source]
    told = usage_error(lambda: resolve_settings(inputs(tmp_path, cli, env, ini)))
    assert told == f"{name}: expected a whole number from 1 to 65535, got {text!r}"


def test_the_library_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pytest_soak.metrics.exposition", "pytest_soak.metrics.server"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    settings = resolve_settings(inputs(tmp_path, {}, {"SOAK_METRICS_PORT": str(free_port())}))
    told = usage_error(lambda: Metrics(settings))
    assert told == ("SOAK_METRICS_PORT: needs prometheus-client; pip install 'pytest-soak[live]'")
