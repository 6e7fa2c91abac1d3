"""An agent on a recorded feed, by the interface of the built-in market's exchange."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import recordings as r
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_soak.errors import SoakUsageError
from pytest_soak.market.feeds import REJECT_REASONS, REPORT_KINDS
from pytest_soak.replay.market import FeedExchange, RecordedMarket, recorded_market
from pytest_soak.replay.scenario import feed_scenario, market_of
from pytest_soak.replay.settings import FeedSettings, Way, parse_feed_settings

SLOW = FeedSettings(lot=0.1, tick=0.1)
QUICK = SLOW._replace(place_ms=Way(3.0), amend_ms=Way(7.0), cancel_ms=Way(1.0), answer_ms=Way(2.0))


def market(folder: Path, lines: list[str], feed: FeedSettings = QUICK) -> RecordedMarket:
    path = r.write_lines(folder / "feed.gz", lines)
    return recorded_market(r.read(path), feed, path.name)


def quiet(*lines: str) -> list[str]:
    """A snapshot, an update that joins it, and lines whose times are from a second after it on."""
    end = r.depth(9_000, 900, 901, 899, [("90.0", "1")])
    return [r.snapshot(4, 10, r.BIDS, r.ASKS), r.depth(5, 10, 12, 9), *lines, end]


def kinds(exchange: FeedExchange) -> list[tuple[int, str]]:
    reports = exchange.take_events().reports
    return [(int(row["time_us"]), REPORT_KINDS[row["kind"]]) for row in reports]


def test_requests_take_what_their_kinds_take(tmp_path: Path) -> None:
    exchange = FeedExchange(market(tmp_path, quiet()), 1)
    order = exchange.submit("buy", 100.0, 0.5)
    exchange.advance(20_000)
    assert kinds(exchange) == [(5_000, "accepted")]
    exchange.amend(order, 99.9, 0.5)
    exchange.advance(40_000)
    assert kinds(exchange) == [(29_000, "accepted")]
    exchange.cancel(order)
    exchange.advance(60_000)
    assert kinds(exchange) == [(43_000, "cancelled")]


def test_the_venues_own_latency_holds_where_none_is_given(tmp_path: Path) -> None:
    exchange = FeedExchange(market(tmp_path, quiet(), SLOW), 1)
    exchange.submit("buy", 100.0, 0.5)
    assert exchange.advance_to_report(2_000_000)
    assert exchange.now_us > 30_000


def test_nothing_is_seen_before_it_is_received(tmp_path: Path) -> None:
    moved = r.depth(1_050, 13, 14, 12, [("100.0", "0")], [], lag_ms=400.0)
    exchange = FeedExchange(market(tmp_path, quiet(moved)), 1)
    seen = []
    for until in range(0, 600_000, 10_000):
        exchange.advance(until)
        seen.append((until, exchange.book().bid))
    last = max(time for time, bid in seen if bid == 100.0)
    received = 1_050 + 400 - 9 - 1_000  # ms since the market opened
    assert received * 1_000 <= last <= received * 1_000 + 40_000
    tops = exchange.take_events().tops
    changed = tops["time_us"][tops["bid"] < 100.0]
    assert int(changed[0]) == (1_050 - 9 - 1_000) * 1_000


def test_a_queue_is_stood_through_and_a_fill_reported_late(tmp_path: Path) -> None:
    trades = [
        r.trade(1_050, 1, "100.0", "5", sold=True),
        r.trade(1_060, 2, "100.0", "0.2", sold=True),
    ]
    exchange = FeedExchange(market(tmp_path, quiet(*trades)), 1)
    exchange.submit("buy", 100.0, 0.3)
    exchange.begin_observation()
    exchange.advance(2_000_000)
    found = exchange.end_observation()
    assert found.fills["price"].tolist() == [100.0]
    assert found.fills["quantity"].tolist() == pytest.approx([0.3])
    assert found.fills["maker"].all()
    assert exchange.position == pytest.approx(0.3)
    assert int(found.fills["time_us"][0]) == (1_060 - 9 - 1_000) * 1_000
    assert found.mid_end == pytest.approx(100.05)
    reports = exchange.take_events().reports
    assert int(reports["time_us"][-1] - found.fills["time_us"][0]) == 2_000


@pytest.mark.parametrize(
    ("kind", "price", "said", "position"),
    [
        ("post_only", 100.1, "would_cross", 0.0),
        ("limit", 100.2, "", 0.5),
        ("ioc", 100.1, "", 0.5),
        ("ioc", 100.0, "nothing_traded", 0.0),
    ],
)
def test_orders_that_come_in(
    tmp_path: Path, kind: str, price: float, said: str, position: float
) -> None:
    exchange = FeedExchange(market(tmp_path, quiet()), 1)
    exchange.submit("buy", price, 0.5, kind)
    exchange.advance(100_000)
    reports = exchange.take_events().reports
    assert REJECT_REASONS[reports["reason"].max()] == said
    assert exchange.position == position
    if position:
        assert 100.1 in reports["price"].tolist()  # whole at the best


def test_nothing_fills_while_the_book_is_not_known(tmp_path: Path) -> None:
    lines = [
        r.depth(1_040, 50, 51, 49),
        r.trade(1_050, 1, "99.0", "50", sold=True),
        r.snapshot(1_400, 60, r.BIDS, r.ASKS),
        r.depth(1_410, 60, 62, 59),
        r.trade(1_450, 2, "99.9", "0.2", sold=True),
        r.trade(1_500, 3, "99.0", "50", sold=True),
    ]
    exchange = FeedExchange(market(tmp_path, quiet(*lines)), 1)
    exchange.submit("buy", 100.0, 0.3)
    exchange.advance(20_000)
    assert exchange.position == 0.0
    exchange.advance(100_000)
    exchange.submit("buy", 99.9, 0.3)
    exchange.advance(470_000)
    assert exchange.position == pytest.approx(0.3)  # the other stands behind the snapshot's 7
    exchange.advance(700_000)
    assert exchange.position == pytest.approx(0.6)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 4_000_000), min_size=1, max_size=6), st.integers(20, 300))
def test_steps_pieces_and_checkpoints_leave_no_trace(
    tmp_path: Path, steps: list[int], size: int
) -> None:
    recorded = market(tmp_path, r.stream(6))

    def traded(stops: list[int]) -> tuple[list[object], float]:
        exchange = FeedExchange(recorded, 1)
        for stop in range(0, 4_200_000, 700_000):
            for step in stops:
                if stop < step < stop + 700_000:
                    exchange.advance(max(step, exchange.now_us))
                    data = exchange.checkpoint()
                    exchange = FeedExchange(recorded, 2)
                    exchange.restore(data)
            exchange.advance(stop + 700_000)
            exchange.submit("buy", 100.0, 0.5)
            exchange.submit("sell", 100.1, 0.5)
        return exchange.take_events().reports.tolist(), exchange.equity_quote

    whole = traded([])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pytest_soak.replay.market.CHUNK", size)
        assert traded(sorted(steps)) == whole
    assert whole[0]


def test_what_cannot_be_traded_on_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SoakUsageError, match=r"feed.gz: has no book of two sides"):
        market(tmp_path, [r.trade(1, 1, "100.0", "1"), r.trade(2, 2, "100.1", "1")])
    with pytest.raises(SoakUsageError, match=r"feed.gz: is inverse: give contract_value, which"):
        market(tmp_path, quiet(), QUICK._replace(kind="inverse"))
    path = r.bybit_book(tmp_path / "b.zip", [("snapshot", 0, 1, [["99.5", "1"]], [["100", "1"]])])
    with pytest.raises(
        SoakUsageError, match=r"b.zip: has no time of receipt: give feed_latency_ms"
    ):
        recorded_market(r.read(path), FeedSettings(), "b.zip")


def test_a_recording_that_changes_before_a_lane_begins_is_refused(tmp_path: Path) -> None:
    path = r.write_lines(tmp_path / "feed.txt", quiet())
    scenario = feed_scenario("feed.txt", ["tick=0.1"], tmp_path, "x", "y")
    assert scenario.feed is not None
    assert market_of(scenario.feed).span_us == scenario.feed.span_us
    r.write_lines(path, quiet(r.trade(1_050, 1, "100.0", "5")))
    with pytest.raises(SoakUsageError, match=r"feed.txt: the recording is another than when"):
        market_of(scenario.feed)


def test_settings_are_read_as_they_are_typed() -> None:
    typed = ["queue=power3", "place_ms=20~0.4", "cancel_ms=5", "tick=0.1", "symbol=BTCUSDT"]
    found, symbol = parse_feed_settings(typed, "x")
    assert symbol == "BTCUSDT"
    wanted = FeedSettings(
        queue="power", power=3.0, place_ms=Way(20.0, 0.4), cancel_ms=Way(5.0), tick=0.1
    )
    assert found == wanted
    problems = {
        "queue=lifo": "unknown model 'lifo'",
        "queue=power": None,
        "place=1": "did you mean 'place_ms'",
        "place_ms": "expected place_ms=VALUE",
        "place_ms=1~9": "from 0 to 1.5, got '9'",
        "tick=nan": "tick: expected a number from",
    }
    for text, problem in problems.items():
        if problem is None:
            assert parse_feed_settings([text], "x")[0].power == 3.0
            continue
        with pytest.raises(SoakUsageError, match=problem):
            parse_feed_settings([text], "x")


def test_a_row_at_the_end_of_the_feed_is_the_end(tmp_path: Path) -> None:
    recorded = market(tmp_path, r.stream(6))
    exchange = FeedExchange(recorded, 1)
    exchange.advance(recorded.span_us + 10_000_000)
    tops = exchange.take_events().tops
    assert int(tops["time_us"][-1]) <= recorded.span_us
    assert np.isfinite(exchange.equity_quote)


def measured(folder: Path, rows: list[tuple[int, int, int]]) -> FeedSettings:
    """A file of requests by (sent, arrived, answered), ms of the venue's clock; 0: lost."""
    table = np.zeros(len(rows), [(name, "i8") for name in ("req_ts", "exch_ts", "resp_ts")])
    for number, row in enumerate(rows):
        table[number] = tuple((r.START_MS + at) * 1_000_000 if at else 0 for at in row)
    np.savez(folder / "latency.npz", data=table)
    return SLOW._replace(latency_file=str(folder / "latency.npz"))


