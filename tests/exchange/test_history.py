"""What a market has lived through before it opens: candles that a client can ask for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from loopback import BTC, EPOCH_US, loopback, settings

from pytest_soak.exchange import virtual_time
from pytest_soak.exchange.markets.bars import MINUTE_MS, Bars
from pytest_soak.exchange.markets.told import PublicTrade


def test_there_are_candles_before_the_opening() -> None:
    async def main() -> list[list[str]]:
        async with loopback(settings(history_minutes=20.0)) as bot:
            args = {"category": "linear", "symbol": BTC, "interval": "5", "limit": 10}
            answer = await bot.get("/v5/market/kline", signed=False, **args)
            rows: list[list[str]] = answer["result"]["list"]
            return rows

    rows = virtual_time.run(main())
    starts = [int(row[0]) for row in rows]
    assert starts == [EPOCH_US // 1000 // 300_000 * 300_000 - 300_000 * n for n in range(10)]
    traded = [float(row[5]) > 0 for row in rows]
    assert traded == [True] * 5 + [False] * 5
    for _, opened, high, low, closed, *_ in rows:
        assert float(low) <= min(float(opened), float(closed))
        assert float(high) >= max(float(opened), float(closed))
    assert len({row[1] for row in rows[5:]}) == 1


trades = st.lists(
    st.tuples(st.integers(0, 20 * 60_000_000), st.integers(1, 9), st.integers(1, 5)), max_size=40
)


@given(trades, st.sampled_from([1, 3, 5]))
def test_candles_hold_every_trade_once(rows: list[tuple[int, int, int]], minutes: int) -> None:
    bars = Bars(5)
    for time_us, price, lots in sorted(rows):
        bars.add(PublicTrade(time_us, 1, price, lots))
    length = minutes * MINUTE_MS
    candles = bars.candles(length, 0, 20 * MINUTE_MS)
    assert [bar.start_ms for bar in candles] == [*range(0, 20 * MINUTE_MS + 1, length)]
    assert sum(bar.lots for bar in candles) == sum(lots for _, _, lots in rows)
    assert sum(bar.turnover for bar in candles) == sum(price * lots for _, price, lots in rows)
    last = 5
    for bar in candles:
        inside = [
            one
            for one in sorted(rows)
            if bar.start_ms * 1000 <= one[0] < (bar.start_ms + length) * 1000
        ]
        prices = [price for _, price, _ in inside] or [last]
        assert (bar.low, bar.high) == (min(prices), max(prices))
        assert (bar.opened, bar.closed) == (prices[0], prices[-1])
        last = bar.closed
