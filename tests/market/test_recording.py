"""Feeds for users' tests."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_soak.market.recording import record_feed


def test_a_feed_is_the_same_for_the_same_arguments() -> None:
    first, again, other = (record_feed(seed=seed, minutes=5) for seed in (1, 1, 2))
    for name in ("trades", "tops", "seconds"):
        assert getattr(first, name).tobytes() == getattr(again, name).tobytes()
        assert getattr(first, name).tobytes() != getattr(other, name).tobytes()


def test_a_longer_feed_begins_like_a_shorter_one() -> None:
    short, long = record_feed(seed=1, minutes=5), record_feed(seed=1, minutes=7)
    assert np.array_equal(long.trades[: len(short.trades)], short.trades)


def test_columns_are_in_order_and_never_crossed() -> None:
    feed = record_feed("volatile", seed=3, minutes=10)
    for column in (feed.trades, feed.tops, feed.seconds):
        assert (np.diff(column["time_us"]) >= 0).all()
        assert column["time_us"][0] >= 0
        assert column["time_us"][-1] < 600_000_000
    stands = (feed.tops["bid_quantity"] > 0) & (feed.tops["ask_quantity"] > 0)
    assert (feed.tops["bid"] < feed.tops["ask"])[stands].all()
    assert stands.mean() > 0.999  # an empty side shows its last price, which may be crossed
    assert len(feed.seconds) == 600
    assert set(feed.trades["side"]) == {-1, 1}
    assert (feed.trades["quantity"] > 0).all()


def test_every_trade_is_at_a_price_that_stood_in_the_book() -> None:
    feed = record_feed(seed=3, minutes=10)
    before = np.searchsorted(feed.tops["time_us"], feed.trades["time_us"], side="left") - 1
    known = before >= 0
    touch = np.where(feed.trades["side"] > 0, feed.tops["ask"][before], -feed.tops["bid"][before])
    assert (feed.trades["side"] * feed.trades["price"] >= touch)[known].all()


def test_settings_turn_the_market() -> None:
    quiet, wild = (
        np.diff(record_feed(seed=1, minutes=20, settings={"sigma": sigma}).seconds["mid"]).std()
        for sigma in (0.01, 0.03)
    )
    assert wild > 1.5 * quiet


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"market": "wild"}, "unknown market"), ({"minutes": 0}, "more than 0")],
)
def test_bad_feeds_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        record_feed(**arguments)  # type: ignore[arg-type]
