"""What an exchange keeps: markouts, checkpoints, observations."""

from __future__ import annotations

import numpy as np
import pytest
from exchange_harness import (
    LOT,
    SECOND,
    BlindMaker,
    TinyMaker,
    open_exchange,
)

from pytest_soak.kpi.edge import summarize
from pytest_soak.market.checkpoint import state_hash
from pytest_soak.market.exchange import Exchange
from pytest_soak.observation.validate import validated


def test_a_fills_markout_is_the_mid_a_second_later_whenever_events_are_taken() -> None:
    often, once = (Exchange("volatile", 3, window_minutes=0.5) for _ in range(2))
    taken = []
    for exchange in (often, once):
        maker = BlindMaker(exchange)
        for step in range(1, 10 * 180 + 1):
            exchange.advance(step * SECOND // 10)
            if exchange is often:
                taken.append(exchange.take_events())
            if step % 10 == 0:
                maker.quote()
    rows = np.concatenate([events.fills for events in taken])
    assert len(rows) > 20
    assert rows.tobytes() == once.take_events().fills.tobytes()
    assert np.isfinite(rows["mid_1s"]).all()
    assert len(set((rows["time_us"] // (SECOND // 2 * 60)).tolist())) > 1
    assert (rows["mid_1s"] != rows["mid"]).any()


def test_a_markout_is_the_mid_at_its_time() -> None:
    exchange = Exchange("volatile", 3, window_minutes=0.02)  # a window ends within the second
    exchange.submit("buy", exchange.book().ask + 8, 100 * LOT, kind="ioc")
    while exchange.position == 0.0:
        exchange.advance_to_event(SECOND)
    exchange.advance_to_event(SECOND)
    assert len(exchange.take_events().fills) == 0
    filled = exchange.world["account"]
    assert filled["position"] > 0
    exchange.advance(3 * SECOND)
    fill = exchange.take_events().fills[0]
    again = Exchange("volatile", 3, window_minutes=0.02)
    again.submit("buy", again.book().ask + 8, 100 * LOT, kind="ioc")
    again.advance(int(fill["time_us"]) + SECOND)
    assert fill["mid_1s"] == float(again.world["mid"]) * exchange.tick


def test_a_restored_exchange_goes_on_bit_for_bit_with_what_had_not_been_taken() -> None:
    exchange = Exchange("spike", 5, window_minutes=0.5, limit_per_minute=100)
    maker = BlindMaker(exchange)
    for step in range(1, 200):
        exchange.advance(step * SECOND // 4)
        maker.quote()
    exchange.submit("buy", exchange.book().bid, 2 * LOT)
    saved = exchange.checkpoint()
    other = Exchange("calm", 1)
    other.advance(7 * SECOND)
    other.restore(saved)
    assert other.now_us == exchange.now_us
    assert other.checkpoint() == saved
    for each in (exchange, other):
        each.advance(each.now_us + 45 * SECOND)
        each.cancel(each.submit("sell", each.book().ask, 3 * LOT))
        each.advance(each.now_us + 45 * SECOND)
    assert state_hash(exchange.world) == state_hash(other.world)
    for mine, its in zip(
        vars(exchange.take_events()).values(), vars(other.take_events()).values(), strict=True
    ):
        assert mine.tobytes() == its.tobytes()
        assert len(mine)


def test_what_is_no_checkpoint_is_refused_and_changes_nothing() -> None:
    exchange = open_exchange()
    exchange.advance(SECOND)
    whole, before = exchange.checkpoint(), state_hash(exchange.world)
    for damaged in (b"", b"x" * 100, whole[:500], whole[:-9], whole[:20] + whole[21:]):
        with pytest.raises(ValueError, match="checkpoint"):
            exchange.restore(damaged)
        assert (exchange.now_us, state_hash(exchange.world)) == (SECOND, before)


def test_what_an_agent_did_becomes_an_observation_that_is_true() -> None:
    exchange = Exchange("volatile", 2)
    maker = TinyMaker(exchange)

    def trade(seconds: int) -> None:
        for _ in range(2 * seconds):
            maker.step()
            exchange.advance(exchange.now_us + SECOND // 2)

    trade(61)
    exchange.begin_observation()
    with pytest.raises(RuntimeError, match="end_observation"):
        exchange.checkpoint()
    before, held = exchange.equity_quote, exchange.position
    trade(300)
    seen = exchange.end_observation()
    found = validated(seen, 5)
    assert (found.faults, found.notes) == ((), ())
    kpis = summarize(found.observation).kpis
    assert kpis["net_quote"] == pytest.approx(exchange.equity_quote - before)
    assert (seen.inventory_start, seen.inventory_end) == (held, exchange.position)
    assert len(seen.marks) == 300
    assert np.isfinite(seen.fills["mid_1s"][seen.fills["time_us"] < seen.end_us - SECOND]).all()
    given = ("adverse_bps", "p95_latency_ms", "order_age_p95_ms", "ws_lag_p95_ms", "cancel_ratio")
    assert all(kpis[name] is not None for name in given)
    assert kpis["risk_ratio"] is None
    with pytest.raises(RuntimeError, match="begin_observation"):
        exchange.end_observation()