def test_measured_latencies_are_taken_between_the_rows(tmp_path: Path) -> None:
    opened = 9 + 1_000
    rows = [(opened, opened + 10, opened + 14), (opened + 100, opened + 130, opened + 136)]
    exchange = FeedExchange(market(tmp_path, quiet(), measured(tmp_path, rows)), 1)
    exchange.advance(50_000)
    exchange.submit("buy", 100.0, 0.5)
    exchange.advance(200_000)
    ((time, kind),) = kinds(exchange)
    there = 20_000  # halfway between 10 and 30 ms
    back = 4_000 + 2_000 * (50_000 + there - 10_000) / 120_000
    assert kind == "accepted"
    assert time == pytest.approx(50_000 + there + back, abs=2)


def test_a_request_that_was_lost_is_refused_when_that_was_known(tmp_path: Path) -> None:
    opened = 9 + 1_000
    rows = [(opened, 0, opened + 40), (opened + 100, 0, opened + 140)]
    exchange = FeedExchange(market(tmp_path, quiet(), measured(tmp_path, rows)), 1)
    exchange.submit("buy", 100.0, 0.5)
    exchange.advance(200_000)
    assert kinds(exchange) == [(40_000, "rejected")]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([], "expected rows of req_ts"),
        ([(5, 6, 7), (4, 6, 7)], "row 2: req_ts is before that of the row before it"),
        ([(5, 4, 7)], "row 1: expected req_ts <= exch_ts <= resp_ts"),
    ],
)
def test_latencies_that_cannot_be_are_refused(
    tmp_path: Path, rows: list[tuple[int, int, int]], problem: str
) -> None:
    with pytest.raises(SoakUsageError, match=problem):
        market(tmp_path, quiet(), measured(tmp_path, rows))
    with pytest.raises(SoakUsageError, match=r"gone.npz: cannot be read: No such file"):
        market(tmp_path, quiet(), SLOW._replace(latency_file="gone.npz"))
