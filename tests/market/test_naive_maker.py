"""The naive maker of the studies quotes where it says, and no more than it may."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.naive import CYCLE_US, FILLED, SIDES, Naive, wanted_ticks
from pytest_soak.market.exchange import Exchange

LOTS, MOST_LOTS = 20, 10.0


class Watched(Exchange):
    """Says what it is asked, together with the best price of the other side as the agent saw it."""

    maker: Naive

    def submit(self, side: str, price: float, quantity: float, kind: str = "post_only") -> int:
        self._check(SIDES[side], price)
        assert round(quantity / self.lot) == LOTS
        return super().submit(side, price, quantity, kind)

    def amend(self, order: int, price: float, quantity: float) -> None:
        (sign,) = (sign for sign, (handle, _) in self.maker.quotes.items() if handle == order)
        self._check(sign, price)
        super().amend(order, price, quantity)

    def _check(self, sign: int, price: float) -> None:
        top = self.book()
        assert sign * self.maker.position < MOST_LOTS
        assert price < top.ask if sign > 0 else price > top.bid


@given(
    twice_mid=st.integers(2_000, 20_000),
    away=st.integers(-40, 40),
    half_bps=st.floats(0.0, 30.0),
)
def test_a_quote_is_as_far_as_asked_and_never_through_the_touch(
    twice_mid: int, away: int, half_bps: float
) -> None:
    mid = twice_mid / 2
    touch = int(mid) + away  # a snapshot may show the last price of a side that is empty now
    for sign in (1, -1):
        ticks = wanted_ticks(mid, touch, half_bps, sign)
        assert sign * (touch - ticks) >= 1
        assert sign * (mid - ticks) >= half_bps * 1e-4 * mid - 1e-9


def test_it_keeps_to_its_limit_and_knows_its_position() -> None:
    exchange = Watched("calm", 3, record=False, limit_per_minute=None)
    maker = exchange.maker = Naive(exchange, 1.0, LOTS, MOST_LOTS)
    largest = 0.0
    while exchange.now_us < 600_000_000:
        maker.step(exchange.now_us + CYCLE_US)
        largest = max(largest, abs(exchange.position / exchange.lot))
    assert MOST_LOTS < largest < MOST_LOTS + 2 * LOTS  # it stops quoting, as the guard does
    for handle, _ in list(maker.quotes.values()):
        exchange.cancel(handle)
    exchange.advance(exchange.now_us + 5_000_000)
    for report in exchange.take_events().reports:
        if report["kind"] == FILLED:
            maker.position += round(report["side"] * report["quantity"] / exchange.lot)
    assert maker.position == round(exchange.position / exchange.lot)
