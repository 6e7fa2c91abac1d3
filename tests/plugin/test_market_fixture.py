"""`soak_market` in a test that has nothing to do with a soak."""

from __future__ import annotations

from harness import Workbench


def test_a_plain_test_gets_feeds(bench: Workbench) -> None:
    bench.write(
        "test_feed.py",
        """
        def test_trades(soak_market):
            feed = soak_market("volatile", seed=7, minutes=2)
            assert len(feed.seconds) == 120
            assert (feed.tops["bid"] < feed.tops["ask"]).all()
        """,
    )
    done = bench.pytest()
    assert done.returncode == 0, done.everything
    assert "1 passed" in done.stdout
